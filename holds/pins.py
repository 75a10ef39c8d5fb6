"""Manager PINs at the till: who may authorise, what a grant is bound to, and how many tries there are."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet

from customers.models import Customer, Employee
from customers.pins import pin_fault
from holds.models import HoldBlock, Override
from netsuite.errors import Refusal
from workflows.wording import clock, money

# Long enough to finish the sale at the counter, short enough that nobody comes back with it.
GRANT_LIVES = timedelta(minutes=5)
# The customer stands at the till; after that nobody waits for the answer.
QUESTION_LIVES = timedelta(minutes=30)
ORDER_PAGES: list[Callable[[UUID], str]] = []
"""The app above appends in `ready()`: the address of an order's page by its key, or "" when it has none."""
ASK_AGAIN = "Ask the manager again."


@dataclass(frozen=True)
class Limit:
    """So many tries, then `locked` for a while. Within `window` they count; without one, until a right PIN.

    After `in_a_row` wrong ones without a right one between, the budget stays shut until somebody resets it.
    """

    tries: int
    locked: timedelta
    window: timedelta | None = None
    in_a_row: int = 0


QUARTER = timedelta(minutes=15)
LIMITS: Mapping[str, Limit] = {
    # A person mistypes once or twice; ten guesses of 10,000 find a PIN once in a thousand times.
    "manager": Limit(5, QUARTER, in_a_row=10),
    # Two managers may lock at one till before the till itself does.
    "terminal": Limit(10, QUARTER, window=QUARTER),
    # The terminal's name comes from the client; the signed-in cashier cannot be invented.
    "cashier": Limit(10, QUARTER, window=QUARTER),
    # Guessing spread over managers, tills and cashiers stops here, with an alarm.
    "site": Limit(30, QUARTER, window=QUARTER),
}


class BadPin(Refusal):
    """What was typed can be nobody's PIN; no try is taken, and it is not repeated."""

    code = "bad_pin"
    status = 400


class PinRejected(Refusal):
    """`extra["tries_left"]` before this manager is locked."""

    code = "pin_rejected"
    status = 403


class PinLocked(Refusal):
    """`extra["retry_after"]` in seconds; None when somebody has to reset it."""

    code = "pin_locked"
    status = 429


class GrantRefused(Refusal):
    """The grant does not fit what it is shown for; `extra["why"]` names the first difference."""

    code = "grant_refused"
    status = 409


@dataclass(frozen=True)
class Cart:
    """What a grant is bound to. `content` is the canonical text of the order; `amount` is in `currency`."""

    order: UUID
    customer: Customer
    content: str
    amount: Decimal
    currency: str
    tender: str
    cashier: User
    terminal: str
    block: HoldBlock

    @property
    def fingerprint(self) -> str:
        return sha256(self.content.encode()).hexdigest()


@dataclass(frozen=True)
class Granted:
    """A grant in hand. The secret is told once and kept nowhere; `expires_at` is UTC."""

    override: Override
    secret: str = field(repr=False)
    expires_at: datetime


def authorised(block: HoldBlock) -> QuerySet[Employee]:
    """Active employees who may authorise on this block: by role of their login, or by name."""
    in_role = User.objects.filter(groups__in=block.managers_by_role.all())
    named = Q(user__in=in_role) | Q(pk__in=block.managers_by_name.all())
    can_sign_in = Q(user=None) | Q(user__is_active=True)
    return Employee.objects.filter(named, can_sign_in, is_inactive=False)


def managers(block: HoldBlock) -> list[Employee]:
    """Those who may authorise, by name; each with `has_pin`: whether NetSuite has a usable PIN for them."""
    has_pin = ExpressionWrapper(Q(pin_hashes__has_key=pin_field(block)), output_field=BooleanField())
    return list(authorised(block).annotate(has_pin=has_pin))


def may_decide(user: User, block: HoldBlock) -> bool:
    """Whether this person may allow an order from the console: by permission, or as a manager of the block."""
    return user.has_perm("holds.decide_override") or authorised(block).filter(user=user).exists()


def blocks_of(user: User) -> list[HoldBlock]:
    """The blocks on which this person is a manager, by role or by name; none for nobody."""
    if not user.is_authenticated:
        return []
    return [block for block in HoldBlock.objects.all() if authorised(block).filter(user=user).exists()]


def fields_in_use() -> list[str]:
    """The PIN code fields that the hold blocks name: the sync reads these."""
    return list(HoldBlock.objects.order_by().values_list("pin_field", flat=True).distinct())


def pin_field(block: HoldBlock) -> str:
    return block.pin_field.lower()


def check_shape(pin: object) -> str:
    """The PIN, when it could be somebody's. Raises BadPin."""
    fault = pin_fault(pin) if isinstance(pin, str) else "A PIN is text."
    if fault:
        raise BadPin(fault)
    return str(pin)


def mismatch(override: Override, cart: Cart, now: datetime) -> tuple[str, str]:
    """Why the grant does not open this cart now: a key for programs and words for people; empty when it does."""
    return _of_another(override, cart) or _over(override, now) or _changed(override, cart) or ("", "")


def _of_another(override: Override, cart: Cart) -> tuple[str, str] | None:
    if override.order_ref != cart.order:
        return "other_order", "This approval is for another order."
    if override.customer_id != cart.customer.pk:
        return "other_customer", f"This approval is for another customer. {ASK_AGAIN}"
    if override.cashier_id != cart.cashier.pk:
        return "other_cashier", "This approval was given to another cashier."
    if override.block_id != cart.block.pk:
        return "other_block", "This approval was given on another page."
    return None


def _over(override: Override, now: datetime) -> tuple[str, str] | None:
    if override.status == "used" and override.used_at:
        return "used", f"This approval was used at {clock(override.used_at)}. It holds once."
    if override.status == "void":
        return "void", f"This approval does not hold any more: {override.decision_reason} {ASK_AGAIN}"
    if override.status != "granted" or override.expires_at is None:
        return "not_granted", "This order is not approved."
    if override.expires_at <= now:
        return "expired", f"The approval ended at {clock(override.expires_at)}. {ASK_AGAIN}"
    return None


def _changed(override: Override, cart: Cart) -> tuple[str, str] | None:
    if (override.amount, override.currency) != (cart.amount, cart.currency):
        was, now = money(override.amount, override.currency), money(cart.amount, cart.currency)
        return "other_amount", f"Approved were {was}, the order is now {now}. {ASK_AGAIN}"
    if override.tender != cart.tender:
        return "other_tender", f"The payment changed after the approval. {ASK_AGAIN}"
    if override.cart != cart.fingerprint:
        return "other_cart", f"The order changed after the approval. {ASK_AGAIN}"
    return None


def words_of_wrong(tries_left: int) -> str:
    """For the pad: how many tries are left, and what comes then."""
    lock = f"locked for {LIMITS['manager'].locked.seconds // 60} minutes"
    left = f"{tries_left or 'No'} {'try' if tries_left == 1 else 'tries'} left"
    return f"Wrong PIN. {left}, then {lock}." if tries_left else f"Wrong PIN. {left}: {lock}."
