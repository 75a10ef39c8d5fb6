"""Let one order of a customer on hold go through: by a manager's PIN at the till, or by a manager in the console.

Everything that happens is a line of the PIN log in the transaction of what it tells. The PIN itself is compared
outside any transaction, after a try was taken for it, and goes nowhere.
"""

import secrets
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from customers.models import Customer, Employee
from customers.pins import pin_matches
from holds import blocks, pin_budget, pin_log
from holds.models import Override
from holds.override_rows import CONTROL, asked_row, hashed, one_at_a_time, one_line, record_decision, void_all
from holds.pins import (
    ASK_AGAIN,
    GRANT_LIVES,
    QUESTION_LIVES,
    Cart,
    Granted,
    GrantRefused,
    PinLocked,
    PinRejected,
    authorised,
    check_shape,
    may_decide,
    mismatch,
    pin_field,
    words_of_wrong,
)
from holds.rules import HoldVerdict
from netsuite.errors import Refusal
from netsuite.machine import LostRace, move
from workflows import audit
from workflows.access import Actor, NotAllowed, label, require_person
from workflows.wording import clock

NOT_HIS = "This person may not authorise here. Pick another manager."


class NotOverridable(Refusal):
    """Nothing to override, or no PIN opens this hold."""

    code = "not_overridable"
    status = 409


@sensitive_variables("pin")
def override(*, cart: Cart, manager_id: str, pin: str, now: datetime) -> Granted:
    """A manager authorises at the till with a PIN; `manager_id` is the NetSuite id of the employee picked.

    Raises BadPin (no try taken), NotOverridable, PinRejected (with `tries_left`) and PinLocked (`retry_after`).
    Call it outside a transaction: a try that was taken stays taken, whatever happens later.
    """
    check_shape(pin)
    verdict = _overridable(_checked(cart), now)
    picked = Employee.objects.filter(netsuite_id=manager_id).first() if _is_id(manager_id) else None
    manager = authorised(cart.block).filter(pk=picked.pk).first() if picked else None
    taken = _take_try(cart, picked, now)
    # Whoever may not authorise is compared with nobody's hash: it takes as long and never fits.
    right = pin_matches(manager.pin_hashes.get(pin_field(cart.block), "") if manager else "", pin)
    if manager is None or not right:
        raise _rejected(cart, picked, manager is not None, taken, now)
    pin_budget.give_back(taken)
    return _grant_at_till(cart, verdict, manager, now)


def ask(*, cart: Cart, note: str, now: datetime) -> Override:
    """The cashier asks the managers in the console. Asking again about the same cart is the same question."""
    verdict = _overridable(_checked(cart), now)
    note = one_line(note, 500, "note")
    live = Override.objects.asked().filter(order_ref=cart.order, cart=cart.fingerprint, cashier=cart.cashier).first()
    if live and live.facts == verdict.fingerprint and live.amount == cart.amount:
        return live
    with one_at_a_time():
        asked = asked_row(cart, verdict, now, note=note)
        pin_log.of_override("asked", asked, by=cart.cashier, now=now, detail=note)
    return asked


def decide(*, override: Override, grant: bool, by: Actor, reason: str = "", now: datetime) -> Override:
    """A manager answers in the console. Raises NotAllowed and Refusal (`already_decided` says by whom and when).

    When the customer's facts or the hold changed since it was asked, the question is void: the cashier asks again.
    """
    person = _decider(override, by)
    reason = one_line(reason, 500, "reason")
    if not grant and not reason:
        raise Refusal("Say why: the cashier reads it.", code="reason_required", status=400)
    if grant:
        _void_if_changed(override, now)
    decided: dict[str, Any] = {"decided_at": now, "decided_by": person.get_username(), "decision_reason": reason}
    if grant:
        # The cashier's page collects the secret; this one is thrown away, so nobody holds the grant before.
        decided |= {"expires_at": now + GRANT_LIVES, "secret_hash": hashed(secrets.token_urlsafe(32))}
    with transaction.atomic():
        _answer(override, "grant" if grant else "decline", decided)
        outcome = "approved" if grant else "declined"
        pin_log.of_override(outcome, override, by=person, now=now, detail=reason)
        record_decision(override, by=person, reason=reason or "Approved in the console")
    return override


def collect(*, override: Override, cashier: User, now: datetime) -> Granted:
    """The cashier's page fetches what a manager granted; the newest fetch holds, earlier ones end with it.

    Raises Refusal `not_decided` (409) while it waits, `declined` with the manager's words, and GrantRefused.
    """
    if override.cashier_id != cashier.pk:
        raise NotAllowed("Somebody else asked for this approval.")
    override.refresh_from_db()
    if override.status == "asked":
        raise Refusal("No manager has answered yet.", code="not_decided", status=409)
    if override.status == "declined":
        raise Refusal(f"Declined: {override.decision_reason}", code="declined", status=409)
    secret = secrets.token_urlsafe(32)
    live = Override.objects.filter(pk=override.pk, status="granted", expires_at__gt=now)
    if override.expires_at is None or not live.update(secret_hash=hashed(secret)):
        raise _no_grant(override, now)
    override.secret_hash = hashed(secret)
    return Granted(override, secret, override.expires_at)


