"""The triage inbox in the console."""

from typing import Any

import pytest
from django.test import Client, TestCase
from django.urls import reverse
from django.utils import timezone

from disputes.actions import desk
from disputes.actions.disputes import escalate
from disputes.models import ClassifierVersion, Correction, Dispute, InboundEmail
from tests.factories.customers import CustomerFactory, EmployeeFactory, InvoiceFactory
from tests.factories.disputes import mail_from
from tests.factories.holds import owing
from tests.factories.triage import doubted
from workflows.models import AutoDecision, OutboundEmail, ProposedAction

pytestmark = pytest.mark.django_db
INBOX = "admin:disputes_inboundemail_changelist"


def signed_in(client: Client, user: Any) -> Client:
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def page(mail: InboundEmail, name: str = "change") -> str:
    return reverse(f"admin:disputes_inboundemail_{name}", args=[mail.pk])


def shown(client: Client, mail: InboundEmail, **query: Any) -> str:
    return client.get(page(mail), query).content.decode()


def seen(client: Client, mail: InboundEmail) -> str:
    return client.get(page(mail)).context["seen"]


@pytest.fixture
def mail(db: None) -> InboundEmail:
    return doubted(owing())


def test_it_asks_a_question_with_the_score(client: Client, mike: Any, mail: InboundEmail) -> None:
    context = signed_in(client, mike).get(reverse(INBOX)).context
    assert (context["heading"], context["under"]) == (
        "Is this a dispute about quantity?",
        "0.58, between 0.40 and 0.75 a person decides",
    )


def test_the_words_that_decided_are_marked(client: Client, mike: Any, mail: InboundEmail) -> None:
    html = shown(signed_in(client, mike), mail)
    assert "<mark>did not arrive</mark>" in html


def test_a_text_cannot_become_markup(client: Client, mike: Any) -> None:
    mail = doubted(owing(), fresh_text="<script>alert(1)</script> <mark>x</mark>", words=[[0, 8, 1.0]])
    html = shown(signed_in(client, mike), mail)
    assert "<script>alert(1)" not in html
    assert "<mark>&lt;script&gt;</mark>" in html


def test_yes_says_what_follows(client: Client, mike: Any, mail: InboundEmail) -> None:
    invoice = mail.matches.get().invoice
    yes = signed_in(client, mike).get(page(mail)).context["yes"]
    assert (yes.does, yes.rest) == (
        "Yes opens a dispute",
        f"for $48,210.40, all that is open on {invoice.tranid}, drafts a reply that cites {invoice.tranid} and asks "
        "you to route it to Dana Whitfield. Prior disputes: none unsettled, so no hold review (from 2).",
    )


def test_yes_opens_the_dispute_that_was_announced(client: Client, mike: Any, mail: InboundEmail) -> None:
    wish = {"seen": seen(signed_in(client, mike), mail)}
    answer = client.post(page(mail, "yes"), wish)
    dispute = Dispute.objects.get()
    assert answer.url == f"{reverse(INBOX)}?done={mail.pk}"
    assert (dispute.email, dispute.reason, dispute.invoice) == (mail, "qty", mail.matches.get().invoice)
    assert InboundEmail.objects.get().decided_by == "mike"


def test_after_yes_comes_the_next_older_mail(client: Client, mike: Any, mail: InboundEmail) -> None:
    older = doubted(owing("Older"), received_at=mail.received_at - timezone.timedelta(hours=1))
    doubted(owing("Newer"), received_at=mail.received_at + timezone.timedelta(hours=1))
    wish = {"seen": seen(signed_in(client, mike), mail)}
    assert client.post(page(mail, "yes"), wish).url == f"{page(older)}?done={mail.pk}"


def test_a_second_yes_is_told_who_was_first(client: Client, mike: Any, mail: InboundEmail) -> None:
    wish = {"seen": seen(signed_in(client, mike), mail)}
    client.post(page(mail, "yes"), wish)
    answer = client.post(page(mail, "yes"), wish)
    assert answer.status_code == 409
    assert "A dispute was opened from it by mike." in answer.content.decode()
    assert Dispute.objects.count() == 1


def test_yes_to_what_is_not_shown_any_more_is_refused(client: Client, mike: Any, mail: InboundEmail) -> None:
    wish = {"seen": seen(signed_in(client, mike), mail)}
    InboundEmail.objects.update(reason="pricing")
    answer = client.post(page(mail, "yes"), wish)
    assert (answer.status_code, answer.context["refusal"].code) == (409, "stale_version")
    assert answer.context["heading"] == "Is this a dispute about pricing?"
    assert Dispute.objects.count() == 0


