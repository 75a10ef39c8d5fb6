"""Sixteen people on the same proposals at the same moment: each is decided once, the others are told by whom."""

from collections import Counter
from typing import Any

import pytest
from django.utils.module_loading import autodiscover_modules

from customers.clock import business_today
from customers.models import Customer
from holds.actions import holds
from holds.actions.tick import aging_tick
from holds.models import ServiceHold
from holds.records import NotOnHold
from netsuite.errors import Refusal
from netsuite.invariants import INVARIANTS, Evidence
from netsuite.machine import Transition
from netsuite.models import Push
from tests.conftest import user_in
from tests.factories.customers import EmployeeFactory
from tests.factories.holds import held, owing
from tests.flows.crowd import crowd
from workflows import audit
from workflows.actions import proposals
from workflows.actions.proposals import AlreadyDecided
from workflows.models import AutoDecision, OutboundEmail, ProposedAction
from workflows.runner import AlreadyProposed

pytestmark = pytest.mark.django_db(transaction=True)

autodiscover_modules("invariants")
APPROVERS, PENDING = 16, 100


@pytest.fixture
def managers() -> list[Any]:
    return [user_in(f"manager{number:02}", "AR manager") for number in range(APPROVERS)]


def pending(count: int) -> None:
    """So many holds wait for a decision."""
    rep = EmployeeFactory()
    for number in range(count):
        owing(f"Customer {number:03}", sales_rep=rep)
    assert aging_tick(as_of=business_today()).staged == count


def approve_all(person: Any, tabs: dict[int, ProposedAction]) -> list[Refusal | None]:
    """Click approve on every page that was opened before."""
    answers: list[Refusal | None] = []
    for proposal in tabs.values():
        try:
            proposals.approve(proposal=proposal, version=1, by=person, reason="Late")
            answers.append(None)
        except Refusal as refusal:
            answers.append(refusal)
    return answers


def open_tabs() -> dict[int, ProposedAction]:
    return {p.pk: p for p in ProposedAction.objects.select_related("customer", "run").order_by("pk")}


def test_sixteen_approvers_on_a_hundred_proposals(managers):
    pending(PENDING)
    tabs = [open_tabs() for _ in managers]
    answers = crowd(APPROVERS, lambda number: approve_all(managers[number], tabs[number]))
    told = Counter(type(answer) for one in answers for answer in one)
    assert told == {type(None): PENDING, AlreadyDecided: PENDING * (APPROVERS - 1)}
    assert_each_was_decided_once()
    assert_everybody_was_told_by_whom(managers, answers)
    assert {each.title: list(each.broken(Evidence())) for each in INVARIANTS} == {each.title: [] for each in INVARIANTS}


def assert_each_was_decided_once() -> None:
    decided = AutoDecision.objects.filter(decision_type="service_hold")
    assert (decided.count(), decided.values("proposal").distinct().count()) == (PENDING, PENDING)
    assert Transition.objects.filter(machine="proposedaction", verb="approve").count() == PENDING
    assert ServiceHold.objects.active().count() == Customer.objects.on_hold().count() == PENDING
    assert (Push.objects.filter(status="queued").count(), Push.objects.count()) == (PENDING, PENDING)
    assert (OutboundEmail.objects.count(), OutboundEmail.objects.to_polish().count()) == (2 * PENDING, 2 * PENDING)
    audit.seal()
    assert (audit.verify(), audit.head().seq) == ([], AutoDecision.objects.count())


def assert_everybody_was_told_by_whom(managers: list[Any], answers: list[list[Refusal | None]]) -> None:
    winners = list(ProposedAction.objects.order_by("pk").values_list("decided_by__username", flat=True))
    for person, told in zip(managers, answers, strict=True):
        named = [refusal.extra["decided_by"] if refusal else person.username for refusal in told]
        assert named == winners


def test_sixteen_who_propose_the_same_customer(managers):
    customer = owing()
    answers = crowd(
        APPROVERS, lambda number: holds.propose(customer=customer, reason="Late", by=managers[number]).proposed_by
    )
    refused = [answer for answer in answers if isinstance(answer, AlreadyProposed)]
    assert (len(refused), ProposedAction.objects.count(), ServiceHold.objects.count()) == (APPROVERS - 1, 1, 1)


def test_sixteen_who_lift_the_same_hold(managers, mike):
    hold = held(owing(), mike)
    tabs = [ServiceHold.objects.select_related("customer").get(pk=hold.pk) for _ in managers]
    answers = crowd(APPROVERS, lambda number: holds.lift(hold=tabs[number], reason="Paid", by=managers[number]))
    refused = [answer for answer in answers if isinstance(answer, NotOnHold)]
    assert (len(refused), Push.objects.count()) == (APPROVERS - 1, 2)
    assert AutoDecision.objects.filter(decision_type="service_hold_lift").count() == 1
    assert OutboundEmail.objects.filter(kind="lift_notice").count() == 1


def test_one_approves_while_another_rejects(managers):
    pending(12)
    tabs = [open_tabs() for _ in managers]

    def decide(number: int) -> int:
        verb = proposals.approve if number % 2 else proposals.reject
        won = 0
        for proposal in tabs[number].values():
            try:
                verb(proposal=proposal, version=1, by=managers[number], reason="Mine")
                won += 1
            except AlreadyDecided:
                continue
        return won

    assert sum(crowd(APPROVERS, decide)) == 12
    held_now = ServiceHold.objects.active().count()
    declined = ServiceHold.objects.filter(status="declined").count()
    assert (held_now + declined, Push.objects.count()) == (12, held_now)
