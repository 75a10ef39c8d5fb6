"""What the classifier's page shows: the version in use, before and after, classes, corrections, the training."""

from typing import Any

from django_q.models import OrmQ, Task

from disputes.actions.learning import TRAINING
from disputes.classifier.mail import Band
from disputes.models import ClassifierVersion, Correction
from disputes.models.inbound import CLASSES, REASONS
from disputes.triage_page import thresholds

QUEUE_READ = 200
CORRECTIONS_SHOWN = 12
FIGURES = (("dispute_f1", "Dispute F1"), ("reason_macro_f1", "Reason macro-F1"))


def overview() -> dict[str, Any]:
    """The version in use against the one before, what was corrected lately, and whether a training is under way."""
    active = ClassifierVersion.objects.filter(active=True).first()
    corrections = Correction.objects.select_related("email", "learned_in").defer("email__raw", "email__body_html")
    return {
        "active": active,
        "compared": compared(active) if active else [],
        "band": Band.of(dict(thresholds())),
        "under_way": training_under_way(),
        "newest": last_training(),
        "corrections": list(corrections[:CORRECTIONS_SHOWN]),
        "waiting": Correction.objects.filter(undone_at=None, learned_in=None).count(),
    }


def version_page(row: ClassifierVersion) -> dict[str, Any]:
    learned = Correction.objects.filter(learned_in=row).select_related("email").defer("email__raw", "email__body_html")
    scores = {one["email"]: one for one in row.scores.get("learned", [])}
    return {
        "compared": compared(row),
        "classes": table(row, "classes", CLASSES),
        "reasons": table(row, "reasons", REASONS),
        "learned": [(one, scores.get(one.email_id, {})) for one in learned[:100]],
        "confusion": row.scores.get("confusion", {}).get("classes"),
        "names": dict(CLASSES),
    }


def compared(row: ClassifierVersion) -> list[dict[str, Any]]:
    """Each figure with that of the version before; figures are cross-validated, 0 to 1."""
    return [
        {
            "name": name,
            "now": row.scores.get(key),
            "before": row.before.get(key),
            "change": _change(row.before.get(key), row.scores.get(key)),
        }
        for key, name in FIGURES
    ]


def _change(before: float | None, now: float | None) -> str:
    """`+0.012`, `−0.003`, `unchanged`; "" where one of them is missing."""
    if before is None or now is None:
        return ""
    return f"{now - before:+.3f}".replace("-", "−") if abs(now - before) >= 0.0005 else "unchanged"


def table(row: ClassifierVersion, part: str, names: list[tuple[str, str]]) -> list[tuple[str, dict[str, float]]]:
    """(word, precision, recall, F1 and mails) of each class, in the usual order."""
    found = row.scores.get(part, {})
    return [(word, found[name]) for name, word in names if name in found]


def training_under_way() -> bool:
    """Whether a training waits for a worker or runs in one: its row stays in the queue until it is done."""
    return any(_is_training(row) for row in OrmQ.objects.order_by("pk")[:QUEUE_READ])


def _is_training(row: OrmQ) -> bool:
    return row.task.get("func") == TRAINING


def last_training() -> Task | None:
    return Task.objects.filter(func=TRAINING).order_by("-stopped").first()
