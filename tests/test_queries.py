"""Lists cost the same number of queries for one row and for three."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from anomalies.models import Alert
from disputes.actions import open_dispute
from holds.actions.pauses import agree_plan
from tests.factories.alerts import fired
from tests.factories.holds import held, owing, proposed
from tests.factories.mails import arrived
from tests.factories.orders import parked
from tests.factories.subscriptions import subscribed

pytestmark = pytest.mark.django_db
LISTS = [
    "customers",
    "service-holds",
    "pauses",
    "proposals",
    "runs",
    "emails",
    "ns-pushes",
    "kill-switches",
    "disputes",
    "inbound-emails",
    "alerts",
    "cards/customers-on-hold",
    "orders",
    "products",
    "subscriptions",
    "license-changes",
]


def fill(mike, today) -> None:
    """One more row in every list."""
    hold = held(owing("Northside Grocers"), mike)
    proposed(owing("Harbor Foods"))
    agree_plan(customer=hold.customer, instalments=[(today, Decimal(50))], reason="Promised", by=mike)
    open_dispute(customer=hold.customer, reason_text="Short delivery", by=mike)
    parked(mike)
    subscribed(mike, "manual", "automatic")
    arrived(hold.customer)
    Alert.objects.filter(scope_value="").update(scope_value=f"was {Alert.objects.count()}")
    fired(today - timedelta(days=Alert.objects.count() + 1))


def queries(client, url) -> int:
    with CaptureQueriesContext(connection) as captured:
        response = client.get(url)
    assert response.status_code == 200
    return len(captured)


@pytest.mark.parametrize("name", LISTS)
def test_api_list(api, mike, frozen_today, name):
    client, url = api(mike), f"/api/v1/{name}/"
    fill(mike, frozen_today)
    one = queries(client, url)
    rows = len(client.get(url).json()["results"])
    fill(mike, frozen_today)
    fill(mike, frozen_today)
    assert len(client.get(url).json()["results"]) == (rows if name == "kill-switches" else 3 * rows)
    assert queries(client, url) == one
