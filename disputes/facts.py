"""What a dispute's workflow knows: the invoice, recent payments, earlier disputes. Money is text, base currency."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Q

from customers.models import Customer, Transaction
from disputes.models import Dispute, InboundEmail
from disputes.rules import THRESHOLDS
from workflows.models import WorkflowDefinition

PAYMENTS_OF = timedelta(days=90)
SHOWN = 5
SHORTEST_PO = 4
WORKFLOW = "customer_invoice_dispute"


def invoice_by_ref(customer: Customer, ref: str) -> Transaction | None:
    """The customer's invoice of that number, else the only one whose PO number or memo ends in it."""
    ref = ref.replace("\x00", "").strip()
    invoices = customer.transactions.invoices()
    if not ref:
        return None
    exact = invoices.filter(tranid__iexact=ref).first()
    if exact or len(ref) < SHORTEST_PO:
        return exact
    found = list(invoices.filter(Q(po_number__iendswith=ref) | Q(memo__iendswith=ref))[:2])
    return found[0] if len(found) == 1 else None


def invoice(inputs: Mapping[str, Any], customer: Customer | None, today: date) -> dict[str, Any] | None:
    """The invoice that the inputs cite, as the run keeps it."""
    found = invoice_by_ref(customer, str(inputs.get("invoice_ref") or "")) if customer else None
    if found is None:
        return None
    return {
        "id": found.pk,
        "tranid": found.tranid,
        "issued": found.issued.isoformat(),
        "due": found.due.isoformat() if found.due else None,
        "total": str(found.total),
        "unpaid": str(found.unpaid),
        "po_number": found.po_number,
    }


def payments(customer_ids: Sequence[int], today: date) -> dict[int, list[dict[str, str]]]:
    """Payments of the last 90 days by customer, newest first, five of each."""
    paid = Transaction.objects.filter(type=Transaction.PAYMENT, customer__in=customer_ids)
    recent = paid.filter(issued__gt=today - PAYMENTS_OF, issued__lte=today).order_by("-issued", "-pk")
    found: dict[int, list[dict[str, str]]] = {}
    for one in recent:
        rows = found.setdefault(one.customer_id, [])
        if len(rows) < SHOWN:
            rows.append({"tranid": one.tranid, "day": one.issued.isoformat(), "amount": str(one.total)})
    return found


def prior_disputes(inputs: Mapping[str, Any], customer: Customer | None, today: date) -> int:
    """The customer's other unsettled disputes: open or escalated, and those answered in between."""
    if customer is None:
        return 0
    others = Dispute.objects.open().filter(customer=customer)
    reference = reference_of(inputs)
    return others.exclude(reference=reference, invoice_ref=ref_of(inputs)).count() if reference else others.count()


def pattern(customer: Customer) -> dict[str, Any]:
    """The customer's unsettled disputes as a reviewer sees them: each one, and how many a reason."""
    rows = Dispute.objects.open().filter(customer=customer)
    reasons = rows.order_by().values("reason").annotate(n=Count("pk"))
    shown = rows.order_by("-pk")[: 2 * SHOWN]
    return {
        "disputes": [
            {
                "id": row.pk,
                "invoice_ref": row.invoice_ref,
                "reason": row.get_reason_display(),
                "amount": str(row.amount) if row.amount is not None else None,
                "opened": row.opened_at.date().isoformat(),
                "status": row.get_status_display(),
            }
            for row in shown
        ],
        "by_reason": {row["reason"]: row["n"] for row in reasons},
    }


def mail_of(inputs: Mapping[str, Any]) -> InboundEmail | None:
    """The mail that started it, None for a reference of the caller's own."""
    try:
        uuid = UUID(str(inputs.get("email_uuid", "")))
    except ValueError:
        return None
    return InboundEmail.objects.filter(email_uuid=uuid).first()


def reference_of(inputs: Mapping[str, Any]) -> str:
    return str(inputs.get("email_uuid", ""))[:64]


def ref_of(inputs: Mapping[str, Any]) -> str:
    """The invoice number as cited."""
    return str(inputs.get("invoice_ref") or "").replace("\x00", "").strip()[:128]


def numbers() -> dict[str, Any]:
    """The contract's thresholds with the edits of the console."""
    edited = WorkflowDefinition.objects.filter(workflow_type=WORKFLOW).values_list("thresholds", flat=True).first()
    return {**THRESHOLDS, **{name: value for name, value in (edited or {}).items() if value is not None}}
