"""What an applied credit memo does to the mirror, before the next sync reads it."""

from datetime import date
from decimal import Decimal

from django.db import transaction

from customers.aging import refresh_summaries
from customers.models import Transaction
from customers.rules import CENT


def credit_applied(*, invoice: Transaction, netsuite_id: str, amount_foreign: Decimal, memo: str, today: date) -> bool:
    """Add the memo and take it off the invoice, both in the invoice's currency and in base currency.

    False when the mirror has it already: a sync was faster, or this is told twice.
    """
    with transaction.atomic():
        row = Transaction.objects.select_for_update().get(pk=invoice.pk)
        if not netsuite_id or Transaction.objects.filter(netsuite_id=netsuite_id).exists():
            return False
        credited = min(amount_foreign, row.unpaid_foreign)
        rest = row.unpaid_foreign - credited
        unpaid = (rest * row.exchange_rate).quantize(CENT) if rest else Decimal("0.00")
        _add_memo(row, netsuite_id, amount_foreign, memo, today)
        row.unpaid_foreign, row.unpaid = rest, unpaid
        row.closed, row.status = (row.closed, row.status) if rest else (today, "B")
        row.save(update_fields=["unpaid_foreign", "unpaid", "closed", "status"])
        refresh_summaries([row.customer_id], today=today)
    invoice.refresh_from_db()
    return True


def _add_memo(invoice: Transaction, netsuite_id: str, amount_foreign: Decimal, memo: str, today: date) -> None:
    """Wholly applied, so nothing of it is left; NetSuite's own number comes with the next sync."""
    Transaction.objects.create(
        netsuite_id=netsuite_id,
        type=Transaction.CREDIT,
        customer_id=invoice.customer_id,
        issued=today,
        closed=today,
        status="B",
        currency=invoice.currency,
        exchange_rate=invoice.exchange_rate,
        total_foreign=amount_foreign,
        total=(amount_foreign * invoice.exchange_rate).quantize(CENT),
        memo=memo,
    )
