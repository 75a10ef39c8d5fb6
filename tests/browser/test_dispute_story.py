"""A morning with disputes as Mike, a clerk and a rep live it: real mail in and out, a real browser and sandbox."""

import os
import smtplib
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import time_machine
from axe_playwright_python.sync_playwright import Axe
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import Page, expect

from customers.models import Customer, Employee
from disputes import tasks
from disputes.actions import triage
from disputes.models import ClassifierVersion, Dispute, InboundEmail
from netsuite.outbox import drain
from tests.factories.triage import doubted
from tests.flows.conftest import sandbox, smtp  # noqa: F401  the same neighbours as in the flows
from tests.flows.mailbox import ADDRESS, ImapServer, imap_server, smtp_into
from workflows.actions import emails
from workflows.models import ProposedAction, WorkflowDefinition

pytestmark = pytest.mark.django_db(transaction=True)

INBOX = "/admin/disputes/inboundemail/"
WCAG = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}
PALLETS = """Hi,

the delivery came on Thursday. Two of the six pallets on invoice 20611 did not arrive, the driver noted it on the
slip. We can only pay for the four we got, $5,920.00. Please send a corrected invoice or a credit for the rest.

Thanks, Lena

On Mon, 2 Nov 2026 at 09:12, Keystone Wholesale <ar@holdgate.example> wrote:
> Dear Lena,
> please find attached our invoice INV-20611.
> Kind regards
"""
CARTONS = "Invoice INV-20620 bills 40 cartons, we ordered and received 34. Please credit the six that never came."
PRICE = "The unit price on INV-20633 is wrong: $18.50 instead of the agreed $17.20. Please correct the invoice."


@pytest.fixture
def imap(settings: Any, tmp_path: Path) -> Iterator[ImapServer]:
    with imap_server(tmp_path / "imap.log") as server:
        settings.IMAP_URL = server.url
        yield server


@pytest.fixture
def cedar(sandbox: Any, rep: Any) -> Customer:  # noqa: F811
    """Cedar & Vine Markets in NetSuite: three open invoices, a payment, and Tom, who signs in as rep."""
    today = timezone.localdate()

    def document(number: int, amount: float, days: int, **more: Any) -> dict[str, Any]:
        return {
            "externalid": f"doc-{number}", "type": "CustInvc", "tranid": f"INV-{number}", "foreigntotal": amount,
            "trandate": (today - timedelta(days=days)).isoformat(), "entity_externalid": "cedar",
            "duedate": (today - timedelta(days=days - 30)).isoformat(), **more,
        }  # fmt: skip

    sandbox.load(
        employees=[{"externalid": "tom", "entityid": "Tom Ibarra", "firstname": "Tom", "lastname": "Ibarra",
                    "email": "tom@keystone.example", "issalesrep": True}],
        customers=[{"externalid": "cedar", "entityid": "C-Cedar", "companyname": "Cedar & Vine Markets",
                    "email": "purchasing@cedarvine.example", "salesrep_externalid": "tom", "creditlimit": 40000}],
        transactions=[
            document(20611, 8880, 61, otherrefnum="PO 7741"),
            document(20620, 3400, 30),
            document(20633, 1850, 12),
            {**document(441, 4100, 40, type="CustPymt", tranid="PYMT-441"), "duedate": None},
        ],
    )  # fmt: skip
    call_command("sync_netsuite", verbosity=0)
    Employee.objects.filter(last_name="Ibarra").update(user=rep)
    return Customer.objects.get(name="Cedar & Vine Markets")


@pytest.fixture
def asks_always(db: None) -> None:
    """The console's own setting: a person looks at every dispute, however sure the classifier is."""
    definition = WorkflowDefinition.objects.get(workflow_type="inbound_email_triage")
    definition.thresholds = {**definition.thresholds, "unsure_to": "1.01"}
    definition.save()


def mailed(imap: ImapServer, number: int, subject: str, text: str) -> None:
    """Sent by the customer's program, delivered by SMTP, fetched by IMAP, read by the classifier."""
    mail = EmailMessage()
    mail["From"], mail["To"] = "Lena Brooks <purchasing@cedarvine.example>", ADDRESS
    mail["Subject"], mail["Message-ID"] = subject, f"<{number}@cedarvine.example>"
    mail.set_content(text)
    mail.add_alternative(f"<p>{text}</p><img src='https://tracker.example/seen.gif'>", subtype="html")
    mail.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="delivery slip.pdf")
    with smtp_into(imap) as server, smtplib.SMTP(server.hostname, server.port) as client:
        client.send_message(mail)
    call_command("fetch_mail", verbosity=0)
    assert tasks.triage_waiting() == 1


