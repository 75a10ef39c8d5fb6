"""The dashboard: one screen for finance, at a fixed price."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from anomalies.cards import CARDS
from anomalies.cards.base import Reading
from anomalies.dashboard import change_words, measure_words
from anomalies.models import Alert
from anomalies.rules import Point
from anomalies.sparkline import sparkline
from tests.factories.alerts import fired
from tests.factories.holds import owing, proposed
from tests.factories.metrics import history

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 16)
NOW = datetime(2026, 3, 16, 14, 0, tzinfo=UTC)
MOST_QUERIES = 12


@pytest.fixture(autouse=True)
def monday(time_machine) -> None:
    time_machine.move_to(NOW, tick=False)


def show(client):
    return client.get(reverse("dashboard"))


def queries(client) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert show(client).status_code == 200
    return len(captured)


def add_rows(number: int) -> None:
    Alert.objects.filter(scope_value="").update(scope="region", scope_value=f"was {number}")
    fired(TODAY - timedelta(days=number + 1))
    proposed(owing(f"Grocer {number}"))


def reading(**fields) -> Reading:
    usual = {"slug": "x", "title": "X", "value": Decimal(84), "unit": "count", "change": Decimal(4), "state": "stable"}
    usual |= {"why": "", "day": TODAY, "is_partial": False, "points": ()}
    return Reading(**{**usual, **fields})


def test_every_card_is_a_tile_with_its_state_in_words(client, owner):
    history("orders_on_hold", *([17, 19] * 15), 84, until=TODAY - timedelta(days=1))
    history("orders_on_hold_value", 1_420_000, until=TODAY - timedelta(days=1))
    client.force_login(owner)
    shown = show(client).text
    assert shown.count('<article class="card tile"') == len(CARDS)
    for words in (
        ">84</span>",
        "+65 since the day before",
        "Needs attention",
        "$1,420,000 blocked in 84 orders on credit hold.",
    ):
        assert words in shown
    assert [card.title for card in CARDS.values() if card.title not in shown] == []


def test_the_first_day_says_what_comes(client, owner):
    client.force_login(owner)
    shown = show(client).text
    assert "No figures yet. The first are counted within 15 minutes" in shown
    assert "Orders on credit hold are not counted yet." in shown
    assert "No alert is open. Each day is judged once it is over." in shown


def test_open_alerts_and_what_waits(client, owner):
    fired(TODAY - timedelta(days=1))
    proposed(owing(amount="48210.40"))
    client.force_login(owner)
    shown = show(client).text
    assert "12 customers on hold, line 5" in shown
    assert "at stake in one proposal" in shown
    assert ">$48,210</p>" in shown


def test_a_snoozed_alert_is_not_shown(client, owner):
    fired(TODAY - timedelta(days=1))
    Alert.objects.update(snoozed_until=NOW + timedelta(days=1))
    client.force_login(owner)
    assert "12 customers on hold, line 5" not in show(client).text


def test_it_takes_at_most_twelve_queries_for_one_row_and_for_three(client, owner):
    client.force_login(owner)
    add_rows(0)
    show(client)
    one = queries(client)
    add_rows(1)
    add_rows(2)
    assert (queries(client), one <= MOST_QUERIES) == (one, True)


@pytest.mark.parametrize("person", ["rep", "cashier", "outsider"])
def test_who_does_not_see_all_figures_is_refused(client, request, person):
    client.force_login(request.getfixturevalue(person))
    assert show(client).status_code in (302, 403)


def test_only_who_may_see_it_finds_it_in_the_menu(client, owner, rep):
    client.force_login(owner)
    assert f'href="{reverse("dashboard")}"' in client.get("/admin/").text
    client.force_login(rep)
    assert f'href="{reverse("dashboard")}"' not in client.get("/admin/").text


def test_changes_in_words():
    assert change_words("orders_on_hold", reading()) == "+4 in 30 days"
    assert change_words("orders_on_hold", reading(change=Decimal(-4), change_days=1)) == "−4 since the day before"
    assert change_words("utilisation", reading(unit="share", change=Decimal("0.0214"))) == "+2.1 points in 30 days"
    assert change_words("utilisation", reading(unit="share", change=Decimal("0.0001"))) == "unchanged in 30 days"
    assert change_words("dso", reading(unit="days", change=Decimal("-11.2"))) == "−11.2 days in 30 days"
    assert change_words("dso", reading(change=None)) == ""


def test_what_the_title_does_not_say_stands_beside_the_figure():
    assert measure_words("DSO increase", "DSO") == ""
    assert measure_words("A/R aging buckets", "Share 61 days and older") == "Share 61 days and older"


def test_the_small_line_says_its_ends_in_words():
    days = [Point(TODAY - timedelta(days=back), Decimal(value)) for back, value in ((2, 4), (1, 0), (0, 8))]
    drawn = sparkline("orders_on_hold", "Orders <b>", days)
    assert "<title>Orders &lt;b&gt;: 4 on 14 Mar 2026, 8 on 16 Mar 2026</title>" in drawn
    assert 'points="3.0,14.0 60.0,25.0 117.0,3.0"' in drawn
    assert sparkline("orders_on_hold", "x", days[:1]) == ""
