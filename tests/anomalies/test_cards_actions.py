"""Acting on the rows of the card of blocked orders: no alert is needed, the rights are those of an alert's page."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from anomalies.actions import staging
from anomalies.actions.snapshots import take
from anomalies.grounds import of_card
from anomalies.models import Alert, OrderWait
from customers.aging import refresh_summaries
from customers.models import Transaction
from netsuite.errors import Refusal
from netsuite.models import Push
from tests.factories.customers import CustomerFactory, EmployeeFactory, SalesOrderFactory
from workflows.access import NotAllowed
from workflows.actions import proposals
from workflows.models import AutoDecision, ProposedAction

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 20)
NOON = datetime(2026, 11, 20, 17, tzinfo=UTC)
UNTIL = DAY + timedelta(days=7)
SLUG = "orders-on-credit-hold"
SENT = {
    "release": {"reason": "Paid by wire"},
    "raise_limit": {"reason": "Season", "amount": "30,000", "until": UNTIL.isoformat()},
    "wait": {"reason": "Wire on the way", "until": UNTIL.isoformat()},
}
DIALOGS = {"release": "release-dialog", "raise_limit": "raise-dialog", "wait": "wait-dialog"}


@pytest.fixture(autouse=True)
def noon(time_machine):
    time_machine.move_to(NOON, tick=False)


def blocked(number: str = "SO-1", **customer: object) -> Transaction:
    """An order on credit hold, on the card."""
    owner = CustomerFactory(on_credit_hold=True, credit_limit=Decimal(100), **customer)
    order = SalesOrderFactory(customer=owner, tranid=number, status="A", total=Decimal(20_000), issued=DAY)
    refresh_summaries(today=DAY)
    take(day=DAY, now=NOON)
    return order


def act(client, verb: str, order: Transaction | int, query: str = "", **sent: str):
    pk = order.pk if isinstance(order, Transaction) else order
    address = f"{reverse('card_act', args=[SLUG, verb])}{query}"
    return client.post(address, {"order": pk, **SENT[verb], **sent})


def page(client, **query: str) -> str:
    return client.get(reverse("card", args=[SLUG]), query).text


def made() -> list[int]:
    return [ProposedAction.objects.count(), OrderWait.objects.count(), Push.objects.count()]


def test_each_action_works_without_an_alert(client, mike):
    order = blocked()
    client.force_login(mike)
    for verb in SENT:
        answer = act(client, verb, order, "?size=high")
        assert (answer.status_code, answer.url) == (302, f"/admin/cards/{SLUG}/?size=high#rows")
    found = ProposedAction.objects.order_by("action_type").values_list("action_type", "rationale", "evidence__card")
    assert list(found) == [
        ("limit_extension", "Orders on credit hold, 20 Nov 2026: Season", SLUG),
        ("release_order", "Orders on credit hold, 20 Nov 2026: Paid by wire", SLUG),
    ]
    kept = AutoDecision.objects.filter(entity_ref=f"card:{SLUG}").order_by("pk")
    assert list(kept.values_list("decision_type", "by", "reason")) == [
        ("card_staged", "mike", "Paid by wire"),
        ("card_staged", "mike", "Season"),
    ]
    assert AutoDecision.objects.get(decision_type="order_waits").evidence == {"card": SLUG}
    assert (Alert.objects.count(), Push.objects.count()) == (0, 0)


def test_the_row_says_what_was_done(client, mike):
    order = blocked()
    client.force_login(mike)
    for verb in SENT:
        act(client, verb, order)
    shown = page(client)
    assert "waits for payment until 27 Nov 2026, mike: Wire on the way" in shown
    for proposal, words in zip(ProposedAction.objects.order_by("pk"), ("release", "higher limit"), strict=True):
        assert f'change/">{words} proposed</a> by mike' in shown
        assert reverse("admin:workflows_proposedaction_change", args=[proposal.pk]) in shown


def test_a_release_from_the_card_is_pushed_once_another_person_approves(mike, committee):
    order = blocked()
    proposal = staging.release_order(ground=of_card(mike), order=order.pk, by=mike, reason="Paid")
    with pytest.raises(Refusal, match="You proposed this yourself"):
        proposals.approve(proposal=proposal, version=1, by=mike, reason="Yes")
    proposals.approve(proposal=proposal, version=1, by=committee, reason="Yes")
    assert Push.objects.get().record_id == order.netsuite_id


@pytest.mark.parametrize(
    ("verb", "words"),
    [
        ("release", "Its release is proposed already."),
        ("raise_limit", "A limit extension waits for the credit committee already."),
    ],
)
def test_a_second_click_is_refused_in_the_dialog_with_what_was_typed(client, clerk, verb: str, words: str):
    order = blocked()
    client.force_login(clerk)
    act(client, verb, order)
    again = act(client, verb, order, reason="Typed again")
    assert (again.status_code, again.context["opened"], ProposedAction.objects.count()) == (409, verb, 1)
    assert again.text.count(words) == 1
    assert again.text.count("Typed again</textarea>") == 1
    assert (
        f'<dialog class="dlg" id="{DIALOGS[verb]}" aria-labelledby="{DIALOGS[verb][:-6]}title" data-open>' in again.text
    )
    assert f'data-order-field value="{order.pk}"' in again.text


def test_the_newest_note_counts(client, mike):
    order = blocked()
    client.force_login(mike)
    act(client, "wait", order)
    act(client, "wait", order, reason="They called")
    assert page(client).count("waits for payment until") == 1
    assert "mike: They called" in page(client)


def test_a_day_out_of_reach_comes_back_as_typed(client, mike):
    order = blocked()
    client.force_login(mike)
    answer = act(client, "wait", order, "?size=high", until="2027-11-20")
    assert (answer.status_code, 'name="until" required value="2027-11-20"' in answer.text) == (400, True)
    assert answer.context["acts"]["wait"] == f"/admin/cards/{SLUG}/rows/wait/?size=high"


@pytest.mark.parametrize("verb", SENT)
def test_a_sales_rep_sees_own_rows_without_buttons(client, rep, verb: str):
    order = blocked(name="Mine", sales_rep=EmployeeFactory(user=rep))
    client.force_login(rep)
    assert ("Mine" in page(client), "data-order-dialog" in page(client)) == (True, False)
    refused = act(client, verb, order)
    assert (refused.status_code, made()) == (403, [0, 0, 0])
    assert "You may not" in refused.text


def test_who_may_not_ask_for_limits_finds_the_other_two(client, owner):
    order = blocked()
    client.force_login(owner)
    shown = page(client)
    assert [f'data-order-dialog="{name}"' in shown for name in DIALOGS.values()] == [True, False, True]
    refused = act(client, "raise_limit", order)
    assert (refused.status_code, made()) == (403, [0, 0, 0])
    assert "You may not ask for limit extensions." in refused.text


def test_a_rep_who_may_act_does_so_for_own_customers_only(rep):
    rep.user_permissions.add(Permission.objects.get(codename="handle_alert"))
    mine, theirs = blocked("SO-1", sales_rep=EmployeeFactory(user=rep)), blocked("SO-2")
    staging.wait(ground=of_card(rep), order=mine.pk, until=UNTIL, by=rep, note="Called")
    for stage in (
        lambda ground: staging.wait(ground=ground, order=theirs.pk, until=UNTIL, by=rep, note="x"),
        lambda ground: staging.release_order(ground=ground, order=theirs.pk, by=rep, reason="x"),
    ):
        with pytest.raises(Refusal, match="This order does not belong to the card"):
            stage(of_card(rep))
    assert made() == [0, 1, 0]


def test_who_may_not_open_the_card_may_not_act_on_it(client, cashier):
    cashier.user_permissions.add(Permission.objects.get(codename="handle_alert"))
    order = blocked()
    client.force_login(cashier)
    assert act(client, "release", order).status_code == 403
    with pytest.raises(NotAllowed):
        staging.release_order(ground=of_card(cashier), order=order.pk, by=cashier, reason="x")
    assert made() == [0, 0, 0]


@pytest.mark.parametrize("verb", SENT)
def test_an_order_that_is_not_on_the_card_is_refused(client, mike, verb: str):
    blocked()
    free = SalesOrderFactory(customer=CustomerFactory(), status="B", issued=DAY)
    client.force_login(mike)
    answer = act(client, verb, free)
    assert (answer.status_code, made()) == (400, [0, 0, 0])
    assert "This order does not belong to the card." in answer.text
    assert act(client, verb, 9 * 10**29).status_code == 400


@pytest.mark.parametrize("verb", SENT)
def test_an_order_that_is_not_blocked_any_more_says_so(client, mike, verb: str):
    order = blocked()
    Transaction.objects.filter(pk=order.pk).update(status="B")
    client.force_login(mike)
    shown = page(client)
    assert ("not blocked any more" in shown, "data-order-dialog" in shown) == (True, False)
    answer = act(client, verb, order)
    assert (answer.status_code, made()) == (409, [0, 0, 0])
    assert "SO-1 is not on credit hold any more." in answer.text


def test_a_refused_page_that_is_loaded_again_is_the_card(client, mike):
    client.force_login(mike)
    answer = client.get(f"{reverse('card_act', args=[SLUG, 'wait'])}?q=Acme")
    assert (answer.status_code, answer.url) == (302, f"/admin/cards/{SLUG}/?q=Acme#rows")


def test_only_this_card_has_actions(client, mike):
    client.force_login(mike)
    for slug, verb in (("customers-on-hold", "release"), (SLUG, "grace"), ("nothing", "wait")):
        assert client.post(reverse("card_act", args=[slug, verb]), {"order": 1}).status_code == 404
