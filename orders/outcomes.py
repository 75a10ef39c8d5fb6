"""What came of pushes: NetSuite's numbers and refusals in its own words, and the providers' answers."""

from collections.abc import Sequence
from typing import TypeAlias

from django.db.models import Q, QuerySet

from netsuite.models import Push
from orders import providers, sales_orders
from orders.billing import invoices
from orders.models import Invoice, Order
from orders.provisioning import answers

Pushed: TypeAlias = QuerySet[Order] | QuerySet[Invoice]


def push_settled(push: Push) -> None:
    """The outcome of one push, if it is an order's, an invoice's or a provider's."""
    if providers.is_ours(push):
        answers.take_over(push)
    elif push.record_type in (sales_orders.RECORD_TYPE, invoices.RECORD_TYPE):
        take_over(push)


def pushes_settled(pushes: Sequence[Push]) -> None:
    """Called after commit with pushes that were settled together: what providers answered goes in one step."""
    answers.take_over_all([push for push in pushes if providers.is_ours(push)])
    for push in pushes:
        if not providers.is_ours(push):
            push_settled(push)


def take_over(push: Push) -> int:
    """Write the outcome on the push's order or invoice; answers how many rows changed. The newest word counts."""
    rows = _rows(push)
    if push.status == "applied":
        proof = (push.evidence or {}).get("read_back", {})
        number = str(proof.get("tranId") or "")[:128]
        return rows.update(netsuite_id=str(proof.get("id", ""))[:32], netsuite_number=number, netsuite_error="")
    if push.status == "failed":
        return rows.update(netsuite_error=push.last_error_detail or push.last_error_code or "Not taken.")
    return rows.exclude(netsuite_error="").update(netsuite_error="") if push.is_open else 0


def catch_up() -> int:
    """Outcomes that a crash kept from their orders, invoices, changes and provider accounts."""
    missed: list[Order | Invoice] = [
        *_missed(Order.objects.filter(status="submitted")),
        *_missed(Invoice.objects.all()),
    ]
    return sum(take_over(row.push) for row in missed if row.push) + answers.catch_up()


def _rows(push: Push) -> Pushed:
    if push.record_type == invoices.RECORD_TYPE:
        return Invoice.objects.filter(push=push)
    return Order.objects.filter(push=push, status="submitted")


def _missed(rows: Pushed) -> Pushed:
    applied = Q(push__status="applied", netsuite_id="")
    failed = Q(push__status="failed", netsuite_error="")
    return rows.filter(applied | failed).select_related("push")[:500]