def accessible(page: Page) -> list[str]:
    """What axe finds against WCAG 2.1 A and AA in our part of the page."""
    found = Axe().run(page, context="main.hg", options=WCAG).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html']}" for one in found]


def overflow(page: Page) -> int:
    return page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")


def look(page: Page, live_browser: Any, name: str) -> None:
    """A picture for whoever works on the page, none for the documents."""
    if os.environ.get("HOLDGATE_PICTURES") != "1":
        whole(page, live_browser, name)


def whole(page: Page, live_browser: Any, name: str) -> None:
    """The page in full height, as a picture."""
    size = page.viewport_size or {"width": 1280, "height": 900}
    height = page.evaluate("() => Math.max(document.querySelector('main').getBoundingClientRect().bottom + 80, 700)")
    page.set_viewport_size({"width": size["width"], "height": int(height)})
    live_browser.shot(name, page)
    page.set_viewport_size(size)


def test_from_the_mail_to_the_credit_memo(
    live_browser: Any,
    mike: Any,
    clerk: Any,
    rep: Any,
    sandbox: Any,  # noqa: F811
    smtp: Any,  # noqa: F811
    imap: Any,
    cedar: Any,
    asks_always: Any,
) -> None:
    page = live_browser.page(mike)
    # Three minutes ago, so that the undo window of the answer is over by now and no clock runs backwards.
    with time_machine.travel(timezone.now() - timedelta(minutes=3)):
        first = opened(live_browser, page, imap, cedar)
        polished(page)
    answered(smtp, first)
    routed(live_browser, page, rep, first)
    a_third_one_asks_for_a_review(live_browser, page, imap)
    credited(live_browser, page, clerk, sandbox, first)
    call_command("verify_invariants", sandbox_log=sandbox.log_path, verbosity=0)


def opened(live_browser: Any, page: Page, imap: ImapServer, cedar: Customer) -> Dispute:
    mailed(imap, 1, "Re: Invoice 20611", PALLETS)
    page.goto(INBOX)
    expect(page.get_by_role("heading", name="1 mail to sort")).to_be_visible()
    expect(page.locator(".ask h2")).to_contain_text("Is this a dispute about")
    expect(page.locator(".matches tr.is-on")).to_contain_text("INV-20611")
    expect(page.locator(".follows")).to_contain_text("for $8,880.00, all that is open on INV-20611")
    expect(page.locator(".letter-text").first).not_to_contain_text("please find attached")
    whole(page, live_browser, "triage")
    page.keyboard.press("c")
    page.get_by_role("heading", name="What is it?").wait_for()
    live_browser.shot("triage-correct", page)
    page.keyboard.press("Escape")

    page.keyboard.press("y")
    page.get_by_role("link", name="Dispute", exact=False).first.wait_for()
    first = Dispute.objects.get()
    assert (first.invoice.tranid, first.amount, first.customer) == ("INV-20611", Decimal("8880.00"), cedar)
    page.locator(".done").get_by_role("link", name=f"Dispute {first.pk}").click()
    page.get_by_role("heading", name="Cedar & Vine Markets disputes INV-20611").wait_for()
    whole(page, live_browser, "dispute")
    return first


def polished(page: Page) -> None:
    page.keyboard.press("p")
    body = page.get_by_label("Body")
    assert "INV-20611" in body.input_value()
    body.fill(f"{body.input_value()}\n\nTom calls you today.")
    page.get_by_role("button", name="Approve and send").first.click()
    page.get_by_role("button", name="Undo").wait_for()


def answered(smtp: Any, dispute: Dispute) -> None:  # noqa: F811
    assert emails.send_due(now=timezone.now())["sent"] == 1
    assert [mail.recipients for mail in smtp.received] == [("purchasing@cedarvine.example",)]
    assert "Tom calls you today." in smtp.received[0].message.get_content()
    assert Dispute.objects.get(pk=dispute.pk).status == "responding"


