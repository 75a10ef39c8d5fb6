"""Real disputes replayed through the workflow: who has disputed twice before gets a review, nobody else."""

import csv
from typing import Any

import pytest

from customers.models import Transaction
from disputes.actions.disputes import take_up
from disputes.models import Dispute
from tests.flows.test_receivables_file import DATA, SETTLED, load
from workflows.models import ProposedAction

EXPECTED = DATA / "expected_prior_disputes.csv"
REVIEWS, CUSTOMERS = 420, 52

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not EXPECTED.exists(), reason="not run: no data"),
]


def test_561_disputes_stage_420_reviews_for_52_customers(clerk: Any) -> None:
    load(SETTLED, "--to", "hub")
    with EXPECTED.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    invoices = _by_number([row["inv"] for row in rows])
    for row in rows:
        invoice = invoices[row["inv"]]
        take_up(customer=invoice.customer, invoice_ref=invoice.tranid, reason_text="Disputed", by=clerk, source="rep")
    reviews = ProposedAction.objects.filter(action_type="ar_hold_review")
    assert (len(rows), Dispute.objects.count()) == (561, 561)
    assert reviews.count() == REVIEWS
    assert reviews.order_by().values("customer").distinct().count() == CUSTOMERS
    staged = set(reviews.values_list("entity_ref", flat=True))
    found = [(d.run.context["prior_disputes"], d.ref in staged) for d in _in_order()]
    assert found == [(int(row["prior_disputes"]), row["ar_hold_review_staged"] == "True") for row in rows]


def _by_number(numbers: list[str]) -> dict[str, Transaction]:
    rows = Transaction.objects.select_related("customer").filter(tranid__in=numbers)
    return {row.tranid: row for row in rows}


def _in_order() -> Any:
    return Dispute.objects.select_related("run").order_by("pk")
