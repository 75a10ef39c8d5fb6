"""What happened before today: holds decided and lifted, plans, a grace period, disputes.

Everything goes through the actions that people and schedules use, under a clock set back, and its pushes reach
the sandbox. Mails of the past are written to files, whatever mail server is configured.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth import get_user_model
from django.utils import timezone

from config.demo.clock import business_moment, clock_at
from config.demo.stories import STORIES
from customers.aging import receivables_of
from customers.clock import business_today
from customers.models import Customer
from disputes.actions import open_dispute, resolve
from holds.actions import holds, pauses
from holds.actions.tick import SOURCE
from netsuite.outbox import drain
from workflows import runner
from workflows.actions import emails, proposals, runs
from workflows.models import OutboundEmail, ProposedAction

if TYPE_CHECKING:
    from django.contrib.auth.models import User

Act = Callable[["Cast"], None]


@dataclass(frozen=True)
class Event:
    """`act` happens so many days before today, at `clock` business time."""

    days_ago: int
    clock: str
    act: Act


@dataclass(frozen=True)
class Cast:
    """Who takes part, and the day that the demo calls today (business date)."""

    today: date
    mike: "User"
    clerk: "User"
    rep: "User"

    @classmethod
    def of(cls, today: date) -> "Cast":
        users = get_user_model().objects
        return cls(today, *(users.get(username=name) for name in ("mike", "clerk", "rep")))

    def customer(self, key: str) -> Customer:
        name = next(story.name for story in STORIES if story.key == key)
        return Customer.objects.select_related("sales_rep").get(name=name)

    def day(self, days_from_today: int) -> date:
        return self.today + timedelta(days=days_from_today)


def relive(today: date) -> int:
    """Let every event happen, oldest first; answers how many."""
    # A bell for each push, all for nothing: the pushes are delivered here.
    logging.getLogger("django-q").setLevel(logging.WARNING)
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = str(settings.DATA_DIR / "mail-of-the-past")
    cast = Cast.of(today)
    told = [(business_moment(today, event.days_ago, event.clock), event.act) for event in events()]
    for moment, act in sorted(told, key=lambda item: item[0]):
        with clock_at(moment):
            act(cast)
    return len(told)


def events() -> Iterator[Event]:
    yield from hold("harrowgate", 292, "Two reminders unanswered.")
    yield from lift("harrowgate", 281, "Paid in full by wire")
    yield from hold("harrowgate", 168, "Late again; the buyer stopped answering.")
    yield from lift("harrowgate", 162, "Paid after the second call")
    yield from hold("moonharbor", 150, "Promise of last month not kept.")
    yield from lift("moonharbor", 138, "Check cleared")
    yield from hold("saltcreek", 17, "No answer since the statement.")
    yield from lift("saltcreek", 3, "Wire promised in writing for this week; orders for the season start go ahead")
    yield from hold("cravenmoor", 12, "Agreed with sales: no new goods before the oldest invoice is paid.", by="clerk")
    yield from hold("rookhaven", 9, "Third month in a row over sixty days.")
    yield from hold("hazelcombe", 3, "Largest overdue amount in the region.", mails="to polish", clock="15:05")
    yield Event(4, "06:05", lambda cast: _propose_by_tick(cast, "pinecastle"))
    yield Event(4, "09:10", lambda cast: _decline(cast, "pinecastle", "The rep has seen the check; it clears Friday."))
    yield Event(1, "16:20", _rep_worries)
    yield Event(38, "10:00", _plan_that_breaks)
    yield Event(25, "10:30", _plan_that_is_kept)
    yield Event(5, "14:00", _grace)
    yield Event(
        200, "11:00", lambda cast: _dispute(cast, "harrowgate", 9_480, "pricing", "List price, not our contract.")
    )
    yield Event(190, "11:00", _dispute_upheld)
    yield Event(16, "13:00", lambda cast: _dispute(cast, "stonebarrow", 19_400, "quality", "Tiles arrived broken."))
    yield Event(8, "15:30", lambda cast: _dispute(cast, "copperbrook", 14_900, "qty", "Two pallets short.", "9000"))


def hold(
    key: str, days_ago: int, reason: str, *, by: str = "tick", mails: str = "send", clock: str = "09:20"
) -> Iterator[Event]:
    """Proposed, approved by Mike, pushed, its mails sent, its checks passed."""
    propose = _propose_by_tick if by == "tick" else _propose_by_clerk
    yield Event(days_ago, "06:05" if by == "tick" else "08:50", lambda cast: propose(cast, key))
    yield Event(days_ago, clock, lambda cast: _approve(cast, key, reason))
    if mails == "send":
        yield from _mails_and_checks(key, days_ago, 10)
    else:
        yield Event(days_ago, "16:30", _check)


def lift(key: str, days_ago: int, how: str) -> Iterator[Event]:
    yield Event(days_ago, "11:00", lambda cast: _lift(cast, key, how))
    yield from _mails_and_checks(key, days_ago, 12)


def _mails_and_checks(key: str, days_ago: int, hour: int) -> Iterator[Event]:
    yield Event(days_ago, f"{hour}:00", lambda cast: _release_mails(cast, key))
    yield Event(days_ago, f"{hour}:15", _send)
    yield Event(days_ago, f"{hour}:40", _check)


def _propose_by_tick(cast: Cast, key: str) -> None:
    customer, day = cast.customer(key), business_today()
    owed = receivables_of(customer, day)
    inputs = holds.inputs_for_tick(owed.ar_balance, owed.days_overdue, customer, day)
    runner.stage_many(holds.HOLD, inputs={customer.pk: inputs}, by="schedule:aging_tick", source=SOURCE, today=day)


def _propose_by_clerk(cast: Cast, key: str) -> None:
    holds.propose(customer=cast.customer(key), reason="Nobody returns our calls.", by=cast.clerk)


def _rep_worries(cast: Cast) -> None:
    reason = "Their buyer asked me to split the next order. I would rather wait for a payment."
    holds.propose(customer=cast.customer("thornapple"), reason=reason, by=cast.rep)


def _pending(cast: Cast, key: str) -> ProposedAction:
    return ProposedAction.objects.awaiting_decision().get(customer=cast.customer(key))


def _approve(cast: Cast, key: str, reason: str) -> None:
    proposal = _pending(cast, key)
    proposals.approve(proposal=proposal, version=proposal.version, by=cast.mike, reason=reason)
    drain(once=True)


def _decline(cast: Cast, key: str, reason: str) -> None:
    proposal = _pending(cast, key)
    proposals.reject(proposal=proposal, version=proposal.version, by=cast.mike, reason=reason)


def _lift(cast: Cast, key: str, how: str) -> None:
    holds.lift(hold=cast.customer(key).holds.active().get(), reason=how, by=cast.mike)
    drain(once=True)


def _release_mails(cast: Cast, key: str) -> None:
    for email in OutboundEmail.objects.to_polish().filter(customer=cast.customer(key)):
        emails.approve(email=email, version=email.version, by=cast.mike)


def _send(cast: Cast) -> None:
    emails.send_due(now=timezone.now())


def _check(cast: Cast) -> None:
    runs.verify_due(now=timezone.now())


def _plan_that_is_kept(cast: Cast) -> None:
    parts = [(cast.day(days), Decimal(6000)) for days in (-18, -4, 10, 24)]
    reason = "Four instalments, agreed with their controller."
    pauses.agree_plan(customer=cast.customer("fennelgate"), instalments=parts, reason=reason, by=cast.clerk)


def _plan_that_breaks(cast: Cast) -> None:
    """The second instalment is due last week and never comes; today's tick notices."""
    parts = [(cast.day(-32), Decimal(6000)), (cast.day(-6), Decimal(9300)), (cast.day(24), Decimal(9300))]
    reason = "Three instalments, confirmed by mail."
    pauses.agree_plan(customer=cast.customer("redwharf"), instalments=parts, reason=reason, by=cast.clerk)


def _grace(cast: Cast) -> None:
    reason = "Their bank changes accounts; payment after the switch."
    pauses.grant_grace(customer=cast.customer("wrenfield"), reason=reason, by=cast.mike)


def _dispute(cast: Cast, key: str, invoice_total: float, reason: str, text: str, amount: str = "") -> None:
    customer = cast.customer(key)
    invoice = customer.transactions.invoices().get(total_foreign=Decimal(str(invoice_total)))
    open_dispute(
        customer=customer,
        reason_text=text,
        by=cast.clerk,
        invoice_ref=invoice.tranid,
        reason=reason,
        amount=Decimal(amount) if amount else None,
    )


def _dispute_upheld(cast: Cast) -> None:
    dispute = cast.customer("harrowgate").disputes.open().get()
    resolve(dispute=dispute, resolution="upheld", by=cast.mike, reason="The contract price was billed.")