def test_another_invoice_is_taken(client: Client, mike: Any, mail: InboundEmail) -> None:
    other = InvoiceFactory(customer=mail.customer, tranid="INV-7741")
    context = signed_in(client, mike).get(page(mail), {"invoice": other.pk}).context
    assert "cites INV-7741" in context["yes"].rest
    client.post(page(mail, "yes"), {"seen": context["seen"], "invoice": other.pk})
    assert Dispute.objects.get().invoice == other


def test_an_invoice_of_somebody_else_is_not_taken(client: Client, mike: Any, mail: InboundEmail) -> None:
    foreign = owing("Somebody else").transactions.get()
    assert signed_in(client, mike).get(page(mail), {"invoice": foreign.pk}).context["picked"] is None


@pytest.mark.parametrize("picked", ["x", "-1", "9" * 40, "٣"])
def test_a_strange_invoice_is_none(client: Client, mike: Any, mail: InboundEmail, picked: str) -> None:
    answer = signed_in(client, mike).get(page(mail), {"invoice": picked})
    assert (answer.status_code, answer.context["picked"]) == (200, None)


def test_the_search_finds_invoices_of_the_customer_only(client: Client, mike: Any, mail: InboundEmail) -> None:
    owing("Somebody else")
    found = signed_in(client, mike).get(page(mail, "invoices"), {"find": "INV"}).context["found"]
    assert found == [mail.matches.get().invoice]


def test_correct_makes_it_something_else(client: Client, mike: Any, mail: InboundEmail) -> None:
    signed_in(client, mike).post(page(mail, "correct"), {"classification": "remittance", "reason": "qty"})
    row = InboundEmail.objects.get()
    assert (row.status, row.classification, row.reason, row.decided_by) == ("sorted", "remittance", "", "mike")
    assert Correction.objects.get().classification == "remittance"


def test_correct_opens_a_dispute_about_another_reason(client: Client, mike: Any, mail: InboundEmail) -> None:
    wish = {"classification": "invoice_dispute", "reason": "other", "sub_reason": "tax"}
    signed_in(client, mike).post(page(mail, "correct"), wish)
    assert Dispute.objects.values_list("reason", "sub_reason").get() == ("other", "tax")


def test_a_refused_correction_keeps_what_was_picked(client: Client, mike: Any) -> None:
    mail = doubted(None)
    wish = {"classification": "invoice_dispute", "reason": "quality", "customer": "Nobody & Sons"}
    answer = signed_in(client, mike).post(page(mail, "correct"), wish)
    html = answer.content.decode()
    assert (answer.status_code, Dispute.objects.count()) == (400, 0)
    assert 'value="Nobody &amp; Sons"' in html
    assert 'name="reason" value="quality" checked' in html
    assert "No customer “Nobody &amp; Sons”." in html


def test_a_mail_of_a_stranger_gets_its_customer_from_a_person(client: Client, mike: Any) -> None:
    mail, customer = doubted(None), owing()
    assert signed_in(client, mike).get(page(mail)).context["yes"].barred == (
        "Pick the customer first: a dispute belongs to one."
    )
    wish = {"classification": "invoice_dispute", "reason": "qty", "customer": customer.netsuite_id}
    client.post(page(mail, "correct"), wish)
    assert Dispute.objects.get().customer == customer


def test_undo_withdraws_the_dispute_and_asks_again(client: Client, mike: Any, mail: InboundEmail) -> None:
    client.post(page(mail, "yes"), {"seen": seen(signed_in(client, mike), mail)})
    answer = client.post(page(mail, "undo"))
    assert answer.url == page(mail)
    assert InboundEmail.objects.values_list("status", "decided_by").get() == ("unsure", "")
    assert Dispute.objects.values_list("status", "resolution").get() == ("resolved", "withdrawn")
    assert OutboundEmail.objects.get().status == "discarded"
    assert set(ProposedAction.objects.values_list("status", flat=True)) == {"superseded"}


def test_yes_after_an_undo_opens_a_new_dispute(client: Client, mike: Any, mail: InboundEmail) -> None:
    signed_in(client, mike)
    client.post(page(mail, "yes"), {"seen": seen(client, mail)})
    client.post(page(mail, "undo"))
    client.post(page(mail, "yes"), {"seen": seen(client, mail)})
    assert list(Dispute.objects.order_by("pk").values_list("status", flat=True)) == ["resolved", "open"]


