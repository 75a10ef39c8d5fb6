"""The mail pages of the console."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from customers.actions import clear_hold
from tests.factories.customers import EmployeeFactory
from tests.factories.holds import held, notice, owe, owing
from workflows.actions import emails
from workflows.models import AutoDecision, EmailVersion, OutboundEmail
from workflows.textdiff import changes, word_diff

LIST = "admin:workflows_outboundemail_changelist"


@pytest.fixture
def mail(mike: Any) -> OutboundEmail:
    """Northside's notice, to be polished."""
    return notice(held(owing(), mike))


def page(mail: OutboundEmail, verb: str = "change") -> str:
    return reverse(f"admin:workflows_outboundemail_{verb}", args=[mail.pk])


def signed_in(client: Client, user: Any) -> Client:
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def typed(mail: OutboundEmail, **changed: Any) -> dict[str, Any]:
    return {"version": mail.version, "subject": mail.subject, "body": mail.body, **changed}


def fresh(mail: OutboundEmail) -> OutboundEmail:
    return OutboundEmail.objects.get(pk=mail.pk)


class TestPolishing:
    def test_saving_keeps_the_draft_as_version_one(self, client: Client, mike: Any, mail: OutboundEmail) -> None:
        draft = mail.body
        signed_in(client, mike).post(page(mail, "edit"), typed(mail, body="Hello Maria, please call."))
        assert list(EmailVersion.objects.filter(email=mail).values_list("version", "body")) == [
            (1, draft),
            (2, "Hello Maria, please call."),
        ]

    def test_saving_in_the_background_answers_the_new_version(
        self, client: Client, mike: Any, mail: OutboundEmail
    ) -> None:
        answer = signed_in(client, mike).post(
            page(mail, "edit"), typed(mail, body="Hello Maria."), headers={"accept": "application/json"}
        )
        assert (answer.status_code, answer.json()["version"]) == (200, 2)
        assert "<ins" in answer.json()["parts"]["changes"]

    def test_a_stale_version_loses_no_text(self, client: Client, mike: Any, mail: OutboundEmail) -> None:
        emails.edit(email=fresh(mail), version=1, subject=mail.subject, body="Ines was here.", by=mike)
        answer = signed_in(client, mike).post(page(mail, "edit"), typed(mail, body="Mike wrote this."))
        assert answer.status_code == 409
        assert "Mike wrote this." in answer.content.decode()
        assert fresh(mail).body == "Ines was here."

    def test_a_stale_version_in_the_background_names_the_newer_one(
        self, client: Client, mike: Any, mail: OutboundEmail
    ) -> None:
        emails.edit(email=fresh(mail), version=1, subject=mail.subject, body="Ines was here.", by=mike)
        answer = signed_in(client, mike).post(
            page(mail, "edit"), typed(mail, body="Mine."), headers={"accept": "application/json"}
        )
        assert (answer.status_code, answer.json()["code"], answer.json()["version"]) == (409, "stale_version", 2)

    def test_a_clerk_reads_it_without_a_form(self, client: Client, clerk: Any, mail: OutboundEmail) -> None:
        html = signed_in(client, clerk).get(page(mail)).content.decode()
        assert ('<textarea id="body"' in html, "An AR manager edits and sends it." in html) == (False, True)

    def test_a_clerk_cannot_save(self, client: Client, clerk: Any, mail: OutboundEmail) -> None:
        answer = signed_in(client, clerk).post(page(mail, "edit"), typed(mail, body="Pay at once."))
        assert (answer.status_code, fresh(mail).version) == (403, 1)


