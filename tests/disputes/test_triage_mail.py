"""`triage_mail`: files in, one JSON object a line out, with the real classifier."""

import json
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project
from django.core.management import CommandError, call_command

from disputes.models import InboundEmail
from tests.factories.customers import CustomerFactory, EmployeeFactory, InvoiceFactory
from tests.factories.mails import raw_mail
from workflows.models import WorkflowDefinition

pytestmark = pytest.mark.django_db
PROMISED = [
    *("file", "email_uuid", "classification", "score", "reason", "reason_score", "invoice_refs", "customer"),
    "routed_to",
]


@pytest.fixture
def own_files(settings: Any, tmp_path: Path) -> None:
    """The classifier keeps what it learned in a folder of this test."""
    settings.DATA_DIR = tmp_path


def eml(folder: Path, name: str, raw: bytes) -> str:
    (folder / name).write_bytes(raw)
    return str(folder / name)


def triage_mail(*files: str) -> list[dict[str, Any]]:
    out = StringIO()
    call_command("triage_mail", *files, stdout=out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_one_line_a_mail_in_the_order_given(own_files, tmp_path):
    dispute = eml(
        tmp_path, "1.eml", raw_mail("Invoice INV-20418 bills $18.50 a case, we agreed on $17.20. Please credit.")
    )
    away = eml(tmp_path, "2.eml", raw_mail("I am away", headers={"Auto-Submitted": "auto-replied"}, subject="Away"))
    broken = eml(tmp_path, "3.eml", b"\x00\xff garbage")
    lines = triage_mail(away, dispute, broken, dispute)
    assert [line["file"] for line in lines] == [away, dispute, broken, dispute]
    assert [list(line)[: len(PROMISED)] for line in lines] == [PROMISED] * 4
    assert (lines[1]["classification"], lines[1]["reason"], lines[1]["invoice_refs"], lines[1]["customer"]) == (
        "invoice_dispute",
        "pricing",
        ["INV-20418"],
        None,
    )
    assert (lines[0]["classification"], lines[0]["routed_to"]) == ("auto_reply", "manual")
    assert (lines[2]["classification"], lines[2]["status"]) == ("", "quarantined")
    assert lines[1] == lines[3]


def test_a_known_customers_dispute_is_opened(own_files, tmp_path):
    customer = CustomerFactory(email="ap@northside.example", sales_rep=EmployeeFactory())
    InvoiceFactory(customer=customer, tranid="20418")
    (line,) = triage_mail(
        eml(tmp_path, "1.eml", raw_mail("Invoice INV-20418 bills $18.50, we agreed on $17.20. Credit it."))
    )
    assert (line["customer"], line["routed_to"], line["status"]) == (
        customer.netsuite_id,
        "customer_invoice_dispute",
        "routed",
    )
    assert InboundEmail.objects.get().source == "file"


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(CommandError, match="No such file"):
        triage_mail(str(tmp_path / "nothing.eml"))


def test_while_sorting_is_switched_off(tmp_path):
    WorkflowDefinition.objects.filter(workflow_type="inbound_email_triage").update(enabled=False)
    with pytest.raises(CommandError, match="switched off"):
        triage_mail(eml(tmp_path, "1.eml", raw_mail()))


def test_the_web_process_loads_no_classifier():
    """Everything that serves pages and the API is imported; scikit-learn is not."""
    code = "import django, sys; django.setup(); import config.urls; print({'sklearn', 'scipy'} & set(sys.modules))"
    environment = {"DJANGO_SETTINGS_MODULE": "config.settings", "DEVELOPMENT": "1", "DATABASE_URL": "sqlite://:memory:"}
    told = subprocess.run(
        [sys.executable, "-c", code], cwd=project.BASE_DIR, env=environment, capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == "set()"