def routed(live_browser: Any, page: Page, rep: Any, dispute: Dispute) -> None:
    page.goto(f"/admin/disputes/dispute/{dispute.pk}/change/")
    page.get_by_text("Waits for a decision").wait_for()
    page.keyboard.press("e")
    page.keyboard.type("Tom knows the driver")
    page.keyboard.press("Enter")
    page.locator(".st", has_text="Escalated").first.wait_for()
    toms = live_browser.page(rep)
    toms.goto("/admin/disputes/dispute/")
    toms.get_by_role("link", name="Routed to me 1").click()
    live_browser.shot("dispute-queue", toms)
    toms.get_by_role("link", name="Cedar & Vine Markets").click()
    toms.get_by_text("You may read this page. AR acts on it.").wait_for()


def a_third_one_asks_for_a_review(live_browser: Any, page: Page, imap: Any) -> None:
    mailed(imap, 2, "Six cartons short", CARTONS)
    mailed(imap, 3, "Wrong price", PRICE)
    page.goto(INBOX)
    page.get_by_role("heading", name="2 mails to sort").wait_for()
    page.keyboard.press("y")
    page.get_by_role("heading", name="1 mail to sort").wait_for()
    expect(page.locator(".follows")).to_contain_text("so a review of the hold follows")
    page.keyboard.press("y")
    page.get_by_role("heading", name="Nothing to sort").wait_for()
    review = ProposedAction.objects.get(action_type="ar_hold_review")
    third = Dispute.objects.latest("pk")
    assert (review.entity_ref, review.status, Dispute.objects.count()) == (third.ref, "pending", 3)
    page.goto(f"/admin/workflows/proposedaction/{review.pk}/change/")
    look(page, live_browser, "dispute-review")
    page.get_by_role("button", name="Decide…").first.click()
    page.locator("dialog[open]").get_by_label("Keep shipping").check()
    page.locator("dialog[open]").get_by_label("Reason").fill("Our driver, not theirs")
    page.locator("dialog[open]").get_by_role("button", name="Decide").click()
    page.get_by_role("heading", name="Approved by you").wait_for()
    assert ProposedAction.objects.get(pk=review.pk).choice == "keep_shipping"


def credited(live_browser: Any, page: Page, clerk: Any, sandbox: Any, dispute: Dispute) -> None:  # noqa: F811
    clerks = live_browser.page(clerk)
    clerks.goto(f"/admin/disputes/dispute/{dispute.pk}/change/")
    clerks.keyboard.press("m")
    clerks.locator("#credit-amount").fill("2960.00")
    clerks.locator("#credit-reason").fill("Two of six pallets, the slip says so")
    live_browser.shot("dispute-credit", clerks)
    clerks.get_by_role("button", name="Propose credit").click()
    clerks.get_by_role("link", name="Credit memo", exact=True).first.wait_for()
    proposal = ProposedAction.objects.get(action_type="credit_memo")
    page.goto(f"/admin/workflows/proposedaction/{proposal.pk}/change/")
    page.get_by_role("button", name="Approve credit…").first.click()
    page.locator("dialog[open]").get_by_label("Reason").fill("Slip seen")
    page.locator("dialog[open]").get_by_role("button", name="Approve credit").click()
    page.get_by_role("heading", name="Approved by you").wait_for()
    drain()
    memo = sandbox.get("creditMemo", f"eid:{proposal.proposed_change_json['external_id']}")
    assert (memo["total"], memo["entity"]["id"]) == (-2960.0, dispute.customer.netsuite_id)
    settled = Dispute.objects.select_related("invoice").get(pk=dispute.pk)
    assert (settled.status, settled.resolution, settled.invoice.unpaid) == (
        "resolved", "credit_issued", Decimal("5920.00")
    )  # fmt: skip
    page.goto(f"/admin/disputes/dispute/{dispute.pk}/change/")
    page.get_by_text("Credit issued,").wait_for()
    whole(page, live_browser, "dispute-resolved")


@pytest.fixture
def three_mails(cedar: Customer) -> list[InboundEmail]:
    now = timezone.now()
    subjects = ("Re: Invoice 20611 / PO 7741", "Question about last order", "Pallets again")
    return [
        doubted(cedar, subject=subject, received_at=now - timedelta(minutes=10 * place))
        for place, subject in enumerate(subjects)
    ]


