"""The rows of an override, kept in the transaction that asks, grants, uses or ends it."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256

from django.db import IntegrityError, transaction

from holds import blocks, pin_log
from holds.models import Override
from holds.models.overrides import OverrideQuerySet
from holds.pins import Cart
from holds.rules import HoldVerdict
from netsuite.errors import Refusal
from netsuite.machine import LostRace, born, move
from workflows import audit
from workflows.access import Actor, label

CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """A transaction; of two approvals of one order at the same moment one wins, the other is told."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        words = "Another approval of this order was made at this moment. Look again."
        raise Refusal(words, code="lost_race", status=409) from error


def asked_row(cart: Cart, verdict: HoldVerdict, now: datetime, note: str = "") -> Override:
    """A new question about this cart; an older one about the same order, or its grant, ends with it."""
    void_all(Override.objects.unspent().filter(order_ref=cart.order), "Asked anew.", by=cart.cashier, now=now)
    override = Override(
        block=cart.block,
        customer=cart.customer,
        order_ref=cart.order,
        cart=cart.fingerprint,
        amount=cart.amount,
        currency=cart.currency,
        tender=cart.tender,
        cashier=cart.cashier,
        terminal=cart.terminal,
        facts=verdict.fingerprint,
        verdict=blocks.stored(verdict),
        note=note,
        asked_at=now,
    )
    override.save(force_insert=True)
    born(override, by=cart.cashier.get_username(), reason=note)
    return override


def void_all(rows: OverrideQuerySet, why: str, *, by: Actor, now: datetime) -> int:
    """End these, as far as nobody uses or answers them at this moment; returns how many."""
    return void_each(rows.select_related("manager", "customer", "cashier"), why, by=by, now=now)


def void_each(rows: Iterable[Override], why: str, *, by: Actor, now: datetime) -> int:
    """`void_all` of rows that are read already."""
    return sum(_void(override, why, by, now) for override in rows)


def _void(override: Override, why: str, by: Actor, now: datetime) -> bool:
    try:
        with transaction.atomic():
            move(override, "void", by=label(by), reason=why, decision_reason=why)
            pin_log.of_override("void", override, by=by, now=now, detail=why)
    except LostRace:
        return False
    return True


def record_decision(override: Override, *, by: Actor, reason: str) -> None:
    """The manager's decision in the audit, with what it rests on."""
    terms = {"order": str(override.order_ref), "amount": override.amount, "currency": override.currency}
    terms |= {"cashier": override.cashier.get_username(), "terminal": override.terminal}
    audit.record(
        "hold_override" if override.status == "granted" else "hold_override_declined",
        by=by,
        reason=reason,
        entity_ref=f"override:{override.pk}",
        customer=override.customer,
        evidence={"verdict": override.verdict, **terms},
        after={"status": override.status, "expires_at": override.expires_at},
    )


def hashed(secret: str) -> str:
    """The bearer's secret is known here by its SHA-256 only."""
    return sha256(secret.encode(errors="replace")).hexdigest()


def one_line(text: str, limit: int, what: str) -> str:
    """Text from a person, without control characters. Raises Refusal 400."""
    cleaned = " ".join(text.split()) if len(text) <= 4 * limit else text
    if len(cleaned) > limit or CONTROL.search(cleaned):
        raise Refusal(f"The {what} is plain text of up to {limit} characters.", code="bad_text", status=400)
    return cleaned
