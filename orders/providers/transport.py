"""Providers as remote systems of the outbox: one family of channels, a channel for each provider in use."""

from collections.abc import Mapping
from typing import Any

from netsuite.deadline import Deadline
from netsuite.errors import NetsuiteError
from netsuite.models import Push
from netsuite.transport import FAMILIES, Answer, Family
from netsuite.values import comparable
from orders.models import Provider
from orders.providers.client import ProviderClient, clean
from orders.providers.pushes import ACCOUNT, FAMILY

SHOWN = ("id", "reference")
LONGEST_VALUE = 500


class ProvisioningTransport:
    """PUT of a change under its own key. Repeating it has no second effect, and the answer says what is held then."""

    proves_writes = True

    def __init__(self, provider: Provider) -> None:
        self.provider, self.slots = provider, provider.slots
        self._client = ProviderClient(provider.url, provider.secret, provider.timeout_seconds)

    def wanted(self, body: Mapping[str, Any]) -> dict[str, Any]:
        return comparable(body)

    def read(self, push: Push, request_id: str, deadline: Deadline) -> Answer:
        self._check_provider()
        status, held = self._client.get(path_of(push), request_id=request_id, deadline=deadline)
        return Answer(None if held is None else _evidence(push, held), status)

    def write(self, push: Push, request_id: str, deadline: Deadline) -> Answer:
        self._check_provider()
        status, held = self._client.put(
            path_of(push), push.body, key=push.record_id, request_id=request_id, deadline=deadline
        )
        return Answer(_evidence(push, held), status)

    def _check_provider(self) -> None:
        """Raises NetsuiteError: without a key nobody is called until a person has set one."""
        if self.provider.kind != Provider.AUTOMATIC:
            text = f"{self.provider} is no longer called: it is set to “{self.provider.get_kind_display()}”."
            raise NetsuiteError(text, kind="refused", code="not_automatic", permanent=True)
        if not self.provider.secret:
            raise NetsuiteError(f"{self.provider} has no signing key.", kind="auth", code="no_key")


def path_of(push: Push) -> str:
    """Below the provider's address: `/changes/<key>`, or `/accounts/<customer>`."""
    if push.record_id.startswith(ACCOUNT):
        return f"/accounts/{push.record_id.removeprefix(ACCOUNT)}"
    return f"/changes/{push.record_id}"


def join_outbox() -> None:
    """Called once, when the app is ready."""
    FAMILIES[FAMILY] = Family(_members, lambda slug: ProvisioningTransport(Provider.objects.get(slug=slug)))


def _members() -> list[str]:
    """A provider that is not in use is not called; what is queued for it waits."""
    return list(Provider.objects.filter(is_active=True).exclude(url="").values_list("slug", flat=True))


def _evidence(push: Push, held: Mapping[str, Any]) -> dict[str, Any]:
    """Of what the provider holds, the part that was asked for and its own number, fit to be stored."""
    return {name: _plain(held[name]) for name in (*push.body, *SHOWN) if name in held}


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int):
        return value
    return clean(str(value))[:LONGEST_VALUE]
