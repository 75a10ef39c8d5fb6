"""Hold blocks at work: the verdict on a customer's new order, for a page, a tender and a moment."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.utils.dateparse import parse_datetime

from customers.models import Customer
from customers.sync import STALE_AFTER, freshness, oldest_read
from holds.facts import hold_note, sync_rows
from holds.formula import CannotEvaluate, FormulaError, parse
from holds.formula.fields import record_of
from holds.models import HoldBlock
from holds.rules import (
    TENDERS,
    FieldSays,
    HoldFacts,
    HoldNote,
    HoldVerdict,
    Policy,
    Tender,
    asks_formula,
    field_says,
)
from holds.rules import verdict as rule
from netsuite.errors import Refusal
from netsuite.questions import Question, ask
from netsuite.values import hold_field, plain
from workflows.wording import moment

MANAGERS = "Till manager"
DEFAULTS = (
    ("order", "order-form", "Order form"),
    ("customer", "customer-page", "Customer page"),
    ("catalog", "catalog", "Catalog"),
)
MIRRORED = "creditholdoverride"
MANUAL = "manualcredithold"


def sync_blocks() -> None:
    """Make the missing ones of the three blocks; what people changed stays as it is."""
    for page, slug, title in DEFAULTS:
        block, is_new = HoldBlock.objects.get_or_create(page=page, defaults={"slug": slug, "title": title})
        if is_new:
            block.managers_by_role.set(Group.objects.filter(name=MANAGERS))


def of_page(page: str) -> HoldBlock:
    """The block of "order", "customer" or "catalog"."""
    return HoldBlock.objects.get(page=page)


def block(slug: str) -> HoldBlock:
    """Raises Refusal 404 for an unknown name, naming those there are."""
    found = HoldBlock.objects.filter(slug=slug.replace("\x00", "")).first()
    if found is None:
        known = ", ".join(HoldBlock.objects.values_list("slug", flat=True))
        raise Refusal(f"There is no hold block “{slug[:50]}”. There are: {known}.", code="unknown_block", status=404)
    return found


def tender_of(text: str) -> Tender:
    """Raises Refusal 400 for anything but on_account and paid_now."""
    if text not in TENDERS:
        raise Refusal("A tender is on_account or paid_now.", code="invalid_choice", status=400)
    return text


def policy_of(block: HoldBlock) -> Policy:
    """The settings that decide."""
    return Policy(**{name: getattr(block, name) for name in Policy.__dataclass_fields__})


def verdict(customer: Customer, block: HoldBlock, *, tender: Tender = "on_account", now: datetime) -> HoldVerdict:
    """Whether this customer's new order is refused. One query beside the customer's and the block's own rows.

    Under a service hold that query reads the hold, otherwise the age of the figures.
    """
    note, read_at = None, None
    if customer.entitystatus == Customer.HOLD:
        note = hold_note(customer)
    else:
        read_at = oldest_read([one.last_success_at for one in freshness(now=now)])
    return judge(customer, policy_of(block), note=note, read_at=read_at, tender=tender, now=now, name=block.slug)


def verdict_on(page: str, customer: Customer, *, tender: Tender = "on_account", now: datetime) -> HoldVerdict:
    """`verdict` of the block of a page; the block and the age of the figures are read in one trip."""
    return verdict_from(ask(asked_for(page)), customer, tender=tender, now=now)


def asked_for(page: str) -> list[Question]:
    """What a verdict on a page needs beside the customer, for `verdict_from`; to be asked with other questions."""
    return [Question(_blocks_of, (page,)), Question(sync_rows)]


def verdict_from(
    found: Sequence[list[Any]], customer: Customer, *, tender: Tender = "on_account", now: datetime
) -> HoldVerdict:
    """`verdict`, given what was found for `asked_for`. One query more under a service hold."""
    (block,), times = found
    note = hold_note(customer) if customer.entitystatus == Customer.HOLD else None
    read_at = oldest_read(times)
    return judge(customer, policy_of(block), note=note, read_at=read_at, tender=tender, now=now, name=block.slug)


def _blocks_of(_keys: Sequence[int], page: str) -> QuerySet[HoldBlock]:
    return HoldBlock.objects.filter(page=page).order_by()


def judge(
    customer: Customer,
    policy: Policy,
    *,
    note: HoldNote | None,
    read_at: datetime | None,
    tender: Tender,
    now: datetime,
    name: str,
) -> HoldVerdict:
    """The verdict of the block of this name, given the hold in force and when the figures were last read."""
    held = customer.entitystatus == Customer.HOLD
    inputs = _inputs(customer, policy, held=held, today=_business_day(now))
    found = _judged(policy, inputs, note, tender)
    return replace(found, block=name, evaluated_at=now, **({} if held else _age(now, read_at, found)))


def is_stopped(customer: Customer, policy: Policy, today: date) -> bool:
    """Whether these settings stop an order on account, without a query; of a service hold it knows the flag only."""
    held = customer.entitystatus == Customer.HOLD
    return _judged(policy, _inputs(customer, policy, held=held, today=today), None, "on_account").on_hold


def stored(verdict: HoldVerdict) -> dict[str, Any]:
    """JSON to keep with an order: the verdict and all that decided it."""
    return {
        **asdict(verdict),
        "inputs": dict(verdict.inputs),
        "note": {**asdict(verdict.note), "since": verdict.note.since.isoformat()} if verdict.note else None,
        "stale_since": verdict.stale_since.isoformat() if verdict.stale_since else None,
        "evaluated_at": verdict.evaluated_at.isoformat() if verdict.evaluated_at else None,
        "formula": verdict.formula,
        "fingerprint": verdict.fingerprint,
    }


def recompute(stored: Mapping[str, Any]) -> HoldVerdict:
    """The verdict that a stored one's settings and inputs give today; the same, unless it was changed by hand."""
    note = stored["note"] and HoldNote(**{**stored["note"], "since": parse_datetime(stored["note"]["since"])})
    found = _judged(Policy(**stored["policy"]), stored["inputs"], note, stored["tender"])
    kept: dict[str, Any] = {name: stored[name] for name in ("block", "warning", "stale")}
    kept |= {name: stored[name] and parse_datetime(stored[name]) for name in ("stale_since", "evaluated_at")}
    return replace(found, **kept)


