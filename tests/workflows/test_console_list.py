"""The list of proposals: filters, pages by key, and approving small ones together."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.factories.holds import held, owing, proposed
from tests.signed_in import signed_in
from workflows.models import ProposedAction

pytestmark = pytest.mark.django_db
LIST = "/admin/workflows/proposedaction/"


def names(client, **query):
    return [str(row.customer) for row, *_ in client.get(LIST, query).context["rows"]]


def small(customer, risk=2, **fields):
    """A proposal of low risk that carries nothing out."""
    return ProposedAction.objects.create(
        action_type="tidy_up", entity_type="other", entity_ref="x", customer=customer, risk_level=risk,
        rationale="Fill in the sales rep.", proposed_by="schedule:tidy", content_hash="0" * 64, **fields,
    )  # fmt: skip


def test_largest_first(mike, frozen_today):
    for name, amount in (("Oak", "20000"), ("Northside", "48210"), ("Harbor", "30000")):
        proposed(owing(name, amount=amount))
    assert names(signed_in(mike)) == ["Northside", "Harbor", "Oak"]


def test_only_what_waits_unless_asked(mike, frozen_today):
    held(owing("Northside"), mike)
    proposed(owing("Harbor"))
    client = signed_in(mike)
    assert (names(client), names(client, status="all")) == (["Harbor"], ["Harbor", "Northside"])


def test_an_unknown_status_shows_what_waits(mike, frozen_today):
    proposed(owing("Harbor"))
    assert names(signed_in(mike), status="'; drop") == ["Harbor"]


def test_search_by_customer(mike, frozen_today):
    proposed(owing("Northside Grocers"))
    proposed(owing("Harbor Foods"))
    assert names(signed_in(mike), q="harb") == ["Harbor Foods"]


def test_by_type(mike, frozen_today):
    proposed(owing("Northside"))
    small(owing("Harbor"))
    assert names(signed_in(mike), type="tidy_up") == ["Harbor"]


def test_by_risk(mike, frozen_today):
    proposed(owing("Northside"))
    small(owing("Harbor"))
    assert names(signed_in(mike), risk="4") == ["Northside"]


def test_over_the_target(mike, frozen_today):
    late = proposed(owing("Northside"))
    proposed(owing("Harbor"))
    ProposedAction.objects.filter(pk=late.pk).update(proposed_at=timezone.now() - timedelta(minutes=61))
    assert names(signed_in(mike), age="over") == ["Northside"]


def test_a_rep_sees_their_own(rep, frozen_today):
    mine = owing("Northside")
    mine.sales_rep.user = rep
    mine.sales_rep.save()
    proposed(mine)
    proposed(owing("Harbor"))
    assert names(signed_in(rep)) == ["Northside"]


def test_a_cashier_is_refused(cashier):
    assert signed_in(cashier).get(LIST).status_code == 403


def test_empty_says_what_comes_next(mike):
    assert "Nothing waits for a decision. The next aging tick" in signed_in(mike).get(LIST).content.decode()


def test_pages_follow_one_another_without_gap_or_repeat(mike, frozen_today):
    for number in range(53):
        small(owing(f"C{number:02}"), at_stake=number // 10)
    client = signed_in(mike)
    first = client.get(LIST).context["page"]
    second = client.get(LIST, {"after": first.next}).context["page"]
    assert (len(first.rows), len(second.rows), second.next) == (50, 3, "")
    assert len({row.pk for row in first.rows + second.rows}) == 53


def test_a_forged_cursor_is_the_first_page(mike, frozen_today):
    proposed(owing("Harbor"))
    assert names(signed_in(mike), after="forged") == ["Harbor"]


def test_queries_do_not_grow_with_rows(mike, frozen_today):
    client = signed_in(mike)

    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert client.get(LIST).status_code == 200
        return len(captured)

    proposed(owing("Northside"))
    one = queries()
    proposed(owing("Harbor"))
    proposed(owing("Oak"))
    assert queries() == one


def test_holds_cannot_be_picked(mike, frozen_today):
    proposed(owing("Northside"))
    assert signed_in(mike).get(LIST).context["any_bulk"] is False


def test_bulk_shows_ids_and_versions_first(mike, frozen_today):
    row = small(owing("Harbor"))
    response = signed_in(mike).post(f"{LIST}bulk/", {"item": f"{row.pk}:1"})
    assert [(chosen.pk, version) for chosen, version, _ in response.context["chosen"]] == [(row.pk, 1)]
    assert ProposedAction.objects.get().status == "pending"


def test_bulk_approves_after_the_preview(mike, frozen_today):
    rows = [small(owing("Harbor")), small(owing("Oak"))]
    items = [f"{row.pk}:1" for row in rows]
    signed_in(mike).post(f"{LIST}bulk/", {"item": items, "confirm": "1", "reason": "Tidy"})
    assert [row.status for row in ProposedAction.objects.all()] == ["applied", "applied"]


def test_bulk_refuses_a_hold_and_approves_none(mike, frozen_today):
    hold, row = proposed(owing("Northside")), small(owing("Harbor"))
    answer = signed_in(mike).post(f"{LIST}bulk/", {"item": [f"{hold.pk}:1", f"{row.pk}:1"], "confirm": "1"})
    assert (answer.status_code, {p.status for p in ProposedAction.objects.all()}) == (403, {"pending"})


def test_bulk_refuses_a_stale_version_and_approves_none(mike, frozen_today):
    rows = [small(owing("Harbor")), small(owing("Oak"))]
    answer = signed_in(mike).post(f"{LIST}bulk/", {"item": [f"{rows[0].pk}:1", f"{rows[1].pk}:9"], "confirm": "1"})
    assert (answer.status_code, {p.status for p in ProposedAction.objects.all()}) == (409, {"pending"})


def test_bulk_is_not_for_a_rep(rep, frozen_today):
    mine = owing("Harbor")
    mine.sales_rep.user = rep
    mine.sales_rep.save()
    answer = signed_in(rep).post(f"{LIST}bulk/", {"item": f"{small(mine).pk}:1", "confirm": "1"})
    assert (answer.status_code, ProposedAction.objects.get().status) == (403, "pending")
