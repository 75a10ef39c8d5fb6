"""Training: versions, figures, corrections, and that a worse version is not taken into use."""

import json
from dataclasses import replace
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from disputes.actions import learning
from disputes.classifier import evaluation, sorting, storage, training
from disputes.classifier.corpus import Example
from disputes.classifier.evaluation import Judged
from disputes.classifier.model import Label, Scores
from disputes.models import ClassifierVersion, Correction, InboundEmail
from disputes.models.inbound import CLASSES, REASONS
from netsuite.errors import Refusal
from tests.disputes.classifier.conftest import SHIPPED
from workflows.models import AutoDecision

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh(few_mails, monkeypatch):
    monkeypatch.setattr(sorting, "_loaded", {})
    monkeypatch.setattr(training, "_newest", {})


@pytest.fixture
def bells(monkeypatch):
    rung = []
    monkeypatch.setattr(learning, "async_task", lambda task, **options: rung.append((task, options)))
    return rung


@pytest.fixture
def email(db):
    return InboundEmail.objects.create(
        source="imap",
        message_id="<1@x.example>",
        body_hash="1" * 64,
        from_email="ap@lake.example",
        subject="Regarding the goods",
        body_text="zylo blarg quimby fenwick",
        fresh_text="zylo blarg quimby fenwick",
        classification="other",
    )


def say(email, by, **said):
    return learning.correct(email=email, by=by, **{"classification": "invoice_dispute", "reason": "quality"} | said)


def test_training_keeps_figures_and_the_file():
    row = training.train()
    assert row.active
    assert row.why == "The first one."
    assert {"dispute_f1", "reason_macro_f1", "classes", "calibration"} <= set(row.scores)
    assert storage.load(row.version, row.sha256).dispute_scale.slope > 0


def test_the_same_mails_give_the_same_version(few_mails):
    first = training.train()
    assert training.train().pk == first.pk
    assert ClassifierVersion.objects.count() == 1


def test_figures_follow_a_hasty_first_training():
    hasty = training.train(evaluate=False)
    assert hasty.scores == {}
    assert training.train().scores["dispute_f1"] > 0
    assert ClassifierVersion.objects.count() == 1


def test_a_correction_is_learned_with_the_score_before_and_after(mike, email, bells):
    first = training.train()
    correction = say(email, mike)
    row = training.train()
    correction.refresh_from_db()
    assert (row.corrections, row.active, correction.learned_in) == (1, True, row)
    assert row.before["dispute_f1"] == first.scores["dispute_f1"]
    [learned] = row.scores["learned"]
    assert (learned["email"], learned["classification"]) == (email.pk, "invoice_dispute")
    assert learned["after"] > learned["before"]


def test_only_the_newest_correction_of_a_mail_counts(mike, email, bells):
    say(email, mike)
    say(email, mike, classification="order", reason="")
    [example] = training.lesson().corrected
    assert (example.classification, example.reason) == ("order", "")


def test_an_undone_correction_is_forgotten(mike, email, bells):
    say(email, mike)
    learning.undo(email=email, by=mike)
    assert training.lesson().corrected == []
    assert learning.undo(email=email, by=mike) is None


def test_a_worse_version_is_not_taken_into_use(monkeypatch, mike, email, bells):
    good = training.train()
    ClassifierVersion.objects.filter(pk=good.pk).update(scores=good.scores | {"dispute_f1": 1.5})
    say(email, mike)
    row = training.train()
    assert not row.active
    assert row.why.startswith("Not taken into use: dispute F1 would fall from 1.500 to ")
    assert ClassifierVersion.objects.get(active=True) == good


@pytest.mark.parametrize(
    ("now", "words"),
    [
        ({"dispute_f1": 0.90, "reason_macro_f1": 0.80}, ""),
        ({"dispute_f1": 0.895, "reason_macro_f1": 0.785}, ""),
        ({"dispute_f1": 0.88, "reason_macro_f1": 0.9}, "dispute F1 would fall from 0.900 to 0.880"),
        ({"dispute_f1": 0.95, "reason_macro_f1": 0.7}, "reason macro-F1 would fall from 0.800 to 0.700"),
        ({}, ""),
    ],
)
def test_worse_is_more_than_chance(now, words):
    answer = training.worse(now, {"dispute_f1": 0.90, "reason_macro_f1": 0.80})
    assert answer == (f"Not taken into use: {words}." if words else "")


def test_figures_over_other_mails_do_not_compare():
    before = {"dispute_f1": 0.9, "corpus": "one"}
    assert training.worse({"dispute_f1": 0.7, "corpus": "another"}, before) == ""
    assert training.worse({"dispute_f1": 0.7, "corpus": "one"}, before) != ""


def test_with_few_mails_a_figure_may_fall_further():
    before = {"dispute_f1": 0.80, "mails": 100}
    assert training.worse({"dispute_f1": 0.77}, before) == ""
    assert (
        training.worse({"dispute_f1": 0.75}, before) == "Not taken into use: dispute F1 would fall from 0.800 to 0.750."
    )


def test_old_files_are_deleted(mike, email, bells):
    training.train(evaluate=False)
    for kind in ("order", "spam", "other", "remittance"):
        say(email, mike, classification=kind, reason="")
        training.train(evaluate=False)
    assert len(list(storage.path_of("x").parent.glob("*.joblib"))) == training.KEPT_FILES


