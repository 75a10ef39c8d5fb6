"""Kill switches, the audit and the contracts in the console."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from holds.actions.tick import aging_tick
from tests.factories.holds import held, owing
from workflows import audit
from workflows.actions import switches
from workflows.models import AutoDecision, Heartbeat, KillSwitch, WorkflowDefinition

SWITCHES = "admin:workflows_killswitch_changelist"
AUDIT = "admin:workflows_autodecision_changelist"


def signed_in(client: Client, user: Any) -> Client:
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def flip(client: Client, name: str, state: str, reason: str = "Month end") -> Any:
    return client.post(reverse("admin:workflows_killswitch_flip", args=[name]), {"state": state, "reason": reason})


def state_of(name: str) -> str:
    return KillSwitch.objects.get(pk=name).state_at(timezone.now())


class TestSwitches:
    @pytest.mark.parametrize("state", ["armed", "on"])
    def test_an_operator_flips_one_and_back(self, client: Client, operator: Any, state: str) -> None:
        signed_in(client, operator)
        flip(client, "email_send", state)
        assert state_of("email_send") == state
        flip(client, "email_send", "off", "Done")
        assert state_of("email_send") == "off"

    def test_no_reason_opens_the_dialog_again(self, client: Client, mike: Any) -> None:
        answer = flip(signed_in(client, mike), "email_send", "on", " ")
        assert (answer.status_code, answer.context["flipped"], state_of("email_send")) == (400, "email_send", "off")

    def test_an_unknown_state_is_refused(self, client: Client, mike: Any) -> None:
        assert flip(signed_in(client, mike), "email_send", "maybe").status_code == 400

    def test_an_unknown_switch_is_not_found(self, client: Client, mike: Any) -> None:
        assert flip(signed_in(client, mike), "everything", "on").status_code == 404

    def test_a_clerk_may_look_but_not_flip(self, client: Client, clerk: Any) -> None:
        signed_in(client, clerk)
        assert "flip-email_send-on" not in client.get(reverse(SWITCHES)).content.decode()
        assert (flip(client, "email_send", "on").status_code, state_of("email_send")) == (403, "off")

    def test_a_rep_does_not_see_them(self, client: Client, rep: Any) -> None:
        assert signed_in(client, rep).get(reverse(SWITCHES)).status_code == 403

    def test_the_page_names_what_was_stopped(self, client: Client, mike: Any) -> None:
        switches.flip(name="email_send", state="on", by=mike, reason="Wrong price list")
        switches.stopped("email_send", "send mail 7")
        html = signed_in(client, mike).get(reverse(SWITCHES)).content.decode()
        assert ("send mail 7" in html, "Wrong price list" in html, "data-until=" in html) == (True, True, True)


class TestAudit:
    def test_search_finds_the_customer(self, client: Client, mike: Any) -> None:
        held(owing("Northside Grocers"), mike)
        held(owing("Harborline"), mike)
        rows = signed_in(client, mike).get(reverse(AUDIT), {"q": "northside"}).context["cl"].result_list
        assert {row.customer.name for row in rows} == {"Northside Grocers"}

    def test_filter_by_kind(self, client: Client, mike: Any) -> None:
        held(owing(), mike)
        switches.flip(name="email_send", state="armed", by=mike, reason="x")
        rows = signed_in(client, mike).get(reverse(AUDIT), {"type": "kill_switch"}).context["cl"].result_list
        assert [row.decision_type for row in rows] == ["kill_switch"]

    def test_a_decision_shows_before_after_and_evidence(self, client: Client, mike: Any) -> None:
        held(owing(), mike, reason="94 days late")
        decision = AutoDecision.objects.get(decision_type="service_hold")
        answer = signed_in(client, mike).get(reverse("admin:workflows_autodecision_change", args=[decision.pk]))
        assert ("credit_hold", "AUTO", "ON") in answer.context["before_and_after"]
        assert ("ar_balance", "48210.40") in answer.context["evidence"]
        assert "94 days late" in answer.content.decode()

    def test_verify_keeps_who_and_up_to_where(self, client: Client, mike: Any) -> None:
        held(owing(), mike)
        audit.seal()
        signed_in(client, mike).post(reverse("admin:workflows_autodecision_verify"))
        kept = Heartbeat.objects.get(name="audit_verified").detail
        assert kept == {"problems": [], "count": 0, "by": "mike", "seq": audit.head().seq}

    def test_a_changed_decision_shows(self, client: Client, mike: Any) -> None:
        held(owing(), mike)
        audit.seal()
        decision = AutoDecision.objects.get(decision_type="service_hold")
        AutoDecision.objects.filter(pk=decision.pk).update(reason="forged")
        signed_in(client, mike).post(reverse("admin:workflows_autodecision_verify"))
        assert "The chain is broken in one place." in client.get(reverse(AUDIT)).content.decode()
        detail = client.get(reverse("admin:workflows_autodecision_change", args=[decision.pk]))
        assert "Seal broken" in detail.content.decode()

    def test_the_head_as_text(self, client: Client, mike: Any) -> None:
        held(owing(), mike)
        audit.seal()
        answer = signed_in(client, mike).get(reverse("admin:workflows_autodecision_head"))
        head = audit.head()
        assert answer["Content-Type"] == "text/plain; charset=utf-8"
        assert answer.content.decode().splitlines()[0] == f"{head.seq}:{head.hash}"

    def test_a_clerk_may_neither_verify_nor_export(self, client: Client, clerk: Any) -> None:
        signed_in(client, clerk)
        assert client.post(reverse("admin:workflows_autodecision_verify")).status_code == 403
        assert client.get(reverse("admin:workflows_autodecision_head")).status_code == 403

    def test_a_rep_does_not_see_it(self, client: Client, rep: Any) -> None:
        assert signed_in(client, rep).get(reverse(AUDIT)).status_code == 403

    def test_nobody_adds_edits_or_deletes_a_decision(self, client: Client, mike: Any) -> None:
        held(owing(), mike)
        decision = AutoDecision.objects.get(decision_type="service_hold")
        signed_in(client, get_user_model().objects.create_superuser("boss", password="x"))
        answers = [
            client.get(reverse("admin:workflows_autodecision_add")),
            client.post(reverse("admin:workflows_autodecision_change", args=[decision.pk]), {"reason": "forged"}),
            client.post(reverse("admin:workflows_autodecision_delete", args=[decision.pk]), {"post": "yes"}),
        ]
        assert [answer.status_code for answer in answers] == [403, 403, 403]


class TestContracts:
    @pytest.fixture
    def hold(self, db: None) -> WorkflowDefinition:
        return WorkflowDefinition.objects.get(workflow_type="service_hold_trigger")

    def page(self, row: WorkflowDefinition, verb: str = "change") -> str:
        return reverse(f"admin:workflows_workflowdefinition_{verb}", args=[row.pk])

    def form(self, client: Client, row: WorkflowDefinition, **changed: str) -> dict[str, str]:
        """The form as the page shows it, with a reason."""
        shown = client.get(self.page(row)).context
        form = {"seen": shown["seen"], "reason": "New policy", "enabled": "on"}
        form |= {one["name"]: str(one["value"]) for one in shown["numbers"]}
        for one in shown["texts"]:
            form |= {f"{one['name']}.subject": one["subject"], f"{one['name']}.body": one["body"]}
        return {**form, **changed}

    def save(self, client: Client, row: WorkflowDefinition, **changed: str) -> Any:
        return client.post(self.page(row, "save"), self.form(client, row, **changed))

    def test_saving_the_form_as_it_is_changes_nothing(
        self, client: Client, mike: Any, hold: WorkflowDefinition
    ) -> None:
        before = hold.history.count()
        assert self.save(signed_in(client, mike), hold).status_code == 302
        hold.refresh_from_db()
        assert (hold.thresholds, hold.texts, hold.history.count()) == ({}, {}, before)

    def test_a_new_line_reaches_the_aging_tick(self, client: Client, mike: Any, hold: WorkflowDefinition) -> None:
        customer = owing(days=70)
        self.save(signed_in(client, mike), hold, days="80")
        assert aging_tick(as_of=customer.oldest_due + timedelta(days=70)).as_dict()["staged"] == 0

    def test_it_keeps_who_why_and_before(self, client: Client, mike: Any, hold: WorkflowDefinition) -> None:
        self.save(signed_in(client, mike), hold, amount="12,500.50")
        hold.refresh_from_db()
        newest = hold.history.first()
        assert hold.thresholds == {"amount": "12500.5"}
        assert (newest.history_user, newest.history_change_reason) == (mike, "New policy")
        decision = AutoDecision.objects.get(decision_type="contract_changed")
        assert (decision.before["thresholds"], decision.after["thresholds"]) == ({}, {"amount": "12500.5"})

    def test_an_empty_number_falls_back_to_the_code(self, client: Client, mike: Any, hold: WorkflowDefinition) -> None:
        self.save(signed_in(client, mike), hold, days="80")
        self.save(client, hold, days="")
        hold.refresh_from_db()
        assert hold.thresholds == {}

    @pytest.mark.parametrize(
        ("name", "typed"),
        [("days", "sixty"), ("days", "-1"), ("days", "1.5"), ("days", "NaN"), ("amount", "1e99"), ("amount", "1.005")],
    )
    def test_a_wrong_number_is_named_at_its_field(
        self, client: Client, mike: Any, hold: WorkflowDefinition, name: str, typed: str
    ) -> None:
        answer = self.save(signed_in(client, mike), hold, **{name: typed})
        assert (answer.status_code, list(answer.context["refusal"].extra["errors"])) == (400, [name])
        assert f'value="{typed}"' in answer.content.decode()
        hold.refresh_from_db()
        assert hold.thresholds == {}

    def test_a_text_is_used_by_the_next_draft(self, client: Client, mike: Any, hold: WorkflowDefinition) -> None:
        self.save(signed_in(client, mike), hold, **{"customer_notice.subject": "{customer}: please call {company}"})
        mail = held(owing(), mike).run.emails.get(kind="customer_notice")
        assert re.fullmatch(r"Northside Grocers: please call .+", mail.subject)

    def test_an_unknown_placeholder_is_named(self, client: Client, mike: Any, hold: WorkflowDefinition) -> None:
        answer = self.save(signed_in(client, mike), hold, **{"customer_notice.body": "Dear {custommer}, pay."})
        errors = answer.context["refusal"].extra["errors"]
        assert (answer.status_code, list(errors)) == (400, ["customer_notice.body"])
        assert errors["customer_notice.body"].startswith("Unknown placeholder {custommer}.")
        assert "Dear {custommer}, pay." in answer.content.decode()

    def test_an_empty_text_is_refused(self, client: Client, mike: Any, hold: WorkflowDefinition) -> None:
        answer = self.save(signed_in(client, mike), hold, **{"rep_note.subject": " "})
        assert list(answer.context["refusal"].extra["errors"]) == ["rep_note.subject"]

    def test_without_a_reason_nothing_is_saved(self, client: Client, mike: Any, hold: WorkflowDefinition) -> None:
        answer = self.save(signed_in(client, mike), hold, days="80", reason=" ")
        hold.refresh_from_db()
        assert (answer.status_code, answer.context["refusal"].code, hold.thresholds) == (400, "reason_required", {})

    def test_a_lost_race_keeps_the_input(self, client: Client, mike: Any, hold: WorkflowDefinition) -> None:
        signed_in(client, mike)
        stale = self.form(client, hold, days="80")
        self.save(client, hold, days="75")
        answer = client.post(self.page(hold, "save"), stale)
        hold.refresh_from_db()
        assert (answer.status_code, hold.thresholds) == (409, {"days": 75})
        assert 'value="80"' in answer.content.decode()

    def test_disable_and_enable(self, client: Client, mike: Any, hold: WorkflowDefinition) -> None:
        form = self.form(signed_in(client, mike), hold)
        del form["enabled"]
        client.post(self.page(hold, "save"), form)
        hold.refresh_from_db()
        assert hold.enabled is False
        self.save(client, hold)
        hold.refresh_from_db()
        assert hold.enabled is True

    def test_a_clerk_reads_it_only(self, client: Client, clerk: Any, hold: WorkflowDefinition) -> None:
        answer = self.save(signed_in(client, clerk), hold, days="80")
        hold.refresh_from_db()
        assert (answer.status_code, hold.thresholds) == (403, {})
        assert "Save contract" not in client.get(self.page(hold)).content.decode()

    def test_history_cannot_be_reverted(self, client: Client, mike: Any, hold: WorkflowDefinition) -> None:
        answer = signed_in(client, mike).get(self.page(hold, "history"))
        assert answer.url.endswith("#history")
