"""The page of a dispute and the list: what is shown, each button, who may."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ

from customers.clock import business_today
from disputes.actions import learning, triage
from disputes.models import ClassifierVersion, Correction, Dispute, InboundEmail
from tests.disputes.test_triage_page import signed_in
from tests.factories.customers import EmployeeFactory, InvoiceFactory, PaymentFactory
from tests.factories.disputes import answer_to, disputed, proposal_about
from tests.factories.holds import owing
from tests.factories.triage import doubted
from workflows.models import ProposedAction

pytestmark = pytest.mark.django_db
LIST = "admin:disputes_dispute_changelist"
WHY = {"reason": "Photos seen"}


def page(dispute: Dispute, verb: str = "change") -> str:
    return reverse(f"admin:disputes_dispute_{verb}", args=[dispute.pk])


def listed(client: Client, **query: str) -> list[int]:
    return [row.pk for row in client.get(reverse(LIST), query).context["cl"].result_list]


@pytest.fixture
def dispute(mike: Any) -> Dispute:
    return disputed(owing(), mike)


def test_it_gathers_what_is_known(client: Client, mike: Any, dispute: Dispute) -> None:
    today = business_today()
    payment = PaymentFactory(customer=dispute.customer, issued=today - timedelta(days=89))
    PaymentFactory(customer=dispute.customer, issued=today - timedelta(days=90))
    earlier = disputed(dispute.customer, mike, invoice_ref=InvoiceFactory(customer=dispute.customer).tranid)
    context = signed_in(client, mike).get(page(dispute)).context
    assert (context["payments"], context["others"]) == ([payment], [earlier])
    assert context["answers"] == [answer_to(dispute)]
    assert [words for _row, words in context["waiting"]] == ["Route dispute to the rep"]
    assert [clock.state for clock in context["clocks"]] == ["running", "running"]


def test_a_broken_promise_is_shown(client: Client, mike: Any, dispute: Dispute) -> None:
    Dispute.objects.update(respond_by=timezone.now() - timedelta(hours=3))
    clock = signed_in(client, mike).get(page(dispute)).context["clocks"][0]
    assert (clock.state, clock.words.split(",")[0]) == ("late", "3 h late")


def test_a_mail_stands_with_its_words_marked(client: Client, mike: Any) -> None:
    triage.confirm(email=doubted(owing()), by=mike)
    html = signed_in(client, mike).get(page(Dispute.objects.get())).content.decode()
    assert "<mark>did not arrive</mark>" in html


def test_what_a_customer_says_cannot_become_markup(client: Client, mike: Any) -> None:
    dispute = disputed(owing(), mike, reason_text="<img src=x onerror=alert(1)>")
    assert "<img src=x" not in signed_in(client, mike).get(page(dispute)).content.decode()


def test_the_timeline_tells_it_newest_first(client: Client, mike: Any, dispute: Dispute) -> None:
    signed_in(client, mike).post(page(dispute, "amount"), {"amount": "100.00", **WHY})
    client.post(page(dispute, "escalate"), WHY)
    what = [event.what for event in client.get(page(dispute)).context["events"]]
    assert what[0] in ("Routed", "Route dispute to the rep: applied")
    assert {"Opened", "Answer drafted", "Amount changed", "Routed", "Route dispute to the rep: proposed"} <= set(what)


def test_mike_routes_at_once(client: Client, mike: Any, dispute: Dispute) -> None:
    signed_in(client, mike).post(page(dispute, "escalate"), WHY)
    assert Dispute.objects.get().status == "escalated"
    assert proposal_about(dispute, "customer_escalation").status == "applied"


def test_a_second_routing_is_told(client: Client, mike: Any, dispute: Dispute) -> None:
    signed_in(client, mike).post(page(dispute, "escalate"), WHY)
    answer = client.post(page(dispute, "escalate"), {"reason": "typed with care"})
    html = answer.content.decode()
    assert (answer.status_code, "This dispute is escalated already." in html) == (409, True)
    assert "You had written: “typed with care”" in html


def test_a_clerk_proposes_a_credit_once(client: Client, clerk: Any, dispute: Dispute) -> None:
    wish = {"amount": "900.00", **WHY}
    signed_in(client, clerk).post(page(dispute, "credit"), wish)
    assert proposal_about(dispute, "credit_memo").at_stake == Decimal("900.00")
    assert client.post(page(dispute, "credit"), wish).status_code == 409
    assert ProposedAction.objects.filter(action_type="credit_memo").count() == 1


@pytest.mark.parametrize("amount", ["", "0", "-5", "NaN", "1e30", "48210.41", "x"])
def test_a_refused_credit_keeps_what_was_typed(client: Client, clerk: Any, dispute: Dispute, amount: str) -> None:
    answer = signed_in(client, clerk).post(page(dispute, "credit"), {"amount": amount, "reason": "typed with care"})
    html = answer.content.decode()
    assert (answer.status_code, answer.context["opened"]) == (400, "credit")
    assert "typed with care" in html
    assert not ProposedAction.objects.filter(action_type="credit_memo").exists()


def test_the_amount_is_changed_with_its_end(client: Client, clerk: Any, dispute: Dispute) -> None:
    until = business_today() + timedelta(days=7)
    wish = {"amount": "2960.00", "until": until.isoformat(), **WHY}
    signed_in(client, clerk).post(page(dispute, "amount"), wish)
    assert Dispute.objects.values_list("amount", "set_apart_until").get() == (Decimal("2960.00"), until)


@pytest.mark.parametrize("until", ["2000-01-01", "soon", "99999-01-01"])
def test_a_wrong_end_is_refused(client: Client, clerk: Any, dispute: Dispute, until: str) -> None:
    wish = {"amount": "100.00", "until": until, **WHY}
    assert signed_in(client, clerk).post(page(dispute, "amount"), wish).status_code == 400
    assert Dispute.objects.get().amount == dispute.amount


def test_the_root_cause_can_be_noted_after_the_end(client: Client, mike: Any, dispute: Dispute) -> None:
    signed_in(client, mike).post(page(dispute, "resolve"), {"resolution": "upheld", **WHY})
    client.post(page(dispute, "cause"), {"root_cause": "Price list not loaded"})
    assert Dispute.objects.get().root_cause == "Price list not loaded"


def test_another_reason_rewrites_the_draft(client: Client, mike: Any, dispute: Dispute) -> None:
    before = answer_to(dispute).body
    signed_in(client, mike).post(page(dispute, "subject"), {"reason": "other", "sub_reason": "tax"})
    assert Dispute.objects.values_list("reason", "sub_reason").get() == ("other", "tax")
    assert answer_to(dispute).body != before


def test_another_invoice_must_be_the_customers(client: Client, mike: Any, dispute: Dispute) -> None:
    other, foreign = InvoiceFactory(customer=dispute.customer), owing("Else").transactions.get()
    assert signed_in(client, mike).post(page(dispute, "invoice"), {"invoice_ref": foreign.tranid}).status_code == 400
    client.post(page(dispute, "invoice"), {"invoice_ref": other.tranid})
    assert Dispute.objects.get().invoice == other


def test_withdraw(client: Client, clerk: Any, dispute: Dispute) -> None:
    signed_in(client, clerk).post(page(dispute, "withdraw"), WHY)
    assert Dispute.objects.values_list("status", "resolution").get() == ("resolved", "withdrawn")


@pytest.mark.parametrize("verb", ["escalate", "withdraw", "amount", "credit", "subject", "invoice", "cause", "resolve"])
def test_a_rep_reads_only(client: Client, rep: Any, mike: Any, verb: str) -> None:
    dispute = disputed(owing(sales_rep=EmployeeFactory(user=rep)), mike)
    tranid = dispute.invoice.tranid if dispute.invoice else ""
    wish = {"reason": "qty", "amount": "10.00", "invoice_ref": tranid, "root_cause": "x", "resolution": "upheld"}
    assert signed_in(client, rep).get(page(dispute)).status_code == 200
    assert client.post(page(dispute, verb), wish).status_code == 403
    fresh = Dispute.objects.get()
    assert (fresh.status, fresh.amount, fresh.reason, fresh.root_cause) == ("open", dispute.amount, "quality", "")


def test_a_foreign_rep_finds_nothing(client: Client, rep: Any, dispute: Dispute) -> None:
    assert signed_in(client, rep).post(page(dispute, "withdraw"), WHY).status_code == 404


def test_a_reps_own_queue(client: Client, rep: Any, mike: Any) -> None:
    employee = EmployeeFactory(user=rep)
    routed, waiting = (disputed(owing(name, sales_rep=employee), mike) for name in ("Routed", "Waiting"))
    signed_in(Client(), mike).post(page(routed, "escalate"), WHY)
    signed_in(client, rep)
    assert (listed(client, queue="mine"), sorted(listed(client))) == ([routed.pk], [routed.pk, waiting.pk])
    first = client.get(reverse(LIST)).context["shortcuts"][0]
    assert (first.word, first.count) == ("Routed to me", 1)


def test_filters(client: Client, mike: Any) -> None:
    old, late, small = (disputed(owing(name), mike) for name in ("Old", "Late", "Small"))
    now = timezone.now()
    Dispute.objects.filter(pk=old.pk).update(opened_at=now - timedelta(days=40), reason="pricing")
    Dispute.objects.filter(pk=late.pk).update(respond_by=now - timedelta(minutes=1))
    Dispute.objects.filter(pk=small.pk).update(
        amount=Decimal(1000), responded_at=now, resolve_by=now + timedelta(hours=9)
    )
    signed_in(client, mike)
    assert [
        listed(client, age="older"), listed(client, reason="pricing"), listed(client, clock="late"),
        listed(client, size="small"), listed(client, clock="today", size="small"), listed(client, size="none"),
    ] == [[old.pk], [old.pk], [late.pk], [small.pk], [small.pk], []]  # fmt: skip
    assert sorted(listed(client, clock="unanswered")) == [old.pk, late.pk]
    assert sorted(listed(client, age="day")) == [late.pk, small.pk]


def cost(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


@pytest.mark.parametrize("name", [LIST, "admin:disputes_inboundemail_changelist"])
def test_lists_cost_the_same_for_one_row_and_for_three(client: Client, mike: Any, name: str) -> None:
    def fill(number: int) -> None:
        doubted(owing(f"Waiting {number}"))
        triage.confirm(email=doubted(owing(f"Sorted {number}")), by=mike)

    fill(1)
    signed_in(client, mike)
    client.get(reverse(name))
    one = cost(client, reverse(name))
    fill(2), fill(3)
    assert cost(client, reverse(name)) == one


def test_a_page_costs_the_same_whatever_happened_to_it(client: Client, mike: Any, dispute: Dispute) -> None:
    signed_in(client, mike)
    client.get(page(dispute))
    one = cost(client, page(dispute))
    for amount in ("10.00", "20.00", "30.00"):
        client.post(page(dispute, "amount"), {"amount": amount, **WHY})
    for _ in range(3):
        disputed(dispute.customer, mike, invoice_ref=InvoiceFactory(customer=dispute.customer).tranid)
        PaymentFactory(customer=dispute.customer, issued=business_today())
    assert cost(client, page(dispute)) == one


# --- the classifier's page ----------------------------------------------------------------------------


@pytest.fixture
def version(db: None) -> ClassifierVersion:
    figures = {"precision": 0.95, "recall": 0.94, "f1": 0.945, "mails": 120}
    return ClassifierVersion.objects.create(
        version="aa11bb22-cc33dd44",
        active=True,
        examples=612,
        scores={"dispute_f1": 0.945, "reason_macro_f1": 0.871, "classes": {"invoice_dispute": figures}, "reasons": {}},
        before={"dispute_f1": 0.931, "reason_macro_f1": 0.871},
        why="Not worse than before.",
    )


def test_before_and_after(client: Client, mike: Any, version: ClassifierVersion) -> None:
    context = signed_in(client, mike).get(reverse("admin:disputes_classifierversion_changelist")).context
    assert [one["change"] for one in context["compared"]] == ["+0.014", "unchanged"]
    assert (context["under_way"], context["waiting"]) == (False, 0)


def test_a_version_shows_its_classes_and_what_it_learned(client: Client, mike: Any, version: ClassifierVersion) -> None:
    mail = doubted(owing())
    Correction.objects.create(email=mail, classification="remittance", by="mike", learned_in=version)
    version.scores["learned"] = [{"email": mail.pk, "classification": "remittance", "before": 0.31, "after": 0.87}]
    version.save()
    address = reverse("admin:disputes_classifierversion_change", args=[version.pk])
    answer = signed_in(client, mike).get(address)
    assert [word for word, _one in answer.context["classes"]] == ["Invoice dispute"]
    assert "0.31 → 0.87" in answer.content.decode()


def test_train_now_rings_and_the_page_follows(client: Client, mike: Any, version: ClassifierVersion) -> None:
    progress = reverse("admin:disputes_classifierversion_progress")
    assert signed_in(client, mike).get(progress).headers["HX-Refresh"] == "true"
    learning.ring()
    assert OrmQ.objects.count() == 1
    assert "HX-Refresh" not in client.get(progress).headers
    assert client.get(reverse("admin:disputes_classifierversion_changelist")).context["under_way"] is True


@pytest.mark.parametrize("name", ["rep", "committee", "owner"])
def test_others_do_not_train(client: Client, request: Any, name: str, version: ClassifierVersion) -> None:
    signed_in(client, request.getfixturevalue(name))
    addresses = [reverse(f"admin:disputes_classifierversion_{one}") for one in ("changelist", "progress")]
    assert [client.get(address).status_code for address in addresses] == [403, 403]
    assert client.post(reverse("admin:disputes_classifierversion_retrain")).status_code == 403


# --- HTML and files -----------------------------------------------------------------------------------


def mail_page(mail: InboundEmail, name: str, *args: int) -> str:
    return reverse(f"admin:disputes_inboundemail_{name}", args=[mail.pk, *args])


def test_html_comes_clean_and_locked(client: Client, mike: Any) -> None:
    html = "<p>Hi <b>you</b></p><script>alert(1)</script><img src='https://evil.example/x.gif'><form action=/x></form>"
    mail = doubted(owing(), body_html=html)
    answer = signed_in(client, mike).get(mail_page(mail, "html"))
    text, policy = answer.content.decode(), answer.headers["Content-Security-Policy"]
    assert "<p>Hi <b>you</b></p>" in text
    assert [word for word in ("script", "<img", "<form", "evil.example") if word in text] == []
    assert (answer.headers["X-Frame-Options"], policy.split(";")[0]) == ("SAMEORIGIN", "default-src 'none'")
    assert policy.endswith("frame-ancestors 'self'; sandbox")
    assert 'sandbox=""' in client.get(mail_page(mail, "change")).content.decode()


def test_files_are_downloads_under_our_names(client: Client, mike: Any) -> None:
    mail = doubted(owing(), raw=b"From: x\r\n\r\nhi", raw_size=13)
    evil = "<svg onload=alert(1)>.html"
    row = mail.attachments.create(
        name="attachment-1.bin", given_name=evil, content_type="text/html", size=5, sha256="x", content=b"<b>x"
    )
    lost = mail.attachments.create(name="attachment-2.bin", size=9_000_000, sha256="y")
    signed_in(client, mike)
    answers = [client.get(mail_page(mail, "file", row.pk)), client.get(mail_page(mail, "original"))]
    assert [answer.headers["Content-Disposition"] for answer in answers] == [
        'attachment; filename="attachment-1.bin"',
        f'attachment; filename="mail-{mail.pk}.eml"',
    ]
    assert {answer.headers["Content-Type"] for answer in answers} == {"application/octet-stream"}
    assert client.get(mail_page(mail, "file", lost.pk)).status_code == 404
    assert "<svg onload" not in client.get(mail_page(mail, "change")).content.decode()


def test_a_file_of_another_mail_is_not_handed_out(client: Client, mike: Any) -> None:
    mine, other = doubted(owing()), doubted(owing("Else"))
    row = other.attachments.create(name="attachment-1.bin", size=1, sha256="x", content=b"x")
    assert signed_in(client, mike).get(mail_page(mine, "file", row.pk)).status_code == 404
