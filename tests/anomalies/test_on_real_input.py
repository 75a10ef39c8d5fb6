"""DSO and aging of a real export, equal to what was computed elsewhere and to a plain recomputation."""

from collections import defaultdict
from datetime import date
from decimal import Decimal

import pytest
from django.utils import timezone

from anomalies.actions.snapshots import take
from anomalies.measures import AGING, dso_on, measure
from anomalies.models import DailyMetric
from customers.models import Transaction
from customers.rules import bucket
from tests.flows.test_receivables_file import SETTLED, load

pytestmark = [pytest.mark.django_db, pytest.mark.skipif(not SETTLED.exists(), reason="not run: no data")]
DSO = {
    date(2012, 6, 30): "27.23",
    date(2012, 12, 31): "26.84",
    date(2013, 3, 31): "27.56",
    date(2013, 6, 30): "23.15",
    date(2013, 11, 30): "22.99",
}


@pytest.fixture(autouse=True)
def invoices():
    load(SETTLED, "--to", "hub")


def test_dso_over_ninety_days():
    assert {day: str(round(dso_on(day, days=90), 2)) for day in DSO} == DSO


def test_aging_equals_a_plain_recomputation():
    for day in DSO:
        plain: dict[str, Decimal] = defaultdict(Decimal)
        for invoice in Transaction.objects.invoices():
            if invoice.issued <= day and (invoice.closed is None or invoice.closed > day):
                plain[bucket(invoice.due, day)] += invoice.total
        found = measure(day, live=False)["all", ""]
        assert {name: found[metric] for metric, name in AGING.items()} == {name: plain[name] for name in AGING.values()}


def test_the_stored_figures_are_those():
    day = date(2013, 3, 31)
    take(day=day, now=timezone.now())
    stored = DailyMetric.objects.get(metric="ar_balance", scope="all", date=day).value
    assert stored == measure(day, live=False)["all", ""]["ar_balance"]