class TestReleasing:
    def test_approving_saves_what_was_typed_and_starts_the_countdown(
        self, client: Client, mike: Any, mail: OutboundEmail
    ) -> None:
        signed_in(client, mike).post(page(mail, "approve"), typed(mail, body="Hello Maria."))
        sent = fresh(mail)
        assert (sent.status, sent.body, sent.version) == ("approved", "Hello Maria.", 2)
        html = client.get(page(mail)).content.decode()
        assert 'role="timer"' in html

    def test_the_wait_of_a_hold_is_ten_minutes(self, client: Client, mike: Any, mail: OutboundEmail) -> None:
        signed_in(client, mike).post(page(mail, "approve"), typed(mail))
        wait = client.get(page(mail)).context["wait"]
        assert 595 <= wait.left <= 600

    def test_undo_brings_it_back_to_the_drafts(self, client: Client, mike: Any, mail: OutboundEmail) -> None:
        signed_in(client, mike).post(page(mail, "approve"), typed(mail))
        client.post(page(mail, "undo"))
        assert fresh(mail).status == "pending_review"

    def test_a_second_undo_says_that_it_is_too_late(self, client: Client, mike: Any, mail: OutboundEmail) -> None:
        signed_in(client, mike).post(page(mail, "approve"), typed(mail))
        client.post(page(mail, "undo"))
        answer = client.post(page(mail, "undo"))
        assert answer.status_code == 409
        assert "Too late: the mail is to polish." in answer.content.decode()

    def test_without_an_address_the_text_stays(self, client: Client, mike: Any, mail: OutboundEmail) -> None:
        mail.customer.email = ""
        mail.customer.save()
        answer = signed_in(client, mike).post(page(mail, "approve"), typed(mail, body="Hello Maria."))
        assert (answer.status_code, fresh(mail).status, fresh(mail).body) == (422, "pending_review", "Hello Maria.")
        assert "has no e-mail address in NetSuite" in answer.content.decode()

    def test_the_notice_of_a_hold_that_was_lifted_cannot_be_sent(
        self, client: Client, mike: Any, mail: OutboundEmail
    ) -> None:
        clear_hold(customer=mail.customer, by="mike", reason="Paid")
        html = signed_in(client, mike).get(page(mail)).content.decode()
        assert ("It cannot be sent." in html, "data-approve" in html) == (True, False)
        assert (client.post(page(mail, "approve"), typed(mail)).status_code, fresh(mail).status) == (
            409,
            "pending_review",
        )

    @pytest.mark.parametrize("verb", ["approve", "undo", "discard", "reopen", "declare_sent"])
    def test_a_clerk_may_do_none_of_it(self, client: Client, clerk: Any, mail: OutboundEmail, verb: str) -> None:
        answer = signed_in(client, clerk).post(page(mail, verb), {"reason": "because"})
        assert (answer.status_code, fresh(mail).status) == (403, "pending_review")

    @pytest.mark.parametrize("verb", ["edit", "approve", "undo", "discard"])
    def test_a_link_does_nothing(self, client: Client, mike: Any, mail: OutboundEmail, verb: str) -> None:
        assert signed_in(client, mike).get(page(mail, verb)).status_code == 405

    def test_a_forged_form_is_refused(self, mike: Any, mail: OutboundEmail) -> None:
        strict = signed_in(Client(enforce_csrf_checks=True), mike)
        assert (strict.post(page(mail, "approve"), typed(mail)).status_code, fresh(mail).status) == (
            403,
            "pending_review",
        )


class TestDiscarding:
    def test_needs_a_reason_and_asks_in_its_dialog(self, client: Client, mike: Any, mail: OutboundEmail) -> None:
        answer = signed_in(client, mike).post(page(mail, "discard"), {"reason": " "})
        assert answer.status_code == 400
        assert (answer.context["opened"], answer.context["refusal"].code) == ("discard", "reason_required")

    def test_keeps_the_reason_in_the_audit(self, client: Client, mike: Any, mail: OutboundEmail) -> None:
        signed_in(client, mike).post(page(mail, "discard"), {"reason": "Settled by phone"})
        assert fresh(mail).status == "discarded"
        assert AutoDecision.objects.get(decision_type="mail_discarded").reason == "Settled by phone"


class TestUncertain:
    @pytest.fixture
    def lost(self, mike: Any, mail: OutboundEmail) -> OutboundEmail:
        emails.approve(email=mail, version=1, by=mike)
        OutboundEmail.objects.filter(pk=mail.pk).update(status="uncertain", error="451 connection lost after DATA")
        return mail

    def test_shows_the_mail_servers_words(self, client: Client, mike: Any, lost: OutboundEmail) -> None:
        assert "451 connection lost after DATA" in signed_in(client, mike).get(page(lost)).content.decode()

    def test_it_arrived(self, client: Client, mike: Any, lost: OutboundEmail) -> None:
        signed_in(client, mike).post(page(lost, "declare_sent"), {"reason": "Maria has it"})
        assert fresh(lost).status == "sent"

    def test_it_arrived_needs_to_say_how_one_knows(self, client: Client, mike: Any, lost: OutboundEmail) -> None:
        answer = signed_in(client, mike).post(page(lost, "declare_sent"), {"reason": ""})
        assert (answer.status_code, fresh(lost).status) == (400, "uncertain")

    def test_send_again_goes_back_to_the_drafts(self, client: Client, mike: Any, lost: OutboundEmail) -> None:
        signed_in(client, mike).post(page(lost, "reopen"))
        assert fresh(lost).status == "pending_review"