def _business_day(now: datetime) -> date:
    return now.astimezone(ZoneInfo(settings.TIME_ZONE_BUSINESS)).date()


def _inputs(customer: Customer, policy: Policy, *, held: bool, today: date) -> dict[str, Any]:
    """What the rule looks at, as JSON: the flag, the hold field, and the fields that the formula names."""
    says = _says(customer, policy.hold_field)
    record: Mapping[str, Any] = {}
    if not held and asks_formula(policy, says):
        record = _read(policy.formula, customer, today)
    return {"entitystatus": customer.entitystatus, "hold_field": says, "record": dict(record)}


def _says(customer: Customer, name: str) -> FieldSays | None:
    """What the configured hold field says of this customer; None when it cannot be read."""
    name, account = name.lower(), hold_field()
    value = plain(customer.record.get(name))
    if name == MIRRORED and customer.credit_hold_override:
        value = customer.credit_hold_override
    elif name == account.column and value is not None:
        value = account.from_wire(value)
    try:
        return field_says(name, value, customer.record.get(MANUAL))
    except ValueError:
        return None


def _read(formula: str, customer: Customer, today: date) -> dict[str, Any]:
    try:
        return parse(formula).inputs(record_of(customer, today=today))
    except FormulaError:
        return {}


def fields_of(formula: str) -> frozenset[str]:
    """The customer's fields that a formula names; none for one that cannot be read."""
    try:
        return parse(formula).fields
    except FormulaError:
        return frozenset()


def _judged(policy: Policy, inputs: Mapping[str, Any], note: HoldNote | None, tender: Tender) -> HoldVerdict:
    """The rule over stored or fresh inputs: the same inputs give the same verdict."""
    says = inputs["hold_field"]
    facts = HoldFacts(
        service_hold=inputs["entitystatus"] == Customer.HOLD,
        says=says,
        by_formula=_by_formula(policy.formula, inputs["record"]) if asks_formula(policy, says) else False,
        formula_fields=fields_of(policy.formula),
        note=note,
    )
    return replace(rule(policy, facts, tender), inputs=inputs)


def _by_formula(formula: str, record: Mapping[str, Any]) -> bool | None:
    """True on hold, False not, None when it cannot be told."""
    try:
        return parse(formula).holds(record)
    except (CannotEvaluate, FormulaError):
        return None


def _age(now: datetime, oldest: datetime | None, found: HoldVerdict) -> dict[str, Any]:
    """Whether the figures are too old to rest on, in words for the block."""
    if oldest and now - oldest <= STALE_AFTER:
        return {}
    said = f"Customer data is of {moment(oldest)}" if oldest else "Customer data was never read from NetSuite"
    rest = "a payment since then is not in it" if found.on_hold else "ask AR before a large order"
    return {"stale": True, "stale_since": oldest, "warning": f"{said}: {rest}."}
