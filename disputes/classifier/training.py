"""Learns from the corpus and from what people corrected; takes a new version into use when it is not worse."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction

from disputes.classifier import corpus, evaluation, storage, versions
from disputes.classifier.corpus import Example
from disputes.classifier.evaluation import Judged, label_of
from disputes.classifier.features import Reading, read
from disputes.classifier.mail import MailText
from disputes.classifier.model import Model, Scale, learn
from disputes.models import ClassifierVersion, Correction, InboundEmail

log = logging.getLogger(__name__)

# How far a figure may fall before a new version counts as worse; further where chance alone moves it further.
TOLERANCE = {"dispute_f1": 0.01, "reason_macro_f1": 0.02}
KEPT_FILES = 3
NAMES = {"dispute_f1": "dispute F1", "reason_macro_f1": "reason macro-F1"}
Progress = Callable[[str], None]
# What this process learned last, so that a lost file or row costs no second training.
_newest: dict[str, Model] = {}


@dataclass(frozen=True)
class Lesson:
    """Everything to learn from: the shipped mails, then the corrected ones."""

    shipped: list[Example]
    corrected: list[Example]
    corrections: list[Correction]

    @property
    def examples(self) -> list[Example]:
        return [*self.shipped, *self.corrected]


def lesson() -> Lesson:
    """The corpus, and for each mail the newest correction that was not undone."""
    newest: dict[int, Correction] = {}
    for correction in Correction.objects.filter(undone_at=None).select_related("email").order_by("at", "pk"):
        newest[correction.email_id] = correction
    corrections = sorted(newest.values(), key=lambda correction: correction.pk)
    return Lesson(corpus.load(), [_example(correction) for correction in corrections], corrections)


def mail_of(email: InboundEmail) -> MailText:
    """What the classifier reads of a stored mail."""
    return MailText(email.subject, email.fresh_text or email.body_text, email.from_email, language=email.language)


def _example(correction: Correction) -> Example:
    email = correction.email
    mail = mail_of(email)
    return Example(
        id=f"mail-{email.pk}",
        language=email.language,
        author=email.from_email or f"mail-{email.pk}",
        industry="",
        thread=email.thread or f"mail-{email.pk}",
        subject=mail.subject,
        text=mail.text,
        classification=correction.classification,
        reason=correction.reason,
        sub_reason=correction.sub_reason,
    )


def train(*, progress: Progress = lambda words: None, evaluate: bool = True) -> ClassifierVersion:
    """Learn from all there is; the same mails give the version that is there already.

    Without `evaluate` it has neither figures nor calibration yet: for a first answer when nothing is in use.
    """
    found = lesson()
    version = versions.of(found.examples)
    known = ClassifierVersion.objects.filter(version=version).first()
    if known and (known.scores or not evaluate) and _has_file(known):
        return known
    if version in _newest and not evaluate:
        return _keep(version, _newest[version], found, {})
    progress(f"Reading {len(found.examples):,} mails")
    readings = [read(example.mail) for example in found.examples]
    labels = [label_of(example) for example in found.examples]
    figures, scales = _figures(found, readings, progress) if evaluate else ({}, (Scale(), Scale()))
    progress("Learning")
    model = replace(learn(readings, labels), dispute_scale=scales[0], reason_scale=scales[1])
    _newest.clear()
    _newest[version] = model
    return _keep(version, model, found, figures)


def _has_file(row: ClassifierVersion) -> bool:
    try:
        storage.load(row.version, row.sha256)
    except storage.NotOurFile:
        return False
    return True


def _figures(found: Lesson, readings: list[Reading], progress: Progress) -> tuple[dict[str, Any], tuple[Scale, Scale]]:
    """Cross-validated figures over the shipped mails, so that they compare from version to version; and the scales."""
    labels = [label_of(example) for example in found.examples]
    scores = evaluation.cross_validate(readings, labels, evaluation.groups(found.examples), progress)
    scales = evaluation.scales(Judged(labels, scores))
    shipped = len(found.shipped)
    calibrated = [evaluation.rescaled(one, *scales) for one in scores[:shipped]]
    figures = evaluation.figures(Judged(labels[:shipped], calibrated))
    return figures | {"corpus": versions.of(found.shipped)}, scales


def _keep(version: str, model: Model, found: Lesson, figures: dict[str, Any]) -> ClassifierVersion:
    sha256 = storage.save(model, version)
    with transaction.atomic():
        before = ClassifierVersion.objects.filter(active=True).first()
        row, _ = ClassifierVersion.objects.update_or_create(
            version=version,
            defaults={
                "sha256": sha256,
                "examples": len(found.examples),
                "corrections": len(found.corrected),
                "scores": figures | _learned(model, found, before),
                "before": _compared(before.scores) if before else {},
            },
        )
        _take_into_use(row, before)
        fresh = [correction.pk for correction in found.corrections if correction.learned_in_id is None]
        Correction.objects.filter(pk__in=fresh).update(learned_in=row)
    newest = ClassifierVersion.objects.order_by("-active", "-trained_at").values_list("version", flat=True)
    storage.forget_all_but(set(newest[:KEPT_FILES]))
    return row


def _compared(figures: dict[str, Any]) -> dict[str, Any]:
    return {name: figures[name] for name in TOLERANCE if name in figures}


def _take_into_use(row: ClassifierVersion, before: ClassifierVersion | None) -> None:
    why = worse(row.scores, before.scores) if before and versions.is_readable(before.version) else ""
    row.active, row.why = not why, why or _reason_to_use(row, before)
    if row.active and before and before.pk != row.pk:
        ClassifierVersion.objects.filter(pk=before.pk).update(active=False)
    row.save(update_fields=["active", "why"])
    log.info("Classifier %s: %s", row.version, row.why)


def _reason_to_use(row: ClassifierVersion, before: ClassifierVersion | None) -> str:
    if before is None:
        return "The first one."
    same = before.scores.get("corpus") == row.scores.get("corpus") and versions.is_readable(before.version)
    return "Not worse than before." if same else "The program or its mails changed: the figures do not compare."


def worse(now: dict[str, Any], before: dict[str, Any]) -> str:
    """In words, by which figure the new version is worse; empty when it is not, or was measured on other mails."""
    if now.get("corpus") != before.get("corpus"):
        return ""
    for name, tolerance in TOLERANCE.items():
        if name in now and name in before and now[name] < before[name] - max(tolerance, _chance(before, name)):
            return f"Not taken into use: {NAMES[name]} would fall from {before[name]:.3f} to {now[name]:.3f}."
    return ""


def _chance(figures: dict[str, Any], name: str) -> float:
    """One standard error of a share over so many mails: with few mails a figure moves by itself."""
    return float(max(figures[name] * (1 - figures[name]), 0.0) / figures["mails"]) ** 0.5 if "mails" in figures else 0.0


def _learned(model: Model, found: Lesson, before: ClassifierVersion | None) -> dict[str, Any]:
    """For each new correction the score of what the person said, before and after."""
    fresh = [
        (correction, example)
        for correction, example in zip(found.corrections, found.corrected, strict=True)
        if correction.learned_in_id is None
    ]
    if not fresh:
        return {}
    readings = [read(example.mail) for _, example in fresh]
    after = [
        scores.classes[example.classification]
        for scores, (_, example) in zip(model.scores(model.rows(readings)), fresh, strict=True)
    ]
    earlier = _scores_before(before, readings, [example for _, example in fresh])
    rows = zip(fresh, earlier, after, strict=True)
    return {
        "learned": [
            {
                "email": correction.email_id,
                "classification": example.classification,
                "before": was,
                "after": round(now, 3),
            }
            for (correction, example), was, now in rows
        ]
    }


def _scores_before(
    before: ClassifierVersion | None, readings: list[Reading], examples: list[Example]
) -> list[float | None]:
    if before is None or not versions.is_readable(before.version):
        return [None] * len(readings)
    try:
        earlier = storage.load(before.version, before.sha256)
        scores = earlier.scores(earlier.rows(readings))
    except storage.NotOurFile:
        return [None] * len(readings)
    return [round(one.classes[example.classification], 3) for one, example in zip(scores, examples, strict=True)]
