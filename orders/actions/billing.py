"""Bill contracts: an invoice a period, made whether or not provisioning waits, and queued for NetSuite."""

import logging
from collections.abc import Sequence
from datetime import date

from django.db import transaction
from django.db.models import Prefetch

from customers.clock import business_today
from orders.billing import invoices
from orders.billing.rules import Change, Charge, Period, charges, due_on, period, runs_after, sum_up
from orders.history import author
from orders.models import BillingContract, Invoice, InvoiceLine, LicenseChange, Order, Subscription
from workflows.access import Actor, label, require
from workflows.wording import count, day

log = logging.getLogger(__name__)


def bill(*, contract: BillingContract, by: Actor, today: date | None = None) -> Invoice | None:
    """The contract's next period, if its first day has come; None when there is nothing to bill.

    Two at once, or again after a crash: one invoice a period.
    """
    require(by, "orders.change_billingcontract", "bill contracts")
    at = today or business_today()
    with transaction.atomic():
        fresh = BillingContract.objects.select_for_update(no_key=True).get(pk=contract.pk)
        if fresh.next_bill_on is None or fresh.next_bill_on > at:
            return None
        return bill_next_period(fresh, by=label(by), today=at)


def bill_due(*, today: date, by: Actor) -> dict[str, int]:
    """Every period that has begun, missed ones too, each contract by itself; answers how many were made."""
    require(by, "orders.change_billingcontract", "bill contracts")
    made = {"invoices": 0, "failed": 0}
    due = BillingContract.objects.filter(next_bill_on__lte=today).order_by("next_bill_on", "pk")
    for pk in list(due.values_list("pk", flat=True)):
        try:
            made["invoices"] += _bill_all(pk, today, by)
        except Exception:
            log.exception("contract %s could not be billed", pk)
            made["failed"] += 1
    return made


def bill_next_period(contract: BillingContract, *, by: str, today: date) -> Invoice | None:
    """In the caller's transaction, with the contract locked (or just made)."""
    assert contract.next_bill_on is not None
    start = contract.next_bill_on
    if contract.renewal == "expires" and contract.ends_on is not None and start > contract.ends_on:
        _schedule(contract, None, by)
        return None
    last = contract.ends_on if contract.renewal == "expires" else None
    billed = period(contract.starts_on, contract.frequency, start, last)
    subscriptions = _subscriptions(contract)
    invoice = _issue(contract, billed, subscriptions, by=by, today=today)
    goes_on = any(runs_after(_as_billed(each), billed.end) for each in subscriptions)
    _schedule(contract, billed.next_start if goes_on else None, by, billed_until=billed.end)
    return invoice


def _bill_all(pk: int, today: date, by: Actor) -> int:
    """Period after period until the contract is up to date."""
    made = 0
    while True:
        contract = BillingContract.objects.get(pk=pk)
        if contract.next_bill_on is None or contract.next_bill_on > today:
            return made
        made += bill(contract=contract, by=by, today=today) is not None


def _issue(
    contract: BillingContract, billed: Period, subscriptions: Sequence[Subscription], *, by: str, today: date
) -> Invoice | None:
    before = list(contract.invoices.order_by("period_start"))
    earlier = [period(contract.starts_on, contract.frequency, each.period_start, each.period_end) for each in before]
    lines = [line for each in subscriptions for line in _lines(each, billed, earlier)]
    if not lines:
        return None
    if before and before[-1].carried:
        lines.append(_carried_over(before[-1], subscriptions[0]))
    invoice = _new_invoice(contract, billed, lines, len(before) + 1, by, today)
    for line in lines:
        line.invoice = invoice
    InvoiceLine.objects.bulk_create(lines)
    _mark_invoiced(subscriptions, billed, invoice)
    invoice.push = invoices.enqueue(invoice, by=by)
    invoice.save(update_fields=["push"])
    return invoice


def _mark_invoiced(subscriptions: Sequence[Subscription], billed: Period, invoice: Invoice) -> None:
    """Those that were read and counted: one that came in meanwhile stands on the next invoice."""
    read = [change for each in subscriptions for change in each.changes.all() if change.effective_on <= billed.end]
    counted = [change.pk for change in read if change.invoice_id is None]
    LicenseChange.objects.filter(pk__in=counted, invoice=None).update(invoice=invoice)


def _subscriptions(contract: BillingContract) -> list[Subscription]:
    changes = Prefetch("changes", LicenseChange.objects.order_by("sequence"))
    return list(contract.subscriptions.select_related("product").prefetch_related(changes).order_by("pk"))


def _as_billed(subscription: Subscription) -> list[Change]:
    return [
        Change(
            effective_on=change.effective_on,
            quantity_before=change.quantity_before,
            quantity_after=change.quantity_after,
            price_before=change.price_before,
            price_after=change.price_after,
            invoiced=change.invoice_id is not None,
        )
        for change in subscription.changes.all()
    ]


def _lines(subscription: Subscription, billed: Period, earlier: Sequence[Period]) -> list[InvoiceLine]:
    return [
        InvoiceLine(
            subscription=subscription,
            description=_words(subscription, charge)[:300],
            quantity=charge.quantity,
            price=charge.price,
            amount=charge.amount,
        )
        for charge in charges(_as_billed(subscription), billed, earlier)
    ]


def _words(subscription: Subscription, charge: Charge) -> str:
    span = f"{day(charge.first)} to {day(charge.last)}"
    if charge.days != charge.of_days:
        span += f" ({charge.days} of {count(charge.of_days, 'day')})"
    return f"{subscription.product}, {'change, ' if charge.is_change else ''}{span}"


def _carried_over(before: Invoice, subscription: Subscription) -> InvoiceLine:
    words = f"Credit carried over from {before.number}"
    credit = -before.carried
    return InvoiceLine(subscription=subscription, description=words, quantity=1, price=credit, amount=credit)


def _new_invoice(
    contract: BillingContract, billed: Period, lines: Sequence[InvoiceLine], number: int, by: str, today: date
) -> Invoice:
    summed = sum_up(line.amount for line in lines)
    return Invoice.objects.create(
        number=f"{contract.number}-{number}",
        contract=contract,
        customer=contract.customer,
        period_start=billed.start,
        period_end=billed.end,
        issued=today,
        due=today if _paid_now(contract, number) else due_on(today, contract.customer.terms),
        currency=contract.currency,
        total=summed.total,
        carried=summed.carried,
        created_by=by[:150],
    )


def _paid_now(contract: BillingContract, number: int) -> bool:
    return number == 1 and contract.order is not None and contract.order.tender == Order.PAID_NOW


def _schedule(contract: BillingContract, next_bill_on: date | None, by: str, billed_until: date | None = None) -> None:
    """When the next period begins; None: nothing is left to bill. What renews by itself runs as far as it is billed."""
    contract.next_bill_on = next_bill_on
    if next_bill_on is not None and billed_until is not None and contract.ends_on is not None:
        contract.ends_on = max(contract.ends_on, billed_until)
    author(contract, by, "billed")
    contract.save(update_fields=["next_bill_on", "ends_on"])
