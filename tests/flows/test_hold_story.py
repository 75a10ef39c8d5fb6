"""S1, the service hold, told in its order against a NetSuite account and a mail server of its own."""

import json
import time
from contextlib import suppress
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.utils import timezone

from customers.clock import business_today
from customers.models import Customer
from holds import blocks
from holds import tasks as hold_tasks
from holds.actions import holds
from holds.models import ServiceHold
from holds.rules import HoldVerdict
from netsuite.sandbox.process import SandboxProcess
from tests.flows.conftest import SmtpServer
from workflows import audit, tasks
from workflows.actions import emails, proposals
from workflows.models import OutboundEmail, ProposedAction, WorkflowRun

pytestmark = pytest.mark.django_db(transaction=True)

VISIBLE_SECONDS = 5
DANA = {"id": 12, "firstname": "Dana", "lastname": "Whitfield", "email": "dana@holdgate.example", "issalesrep": True}
NORTHSIDE = {
    "id": 107,
    "entityid": "NORTH",
    "companyname": "Northside Grocers",
    "email": "ap@northside.example",
    "salesrep": 12,
    "creditholdoverride": "AUTO",
}
PUNCTUAL = {"id": 108, "entityid": "PUNCT", "companyname": "Punctual Foods", "email": "ap@punctual.example"}


def document(number: int, kind: str, customer: int, amount: float, days_late: int) -> dict[str, Any]:
    due = business_today() - timedelta(days=days_late)
    dates = {"trandate": (due - timedelta(days=30)).isoformat(), "duedate": due.isoformat()}
    name = {"CustInvc": "INV", "SalesOrd": "SO-"}[kind]
    status = {"CustInvc": "A", "SalesOrd": "B"}[kind]
    facts = {"type": kind, "tranid": f"{name}{number}", "entity": customer, "foreigntotal": amount, "status": status}
    return {"id": number, **facts, **dates}


@pytest.fixture
def account(sandbox: SandboxProcess) -> SandboxProcess:
    """Northside owes 48,210.40, the oldest 94 days late; Punctual Foods owes, but not late."""
    sandbox.load(
        employees=[DANA],
        customers=[NORTHSIDE, PUNCTUAL],
        transactions=[
            document(9001, "CustInvc", 107, 14820.00, 94),
            document(9002, "CustInvc", 107, 33390.40, 12),
            document(9003, "SalesOrd", 107, 12400.00, 0),
            document(9004, "CustInvc", 108, 90000.00, -5),
        ],
    )
    return sandbox


def run(command: str, *arguments: str) -> dict[str, Any]:
    out = StringIO()
    with suppress(SystemExit):
        call_command(command, *arguments, "--json", stdout=out, stderr=StringIO())
    return json.loads(out.getvalue().splitlines()[-1])


def hold_field(account: SandboxProcess) -> str:
    record = account.get("customer", 107)
    assert record is not None
    return record["creditHoldOverride"]["id"]


def test_the_service_hold(account: SandboxProcess, smtp: SmtpServer, mike: Any) -> None:
    proposal = found_by_the_tick()
    approved_and_flagged_within_seconds(proposal, mike)
    held_in_netsuite(account, proposal)
    told_to_customer_and_rep(smtp, proposal, mike)
    lifted_again(account, mike)
    everything_is_in_order(account)


def found_by_the_tick() -> ProposedAction:
    assert run("sync_netsuite")["errors"] == {}
    answer = run("aging_tick")
    assert (answer["customers"], answer["crossing"], answer["staged"], answer["skipped"]) == (2, 1, 1, {})
    assert run("aging_tick")["staged"] == 0
    proposal = ProposedAction.objects.select_related("customer", "run").get()
    assert (proposal.customer.name, proposal.risk_level, proposal.strong) == ("Northside Grocers", 4, True)
    assert proposal.rationale == "94 days overdue, $48,210.40 open. One open order, $12,400.00. First hold."
    return proposal


def verdict_on(netsuite_id: str) -> HoldVerdict:
    """What the order form says of the customer now."""
    customer = Customer.objects.get(netsuite_id=netsuite_id)
    return blocks.verdict(customer, blocks.of_page("order"), now=timezone.now())


def approved_and_flagged_within_seconds(proposal: ProposedAction, mike: Any) -> None:
    clicked = time.monotonic()
    proposals.approve(proposal=proposal, version=1, by=mike, reason="No answer for a month")
    verdict = verdict_on("107")
    assert time.monotonic() - clicked <= VISIBLE_SECONDS
    assert (verdict.on_hold, verdict.note and verdict.note.why) == (True, "No answer for a month")
    assert verdict_on("108").source != "service_hold"


def held_in_netsuite(account: SandboxProcess, proposal: ProposedAction) -> None:
    assert hold_field(account) == "AUTO"
    assert run("ns_drain") == {"applied": 1, "retrying": 0, "failed": 0, "uncertain": 0}
    assert hold_field(account) == "ON"
    assert ProposedAction.objects.get().status == "applied"
    steps = WorkflowRun.objects.get().steps.values_list("step", "status")
    assert list(steps) == [
        ("flag_customer", "ok"),
        ("notify_sales_rep", "ok"),
        ("draft_customer_notice", "ok"),
        ("ns_order_block", "ok"),
    ]


def told_to_customer_and_rep(smtp: SmtpServer, proposal: ProposedAction, mike: Any) -> None:
    notice, note = (OutboundEmail.objects.get(kind=kind) for kind in ("customer_notice", "rep_note"))
    assert "Invoice INV9001 for $14,820.00 was due on" in notice.body
    assert "$48,210.40 open, 94 days overdue." in note.body
    text = notice.body.replace("Dear customer", "Dear Maria")
    emails.edit(email=notice, version=1, subject=notice.subject, body=text, by=mike)
    emails.approve(email=notice, version=2, by=mike)
    emails.undo(email=notice, by=mike)
    for email, version in ((notice, 2), (note, 1)):
        emails.approve(email=email, version=version, by=mike)
    assert tasks.send_due()["sent"] == 0
    with time_machine.travel(timezone.now() + timedelta(minutes=10, seconds=1)):
        assert tasks.send_due()["sent"] == 2
        assert tasks.send_due()["sent"] == 0
    received = {one.recipients: one.message.get_content() for one in smtp.received}
    assert set(received) == {("ap@northside.example",), ("dana@holdgate.example",)}
    assert received["ap@northside.example",].replace("\r\n", "\n").strip() == text


def lifted_again(account: SandboxProcess, mike: Any) -> None:
    holds.lift(hold=ServiceHold.objects.select_related("customer").get(), reason="Paid by phone", by=mike)
    assert verdict_on("107").source != "service_hold"
    assert run("ns_drain")["applied"] == 1
    assert hold_field(account) == "AUTO"
    assert OutboundEmail.objects.get(kind="lift_notice").status == "pending_review"
    assert run("aging_tick")["skipped"] == {"after_release": 1}


def everything_is_in_order(account: SandboxProcess) -> None:
    assert run("sync_netsuite", "--full")["errors"] == {}
    assert hold_tasks.check_drift() == 0
    assert run("verify_audit")["problems"] == []
    assert run("verify_invariants", "--sandbox-log", str(account.log_path))["broken"] == []
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        assert tasks.verify_due() == {"passed": 5, "failed": 0}
    assert audit.head().seq > 0
