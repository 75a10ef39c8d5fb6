"""Customers and invoices in bulk: ten invoices each, every tenth customer crosses the line."""

from datetime import date, timedelta
from decimal import Decimal

from customers.aging import refresh_summaries
from customers.models import Customer, Transaction

INVOICES = 10
CROSSING_EVERY = 10


def populate(customers: int, today: date) -> None:
    """`customers` rows and ten open invoices each; summaries refreshed."""
    rows = [
        Customer(
            netsuite_id=str(n), entity_id=f"C{n}", name=f"Customer {n}", currency="USD", credit_hold_override="AUTO"
        )
        for n in range(1, customers + 1)
    ]
    stored = Customer.objects.bulk_create(rows, batch_size=5000)
    Transaction.objects.bulk_create(
        (_invoice(customer, n, today) for customer in stored for n in range(INVOICES)), batch_size=5000
    )
    refresh_summaries(today=today)


def _invoice(customer: Customer, n: int, today: date) -> Transaction:
    crosses = int(customer.netsuite_id) % CROSSING_EVERY == 0
    due = today - timedelta(days=70 - n if crosses else n - 5)
    amount = Decimal("1500.00") if crosses else Decimal("400.00")
    return Transaction(
        netsuite_id=f"{customer.netsuite_id}-{n}",
        type=Transaction.INVOICE,
        tranid=f"INV{customer.netsuite_id}-{n}",
        customer=customer,
        issued=due - timedelta(days=30),
        due=due,
        status="A",
        currency="USD",
        total=amount,
        unpaid=amount,
        total_foreign=amount,
        unpaid_foreign=amount,
    )
