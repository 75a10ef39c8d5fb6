"""What the queue needs from a remote system, and NetSuite as one."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from django.conf import settings

from netsuite.client import Client
from netsuite.deadline import Deadline
from netsuite.errors import NetsuiteError
from netsuite.models import Push
from netsuite.values import HOLD_INTENT, comparable, hold_field, plain

# What NetSuite itself numbers; the number comes back with the proof of an upsert.
NUMBERED = {"salesOrder": "tranId", "invoice": "tranId", "creditMemo": "tranId"}


@dataclass(frozen=True)
class Answer:
    """What a call returned: the values asked for (None: the record does not exist) and the HTTP status."""

    values: dict[str, Any] | None
    http_status: int


class Transport(Protocol):
    """One worker's line to a remote system. All calls raise NetsuiteError and keep to the deadline."""

    slots: int
    proves_writes: bool
    """Is a write safe to repeat, and does its answer say what is held then? It then needs no read before and after."""

    def wanted(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The values of `body` in the form `read` returns them."""

    def read(self, push: Push, request_id: str, deadline: Deadline) -> Answer: ...

    def write(self, push: Push, request_id: str, deadline: Deadline) -> Answer: ...


class NetsuiteTransport:
    """Record PATCH and upsert by external id. The intent `credit_hold` becomes the account's own field."""

    proves_writes = False

    def __init__(self, client: Client | None = None) -> None:
        self.client = client or Client.from_settings()
        self.slots = settings.NETSUITE_CONCURRENCY

    def wanted(self, body: Mapping[str, Any]) -> dict[str, Any]:
        return {name: _hold_state(name, value) for name, value in comparable(body).items()}

    def read(self, push: Push, request_id: str, deadline: Deadline) -> Answer:
        names = [*self.wanted(push.body), *(push.expected or {})]
        upsert = push.operation == Push.Operation.UPSERT
        record_id = f"eid:{push.record_id}" if upsert else push.record_id
        if upsert and push.record_type in NUMBERED:
            names.append(NUMBERED[push.record_type])
        fields = tuple(dict.fromkeys(_wire_name(name) for name in names))
        try:
            record = self.client.get(
                push.record_type, record_id, fields=fields, request_id=request_id, deadline=deadline
            )
        except NetsuiteError as error:
            if upsert and error.http_status == 404:
                return Answer(None, 404)
            raise
        values = {name: _hold_state(name, plain(record.get(_wire_name(name)))) for name in names}
        # The internal id of what an upsert made: the proof for a body of sublists only.
        return Answer({"id": str(record.get("id")), **values} if upsert else values, 200)

    def write(self, push: Push, request_id: str, deadline: Deadline) -> Answer:
        call = self.client.upsert if push.operation == Push.Operation.UPSERT else self.client.patch
        body = dict(_to_wire(name, value) for name, value in push.body.items())
        status = call(push.record_type, push.record_id, body, request_id=request_id, deadline=deadline)
        return Answer({}, status)


def _wire_name(name: str) -> str:
    return hold_field().name if name == HOLD_INTENT else name


def _to_wire(name: str, value: Any) -> tuple[str, Any]:
    field = hold_field()
    is_hold = name in (HOLD_INTENT, field.name)
    return _wire_name(name), field.to_wire(value) if is_hold else value


def _hold_state(name: str, value: Any) -> Any:
    """The hold as AUTO, ON or OFF; every other value as it is."""
    field = hold_field()
    if name not in (HOLD_INTENT, field.name):
        return value
    return field.from_wire(field.to_wire(value)) if isinstance(value, bool) else field.from_wire(value)


TRANSPORTS: dict[str, Callable[[], Transport]] = {"netsuite": NetsuiteTransport}
"""A transport for each channel, made once per worker. Upper apps add theirs in `ready()`."""


@dataclass(frozen=True)
class Family:
    """Remote systems of one kind. Channel `family:member` is one of them, with slots, back-off and pause of its own."""

    members: Callable[[], Iterable[str]]
    line: Callable[[str], Transport]


FAMILIES: dict[str, Family] = {}
"""Kinds of remote systems whose number is known at run time only. Upper apps add theirs in `ready()`."""


def all_channels() -> list[str]:
    members = [f"{name}:{member}" for name, family in FAMILIES.items() for member in family.members()]
    return [*TRANSPORTS, *members]


def line_of(channel: str) -> Transport:
    """A worker's line to the channel's remote system. Raises KeyError for a channel nobody serves."""
    family, _, member = channel.partition(":")
    return FAMILIES[family].line(member) if member else TRANSPORTS[channel]()
