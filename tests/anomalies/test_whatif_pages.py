"""The what-if pages: who may open them, what they show, and where they lead."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from anomalies.default_rules import SPIKE
from anomalies.models import AlertRule
from customers.models import Customer
from holds.models import HoldBlock
from tests.factories.customers import CustomerFactory, InvoiceFactory, SalesOrderFactory
from tests.factories.metrics import history
from workflows.models import WorkflowDefinition

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 16, 14, 0, tzinfo=UTC)
TODAY = date(2026, 3, 16)
PAGES = ["line", "formula", "rule"]


@pytest.fixture(autouse=True)
def monday(time_machine) -> None:
    time_machine.move_to(NOW, tick=False)


def get(client, page: str, **asked: object):
    return client.get(reverse(f"what_if:{page}"), asked)


def late(name: str = "Northside Grocers", total: int = 12_000) -> Customer:
    """Crosses 60 days on 16 February."""
    customer = CustomerFactory(name=name)
    InvoiceFactory(customer=customer, issued=date(2025, 11, 18), due=date(2025, 12, 18), total=Decimal(total))
    return customer


@pytest.mark.parametrize("page", PAGES)
def test_who_sees_alerts_may_look(client, clerk, page):
    client.force_login(clerk)
    assert get(client, page).status_code == 200


@pytest.mark.parametrize("page", [*PAGES, "line_csv", "formula_csv", "rule_csv"])
@pytest.mark.parametrize("person", ["rep", "cashier", "outsider"])
def test_a_sales_rep_and_a_cashier_are_refused(client, request, person, page):
    client.force_login(request.getfixturevalue(person))
    assert get(client, page).status_code in (302, 403)


@pytest.mark.parametrize("page", PAGES)
def test_nothing_is_written(client, mike, page):
    late()
    client.force_login(mike)
    get(client, page)
    with CaptureQueriesContext(connection) as captured:
        get(client, page, days=30, amount=1, formula="customer.balance > 1", k=1)
    assert [q["sql"] for q in captured if not q["sql"].startswith("SELECT")] == []
    assert client.post(reverse(f"what_if:{page}"), {}).status_code == 405


def test_another_line_beside_todays(client, mike):
    late()
    late("Small Deli", 6_000)
    client.force_login(mike)
    shown = get(client, "line", days=30, amount=5000, period=90).text
    for words in ("<h1>1 more hold proposed</h1>", "Small Deli", "the tried line only", "on other days", "$18,000"):
        assert words in shown
    assert 'role="img"><title>1 more hold proposed. 60 days and $10,000; 30 days and $5,000.</title>' in shown


def test_without_a_change_it_says_so(client, mike):
    client.force_login(mike)
    shown = get(client, "line").text
    assert "Both columns are today’s rule." in shown
    assert "Propose the change" not in shown


def test_the_customers_that_differ_as_csv(client, mike):
    customer = late('=HYPERLINK("x")')
    client.force_login(mike)
    answer = get(client, "line_csv", days=90, amount=10000, period=90)
    rows = list(csv.reader(io.StringIO(answer.getvalue().decode())))
    assert [row[:3] for row in rows[1:]] == [['\'=HYPERLINK("x")', customer.netsuite_id, "today’s line only"]]


@pytest.mark.parametrize(
    "asked", [{"days": "x"}, {"days": "-1"}, {"amount": "NaN"}, {"days": "9" * 40}, {"period": "7"}]
)
def test_what_cannot_be_tried_is_said_and_kept(client, mike, asked):
    client.force_login(mike)
    answer = get(client, "line", **asked)
    assert (answer.status_code, "Today’s rule and the tried one" in answer.text) == (400, False)
    assert get(client, "line_csv", **asked).status_code == 404


def test_a_line_leads_to_the_contract_with_the_values_filled_in(client, mike):
    client.force_login(mike)
    pk = WorkflowDefinition.objects.get(workflow_type="service_hold_trigger").pk
    address = f"{reverse('admin:workflows_workflowdefinition_change', args=[pk])}?days=45&amount=5000"
    assert f'href="{address.replace("&", "&amp;")}"' in get(client, "line", days=45, amount=5000).text
    shown = client.get(address).text
    assert 'name="days" value="45"' in shown
    assert 'name="amount" value="5000"' in shown
    assert "Nothing is saved until you give a reason and save." in shown
    assert WorkflowDefinition.objects.get(pk=pk).thresholds == {}


def test_who_may_not_change_the_contract_finds_no_button(client, owner):
    client.force_login(owner)
    shown = get(client, "line", days=45, amount=5000).text
    assert "Propose the change" not in shown
    assert "Who may change these settings finds a button here." in shown


def test_a_formula_beside_the_one_in_force(client, mike):
    customer = CustomerFactory(name="Harbor Deli", credit_limit=Decimal(1000))
    InvoiceFactory(customer=customer, issued=TODAY - timedelta(days=20), total=Decimal(800))
    SalesOrderFactory(customer=customer, issued=TODAY - timedelta(days=10), total=Decimal(250))
    client.force_login(mike)
    shown = get(client, "formula", formula="customer.balance > 500").text
    for words in ("<h1>1 more order stopped</h1>", "Harbor Deli", "$250", "count as they are today"):
        assert words in shown
    block = HoldBlock.objects.order_by("pk").first()
    filled = client.get(reverse("admin:holds_holdblock_change", args=[block.pk]), {"formula": "customer.balance > 500"})
    assert "customer.balance &gt; 500</textarea>" in filled.text
    assert "Filled in from a what-if." in filled.text


def test_a_formula_that_says_nothing_is_refused_with_its_place(client, mike):
    client.force_login(mike)
    answer = get(client, "formula", formula="customer.balance >")
    assert (answer.status_code, "Line 1, column" in answer.text) == (400, True)
    assert get(client, "formula", block="none").status_code == 404


def test_a_rule_beside_itself(client, owner):
    history("orders_on_hold", *([17, 19] * 20), 40, 18, 26, 18, until=TODAY - timedelta(days=1))
    client.force_login(owner)
    shown = get(client, "rule", rule=SPIKE, k="1.2", period=30).text
    assert "<h1>1 more alert opened</h1>" in shown
    assert "the tried rule only" in shown
    pk = AlertRule.objects.get(slug=SPIKE).pk
    filled = client.get(reverse("admin:anomalies_alertrule_change", args=[pk]), {"k": "1.2"}).text
    assert 'name="k" value="1.2"' in filled
    assert AlertRule.objects.get(pk=pk).k == 2


@pytest.mark.parametrize("asked", [{"k": "x"}, {"k": "-1"}, {"window": "0"}, {"minimum_days": "40"}])
def test_numbers_no_rule_could_have_are_said(client, mike, asked):
    client.force_login(mike)
    answer = get(client, "rule", rule=SPIKE, **asked)
    assert (answer.status_code, 'class="field-error"' in answer.text) == (400, True)


def test_every_rule_opens(client, mike):
    client.force_login(mike)
    answers = {
        slug: get(client, "rule", rule=slug).status_code for slug in AlertRule.objects.values_list("slug", flat=True)
    }
    assert set(answers.values()) == {200}
