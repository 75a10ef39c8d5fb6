"""S3, the invoice dispute, told in its order against a NetSuite account and a mail server of its own."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from customers.clock import business_today
from customers.models import Customer, Employee, Transaction
from disputes.actions.credit_memos import propose_credit
from disputes.models import Dispute
from netsuite.client import Client
from netsuite.sandbox.process import SandboxProcess
from tests.factories.disputes import answer_to, mail_from, proposal_about
from tests.flows.conftest import SmtpServer
from tests.flows.test_hold_story import DANA, NORTHSIDE, document, run
from workflows import runner, tasks
from workflows.actions import emails, proposals
from workflows.models import ProposedAction

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def account(sandbox: SandboxProcess) -> SandboxProcess:
    """Northside has three open invoices."""
    numbers = ((9001, 14820.00), (9002, 33390.40), (9005, 1200.00))
    sandbox.load(
        employees=[DANA],
        customers=[NORTHSIDE],
        transactions=[document(number, "CustInvc", 107, amount, 20) for number, amount in numbers],
    )
    return sandbox


def test_the_dispute(account: SandboxProcess, smtp: SmtpServer, mike: Any, clerk: Any) -> None:
    assert run("sync_netsuite")["errors"] == {}
    # A while ago, so that the undo window is over now; later rows must not look older than earlier ones.
    with time_machine.travel(timezone.now() - timedelta(minutes=3)):
        dispute = opened_by_mail("INV9001")
        text = polished(dispute, mike)
    sent(text, smtp)
    routed_to_the_rep(dispute, mike)
    third_one_asks_for_a_review(mike)
    credited_in_netsuite(account, dispute, mike, clerk)
    everything_is_in_order(account)


def opened_by_mail(tranid: str) -> Dispute:
    """As triage hands it over; the mail itself is told in the mailbox's flow."""
    customer = Customer.objects.get(netsuite_id="107")
    mail = mail_from(customer, reason="quality", message_id=f"<{tranid}@northside.example>")
    started = runner.start(
        "customer_invoice_dispute",
        customer=customer,
        inputs={"email_uuid": str(mail.email_uuid), "reason_text": "Three boxes were wet", "invoice_ref": tranid},
        by="schedule:triage",
        source="inbound_email_triage_classification",
        today=business_today(),
    )
    dispute = Dispute.objects.select_related("invoice", "run", "customer").get(run=started)
    assert (dispute.invoice.tranid, dispute.status) == (tranid, "open")
    return dispute


def polished(dispute: Dispute, mike: Any) -> str:
    email = answer_to(dispute)
    assert "Invoice INV9001" in email.body
    assert "$14,820.00" in email.body
    text = email.body.replace("We are sorry for the trouble", "We are very sorry")
    emails.edit(email=email, version=1, subject=email.subject, body=text, by=mike)
    emails.approve(email=email, version=2, by=mike)
    return text


def sent(text: str, smtp: SmtpServer) -> None:
    assert tasks.send_due()["sent"] == 1
    (received,) = smtp.received
    assert received.recipients == ("ap@northside.example",)
    assert received.message.get_content().replace("\r\n", "\n").strip() == text
    assert Dispute.objects.get().status == "responding"


def routed_to_the_rep(dispute: Dispute, mike: Any) -> None:
    proposal = proposal_about(dispute, "customer_escalation")
    proposals.approve(proposal=proposal, version=1, by=mike, reason="Dana knows the plant")
    row = Dispute.objects.get()
    assert (row.status, row.owner) == ("escalated", Employee.objects.get(netsuite_id="12"))


def third_one_asks_for_a_review(mike: Any) -> None:
    opened_by_mail("INV9002")
    assert ProposedAction.objects.filter(action_type="ar_hold_review").count() == 0
    third = opened_by_mail("INV9005")
    review = proposal_about(third, "ar_hold_review")
    assert review.evidence["by_reason"] == {"quality": 3}
    proposals.approve(proposal=review, version=1, by=mike, reason="Our packing, not theirs", choice="keep_shipping")
    assert Customer.objects.get().entitystatus == ""


def credited_in_netsuite(account: SandboxProcess, dispute: Dispute, mike: Any, clerk: Any) -> None:
    propose_credit(dispute=dispute, amount=Decimal("900.00"), by=clerk, reason="Two boxes wet, photos seen")
    proposal = proposal_about(dispute, "credit_memo")
    proposals.approve(proposal=proposal, version=1, by=mike, reason="Photos seen")
    assert run("ns_drain") == {"applied": 1, "retrying": 0, "failed": 0, "uncertain": 0}
    memo = account.get("creditMemo", f"eid:{proposal.proposed_change_json['external_id']}")
    assert memo is not None
    assert (memo["total"], memo["unapplied"]) == (-900.0, 0.0)
    asked = "SELECT tranid, foreignamountunpaid FROM transaction WHERE id = 9001 OR type = 'CustCred' ORDER BY type"
    by_suiteql = {row["tranid"]: float(row["foreignamountunpaid"]) for row in Client.from_settings().suiteql(asked)}
    assert by_suiteql == {memo["tranId"]: 0.0, "INV9001": 13920.0}
    row = Dispute.objects.select_related("invoice").get(pk=dispute.pk)
    assert (row.status, row.resolution, row.invoice.unpaid) == ("resolved", "credit_issued", Decimal("13920.00"))
    assert ProposedAction.objects.get(pk=proposal.pk).status == "applied"
    assert Customer.objects.get().ar_balance == Decimal("48510.40")


def everything_is_in_order(account: SandboxProcess) -> None:
    assert run("sync_netsuite", "--full")["errors"] == {}
    assert Customer.objects.get().ar_balance == Decimal("48510.40")
    memo = Transaction.objects.get(type=Transaction.CREDIT)
    assert (memo.tranid[:2], memo.total, memo.unpaid) == ("CM", Decimal("900.00"), Decimal("0.00"))
    assert run("verify_audit")["problems"] == []
    assert run("verify_invariants", "--sandbox-log", str(account.log_path))["broken"] == []
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        assert tasks.verify_due()["failed"] == 0
