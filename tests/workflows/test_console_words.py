"""Badges, charts and filters of the console."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from customers.aging import Payment
from customers.rules import Aging
from netsuite.machine import all_machines
from workflows import charts
from workflows.badges import BY_KIND, badge, badge_of
from workflows.icons import svg
from workflows.models import ProposedAction
from workflows.templatetags import console

START = date(2026, 1, 5)


def paid(number, days, still_open=False):
    return Payment(f"INV{number}", START + timedelta(days=7 * number), None, days, 0, still_open)


@pytest.mark.parametrize("status", [value for value, _ in ProposedAction._meta.get_field("status").choices])
def test_every_proposal_status_has_its_word(status):
    assert badge_of(status, "proposal").word == dict(ProposedAction._meta.get_field("status").choices)[status]


@pytest.mark.parametrize("machine", all_machines(), ids=lambda model: model.__name__)
def test_every_state_is_drawn_in_a_known_tint(machine):
    kind = {"outboundemail": "email", "servicehold": "hold"}.get(machine._meta.model_name, machine._meta.model_name)
    tints = {badge_of(value, kind).tint for value, _ in machine._meta.get_field("status").choices}
    assert tints <= {"amber", "blue", "green", "red", "violet", "plum", "slate", "solid"}


def test_every_sign_of_a_badge_can_be_drawn():
    assert all(svg(one.sign) for kind in BY_KIND.values() for one in kind.values())


def test_a_badge_escapes_its_word():
    assert "&lt;b&gt;" in badge("pending", word="<b>")


def test_an_unknown_status_keeps_its_name():
    assert badge_of("half_done").word == "Half done"


@pytest.mark.parametrize(
    ("by", "words"), [("schedule:aging_tick", "Aging tick"), ("mike", "mike"), ("push:7", "push:7")]
)
def test_actors_are_named_for_people(by, words):
    assert console.actor(by) == words


def test_nothing_is_a_dash():
    assert [console.money(None), console.amount(""), console.number(None), console.percent(None)] == ["–"] * 4


def test_age_rows_add_up_to_all_invoices():
    rows = charts.age_rows(Aging(current=Decimal(51), d1_30=Decimal(27), d31_60=Decimal(22)))
    assert [round(row.share * 100) for row in rows] == [51, 27, 22, 0, 0, 0]


def test_an_empty_ledger_has_no_shares():
    assert {row.share for row in charts.age_rows(Aging())} == {Decimal(0)}


def test_the_age_bar_leaves_empty_ages_out():
    bar = charts.age_bar(charts.age_rows(Aging(current=Decimal(10), d120_plus=Decimal(10))))
    assert bar.count("<i ") == 2


def test_too_few_invoices_are_a_sentence():
    chart = charts.days_to_pay([paid(0, 30), paid(1, 31)], 30)
    assert (chart.words, chart.drawing) == ("Not enough data: 2 of 4 paid invoices.", "")


def test_the_chart_states_its_finding():
    chart = charts.days_to_pay([*(paid(n, 28) for n in range(5)), *(paid(n, 55) for n in range(5, 10))], 30)
    assert chart.words == "Median 28 days in Jan 2026, 55 now. Terms 30."


def test_the_chart_marks_paid_and_open_ones_apart():
    drawing = charts.days_to_pay([*(paid(n, 30) for n in range(6)), paid(7, 124, still_open=True)], 30).drawing
    assert (drawing.count("<circle"), "124 days, unpaid" in drawing) == (6, True)


def test_the_chart_starts_at_zero_and_reaches_above_the_highest():
    scale = charts._Scale([*(paid(n, 30) for n in range(4)), paid(5, 124)], 30)
    assert (scale.y(0), scale.top) == (138, 150)


def test_all_invoices_of_one_day_can_be_drawn():
    same = [Payment(f"INV{n}", START, None, 0, 0, False) for n in range(4)]
    assert charts.days_to_pay(same, None).drawing.count("<circle") == 4
