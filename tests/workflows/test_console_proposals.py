"""The proposal's page: what it shows, who may decide, what a refusal leaves behind."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from holds.models import ServiceHold
from netsuite.models import Push, PushAttempt
from tests.conftest import PASSWORD, user_in
from tests.factories.holds import held, owe, owing, proposed
from tests.signed_in import signed_in
from workflows.models import ProposedAction, WorkflowRun

pytestmark = pytest.mark.django_db
LIST = "/admin/workflows/proposedaction/"


@pytest.fixture
def proposal(frozen_today):
    return proposed(owing())


@pytest.fixture
def url(proposal):
    return f"{LIST}{proposal.pk}/"


def page(client, url):
    response = client.get(f"{url}change/")
    return response.status_code, response.content.decode()


def approve(client, url, proposal, **more):
    return client.post(f"{url}approve/", {"version": proposal.version, "reason": "94 days late", **more})


def status_of(proposal):
    return ProposedAction.objects.get(pk=proposal.pk).status


def test_the_heading_is_the_question(mike, url):
    assert "<h1>Hold Northside Grocers?</h1>" in page(signed_in(mike), url)[1]


def test_the_four_numbers(mike, url):
    shown = page(signed_in(mike), url)[1]
    found = [part.split("</dd>")[0] for part in shown.split('<dd class="v">')[1:]]
    assert found == ["$48,210.40", "94", "$0.00", "–"]


def test_why_has_rule_figure_and_result(mike, proposal, url):
    response = signed_in(mike).get(f"{url}change/")
    assert [(row.figure, row.result) for row in response.context["why"]] == [
        ("94 d · $48,210.40", "Crosses"),
        ("94 d · $48,210.40", "Crosses"),
        ("No pause", "Passes"),
    ]


def test_both_drafts_are_shown_the_customers_first(mike, url):
    response = signed_in(mike).get(f"{url}change/")
    assert [draft.detail["audience"] for draft in response.context["drafts"]] == ["customer", "sales_rep"]


def test_the_dialog_says_the_effects(mike, url):
    response = signed_in(mike).get(f"{url}change/")
    assert response.context["effects"] == [
        "Order forms refuse Northside Grocers, in every mode.",
        "Hold in NetSuite: hold field AUTO → ON, then read back as proof.",
        "Two drafts wait for you. Nothing is mailed.",
    ]


def test_a_payment_since_then_raises_the_version_before_it_is_read(mike, proposal, url):
    owe(proposal.customer, days=10, amount="500.00")
    signed_in(mike).get(f"{url}change/")
    assert ProposedAction.objects.get(pk=proposal.pk).version == 2


def test_approve(mike, proposal, url):
    response = approve(signed_in(mike), url, proposal)
    assert (response.status_code, response.url) == (302, f"{url}change/")
    assert (status_of(proposal), ServiceHold.objects.get().status) == ("applying", "active")


def test_a_clerk_may_not_approve_risk_4(clerk, proposal, url):
    assert approve(signed_in(clerk), url, proposal).status_code == 403
    assert status_of(proposal) == "pending"


def test_a_clerk_sees_no_buttons(clerk, url):
    response = signed_in(clerk).get(f"{url}change/")
    assert (response.context["may_decide"], "data-dialog" in response.content.decode()) == (False, False)


def test_nobody_approves_what_they_proposed(mike, frozen_today):
    own = proposed(owing(), by=mike)
    response = approve(signed_in(mike), f"{LIST}{own.pk}/", own)
    assert (response.status_code, status_of(own)) == (403, "pending")


def test_a_rep_finds_no_proposal_of_others(rep, url):
    assert page(signed_in(rep), url)[0] == 404


def test_a_rep_sees_their_own_customer(rep, frozen_today):
    customer = owing()
    customer.sales_rep.user = rep
    customer.sales_rep.save()
    assert page(signed_in(rep), f"{LIST}{proposed(customer).pk}/")[0] == 200


def test_a_cashier_is_refused(cashier, url):
    assert page(signed_in(cashier), url)[0] == 403


def test_an_outsider_is_asked_to_sign_in(outsider, url):
    assert page(signed_in(outsider), url)[0] == 302


def test_nonsense_in_the_address_is_not_found(mike, frozen_today):
    assert page(signed_in(mike), f"{LIST}abc/")[0] == 404


def test_no_reason_comes_back_with_the_dialog_open(mike, proposal, url):
    response = approve(signed_in(mike), url, proposal, reason="  ")
    assert (response.status_code, response.context["reopen"]) == (400, "approve")


def test_a_second_click_says_who_decided(mike, owner, proposal, url):
    approve(signed_in(mike), url, proposal)
    response = approve(signed_in(owner), url, proposal)
    assert response.status_code == 409
    assert "Already decided by mike at 16 Mar 2026, 10:00: applying." in response.content.decode()


def test_a_stale_version_keeps_the_reason(mike, proposal, url):
    response = approve(signed_in(mike), url, proposal, version=7, reason="Plan broken in October")
    assert (response.status_code, response.context["typed"]["reason"]) == (409, "Plan broken in October")
    assert status_of(proposal) == "pending"


def test_a_version_that_is_no_number_is_stale(mike, proposal, url):
    assert approve(signed_in(mike), url, proposal, version="x").status_code == 409


def test_loading_a_refused_page_again_decides_nothing(mike, proposal, url):
    assert signed_in(mike).get(f"{url}approve/").url == f"{url}change/"
    assert status_of(proposal) == "pending"


def test_reject(mike, proposal, url):
    signed_in(mike).post(f"{url}reject/", {"version": 1, "reason": "They paid by wire"})
    assert (status_of(proposal), ServiceHold.objects.get().status) == ("rejected", "declined")


def test_defer(mike, proposal, url):
    signed_in(mike).post(f"{url}defer/", {"version": 1, "reason": "Promised", "until": "2026-03-20"})
    assert (status_of(proposal), ServiceHold.objects.get().status) == ("deferred", "proposed")


@pytest.mark.parametrize("until", ["", "2026-02-30", "soon", "2026-03-16"])
def test_defer_needs_a_coming_day(mike, proposal, url, until):
    response = signed_in(mike).post(f"{url}defer/", {"version": 1, "reason": "Promised", "until": until})
    assert (response.status_code, status_of(proposal)) == (400, "pending")


def test_an_old_sign_in_needs_the_password(mike, proposal, url):
    client = signed_in(mike)
    with time_machine.travel(timezone.now() + timedelta(minutes=31), tick=False):
        assert approve(client, url, proposal).status_code == 403
        assert approve(client, url, proposal, password="wrong").status_code == 403
        assert status_of(proposal) == "pending"
        assert approve(client, url, proposal, password=PASSWORD).status_code == 302


def test_the_password_is_never_sent_back(mike, proposal, url):
    client = signed_in(mike)
    with time_machine.travel(timezone.now() + timedelta(minutes=31), tick=False):
        assert "hunter2" not in approve(client, url, proposal, password="hunter2").content.decode()


def test_risk_3_needs_no_password(mike, proposal, url):
    ProposedAction.objects.filter(pk=proposal.pk).update(risk_level=3)
    client = signed_in(mike)
    with time_machine.travel(timezone.now() + timedelta(minutes=31), tick=False):
        assert approve(client, url, proposal).status_code == 302


def test_next_and_previous_follow_the_list(mike, proposal, url):
    smaller, larger = proposed(owing("Harbor Foods", amount="20000")), proposed(owing("Oak", amount="90000"))
    context = signed_in(mike).get(f"{url}change/").context
    assert (context["previous"], context["following"]) == (larger, smaller)


def test_after_approval_the_beats_are_shown(mike, frozen_today):
    hold = held(owing(), mike)
    response = signed_in(mike).get(f"{LIST}{hold.proposal_id}/change/")
    assert [beat.title for beat in response.context["progress"].beats] == [
        "Flag the customer",
        "Draft for the rep",
        "Draft for the customer",
        "Hold in NetSuite",
    ]


def test_netsuites_own_words_are_shown_verbatim(mike, frozen_today):
    hold = held(owing(), mike)
    push = Push.objects.get()
    attempt = {"outcome": "retry", "error_detail": "503 <Service> Unavailable", "finished_at": timezone.now()}
    PushAttempt.objects.create(push=push, number=1, cycle=1, by="worker", lease_token="0" * 32, **attempt)
    shown = page(signed_in(mike), f"{LIST}{hold.proposal_id}/")[1]
    assert "Attempt 1 failed: “503 &lt;Service&gt; Unavailable”" in shown


def test_progress_says_nothing_while_nothing_changes(mike, frozen_today):
    hold = held(owing(), mike)
    client, url = signed_in(mike), f"{LIST}{hold.proposal_id}/progress/"
    first = client.get(url)
    assert client.get(url, {"seen": first.context["progress"].mark}).status_code == 204


def test_progress_speaks_again_after_a_change(mike, frozen_today):
    hold = held(owing(), mike)
    client, url = signed_in(mike), f"{LIST}{hold.proposal_id}/progress/"
    seen = client.get(url).context["progress"].mark
    Push.objects.update(status="retrying", next_attempt_at=timezone.now())
    assert client.get(url, {"seen": seen}).status_code == 200


def test_polling_stops_when_all_is_done(mike, frozen_today):
    hold = held(owing(), mike)
    ProposedAction.objects.update(status="applied")
    response = signed_in(mike).get(f"{LIST}{hold.proposal_id}/progress/")
    assert (response.status_code, "hx-trigger" in response.content.decode()) == (200, False)


def test_progress_is_hidden_from_a_cashier(mike, cashier, frozen_today):
    hold = held(owing(), mike)
    assert signed_in(cashier).get(f"{LIST}{hold.proposal_id}/progress/").status_code == 403


def test_a_hold_in_force_can_be_lifted_from_its_page(mike, frozen_today):
    hold = held(owing(), mike)
    response = signed_in(mike).get(f"{LIST}{hold.proposal_id}/change/")
    assert response.context["lift"].address == f"/admin/service-holds/{hold.pk}/lift/"


def test_texts_of_people_are_escaped(mike, frozen_today):
    risky = proposed(owing("<script>alert(1)</script>"))
    assert "<script>alert(1)" not in page(signed_in(mike), f"{LIST}{risky.pk}/")[1]


@pytest.mark.parametrize("path", ["add/", "{pk}/delete/"])
def test_nothing_is_added_or_deleted_by_form(mike, proposal, path):
    client = signed_in(user_in("root", is_superuser=True))
    assert client.post(LIST + path.format(pk=proposal.pk), {"post": "yes"}).status_code == 403


def test_a_run_shows_seven_stages(mike, frozen_today):
    held(owing(), mike)
    run = WorkflowRun.objects.get()
    response = signed_in(mike).get(f"/admin/workflows/workflowrun/{run.pk}/change/")
    assert [stage.status for stage in response.context["stages"]] == [
        "ok",
        "ok",
        "warned",
        "approved",
        "waiting",
        "ok",
        "scheduled",
    ]


def test_a_run_of_others_is_hidden_from_a_rep(mike, rep, frozen_today):
    held(owing(), mike)
    response = signed_in(rep).get(f"/admin/workflows/workflowrun/{WorkflowRun.objects.get().pk}/change/")
    assert response.status_code in (302, 404)