def spend(*, secret: str, cart: Cart, now: datetime, verdict: HoldVerdict | None = None) -> Override:
    """Use the grant up, in the caller's transaction, which commits the order. Raises GrantRefused.

    `verdict` is the one just judged for this cart, when the caller has it; otherwise it is judged here.
    """
    found = Override.objects.select_related("manager", "customer", "cashier", "block").filter(
        secret_hash=hashed(secret)
    )
    override = found.exclude(secret_hash="").first()
    if override is None:
        raise GrantRefused(f"This approval is not known. {ASK_AGAIN}", why="unknown")
    why, words = mismatch(override, cart, now)
    if why:
        raise GrantRefused(words, why=why)
    _refuse_changed_facts(override, cart, verdict or _judge(cart, now))
    bound = {"secret_hash": override.secret_hash, "cart": cart.fingerprint, "expires_at__gt": now}
    try:
        move(override, "use", by=label(cart.cashier), reason="Order submitted", where=bound, used_at=now)
    except LostRace as lost:
        why, words = mismatch(lost.row, cart, now) if isinstance(lost.row, Override) else ("", "")
        raise GrantRefused(words or "This approval was used already.", why=why or "used") from None
    pin_log.of_override("used", override, by=cart.cashier, now=now)
    return override


def note_refused(*, cart: Cart, refusal: GrantRefused, now: datetime) -> None:
    """Log a grant that did not open its order; call it after the refused transaction was rolled back."""
    pin_log.of_cart("refused", cart, by=cart.cashier, now=now, action="grant_use", detail=refusal.detail[:500])


def void(
    *, customer: Customer | None = None, order: UUID | None = None, why: str, by: Actor, now: datetime | None = None
) -> int:
    """What was asked or granted and not used for this customer or order does not hold any more; returns how many."""
    if customer is None and order is None:
        raise ValueError("void needs a customer or an order")
    about: dict[str, Any] = {"customer": customer} if customer else {}
    about |= {"order_ref": order} if order else {}
    return void_all(Override.objects.unspent().filter(**about), why, by=by, now=now or timezone.now())


def void_expired(*, now: datetime) -> int:
    """Grants whose minutes are over and questions that nobody answered in time; returns how many."""
    rows, by = Override.objects.unspent(), "schedule:overrides"
    over = void_all(rows.filter(status="granted", expires_at__lte=now), "Its time was over.", by=by, now=now)
    unheard = rows.filter(status="asked", asked_at__lte=now - QUESTION_LIVES)
    return over + void_all(unheard, "Nobody answered in time.", by=by, now=now)


def reset_pin(*, employee: Employee, by: Actor, reason: str, now: datetime | None = None) -> None:
    """Let a locked or disabled manager try again. Raises NotAllowed (also for one's own PIN) and Refusal."""
    person = require_person(by, "holds.reset_pin", "reset PINs")
    reason = one_line(reason, 500, "reason")
    if not reason:
        raise Refusal("Say why: the reason is kept with the reset.", code="reason_required", status=400)
    if employee.user_id == person.pk:
        raise NotAllowed("Somebody else has to reset your own PIN.")
    with transaction.atomic():
        if not pin_budget.reset(employee):
            raise Refusal("No wrong PIN is counted for this manager.", code="nothing_to_reset", status=409)
        pin_log.of_manager("reset", employee, by=person, now=now or timezone.now(), action="pin_reset", detail=reason)
        audit.record("pin_reset", by=person, reason=reason, entity_ref=f"employee:{employee.netsuite_id}")


# --- the parts -------------------------------------------------------------------------------------------


def _is_id(text: object) -> bool:
    return isinstance(text, str) and len(text) <= 32 and "\x00" not in text


def _checked(cart: Cart) -> Cart:
    if len(cart.terminal) > 64 or CONTROL.search(cart.terminal):
        raise Refusal("A terminal’s name is one line of up to 64 characters.", code="bad_terminal", status=400)
    return cart


def _judge(cart: Cart, now: datetime) -> HoldVerdict:
    customer = Customer.objects.get(pk=cart.customer.pk)
    return blocks.verdict(customer, cart.block, tender=blocks.tender_of(cart.tender), now=now)


def _overridable(cart: Cart, now: datetime) -> HoldVerdict:
    verdict = _judge(cart, now)
    if not verdict.on_hold:
        raise NotOverridable("This customer is not on hold. Submit the order.")
    if not verdict.overridable:
        raise NotOverridable(f"{verdict.reason} {verdict.advice}".strip())
    return verdict


