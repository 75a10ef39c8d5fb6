"""The console's home: what waits, what needs a look, for each role."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from config.attention import needs_a_look
from config.menu import MENU, find, navigation
from customers.models import Customer, SyncState
from holds.actions.drift import open_drift
from netsuite import channels
from netsuite.models import Push
from tests.factories.holds import held, notice, owing, proposed
from tests.signed_in import signed_in
from workflows.actions import switches
from workflows.counts import capped_count
from workflows.models import Heartbeat, OutboundEmail, ProposedAction, VerifyResult

pytestmark = pytest.mark.django_db


@pytest.fixture
def healthy(frozen_today):
    """The worker lives and the figures are fresh."""
    Heartbeat.objects.create(name="cluster")
    for name in ("customers", "transactions"):
        SyncState.objects.create(record_type=name, last_success_at=timezone.now())


def home(user):
    return signed_in(user).get("/admin/")


def looks(user):
    return [(look.title, look.state) for look in needs_a_look(user)]


def test_proposals_by_money_at_stake(mike, healthy):
    for name, amount in (("Oak", "20000"), ("Northside", "48210")):
        proposed(owing(name, amount=amount))
    context = home(mike).context
    assert [str(p.row.customer) for p in context["proposals"]] == ["Northside", "Oak"]
    assert (context["proposal_count"], context["at_stake"]) == (2, 68210)


def test_over_the_target(mike, healthy):
    proposed(owing("Oak"))
    late = proposed(owing("Northside"))
    ProposedAction.objects.filter(pk=late.pk).update(proposed_at=timezone.now() - timedelta(minutes=61))
    assert home(mike).context["late_count"] == 1


def test_nothing_waits(mike, healthy):
    shown = home(mike).content.decode()
    assert "Nothing waits for you. The next aging tick" in shown
    assert "All is well" in shown


def test_drafts_to_polish(mike, healthy):
    held(owing("Northside"), mike)
    assert [d.kind for d in home(mike).context["drafts"]] == ["rep_note", "customer_notice"]


def test_receivables_by_age(mike, healthy):
    owing("Northside", days=94, amount="1000")
    owing("Oak", days=10, amount="3000")
    context = home(mike).context
    assert (context["invoiced"], context["over_60"]) == (4000, 0.25)


def test_a_rep_sees_only_their_own(rep, healthy):
    mine = owing("Northside")
    mine.sales_rep.user = rep
    mine.sales_rep.save()
    proposed(mine)
    proposed(owing("Oak"))
    context = home(rep).context
    assert [str(p.row.customer) for p in context["proposals"]] == ["Northside"]
    assert (context["proposal_count"], "ages" in context) == (1, False)


def test_a_cashier_gets_a_plain_page(cashier, healthy):
    proposed(owing("Northside"))
    response = home(cashier)
    assert (response.status_code, "Nothing waits for you here." in response.content.decode()) == (200, True)
    assert "Northside" not in response.content.decode()


@pytest.mark.parametrize("who", ["mike", "rep", "clerk", "committee", "owner", "cashier", "integrator", "operator"])
def test_every_role_has_a_home(request, healthy, who):
    assert home(request.getfixturevalue(who)).status_code == 200


def test_queries_do_not_grow_with_rows(mike, healthy):
    client = signed_in(mike)

    def fill(name):
        hold = held(owing(f"{name} held"), mike)
        OutboundEmail.objects.filter(pk=notice(hold).pk).update(
            status="uncertain", approved_by=mike, approved_at=timezone.now(), approved_hash="x"
        )
        proposed(owing(name))
        open_drift(hold.customer, approved="AUTO", found="ON")
        VerifyResult.objects.filter(run=hold.run).update(status="failed")

    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert client.get("/admin/").status_code == 200
        return len(captured)

    fill("Northside")
    one = queries()
    fill("Oak")
    fill("Harbor")
    assert queries() == one


def test_all_is_well(mike, healthy):
    assert looks(mike) == []


def test_a_silent_worker(mike, healthy):
    Heartbeat.objects.filter(name="cluster").update(at=timezone.now() - timedelta(seconds=121))
    assert looks(mike) == [("Background work", "Silent")]


def test_a_worker_that_was_heard_two_minutes_ago_is_well(mike, healthy):
    Heartbeat.objects.filter(name="cluster").update(at=timezone.now() - timedelta(seconds=120))
    assert looks(mike) == []


def test_a_failed_push(mike, healthy):
    held(owing("Northside"), mike)
    Push.objects.update(status="failed")
    assert looks(mike) == [("Push queue", "1 failed")]


def test_a_push_that_tries_again(mike, healthy):
    held(owing("Northside"), mike)
    Push.objects.update(status="retrying")
    assert looks(mike) == [("Push queue", "1 retrying")]


def test_a_paused_channel(mike, healthy):
    channels.pause("netsuite", "Sign-in was refused twice")
    assert looks(mike) == [("Writing to NetSuite", "Paused")]


def test_netsuite_writes_switched_off_are_named_once(mike, healthy):
    switches.flip(name="ns_writes", state="on", by=mike, reason="Month end")
    assert looks(mike) == [("Writing to NetSuite", "Off")]


def test_an_armed_switch(mike, healthy):
    switches.flip(name="email_send", state="armed", by=mike, reason="Rehearsal")
    assert looks(mike) == [("Sending mail", "Armed")]


def test_drift(mike, healthy):
    open_drift(owing("Oakfield Market"), approved="AUTO", found="ON")
    assert looks(mike) == [("Oakfield Market", "Drift")]


def test_an_uncertain_mail(mike, healthy):
    mail = notice(held(owing("Meridian Foods"), mike))
    OutboundEmail.objects.filter(pk=mail.pk).update(
        status="uncertain", approved_by=mike, approved_at=timezone.now(), approved_hash="x"
    )
    assert looks(mike) == [("Mail to Meridian Foods", "Uncertain")]


def test_a_failing_check(mike, healthy):
    hold = held(owing("Northside"), mike)
    VerifyResult.objects.filter(run=hold.run, check_name="drafts_written").update(status="failed")
    assert looks(mike) == [("Both drafts were written", "Check failed")]


def test_stale_figures(mike, healthy):
    SyncState.objects.filter(record_type="transactions").update(last_success_at=timezone.now() - timedelta(hours=3))
    assert looks(mike) == [("Invoices from NetSuite", "Stale")]


def test_netsuite_that_does_not_answer_is_quoted(mike, healthy):
    SyncState.objects.filter(record_type="customers").update(last_error="503 Service Unavailable")
    look = needs_a_look(mike)[0]
    assert (look.state, look.words) == ("Not answering", "NetSuite said: “503 Service Unavailable”")


def test_a_rep_sees_no_push_queue(rep, mike, healthy):
    held(owing("Northside"), mike)
    Push.objects.update(status="failed")
    assert looks(rep) == []


def menu_of(rf, user):
    request = rf.get("/admin/")
    request.user = user
    return {item["title"]: item["badge"] for group in navigation(request) for item in group["items"]}


def test_every_page_of_the_menu_exists(rf, mike, operator):
    shown = set(menu_of(rf, mike)) | set(menu_of(rf, operator))
    assert shown == {entry.title for _, entries in MENU for entry in entries}


def test_the_menu_counts_what_waits(rf, mike, healthy):
    proposed(owing("Northside"))
    assert menu_of(rf, mike)["Proposals"] == "1"


def test_a_cashier_is_offered_the_till_and_what_it_needs(rf, cashier):
    offered = ["Waiting for you", "Orders on hold", "Customers", "Till", "Catalog"]
    assert list(menu_of(rf, cashier)) == offered


def test_counts_stop_at_the_cap(frozen_today):
    for number in range(4):
        owing(f"C{number}")
    assert [capped_count(Customer.objects.all(), cap) for cap in (3, 4)] == ["3+", "4"]


def test_search_finds_a_reps_own_customers(rf, rep, frozen_today):
    mine = owing("Northside Grocers")
    mine.sales_rep.user = rep
    mine.sales_rep.save()
    owing("Northside Bakery")
    request = rf.get("/")
    request.user = rep
    assert [found.title for found in find(request, "northside")] == ["Northside Grocers"]


def test_the_console_keeps_strangers_scripts_out(mike):
    policy = home(mike).headers["Content-Security-Policy"]
    assert ("http:" in policy, "https:" in policy, "default-src 'none'" in policy) == (False, False, True)


def test_schedules_are_read_only(operator):
    client = signed_in(operator)
    assert client.get("/admin/django_q/schedule/").status_code == 200
    assert client.get("/admin/django_q/schedule/add/").status_code == 403


def test_the_queues_own_tables_are_not_in_the_console(operator):
    assert signed_in(operator).get("/admin/django_q/ormq/").status_code == 404
