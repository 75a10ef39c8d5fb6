"""The list of alerts, an alert's page and its buttons, and the rules, in the console."""

import csv
import io
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from anomalies import chart, finding, group
from anomalies.actions import alerts
from anomalies.models import Alert, AlertRule, OrderWait
from anomalies.rules import Point
from customers.clock import business_today
from customers.models import Customer
from tests.factories.alerts import DAY, NOW, fired, spike_alert
from workflows.models import ProposedAction

pytestmark = pytest.mark.django_db


@pytest.fixture
def alert(time_machine) -> Alert:
    time_machine.move_to(NOW + timedelta(hours=9))
    return spike_alert()


def page(client, alert: Alert, **query: str):
    return client.get(reverse("admin:anomalies_alert_change", args=[alert.pk]), query)


def post(client, alert: Alert, verb: str, **sent: object):
    return client.post(reverse(f"admin:anomalies_alert_{verb}", args=[alert.pk]), sent)


def test_the_finding_is_the_heading_and_the_figures_stand_beside_it(alert, client, mike):
    client.force_login(mike)
    shown = page(client, alert).text
    for words in (
        "<h1>84 orders on credit hold, usually 18</h1>",
        "fires above mean + 2 σ = 30",
        "18 ± 6",
        "+11 σ",
        "+358 %",
        "+217 %",
        "Where it concentrates: 22 of 38 customers are West",
        "18 of the 22 paid within 5 days of due in earlier months, so about 4 would stay on hold.",
        "20 of 84 shown",
    ):
        assert words in shown


def test_the_picture_states_the_finding_and_has_a_table(alert, client, mike):
    client.force_login(mike)
    shown = page(client, alert).text
    title = "<title>84 orders on credit hold, usually 18. Fires above mean + 2 σ = 30.</title>"
    assert f'role="img">{title}' in shown
    assert "84 on Fri 20 Nov" in shown
    assert shown.count('<th scope="row">20 Nov 2026</th>') == 1


def test_the_page_costs_the_same_for_one_order_and_for_all(alert, client, mike):
    client.force_login(mike)
    page(client, alert)
    with CaptureQueriesContext(connection) as many:
        page(client, alert)
    wave = {**alert.payload["wave"], "orders": alert.payload["wave"]["orders"][:1]}
    Alert.objects.filter(pk=alert.pk).update(payload={**alert.payload, "wave": wave})
    with CaptureQueriesContext(connection) as one:
        page(client, alert)
    assert len(one) == len(many)


def test_who_may_only_read_finds_no_buttons(alert, client, integrator):
    integrator.is_staff = True
    integrator.save()
    client.force_login(integrator)
    shown = page(client, alert).text
    assert "You may read this." in shown
    assert "Acknowledge" not in shown
    assert post(client, alert, "acknowledge").status_code == 403


def test_a_sales_rep_does_not_see_alerts(alert, client, rep):
    client.force_login(rep)
    assert page(client, alert).status_code == 403


def test_acknowledge_and_the_second_click(alert, client, mike, clerk):
    client.force_login(mike)
    assert post(client, alert, "acknowledge").status_code == 302
    client.force_login(clerk)
    again = post(client, alert, "acknowledge")
    assert (again.status_code, "Already acknowledged by mike at 21 Nov 2026" in again.text) == (409, True)


def test_a_refused_snooze_keeps_what_was_typed(alert, client, mike):
    client.force_login(mike)
    answer = post(client, alert, "snooze", until="2027-06-01", reason="Known cause")
    assert (answer.status_code, "Known cause" in answer.text) == (400, True)
    assert 'id="snooze-dialog" aria-labelledby="snooze-title" data-open' in answer.text


def test_stage_from_the_page(alert, client, mike):
    client.force_login(mike)
    people = [o["customer"] for o in group.orders_of(alert) if o["region"] == "West"]
    answer = post(client, alert, "grace", customer=people, until="2026-12-05", reason="Lockbox mail is late")
    assert (answer.status_code, ProposedAction.objects.filter(action_type="grace_period").count()) == (302, 22)
    shown = page(client, alert).text
    assert "22 pending" in shown
    assert shown.count("proposed already") == 22


def test_a_limit_that_is_no_number_is_named(alert, client, mike):
    client.force_login(mike)
    one = next(o["customer"] for o in group.orders_of(alert) if o["tier"] == "A")
    sent = {"customer": [one], f"amount-{one}": "lots", "until": "2026-12-05", "reason": "x"}
    answer = post(client, alert, "limit", **sent)
    assert (answer.status_code, "“lots” is not an amount" in answer.text) == (400, True)


def test_row_actions(alert, client, mike):
    client.force_login(mike)
    order = next(o for o in group.orders_of(alert) if o["tier"] == "A")
    until = (business_today() + timedelta(days=7)).isoformat()
    assert post(client, alert, "wait", order=order["id"], until=until, reason="Wire").status_code == 302
    assert post(client, alert, "release", order=order["id"], reason="Paid").status_code == 302
    raised = post(client, alert, "raise_limit", order=order["id"], amount="900,000", until=until, reason="Season")
    assert raised.status_code == 302
    assert OrderWait.objects.get().note == "Wire"
    assert sorted(ProposedAction.objects.values_list("action_type", flat=True)) == ["limit_extension", "release_order"]
    rows = [number for number in range(1, 6) if "waits for payment until" in page(client, alert, page=str(number)).text]
    assert len(rows) == 1