def _take_try(cart: Cart, picked: Employee | None, now: datetime) -> pin_budget.Taken:
    try:
        return pin_budget.take(pin_budget.names_of(cart, picked), now=now)
    except PinLocked as locked:
        pin_log.of_cart("locked", cart, by=cart.cashier, now=now, manager=picked, detail=locked.detail)
        raise


def _rejected(cart: Cart, picked: Employee | None, may: bool, taken: pin_budget.Taken, now: datetime) -> PinRejected:
    """Log it and answer; somebody who may not authorise costs a try too, else names could be tried for free."""
    pin_budget.warn(taken)
    words = words_of_wrong(taken.tries_left) if may else NOT_HIS
    outcome = "rejected" if may else "refused"
    with transaction.atomic():
        pin_log.of_cart(outcome, cart, by=cart.cashier, now=now, manager=picked, detail=words)
    return PinRejected(words, tries_left=taken.tries_left)


def _grant_at_till(cart: Cart, verdict: HoldVerdict, manager: Employee, now: datetime) -> Granted:
    secret, expires_at, who = secrets.token_urlsafe(32), now + GRANT_LIVES, _name_of(manager)
    granted: dict[str, Any] = {"manager": manager, "decided_at": now, "decided_by": who, "expires_at": expires_at}
    with one_at_a_time():
        override = asked_row(cart, verdict, now)
        move(override, "grant", by=who, reason="PIN at the till", secret_hash=hashed(secret), **granted)
        pin_log.of_override("accepted", override, by=cart.cashier, now=now)
        record_decision(override, by=manager.user or who, reason="PIN at the till")
    return Granted(override, secret, expires_at)


def _name_of(manager: Employee) -> str:
    return manager.user.get_username() if manager.user else f"employee:{manager.netsuite_id}"


def _decider(override: Override, by: Actor) -> User:
    """Four eyes: whoever asked does not answer."""
    if isinstance(by, str):
        raise NotAllowed("Only a person may decide overrides.")
    if not may_decide(by, override.block):
        raise NotAllowed("You may not decide overrides. Ask an AR manager.")
    if override.cashier_id == by.pk:
        raise NotAllowed("You asked for this yourself: another manager answers it.")
    return by


def _answer(override: Override, verb: str, decided: dict[str, Any]) -> None:
    """Raises Refusal `already_decided` with who, when and how."""
    try:
        move(override, verb, by=decided["decided_by"], reason=decided["decision_reason"], **decided)
    except LostRace as lost:
        now = lost.row
        assert isinstance(now, Override)
        who = f" by {now.decided_by} at {clock(now.decided_at)}" if now.decided_at else f": {now.decision_reason}"
        words = f"Already {now.get_status_display().lower()}{who}."
        raise Refusal(words, code="already_decided", status=409) from None


def _void_if_changed(override: Override, now: datetime) -> None:
    """Facts moved since the question: it ends here and now, also when the caller's answer is refused."""
    customer = Customer.objects.get(pk=override.customer_id)
    verdict = blocks.verdict(customer, override.block, tender=blocks.tender_of(override.tender), now=now)
    if override.status != "asked" or verdict.fingerprint == override.facts:
        return
    words = "The customer’s account or the hold changed since this was asked."
    void_all(Override.objects.asked().filter(pk=override.pk), words, by="system:overrides", now=now)
    raise Refusal(f"{words} The cashier has to ask again.", code="facts_changed", status=409)


def _refuse_changed_facts(override: Override, cart: Cart, verdict: HoldVerdict) -> None:
    if verdict.on_hold and not verdict.overridable:
        words = f"{verdict.reason} The approval does not open this hold."
        raise GrantRefused(words, why="hold_changed")
    if verdict.fingerprint != override.facts:
        raise GrantRefused(f"The customer’s account changed after the approval. {ASK_AGAIN}", why="facts_changed")
    if not _may_still(override):
        who = override.manager.name if override.manager else override.decided_by
        raise GrantRefused(f"{who} may not authorise any more. Ask another manager.", why="manager_gone")


def _may_still(override: Override) -> bool:
    if override.manager is not None:
        return authorised(override.block).filter(pk=override.manager.pk).exists()
    person = User.objects.filter(username=override.decided_by, is_active=True).first()
    return person is not None and may_decide(person, override.block)


def _no_grant(override: Override, now: datetime) -> GrantRefused:
    if override.status == "used":
        return GrantRefused("This approval was used already.", why="used")
    if override.status == "granted":
        return GrantRefused(f"The approval ended. {ASK_AGAIN}", why="expired")
    return GrantRefused(f"{override.decision_reason} {ASK_AGAIN}", why="void")