def test_a_correction_is_audited_and_rings_after_commit(mike, email, bells, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        correction = say(email, mike)
    assert (correction.by, correction.was_classification) == ("mike", "other")
    decision = AutoDecision.objects.get(decision_type="mail_corrected")
    assert decision.after == {"classification": "invoice_dispute", "reason": "quality", "sub_reason": ""}
    assert bells == [("disputes.tasks.retrain", {"q_options": {"timeout": 170}})]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"classification": "complaint", "reason": ""}, "invalid_classification"),
        ({"reason": ""}, "invalid_reason"),
        ({"reason": "rude"}, "invalid_reason"),
        ({"classification": "order", "reason": "qty"}, "invalid_reason"),
        ({"reason": "qty", "sub_reason": "tax"}, "invalid_sub_reason"),
        ({"reason": "other", "sub_reason": "rude"}, "invalid_sub_reason"),
    ],
)
def test_a_correction_outside_the_lists_is_refused(mike, email, bells, said, code):
    with pytest.raises(Refusal) as refusal:
        say(email, mike, **said)
    assert (refusal.value.code, Correction.objects.count()) == (code, 0)


def test_who_may_not_sort_mail_may_not_correct(rep, email, bells):
    with pytest.raises(Refusal) as refusal:
        say(email, rep)
    assert (refusal.value.status, Correction.objects.count()) == (403, 0)


def test_the_schedule_rings_only_when_something_waits(mike, email, bells):
    training.train()
    assert not learning.ring_when_needed()
    say(email, mike)
    assert learning.ring_when_needed()
    training.train()
    assert not learning.ring_when_needed()
    Correction.objects.update(undone_at=timezone.now())
    assert learning.ring_when_needed()


def test_authors_and_threads_are_kept_together():
    def one(number: int, author: str, thread: str) -> Example:
        return Example(str(number), "en", author, "i", thread, "", "x", "order")

    mails = [one(1, "a", "t1"), one(2, "b", "t1"), one(3, "b", "t2"), one(4, "c", "t3")]
    assert evaluation.groups(mails) == ["author a"] * 3 + ["author c"]
    assert evaluation.groups(mails, by_industry=True) == ["author a"] * 4


def test_one_author_more_moves_nobody_to_another_part(few_mails):
    before = [evaluation.fold_of(group) for group in evaluation.groups(few_mails)]
    newcomer = replace(few_mails[0], author="newcomer", thread="new")
    assert [evaluation.fold_of(group) for group in evaluation.groups([newcomer, *few_mails])][1:] == before


def test_the_figures_by_hand():
    def said(dispute: float, reason: str) -> Scores:
        classes = {name: 0.0 for name, _ in CLASSES} | {"invoice_dispute": dispute, "order": 1 - dispute}
        return Scores(classes, {name: float(name == reason) for name, _ in REASONS}, {})

    labels = [Label("invoice_dispute", "qty"), Label("invoice_dispute", "pricing"), Label("order"), Label("order")]
    scores = [said(0.9, "qty"), said(0.45, "qty"), said(0.8, "qty"), said(0.1, "qty")]
    figures = evaluation.figures(Judged(labels, scores))
    dispute = figures["classes"]["invoice_dispute"]
    assert (dispute["precision"], dispute["recall"], dispute["f1"]) == (0.5, 0.5, 0.5)
    assert figures["reasons"]["qty"]["recall"] == 1
    assert figures["reasons"]["pricing"]["f1"] == 0
    assert figures["unsure_share"] == 0.25


def test_the_command_prints_figures_and_json():
    out = StringIO()
    call_command("train_classifier", "--json", stdout=out, stderr=StringIO())
    answer = json.loads(out.getvalue().splitlines()[-1])
    assert (answer["active"], answer["corrections"], answer["why"]) == (True, 0, "The first one.")
    assert 0 < answer["dispute_f1"] <= 1


def test_the_command_says_when_a_version_is_not_taken(mike, email, bells):
    good = training.train()
    ClassifierVersion.objects.filter(pk=good.pk).update(scores=good.scores | {"reason_macro_f1": 1.5})
    say(email, mike)
    with pytest.raises(CommandError, match="reason macro-F1 would fall") as refusal:
        call_command("train_classifier", stdout=StringIO(), stderr=StringIO())
    assert refusal.value.returncode == 3


def test_the_report_prints_classes_reasons_and_calibration(monkeypatch):
    monkeypatch.setattr("disputes.classifier.corpus.held_out", lambda: {"a": SHIPPED[-30:], "b": SHIPPED[-50:-30]})
    out = StringIO()
    call_command("classifier_report", "--json", stdout=out, stderr=StringIO())
    answer = json.loads(out.getvalue())
    assert answer["kept_together"] == "author"
    assert {name: figures["mails"] for name, figures in answer["held_out"].items()} == {"a": 30, "b": 20}
    assert set(answer["cross_validated"]["reasons"]) == {"pricing", "qty", "quality", "delivery", "other"}
    assert ClassifierVersion.objects.count() == 0


def test_the_report_reads_as_a_table():
    out = StringIO()
    call_command("classifier_report", "--by", "industry", stdout=out, stderr=StringIO())
    assert out.getvalue().startswith("Cross-validated: ")
    assert "precision    recall        F1   mails" in out.getvalue()