def test_keys_alone(live_browser: Any, mike: Any, three_mails: list[InboundEmail]) -> None:
    """Next, correct by digits, take back, another invoice, yes: no mouse."""
    page = live_browser.page(mike)
    page.goto(INBOX)
    page.wait_for_load_state("networkidle")
    page.keyboard.press("j")
    page.wait_for_url(f"**/{three_mails[1].pk}/change/")
    page.keyboard.press("k")
    page.wait_for_url(f"**/{three_mails[0].pk}/change/")
    page.keyboard.press("c")
    page.keyboard.press("2")
    page.locator(".done", has_text="remittance").wait_for()
    assert InboundEmail.objects.get(pk=three_mails[0].pk).classification == "remittance"
    page.keyboard.press("z")
    page.wait_for_url(f"**/{three_mails[0].pk}/change/")
    assert InboundEmail.objects.get(pk=three_mails[0].pk).status == "unsure"
    page.keyboard.press("i")
    page.keyboard.type("20620")
    page.get_by_role("link", name="INV-20620").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".follows")).to_contain_text("cites INV-20620")
    page.keyboard.press("y")
    page.locator(".done", has_text="dispute, quantity").wait_for()
    assert Dispute.objects.get().invoice.tranid == "INV-20620"
    page.keyboard.press("c")
    for digit in ("1", "5", "2"):
        page.keyboard.press(digit)
    page.locator(".done", has_text="dispute, tax").wait_for()
    assert Dispute.objects.latest("pk").sub_reason == "tax"


def test_a_colleague_was_faster(live_browser: Any, mike: Any, three_mails: list[InboundEmail]) -> None:
    live_browser.tolerate("409")
    page = live_browser.page(mike)
    page.goto(f"{INBOX}{three_mails[0].pk}/change/")
    triage.correct(email=InboundEmail.objects.get(pk=three_mails[0].pk), classification="remittance", by=mike)
    page.keyboard.press("y")
    expect(page.get_by_role("alert")).to_contain_text("mike sorted it already.")
    assert Dispute.objects.count() == 0


def test_a_call_is_written_down(live_browser: Any, mike: Any, cedar: Customer) -> None:
    page = live_browser.page(mike)
    page.goto(INBOX)
    page.keyboard.press("n")
    page.locator("#call-customer").fill("Cedar & Vine Markets")
    page.get_by_label("Who called").fill("Lena Brooks")
    page.get_by_label("What was said").fill("Invoice INV-20620 charges 40 cartons, they got 34 and want a credit.")
    look(page, live_browser, "triage-call")
    page.get_by_role("button", name="Save call").click()
    page.get_by_text("It is being read. This page follows.").wait_for()
    assert tasks.triage_waiting() == 1
    page.get_by_text("Read again just now.").or_(page.locator(".ask h2", has_text="ispute")).first.wait_for()
    expect(page.locator(".matches")).to_contain_text("INV-20620")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everybody_can_use_it(live_browser: Any, mike: Any, three_mails: list[InboundEmail], theme: str) -> None:
    """axe on the inbox with its dialogs, a dispute and the classifier; nothing scrolls sideways on a phone."""
    from disputes.actions import triage

    ClassifierVersion.objects.create(
        version="aa11bb22-cc33dd44", active=True, examples=612, scores={"dispute_f1": 0.94}
    )
    triage.confirm(email=three_mails[2], by=mike)
    dispute = Dispute.objects.get()
    found: dict[str, Any] = {}
    for kind, page in (("desktop", live_browser.page(mike)), ("phone", live_browser.phone(mike))):
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        for name, address in {
            "triage": INBOX,
            "triage-mail": f"{INBOX}{three_mails[0].pk}/change/",
            "dispute": f"/admin/disputes/dispute/{dispute.pk}/change/",
            "disputes": "/admin/disputes/dispute/",
            "classifier": "/admin/disputes/classifierversion/",
        }.items():
            page.goto(address)
            page.wait_for_load_state("networkidle")
            found[f"{name} {kind}"] = accessible(page) + (["scrolls sideways"] if overflow(page) > 0 else [])
            look(page, live_browser, f"{name}-{kind}-{theme}")
        page.goto(f"{INBOX}{three_mails[0].pk}/change/")
        page.locator("[data-dialog=correct-dialog]:visible").first.click()
        found[f"correct {kind}"] = accessible(page)
        look(page, live_browser, f"triage-correct-{kind}-{theme}")
    assert {name: problems for name, problems in found.items() if problems} == {}
