"""The runner: seven stages, one entry point; nothing with an effect runs before its gate."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from customers.clock import business_today
from customers.models import Customer
from holds.actions import holds
from netsuite.errors import Refusal
from netsuite.models import Push
from tests.factories.customers import CustomerFactory, SalesOrderFactory
from tests.factories.holds import held, owe, owing, proposed
from workflows import contracts, reread, runner
from workflows.actions import proposals
from workflows.contracts import (
    Contract,
    Dispatch,
    LocalWrite,
    Plan,
    Precondition,
    Query,
    Skip,
    StagedProposal,
    Stake,
    Step,
)
from workflows.definitions import sync_definitions
from workflows.models import (
    OutboundEmail,
    ProposedAction,
    ReflexionEntry,
    VerifyResult,
    WorkflowDefinition,
    WorkflowRun,
)
from workflows.runner import AlreadyProposed, Blocked, WorkflowNotFound

pytestmark = pytest.mark.django_db

HOLD = "service_hold_trigger"


def inputs_of(customer: Customer, **fields: Any) -> dict[str, Any]:
    given = {"customer_id": customer.netsuite_id, "ar_balance": "48210.40", "days_overdue": 94, "reason": "Late"}
    return {**given, **fields}


def start(customer: Customer | None, workflow_type: str = HOLD, **fields: Any) -> WorkflowRun:
    given = {"inputs": inputs_of(customer) if customer else {}, "by": "mike", "source": "manual"}
    return runner.start(workflow_type, customer=customer, **{**given, "today": business_today(), **fields})


def stages_of(run: WorkflowRun) -> list[tuple[str, str]]:
    return [(stage["stage"], stage["status"]) for stage in WorkflowRun.objects.get(pk=run.pk).stages]


# --- 1 to 4: before the gate --------------------------------------------------------------------------


def test_a_gated_run_stops_at_the_gate():
    run = start(owing())
    assert (run.status, stages_of(run)) == (
        "awaiting_decision",
        [("load_contract", "ok"), ("load_context", "ok"), ("preconditions", "warned"), ("human_gate", "waiting")],
    )


def test_its_proposal_names_contract_and_run():
    run = start(owing())
    proposal = run.proposals.get()
    assert (proposal.action_type, proposal.entity_type, proposal.entity_ref) == (
        "workflow_service_hold_trigger",
        "workflow",
        f"workflow:service_hold_trigger:run_{run.run_id}",
    )


def test_an_unknown_contract_leaves_a_failed_run():
    customer = owing()
    with pytest.raises(WorkflowNotFound):
        start(customer, "service_hold_triger")
    run = WorkflowRun.objects.get()
    assert (run.status, run.error, run.customer) == ("failed", "workflow_type_not_found", customer)


def test_a_contract_switched_off_is_not_found_either():
    WorkflowDefinition.objects.filter(workflow_type=HOLD).update(enabled=False)
    with pytest.raises(WorkflowNotFound, match="switched off"):
        start(owing())
    assert ProposedAction.objects.count() == 0


@pytest.mark.parametrize("name", ["customer_id", "ar_balance", "days_overdue", "reason"])
def test_a_missing_input_is_named(name):
    customer = owing()
    with pytest.raises(Refusal, match=f"Missing input: {name}") as refused:
        start(customer, inputs=inputs_of(customer, **{name: ""}))
    assert refused.value.code == "missing_input"


def test_a_failed_block_ends_the_run():
    customer = owing(is_inactive=True)
    with pytest.raises(Blocked, match="Northside Grocers is inactive in NetSuite"):
        start(customer)
    run = WorkflowRun.objects.get()
    assert (run.status, run.proposals.count()) == ("blocked", 0)
    assert stages_of(run)[-1] == ("preconditions", "blocked")


def test_a_failed_warning_reaches_the_approver():
    proposal = proposed(owing(days=12, amount="900.00"))
    assert proposal.warnings[0] == {
        "code": "reasonable_threshold",
        "detail": "Below the usual line of 60 days and $10,000: 12 days, $900.00.",
    }


def test_the_run_keeps_what_was_known():
    customer = owing()
    SalesOrderFactory(customer=customer, total=Decimal("12400"))
    run = start(customer)
    assert (run.context["owed"]["ar_balance"], run.context["open_sos"]["count"]) == ("48210.40", 1)


def test_prior_holds_stand_in_the_rationale(mike):
    hold = held(owing(), mike)
    holds.lift(hold=hold, reason="paid in full", by=mike)
    proposal = proposed(Customer.objects.get(pk=hold.customer_id))
    assert "Held once before, last for no days: paid in full." in proposal.rationale


def test_a_second_open_proposal_is_refused_with_the_first():
    customer = owing()
    first = start(customer).proposals.get()
    with pytest.raises(AlreadyProposed, match=f"Proposal {first.pk} for Northside Grocers is already pending"):
        start(customer)
    assert WorkflowRun.objects.count() == 1


def test_a_second_one_at_the_same_moment_is_refused_too(monkeypatch):
    customer = owing()
    start(customer)
    real, looks = runner._refuse_second, iter([False, True])
    monkeypatch.setattr(runner, "_refuse_second", lambda *given: real(*given) if next(looks) else None)
    with pytest.raises(AlreadyProposed):
        start(customer)
    assert (WorkflowRun.objects.count(), ProposedAction.objects.count()) == (1, 1)


def test_staging_fails_loudly(monkeypatch):
    def broken(*args: object, **kwargs: object) -> None:
        raise DatabaseError("disk full")

    customer = owing()
    monkeypatch.setattr(ProposedAction.objects, "bulk_create", broken)
    with pytest.raises(DatabaseError):
        runner.stage_many(
            HOLD, inputs={customer.pk: inputs_of(customer)}, by="tick", source="x", today=business_today()
        )
    assert WorkflowRun.objects.count() == 0


def stage(customers: list[Customer]) -> list[ProposedAction]:
    inputs = {customer.pk: inputs_of(customer) for customer in customers}
    return runner.stage_many(HOLD, inputs=inputs, by="schedule:aging_tick", source="tick", today=business_today())


def test_many_are_staged_in_as_many_statements_as_one():
    def queries(count: int) -> int:
        customers = [owing(f"Customer {number}") for number in range(count)]
        with CaptureQueriesContext(connection) as seen:
            assert len(stage(customers)) == count
        return len(seen)

    assert queries(1) == queries(7)


def test_many_leave_out_who_has_an_open_proposal():
    customers = [owing(), owing("Harbor Foods")]
    stage(customers[:1])
    assert [proposal.customer for proposal in stage(customers)] == [customers[1]]


def test_many_leave_a_blocked_run_for_who_is_blocked():
    gone = owing("Gone Foods", is_inactive=True)
    assert len(stage([owing(), gone])) == 1
    assert WorkflowRun.objects.get(customer=gone).status == "blocked"


# --- 5 to 7: after the gate ---------------------------------------------------------------------------


def test_after_approval_all_seven_stages_stand_in_the_run(mike):
    run = held(owing(), mike).run
    assert stages_of(run) == [
        ("load_contract", "ok"),
        ("load_context", "ok"),
        ("preconditions", "warned"),
        ("human_gate", "approved"),
        ("fan_out", "waiting"),
        ("post_actions", "ok"),
        ("verify", "scheduled"),
    ]


def test_the_checks_of_the_contract_are_stored(mike):
    run = held(owing(), mike).run
    checks = VerifyResult.objects.filter(run=run, status="pending").order_by("pk")
    assert list(checks.values_list("check_name", flat=True)) == ["customer_flagged", "drafts_written", "netsuite_holds"]


def test_a_customer_who_became_inactive_cannot_be_held_any_more(mike):
    customer = owing()
    proposal = proposed(customer)
    Customer.objects.update(is_inactive=True)
    with pytest.raises(Blocked, match="inactive in NetSuite"):
        approve(proposal, mike)
    assert (ProposedAction.objects.get().status, Push.objects.count()) == ("pending", 0)


def approve(proposal: ProposedAction, by: Any) -> None:
    proposals.approve(proposal=proposal, version=proposal.version, by=by, reason="late")


# --- preview ------------------------------------------------------------------------------------------


def test_a_preview_shows_every_step_and_writes_nothing(mike):
    proposal = proposed(owing())
    with CaptureQueriesContext(connection) as seen:
        preview = runner.preview_of(proposal, business_today())
    assert [(outcome.step.name, outcome.status) for outcome in preview.steps] == [
        ("flag_customer", "dry_run"),
        ("notify_sales_rep", "dry_run"),
        ("draft_customer_notice", "dry_run"),
        ("ns_order_block", "dry_run"),
    ]
    assert {query["sql"].split()[0] for query in seen} == {"SELECT"}


def test_a_preview_renders_the_drafts():
    outcome = runner.preview_of(proposed(owing()), business_today()).steps[2]
    assert outcome.words == f"Draft to Maria Lopez: {outcome.detail['subject']}"
    assert outcome.detail["body"].startswith("Dear Maria Lopez,")


def test_a_preview_tells_blocks_without_refusing():
    customer = owing(is_inactive=True)
    preview = runner.preview(HOLD, customer=customer, inputs=inputs_of(customer), by="mike", today=business_today())
    assert [block["code"] for block in preview.verdict.blocks] == ["customer_active"]


# --- reading the facts again --------------------------------------------------------------------------


def test_facts_that_stand_raise_no_version():
    assert reread.reread([proposed(owing())], business_today()) == []


def test_facts_that_moved_raise_the_version_and_what_is_shown():
    proposal = proposed(owing())
    owe(proposal.customer, days=3, amount="100.00")
    changed = reread.reread([proposal], business_today())
    assert [(p.version, p.evidence["ar_balance"]) for p in changed] == [(2, "48310.40")]
    assert ProposedAction.objects.get().rationale == "94 days overdue, $48,310.40 open. First hold."


def test_a_mere_new_day_raises_no_version():
    assert reread.reread([proposed(owing())], business_today() + timedelta(days=1)) == []


def test_a_decided_proposal_is_left_as_it_was_shown(mike):
    proposal = proposed(owing())
    approve(proposal, mike)
    owe(proposal.customer, days=3, amount="100.00")
    assert reread.reread([ProposedAction.objects.get(pk=proposal.pk)], business_today()) == []


# --- contracts of other kinds -------------------------------------------------------------------------

Declare = Callable[..., Contract]


@pytest.fixture
def declare() -> Iterator[Declare]:
    """Declares a small contract for this test; risk 2, so without a gate."""
    names: list[str] = []

    def add(name: str, *plans: Plan, **fields: Any) -> Contract:
        steps = tuple(
            Step(f"step_{number}", "local_write", "A step", "at once", lambda _s, plan=plan: plan)
            for number, plan in enumerate(plans, 1)
        )
        stake = Stake("because", Decimal(0), False, {}, {}, {"ar_balance": "0", "days_overdue": 0})
        given = {"category": "Tests", "risk_level": 2, "expected_minutes": 1, "sources": ("manual",), "required": ()}
        declared = Contract(workflow_type=name, title=name, steps=steps, stake=lambda _f: stake, **{**given, **fields})
        contracts.register(declared)
        sync_definitions()
        names.append(name)
        return declared

    yield add
    for name in names:
        del contracts._REGISTRY[name]


def test_below_risk_three_it_runs_to_its_end_at_once(declare):
    done: list[str] = []
    declare("note", LocalWrite("Writes a note.", lambda: done.append("note") or {"noted": True}), tags="note")
    run = start(CustomerFactory(), "note")
    assert (run.status, done) == ("completed", ["note"])
    assert (run.steps.get().detail, ReflexionEntry.objects.get().tags) == ({"noted": True}, "note")


def test_a_step_with_nothing_to_do_says_why(declare):
    declare("note", Skip("Nothing is known."))
    step = start(CustomerFactory(), "note").steps.get()
    assert (step.status, step.words) == ("skipped", "Nothing is known.")


def test_a_step_may_stage_a_further_proposal(declare):
    declare("note", StagedProposal("Asks.", "ar_hold_review", "customer", "customer:7", 3, "Two disputes", {"x": 1}))
    customer = CustomerFactory()
    start(customer, "note")
    staged = ProposedAction.objects.get()
    assert (staged.action_type, staged.customer, staged.risk_level) == ("ar_hold_review", customer, 3)


def test_a_step_may_start_another_contract(declare):
    declare("second", Skip("Second."))
    declare("first", Dispatch("Starts the second.", "second", {}))
    start(CustomerFactory(), "first")
    assert sorted(WorkflowRun.objects.values_list("workflow_type", "source")) == [
        ("first", "manual"),
        ("second", "first"),
    ]


def test_what_the_other_contract_refuses_fails_the_step_and_not_the_run(declare):
    declare("first", Dispatch("Starts a second.", "second", {}), Skip("Goes on."))
    run = start(CustomerFactory(), "first")
    assert (run.status, list(run.steps.values_list("status", "error"))) == (
        "completed",
        [("failed", "The contract “second” does not exist or is switched off."), ("skipped", "")],
    )


def test_a_run_may_be_about_nobody_known(declare):
    declare("note", Skip("Nothing."), tags="note,customer:{customer}")
    run = start(None, "note", inputs={})
    assert (run.status, run.customer, ReflexionEntry.objects.get().tags) == ("completed", None, "note,customer:unknown")


def test_a_gated_run_about_nobody_does_not_stand_in_the_way_of_the_next(declare):
    declare("note", Skip("Nothing."), risk_level=3)
    runs = [start(None, "note", inputs={}) for _ in range(2)]
    assert [run.status for run in runs] == ["awaiting_decision", "awaiting_decision"]


def test_a_query_may_ask_by_the_inputs(declare):
    by_inputs = Query("letters", ask=lambda inputs, customer, today: len(inputs["subject"]))
    declare("note", Skip("Nothing."), queries=(by_inputs,))
    assert start(None, "note", inputs={"subject": "Hello"}).context == {"letters": 5}


def test_a_contract_may_leave_no_note(declare):
    declare("note", Skip("Nothing."), narrative=None)
    start(CustomerFactory(), "note")
    assert ReflexionEntry.objects.count() == 0


def test_an_error_in_a_step_undoes_the_whole_run(declare):
    def broken() -> dict[str, Any]:
        Customer.objects.update(phone="written")
        raise RuntimeError("disk full")

    declare("note", LocalWrite("Breaks.", broken))
    customer = CustomerFactory(phone="before")
    with pytest.raises(RuntimeError):
        start(customer, "note")
    assert (Customer.objects.get().phone, WorkflowRun.objects.count()) == ("before", 0)


def test_an_integrity_error_of_ours_is_not_taken_for_a_race(declare):
    def broken() -> dict[str, Any]:
        raise IntegrityError("CHECK constraint failed")

    declare("note", LocalWrite("Breaks.", broken))
    with pytest.raises(IntegrityError):
        start(CustomerFactory(), "note")


def test_the_gate_follows_the_level_set_in_the_console(declare):
    declare("note", Skip("Nothing."))
    WorkflowDefinition.objects.filter(workflow_type="note").update(risk_level=3)
    assert start(CustomerFactory(), "note").status == "awaiting_decision"


def test_thresholds_edited_in_the_console_count():
    WorkflowDefinition.objects.filter(workflow_type=HOLD).update(thresholds={"amount": "50000", "days": None})
    proposal = proposed(owing())
    assert (proposal.evidence["line"], proposal.evidence["crosses"]) == ({"days": 60, "amount": "50000"}, False)


def test_texts_edited_in_the_console_count(mike):
    text = {"subject": "{customer} on hold", "body": "Call us, {contact}."}
    WorkflowDefinition.objects.filter(workflow_type=HOLD).update(texts={"customer_notice": text})
    run = held(owing(), mike).run
    notice = OutboundEmail.objects.get(run=run, kind="customer_notice")
    assert (notice.subject, notice.body) == ("Northside Grocers on hold", "Call us, Maria Lopez.")


# --- definitions --------------------------------------------------------------------------------------


def test_a_contract_changed_in_code_raises_its_version(declare):
    first = declare("note", Skip("Nothing."))
    contracts.register(replace(first, title="A better note"))
    sync_definitions()
    definition = WorkflowDefinition.objects.get(workflow_type="note")
    assert (definition.version, definition.title, definition.history.count()) == (2, "A better note", 2)


def test_an_unchanged_one_does_not(declare):
    declare("note", Skip("Nothing."))
    sync_definitions()
    assert WorkflowDefinition.objects.get(workflow_type="note").version == 1


def test_what_people_edited_survives_a_new_version(declare):
    first = declare("note", Skip("Nothing."), thresholds={"days": 60})
    WorkflowDefinition.objects.filter(workflow_type="note").update(thresholds={"days": 45}, enabled=False)
    contracts.register(replace(first, title="A better note"))
    sync_definitions()
    definition = WorkflowDefinition.objects.get(workflow_type="note")
    assert (definition.thresholds, definition.enabled) == ({"days": 45}, False)


def test_a_precondition_is_asked_with_the_facts_of_its_day(declare):
    days: list[date] = []
    asked = Precondition("asked", "warn", lambda facts: bool(days.append(facts.today)) or True, lambda facts: "")
    declare("note", Skip("Nothing."), preconditions=(asked,))
    start(CustomerFactory(), "note", today=date(2026, 1, 2))
    assert set(days) == {date(2026, 1, 2)}
