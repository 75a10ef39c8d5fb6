"""Editing the answers in the console."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from disputes.actions.answers import change_answer, version_of
from disputes.models import ResponseTemplate
from netsuite.errors import Refusal
from tests.factories.disputes import answer_to, disputed
from tests.factories.holds import owing
from workflows.models import AutoDecision

pytestmark = pytest.mark.django_db
LIST = "admin:disputes_responsetemplate_changelist"


@pytest.fixture
def answer(db: None) -> ResponseTemplate:
    return ResponseTemplate.objects.get(reason="quality", language="en")


def page(answer: ResponseTemplate, verb: str = "change") -> str:
    return reverse(f"admin:disputes_responsetemplate_{verb}", args=[answer.pk])


def signed_in(client: Client, user: Any) -> Client:
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def wish(answer: ResponseTemplate, **changed: str) -> dict[str, str]:
    text = {"subject": "About {about}", "body": "Dear {contact},\n\nWe look into it.", "reason": "Shorter"}
    return {"seen": version_of(answer), **text, **changed}


def test_a_new_text_is_used_from_now_on(client, mike, clerk, answer):
    signed_in(client, mike).post(page(answer, "save"), wish(answer))
    dispute = disputed(owing(), clerk)
    assert answer_to(dispute).body == "Dear Maria Lopez,\n\nWe look into it."


def test_the_change_is_kept_with_its_reason(client, mike, answer):
    signed_in(client, mike).post(page(answer, "save"), wish(answer))
    past = answer.history.order_by("-history_id").first()
    assert (past.history_change_reason, past.history_user, past.subject) == ("Shorter", mike, "About {about}")
    assert AutoDecision.objects.get(decision_type="answer_changed").after["subject"] == "About {about}"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"body": "Dear {name}"}, "Unknown placeholder {name}"),
        ({"subject": "{invoice.total}", "body": "{secret_key}"}, "Unknown placeholder {secret_key}"),
        ({"subject": " "}, "needs a subject"),
        ({"body": ""}, "needs a subject and a text"),
        ({"subject": "x" * 201}, "at most 200 characters"),
        ({"reason": " "}, "Say why"),
    ],
)
def test_a_wrong_text_comes_back_with_what_was_typed(client, mike, answer, changed, words):
    given = wish(answer, **changed)
    refused = signed_in(client, mike).post(page(answer, "save"), given)
    html = refused.content.decode()
    assert (refused.status_code, words in html, given["body"][:8] in html) == (400, True, True)
    answer.refresh_from_db()
    assert answer.subject == "Your message about {about}"


def test_who_comes_second_keeps_the_input(mike, answer):
    given = wish(answer)
    change_answer(template=answer, by=mike, **given)
    with pytest.raises(Refusal, match="Somebody changed this answer") as refused:
        change_answer(template=answer, by=mike, **{**given, "subject": "Mine"})
    assert refused.value.status == 409


def test_an_equal_text_is_no_change(mike, answer):
    change_answer(template=answer, by=mike, **wish(answer, subject=answer.subject, body=answer.body))
    assert (answer.history.count(), AutoDecision.objects.count()) == (1, 0)


def test_a_clerk_reads_only(client, clerk, answer):
    html = signed_in(client, clerk).get(page(answer)).content.decode()
    assert ("You may read it" in html, "{resolve_by}" in html) == (True, True)
    assert client.post(page(answer, "save"), wish(answer)).status_code == 403


@pytest.mark.parametrize("role", ["rep", "cashier", "committee"])
def test_others_do_not_see_them(client, role, request, answer):
    user = request.getfixturevalue(role)
    assert signed_in(client, user).get(page(answer)).status_code == 403


def test_the_list_finds_language_and_reason(client, mike):
    found = signed_in(client, mike).get(reverse(LIST), {"language": "de", "reason": "other"})
    assert len(found.context["cl"].result_list) == 8
