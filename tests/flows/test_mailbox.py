"""Mail from the sender's program to the sorted row: SMTP, a real IMAP server, the fetch, the triage."""

import smtplib
from collections.abc import Iterator
from email.message import EmailMessage
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from disputes import tasks
from disputes.actions import fetching
from disputes.intake import limits, mailbox
from disputes.models import Dispute, FetchedMail, InboundEmail
from tests.factories.customers import CustomerFactory, EmployeeFactory, InvoiceFactory
from tests.flows.mailbox import ADDRESS, ImapServer, imap_server, smtp_into
from workflows.actions.switches import flip

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def imap(settings: Any, tmp_path: Path) -> Iterator[ImapServer]:
    with imap_server(tmp_path / "imap.log") as server:
        settings.IMAP_URL = server.url
        yield server


def letter(
    subject: str = "Wrong price on INV-20418", message_id: str = "<1@northside.example>", text: str = ""
) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"] = "Maria Lopez <ap@northside.example>", ADDRESS
    mail["Subject"], mail["Message-ID"] = subject, message_id
    mail.set_content(
        text or "Invoice INV-20418 bills $18.50 a case, we agreed on $17.20. Please credit the difference."
    )
    return mail


def fetch() -> dict[str, int]:
    tally = fetching.fetch(by="schedule:mailbox", now=timezone.now())
    return {name: count for name, count in tally.items() if count}


def test_from_smtp_to_an_open_dispute(imap):
    customer = CustomerFactory(name="Northside Grocers", email="AP@Northside.example", sales_rep=EmployeeFactory())
    invoice = InvoiceFactory(customer=customer, tranid="INV-20418")
    with smtp_into(imap) as server, smtplib.SMTP(server.hostname, server.port) as client:
        client.send_message(letter())
    assert fetch() == {"stored": 1}
    assert tasks.triage_waiting() == 1
    mail = InboundEmail.objects.get()
    assert (mail.customer, mail.status, mail.invoice_refs) == (customer, "routed", ["INV-20418"])
    dispute = Dispute.objects.get(email=mail)
    assert (dispute.invoice, dispute.reason, str(dispute.run.run_id)) == (invoice, "pricing", mail.run_id)


def test_a_mail_is_read_once_and_marked(imap):
    imap.put(letter().as_bytes())
    assert [fetch(), fetch()] == [{"stored": 1}, {}]
    assert imap.subjects(seen=True) == ["Wrong price on INV-20418"]


def test_what_was_read_may_be_moved_instead(imap, settings):
    settings.IMAP_URL = f"{imap.url}?done=Archive"
    imap.put(letter().as_bytes())
    fetch()
    assert (imap.subjects(), imap.subjects("Archive")) == ([], ["Wrong price on INV-20418"])


def test_what_a_person_opened_first_is_read_all_the_same(imap):
    imap.put(letter().as_bytes())
    with mailbox.opened(mailbox.place()) as box:
        box.put_away(box.uids(1)[0])
    assert fetch() == {"stored": 1}


def test_the_same_mail_delivered_twice_is_one_row(imap):
    for _ in range(2):
        imap.put(letter().as_bytes())
    assert fetch() == {"stored": 1, "known": 1}
    assert InboundEmail.objects.count() == 1


def test_a_mailbox_set_up_anew_gives_no_second_rows(imap):
    imap.put(letter().as_bytes())
    fetch()
    imap.stop()
    imap.start()
    imap.put(letter().as_bytes())
    assert (fetch(), InboundEmail.objects.count()) == ({"known": 1}, 1)
    assert FetchedMail.objects.values("uidvalidity").distinct().count() == 2


def test_a_server_that_is_down_loses_nothing(imap):
    imap.stop()
    with pytest.raises(fetching.MailboxAway, match="does not answer"):
        fetch()
    imap.start()
    imap.put(letter().as_bytes())
    assert fetch() == {"stored": 1}