def test_undo_is_refused_once_work_has_begun(client: Client, mike: Any, mail: InboundEmail) -> None:
    client.post(page(mail, "yes"), {"seen": seen(signed_in(client, mike), mail)})
    escalate(dispute=Dispute.objects.get(), by=mike, reason="Dana knows them")
    answer = client.post(page(mail, "undo"))
    assert (answer.status_code, answer.context["can_undo"]) == (409, False)
    assert "Work on dispute" in answer.content.decode()
    assert (Dispute.objects.get().status, InboundEmail.objects.get().status) == ("escalated", "routed")


def test_undo_of_nothing_is_refused(client: Client, mike: Any, mail: InboundEmail) -> None:
    assert signed_in(client, mike).post(page(mail, "undo")).status_code == 409


@pytest.mark.parametrize("verb", ["yes", "correct", "undo", "again"])
@pytest.mark.parametrize("name", ["owner", "rep", "committee"])
def test_others_may_read_but_not_sort(client: Client, request: Any, name: str, verb: str) -> None:
    user = request.getfixturevalue(name)
    mail = doubted(owing(sales_rep=EmployeeFactory(user=user if name == "rep" else None)))
    context = signed_in(client, user).get(page(mail)).context
    assert (context["waits"], context["yes"]) == (False, None)
    wish = {"seen": context["seen"], "classification": "spam"}
    assert client.post(page(mail, verb), wish).status_code == 403
    assert InboundEmail.objects.get().status == "unsure"


def test_a_cashier_sees_nothing(client: Client, cashier: Any, mail: InboundEmail) -> None:
    signed_in(client, cashier)
    assert [client.get(url).status_code for url in (reverse(INBOX), page(mail), page(mail, "html"))] == [403] * 3


def test_a_rep_sees_mail_of_their_own_customers_only(client: Client, rep: Any, mail: InboundEmail) -> None:
    mine = doubted(owing("Mine", sales_rep=EmployeeFactory(user=rep)))
    rows = signed_in(client, rep).get(reverse(INBOX)).context["page"].rows
    assert [row.pk for row in rows] == [mine.pk]
    assert [
        client.get(page(mail, name)).status_code for name in ("change", "html", "original", "invoices", "state")
    ] == [404] * 5


def test_tabs_count_and_narrow(client: Client, mike: Any, mail: InboundEmail) -> None:
    mail_from(owing("Sorted"), status="sorted", message_id="<2@x>", classification="remittance")
    mail_from(None, status="quarantined", message_id="<3@x>", quarantine_reason="Larger than 25 MB.")
    context = signed_in(client, mike).get(reverse(INBOX)).context
    assert [(tab.word, tab.count) for tab in context["tabs"]] == [
        ("Unsure", "1"), ("Disputes", "1"), ("All", "2"), ("Put aside", "1")
    ]  # fmt: skip
    aside = client.get(reverse(INBOX), {"tab": "aside"}).context
    assert (aside["heading"], aside["under"]) == ("Put aside, not sorted", "Larger than 25 MB.")


def test_the_search_narrows_by_sender_customer_and_subject(client: Client, mike: Any, mail: InboundEmail) -> None:
    other = doubted(owing("Cedar & Vine"), subject="Rechnung 20587")
    found = signed_in(client, mike).get(reverse(INBOX), {"q": "cedar 20587"}).context["page"].rows
    assert [row.pk for row in found] == [other.pk]


@pytest.mark.parametrize("query", [{"tab": "x"}, {"after": "x"}, {"q": "\x00"}, {"done": "9" * 30}, {"done": "x"}])
def test_nonsense_in_the_address_shows_the_inbox(
    client: Client, mike: Any, mail: InboundEmail, query: dict[str, str]
) -> None:
    answer = signed_in(client, mike).get(reverse(INBOX), query)
    assert (answer.status_code, answer.context["row"].pk) == (200, mail.pk)


def test_an_empty_inbox_says_so(client: Client, mike: Any) -> None:
    html = signed_in(client, mike).get(reverse(INBOX)).content.decode()
    assert "Nothing waits for you. New mail is read every minute" in html


def test_pages_of_the_list_hold_every_mail_once(client: Client, mike: Any) -> None:
    customer = owing()
    mails = [doubted(customer).pk for _ in range(33)]
    first = signed_in(client, mike).get(reverse(INBOX)).context["page"]
    second = client.get(reverse(INBOX), {"after": first.next}).context["page"]
    assert sorted(row.pk for row in [*first.rows, *second.rows]) == mails
    assert (len(first.rows), second.next) == (30, "")


