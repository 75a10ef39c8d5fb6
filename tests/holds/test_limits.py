"""Limit extensions: asked for, approved by somebody else, pushed, and taken back on their day."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from customers.models import Customer
from holds.actions import limits
from holds.models import LimitExtension
from netsuite.errors import Refusal
from netsuite.models import Push
from tests.factories.customers import CustomerFactory
from workflows.access import NotAllowed
from workflows.actions.proposals import approve, reject
from workflows.models import AutoDecision

pytestmark = pytest.mark.django_db
UNTIL = date(2026, 12, 20)


@pytest.fixture(autouse=True)
def today(time_machine):
    time_machine.move_to("2026-11-20T15:00:00Z")


@pytest.fixture
def acme() -> Customer:
    return CustomerFactory(name="Acme", netsuite_id="107", credit_limit=Decimal(200_000))


def ask(acme, by, **given):
    values = {"amount": Decimal(230_000), "until": UNTIL, "reason": "SO-49102 is over by 12,000."}
    return limits.propose_extension(customer=acme, by=by, **values | given)


def granted(acme, clerk, committee):
    proposal = ask(acme, clerk)
    return approve(proposal=proposal, version=proposal.version, by=committee, reason="Good payer.")


def netsuite_says(push: Push, status: str, words: str = "") -> None:
    applied = status == "applied"
    Push.objects.filter(pk=push.pk).update(
        status=status,
        evidence={"http_status": 204} if applied else None,
        applied_at="2026-11-20T15:01Z" if applied else None,
        last_error_detail=words,
    )
    push.refresh_from_db()
    limits.push_settled(push)


def apply(push: Push) -> None:
    netsuite_says(push, "applied")


def test_the_proposal_says_what_changes(acme, clerk):
    proposal = ask(acme, clerk)
    assert proposal.current_state_json == {"credit_limit": "200000.00"}
    assert proposal.proposed_change_json == {"credit_limit": "230000", "until": "2026-12-20", "currency": "USD"}
    assert (proposal.action_type, proposal.at_stake, proposal.risk_level) == ("limit_extension", 30_000, 3)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"reason": " "}, "reason_required"),
        ({"amount": Decimal(200_000)}, "invalid_amount"),
        ({"amount": Decimal("230000.001")}, "invalid_amount"),
        ({"until": date(2026, 11, 19)}, "invalid_date"),
        ({"until": date(2028, 1, 1)}, "invalid_date"),
    ],
)
def test_what_cannot_be_asked_for(acme, clerk, given, code):
    with pytest.raises(Refusal) as refused:
        ask(acme, clerk, **given)
    assert refused.value.code == code


def test_without_a_limit_there_is_none_to_raise(clerk):
    with pytest.raises(Refusal) as refused:
        ask(CustomerFactory(), clerk)
    assert refused.value.code == "no_limit"


def test_the_second_click_finds_the_first(acme, clerk):
    ask(acme, clerk)
    with pytest.raises(Refusal) as refused:
        ask(acme, clerk)
    assert refused.value.code == "already_proposed"


def test_a_sales_rep_may_not_ask(acme, rep):
    with pytest.raises(NotAllowed):
        ask(acme, rep)


def test_who_asked_does_not_approve(acme, committee):
    proposal = ask(acme, committee)
    with pytest.raises(NotAllowed):
        approve(proposal=proposal, version=proposal.version, by=committee, reason="Yes.")


def test_approved_it_is_pushed_with_what_is_believed_to_be_there(acme, clerk, committee):
    proposal = granted(acme, clerk, committee)
    push = Push.objects.get()
    assert (push.key, push.body, push.expected) == (
        "customer-limit:107",
        {"creditLimit": 230000.0},
        {"creditLimit": 200000.0},
    )
    extension = LimitExtension.objects.get()
    assert (extension.prior, extension.amount, extension.ends, proposal.status) == (200_000, 230_000, UNTIL, "applying")


def test_rejected_nothing_changes(acme, clerk, committee):
    proposal = ask(acme, clerk)
    reject(proposal=proposal, version=proposal.version, by=committee, reason="Pays late.")
    assert (Push.objects.count(), LimitExtension.objects.count()) == (0, 0)


def test_a_limit_that_moved_since_is_not_overwritten(acme, clerk, committee):
    proposal = ask(acme, clerk)
    Customer.objects.filter(pk=acme.pk).update(credit_limit=Decimal(210_000))
    proposal.refresh_from_db()
    with pytest.raises(Refusal) as refused:
        approve(proposal=proposal, version=proposal.version, by=committee, reason="Yes.")
    assert refused.value.code == "facts_changed"


def test_once_netsuite_has_it_orders_see_it(acme, clerk, committee):
    proposal = granted(acme, clerk, committee)
    apply(Push.objects.get())
    acme.refresh_from_db()
    proposal.refresh_from_db()
    assert (acme.credit_limit, proposal.status) == (230_000, "applied")


def test_netsuites_refusal_fails_the_proposal(acme, clerk, committee):
    proposal = granted(acme, clerk, committee)
    netsuite_says(Push.objects.get(), "failed", "This record has been locked.")
    proposal.refresh_from_db()
    assert proposal.status == "failed"


def test_the_day_after_the_last_the_earlier_limit_comes_back(acme, clerk, committee):
    granted(acme, clerk, committee)
    apply(Push.objects.get())
    assert limits.end_due(today=UNTIL) == 0
    assert limits.end_due(today=UNTIL + timedelta(days=1)) == 1
    back = Push.objects.latest("pk")
    assert (back.body, back.expected) == ({"creditLimit": 200000.0}, {"creditLimit": 230000.0})
    assert limits.end_due(today=UNTIL + timedelta(days=1)) == 0


def test_a_limit_changed_by_hand_stays(acme, clerk, committee):
    granted(acme, clerk, committee)
    apply(Push.objects.get())
    Customer.objects.filter(pk=acme.pk).update(credit_limit=Decimal(300_000))
    limits.end_due(today=UNTIL + timedelta(days=1))
    extension = LimitExtension.objects.get()
    assert extension.end_reason == "Its last day has passed. The limit was changed in NetSuite since and stays."
    assert Push.objects.count() == 1


def test_ended_early_by_a_person_once(acme, clerk, committee, mike):
    granted(acme, clerk, committee)
    apply(Push.objects.get())
    extension = limits.end(extension=LimitExtension.objects.get(), by=mike, reason="Paid.")
    assert (extension.ended_by, AutoDecision.objects.latest("pk").decision_type) == ("mike", "limit_extension_ended")
    with pytest.raises(Refusal) as refused:
        limits.end(extension=extension, by=mike, reason="Paid.")
    assert refused.value.code == "already_ended"


def test_a_clerk_may_not_end_one(acme, clerk, committee):
    granted(acme, clerk, committee)
    with pytest.raises(NotAllowed):
        limits.end(extension=LimitExtension.objects.get(), by=clerk, reason="Paid.")


def test_pushed_again_after_a_refusal_the_proposal_is_applied(acme, clerk, committee):
    proposal = granted(acme, clerk, committee)
    netsuite_says(Push.objects.get(), "failed", "This record has been locked.")
    netsuite_says(Push.objects.get(), "applied")
    proposal.refresh_from_db()
    assert proposal.status == "applied"


def test_the_way_back_is_no_answer_to_the_proposal(acme, clerk, committee):
    proposal = granted(acme, clerk, committee)
    apply(Push.objects.get())
    limits.end_due(today=UNTIL + timedelta(days=1))
    netsuite_says(Push.objects.latest("pk"), "failed", "Locked.")
    proposal.refresh_from_db()
    assert proposal.status == "applied"