class TestFacts:
    def test_all_match_at_first(self, client: Client, mike: Any, mail: OutboundEmail) -> None:
        assert signed_in(client, mike).get(page(mail)).context["moved"] == []

    def test_a_moved_figure_is_named_with_its_new_value(self, client: Client, mike: Any, mail: OutboundEmail) -> None:
        owe(mail.customer, days=10, amount="100.00")
        moved = signed_in(client, mike).get(page(mail)).context["moved"]
        assert [(fact.label, fact.value, fact.now) for fact in moved] == [
            ("AR balance", "$48,210.40", "$48,310.40"),
            ("Past due", "$48,210.40", "$48,310.40"),
        ]


class TestSeeing:
    def test_a_rep_finds_the_mails_of_their_own_customers_only(self, client: Client, rep: Any, mike: Any) -> None:
        mine = notice(held(owing("Mine", sales_rep=EmployeeFactory(user=rep)), mike))
        other = notice(held(owing("Not mine"), mike))
        rows = signed_in(client, rep).get(reverse(LIST)).context["cl"].result_list
        assert {mail.customer_id for mail in rows} == {mine.customer_id}
        assert client.get(page(other)).status_code == 404

    def test_a_rep_cannot_act_on_a_foreign_mail(self, client: Client, rep: Any, mail: OutboundEmail) -> None:
        assert signed_in(client, rep).post(page(mail, "discard"), {"reason": "mine"}).status_code == 404

    def test_a_cashier_sees_none(self, client: Client, cashier: Any, mail: OutboundEmail) -> None:
        assert signed_in(client, cashier).get(reverse(LIST)).status_code == 403

    def test_the_state_asked_by_the_countdown(self, client: Client, mike: Any, mail: OutboundEmail) -> None:
        assert signed_in(client, mike).get(page(mail, "state")).json() == {"status": "pending_review", "version": 1}

    def test_nobody_adds_or_deletes_a_mail(self, client: Client, db: None, mail: OutboundEmail) -> None:
        boss = get_user_model().objects.create_superuser("boss", password="x")
        signed_in(client, boss)
        assert client.get(reverse("admin:workflows_outboundemail_add")).status_code == 403
        assert client.post(page(mail, "delete"), {"post": "yes"}).status_code == 403
        assert client.post(page(mail), {"subject": "x"}).status_code == 403

    def test_filters_and_search(self, client: Client, mike: Any, mail: OutboundEmail) -> None:
        OutboundEmail.objects.filter(pk=mail.pk).update(came_back="Paid since")
        found = signed_in(client, mike).get(reverse(LIST), {"status": "came_back", "q": "northside"})
        assert [row.pk for row in found.context["cl"].result_list] == [mail.pk]


def test_the_list_costs_the_same_at_two_and_at_six_mails(client: Client, mike: Any) -> None:
    signed_in(client, mike)
    counts = []
    for names in (["A"], ["B", "C"]):
        for name in names:
            held(owing(name), mike)
        client.get(reverse(LIST))
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse(LIST))
        counts.append(len(queries))
    assert counts[0] == counts[1]


class TestWordDiff:
    def test_a_replaced_word(self) -> None:
        parts = word_diff("We propose one shortly.", "We propose one today.")
        assert [(part.kind, part.text) for part in parts] == [
            ("same", "We propose one "),
            ("del", "shortly"),
            ("ins", "today"),
            ("same", "."),
        ]

    def test_an_amount_is_one_word(self) -> None:
        parts = word_diff("Pay $43,310.40 now", "Pay $43,310.50 now")
        assert [part.text for part in parts if part.kind != "same"] == ["$43,310.40", "$43,310.50"]

    def test_two_neighbouring_words_are_one_change(self) -> None:
        assert changes(word_diff("Dear customer, pay.", "Hello Maria, pay.")) == 1

    def test_an_insertion_and_a_replacement_are_two(self) -> None:
        assert changes(word_diff("lifts the hold: shortly", "lifts the hold, at once: today")) == 2

    def test_equal_texts_differ_nowhere(self) -> None:
        assert changes(word_diff("Same\n\ntext.", "Same\n\ntext.")) == 0

    def test_both_texts_can_be_read_from_the_parts(self) -> None:
        old, new = "Dear Maria,\n\n1. Pay $5.00.\n", "Hello Maria,\n\n1. Pay $5.00 today.\n2. Call.\n"
        parts = word_diff(old, new)
        assert "".join(part.text for part in parts if part.kind != "ins") == old
        assert "".join(part.text for part in parts if part.kind != "del") == new