def test_a_wrong_password_says_so(imap, settings):
    settings.IMAP_URL = imap.url.replace("only", "wrong")
    with pytest.raises(fetching.MailboxAway):
        fetch()


def test_a_message_that_breaks_us_does_not_keep_the_others(imap, monkeypatch):
    for number in (1, 2, 3):
        imap.put(letter(f"Mail {number}", f"<{number}@x.example>", f"Text {number}").as_bytes())
    real = fetching.receive

    def fails_once(*, parsed: Any, **rest: Any) -> Any:
        if parsed.subject == "Mail 2":
            raise ValueError("disk full")
        return real(parsed=parsed, **rest)

    monkeypatch.setattr(fetching, "receive", fails_once)
    assert fetch() == {"stored": 2, "failed": 1}
    assert FetchedMail.objects.get(email=None).error == "disk full"
    assert imap.subjects(seen=False) == ["Mail 2"]
    monkeypatch.setattr(fetching, "receive", real)
    assert (fetch(), InboundEmail.objects.count()) == ({"stored": 1}, 3)


def test_cut_in_the_middle_it_goes_on_where_it_stopped(imap, monkeypatch):
    for number in (1, 2, 3):
        imap.put(letter(f"Mail {number}", f"<{number}@x.example>", f"Text {number}").as_bytes())
    real = mailbox.Mailbox.read

    def cut(box: Any, uid: int) -> Any:
        if uid == box.uids(1)[1]:
            raise ConnectionResetError("cut")
        return real(box, uid)

    monkeypatch.setattr(mailbox.Mailbox, "read", cut)
    with pytest.raises(fetching.MailboxAway):
        fetch()
    monkeypatch.setattr(mailbox.Mailbox, "read", real)
    assert (fetch(), InboundEmail.objects.count()) == ({"stored": 2}, 3)


def test_out_of_time_the_rest_waits_for_the_next_round(imap):
    for number in (1, 2):
        imap.put(letter(f"Mail {number}", f"<{number}@x.example>", f"Text {number}").as_bytes())
    assert fetching.fetch(by="schedule:mailbox", now=timezone.now(), for_seconds=-1)["left"] == 2
    assert fetch() == {"stored": 2}


def test_switched_off_everything_stays_in_the_mailbox(imap, mike):
    flip(name="email_intake", state="on", by=mike, reason="Phishing wave")
    imap.put(letter().as_bytes())
    assert (fetch(), InboundEmail.objects.count(), imap.subjects(seen=False)) == ({}, 0, ["Wrong price on INV-20418"])
    flip(name="email_intake", state="off", by=mike, reason="Over")
    assert fetch() == {"stored": 1}


def test_a_huge_mail_is_kept_as_its_head(imap, monkeypatch):
    monkeypatch.setattr(mailbox, "LARGEST", 5_000)
    monkeypatch.setattr(fetching, "LARGEST", 5_000)
    monkeypatch.setattr(limits, "LARGEST", 5_000)
    raw = letter(text="spam " * 5_000).as_bytes()
    imap.put(raw)
    assert fetch() == {"quarantined": 1}
    mail = InboundEmail.objects.get()
    assert (mail.subject, mail.from_email, mail.body_text) == ("Wrong price on INV-20418", "ap@northside.example", "")
    assert mail.raw_size > 25_000
    assert len(bytes(mail.raw)) < 1_000


def test_the_command_tells_what_it_did(imap):
    imap.put(letter().as_bytes())
    out = StringIO()
    call_command("fetch_mail", "--json", stdout=out)
    assert out.getvalue().strip() == '{"stored": 1, "known": 0, "quarantined": 0, "failed": 0, "left": 0}'


def test_the_command_without_a_mailbox(settings):
    settings.IMAP_URL = ""
    with pytest.raises(CommandError, match="IMAP_URL is empty"):
        call_command("fetch_mail")


def test_the_schedule_without_a_mailbox_does_nothing(settings):
    settings.IMAP_URL = ""
    assert tasks.fetch_mail() == {}