@pytest.mark.parametrize("sent", [{"order": "x"}, {"order": "9" * 30}, {}, {"order": "1\x00"}])
def test_nonsense_is_refused_with_words(alert, client, mike, sent):
    client.force_login(mike)
    assert post(client, alert, "release", reason="x", **sent).status_code == 400


def test_the_csv_runs_no_formula(alert, client, mike):
    order = group.orders_of(alert)[0]
    Customer.objects.filter(pk=order["customer"]).update(name='=HYPERLINK("x")')
    client.force_login(mike)
    answer = client.get(reverse("admin:anomalies_alert_orders", args=[alert.pk]))
    rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode())))
    assert (len(rows), rows[1][0], rows[1][1]) == (85, order["number"], '\'=HYPERLINK("x")')


def queries_of_the_list(client) -> int:
    with CaptureQueriesContext(connection) as captured:
        client.get(reverse("admin:anomalies_alert_changelist"))
    return len(captured)


def test_the_list_costs_the_same_for_one_and_three(client, mike, frozen_today):
    client.force_login(mike)
    found = []
    for number in range(3):
        Alert.objects.filter(scope_value="").update(scope_value=f"was {number}")
        fired(frozen_today - timedelta(days=number + 1))
        queries_of_the_list(client)
        found.append(queries_of_the_list(client))
    assert (found[2], Alert.objects.count()) == (found[0], 3)


def test_the_list_filters_by_state(client, mike, frozen_today):
    alert = fired(frozen_today - timedelta(days=1))
    alerts.resolve(alert=alert, by=mike, reason="Over.")
    client.force_login(mike)
    address = reverse("admin:anomalies_alert_changelist")
    assert "12 customers on hold, line 5" in client.get(address, {"state": "resolved"}).text
    assert "Nothing fits this search." in client.get(address, {"state": "awake"}).text


def test_the_home_page_and_the_menu_say_it(client, mike, frozen_today):
    fired(frozen_today - timedelta(days=1))
    client.force_login(mike)
    assert "12 customers on hold, line 5, 15 Mar 2026." in client.get(reverse("admin:index")).text


# --- rules ---------------------------------------------------------------------------------------


def save(client, rule: AlertRule, **sent: object):
    shown = client.get(reverse("admin:anomalies_alertrule_change", args=[rule.pk]))
    whole = {"seen": shown.context["seen"], "enabled": "on", "roles": ["Finance"], "reason": "Quieter", **sent}
    return client.post(reverse("admin:anomalies_alertrule_save", args=[rule.pk]), whole)


@pytest.fixture
def rule(db) -> AlertRule:
    return AlertRule.objects.get(slug="credit-hold-spike")


def test_a_rule_is_edited_with_history_and_reason(client, mike, rule):
    client.force_login(mike)
    assert save(client, rule, k="3", window="20").status_code == 302
    rule.refresh_from_db()
    assert (rule.k, rule.window, rule.roles) == (3, 20, ["Finance"])
    assert rule.history.first().history_change_reason == "Quieter"


def test_a_stale_edit_is_refused_and_kept(client, mike, rule):
    client.force_login(mike)
    AlertRule.objects.filter(pk=rule.pk).update(k=4)
    answer = save(client, rule, k="3", seen="old")
    assert (answer.status_code, "Somebody changed this rule since" in answer.text) == (409, True)
    assert 'name="k" value="3"' in answer.text
    assert AlertRule.objects.get(pk=rule.pk).k == 4


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"k": "-1"}, "is not a number from 0 on"),
        ({"k": "NaN"}, "is not a number from 0 on"),
        ({"k": ""}, "The rule needs this number."),
        ({"window": "0"}, "whole number from 1 to 366"),
        ({"minimum_days": "60"}, "Not more than the days of the window."),
        ({"reason": " "}, "Say why"),
    ],
)
def test_a_wrong_number_stands_under_its_field(client, mike, rule, sent, words):
    client.force_login(mike)
    answer = save(client, rule, **sent)
    assert (answer.status_code, words in answer.text) == (400, True)
    assert AlertRule.objects.get(pk=rule.pk).k == 2


def test_a_clerk_may_read_rules_only(client, clerk, rule):
    client.force_login(clerk)
    assert (
        "An AR manager or finance changes it."
        in client.get(reverse("admin:anomalies_alertrule_change", args=[rule.pk])).text
    )
    assert save(client, rule, k="9").status_code == 403


# --- pieces --------------------------------------------------------------------------------------


def test_two_days_make_a_picture_and_one_does_not():
    points = [Point(DAY - timedelta(days=1), Decimal(1)), Point(DAY, Decimal(9))]
    assert chart.draw("orders_on_hold", points[1:], line=None, band=None, finding="x") == ""
    assert chart.draw("orders_on_hold", points, line=Decimal(5), band=None, finding="x").count("<path") == 1


@pytest.mark.parametrize("top", ["0", "0.31", "1", "1420000", "0.000001"])
def test_any_scale_is_drawn(top):
    points = [Point(DAY - timedelta(days=1), Decimal(0)), Point(DAY, Decimal(top))]
    drawn = chart.draw("orders_on_hold_value", points, line=None, band=None, finding="x")
    assert 2 <= drawn.count("var(--grid)") <= 12


def test_figures_in_their_unit():
    shown = [finding.figure(m, v) for m, v in (("dso", "58.4"), ("utilisation", "0.91"), ("ar_balance", "1420000.4"))]
    assert shown == ["58.4 days", "91.0 %", "$1,420,000"]
    assert (finding.change_words("3.58"), finding.change_words("-0.5"), finding.sigma_words("11.0")) == (
        "+358 %",
        "−50 %",
        "+11 σ",
    )