def test_a_phone_call_is_written_down(client: Client, mike: Any) -> None:
    customer = owing("Cedar & Vine")
    wish = {"customer": "cedar & vine", "caller": "Lena Brooks", "text": "Two pallets are missing"}
    answer = signed_in(client, mike).post(reverse("admin:disputes_inboundemail_call"), wish)
    call = InboundEmail.objects.get()
    assert (call.customer, call.source, call.from_name, answer.url) == (customer, "phone", "Lena Brooks", page(call))
    assert client.get(page(call)).context["heading"] == "Being read"


@pytest.mark.parametrize("wish", [{"customer": "Nowhere", "text": "x"}, {"customer": "Cedar"}, {"text": "kept words"}])
def test_a_refused_call_keeps_what_was_typed(client: Client, mike: Any, wish: dict[str, str]) -> None:
    CustomerFactory(name="Cedar")
    answer = signed_in(client, mike).post(reverse("admin:disputes_inboundemail_call"), wish)
    assert (answer.status_code, InboundEmail.objects.count()) == (400, 0)
    assert all(value in answer.content.decode() for value in wish.values())


def test_the_committee_may_not_write_calls(client: Client, committee: Any) -> None:
    wish = {"customer": owing().netsuite_id, "text": "x"}
    assert signed_in(client, committee).post(reverse("admin:disputes_inboundemail_call"), wish).status_code == 403
    assert InboundEmail.objects.count() == 0


def test_reading_again_asks_the_worker(client: Client, mike: Any, mail: InboundEmail, monkeypatch: Any) -> None:
    asked: list[int] = []
    monkeypatch.setattr(desk, "_ring", asked.append)
    signed_in(client, mike)
    with TestCase.captureOnCommitCallbacks(execute=True):
        answer = client.post(page(mail, "again"))
    assert asked == [mail.pk]
    assert answer.url.startswith(f"{page(mail)}?asked=")


def test_what_was_put_aside_can_be_read_all_the_same(client: Client, mike: Any) -> None:
    mail = mail_from(owing(), status="quarantined", quarantine_reason="More than 120 mails within an hour.")
    signed_in(client, mike).post(page(mail, "again"))
    row = InboundEmail.objects.get()
    assert (row.status, row.quarantine_reason) == ("unsure", "")


def test_what_a_person_decided_is_not_read_again(client: Client, mike: Any, mail: InboundEmail) -> None:
    signed_in(client, mike).post(page(mail, "correct"), {"classification": "spam"})
    assert client.post(page(mail, "again")).status_code == 409


def test_the_page_follows_a_new_reading(client: Client, mike: Any, mail: InboundEmail) -> None:
    signed_in(client, mike)
    now = f"{seen(client, mail)}:{mail.run_id}"
    assert "HX-Redirect" not in client.get(page(mail, "state"), {"seen": now}).headers
    InboundEmail.objects.update(classification="remittance")
    assert client.get(page(mail, "state"), {"seen": now}).headers["HX-Redirect"] == f"{page(mail)}?read=new"


def test_waiting_for_a_reading_ends(client: Client, mike: Any, mail: InboundEmail) -> None:
    signed_in(client, mike)
    now = f"{seen(client, mail)}:{mail.run_id}"
    answer = client.get(page(mail, "state"), {"seen": now, "asked": "1000"})
    assert answer.headers["HX-Redirect"] == f"{page(mail)}?read=same"


def test_it_shows_what_was_learned(client: Client, mike: Any, mail: InboundEmail) -> None:
    signed_in(client, mike).post(page(mail, "correct"), {"classification": "remittance"})
    assert "Your correction waits for the next training" in shown(client, mail)
    said = [{"email": mail.pk, "classification": "remittance", "before": 0.31, "after": 0.87}]
    version = ClassifierVersion.objects.create(version="aa11-bb22", scores={"learned": said})
    Correction.objects.update(learned_in=version)
    assert "remittance from 0.31 to 0.87" in shown(client, mail)


def test_decisions_are_audited(client: Client, mike: Any, mail: InboundEmail) -> None:
    client.post(page(mail, "yes"), {"seen": seen(signed_in(client, mike), mail)})
    client.post(page(mail, "undo"))
    mine = AutoDecision.objects.filter(entity_ref=f"inbound_email:{mail.pk}").order_by("pk")
    assert list(mine.values_list("decision_type", "by")) == [
        ("mail_corrected", "mike"),
        ("mail_correction_undone", "mike"),
    ]


def test_undo_brings_back_what_the_classifier_had_read(client: Client, mike: Any, mail: InboundEmail) -> None:
    signed_in(client, mike).post(page(mail, "correct"), {"classification": "remittance"})
    client.post(page(mail, "undo"))
    assert client.get(page(mail)).context["heading"] == "Is this a dispute about quantity?"
