"""How good the classifier is on voices it has not read, in the usual figures."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from disputes.classifier.corpus import Example
from disputes.classifier.features import Reading
from disputes.classifier.mail import DISPUTE, Band
from disputes.classifier.model import Label, Scale, Scores, learn
from disputes.models.inbound import CLASSES, REASONS

FOLDS = 5
_BINS = 10
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Judged:
    """Mails with what they are and what a model that had not read them says."""

    labels: list[Label]
    scores: list[Scores]


def label_of(example: Example) -> Label:
    return Label(example.classification, example.reason, example.sub_reason)


def groups(examples: Sequence[Example], *, by_industry: bool = False) -> list[str]:
    """A name for each example: those of one author or thread (or industry) share it, directly or through others."""
    leader: dict[str, str] = {}

    def find(key: str) -> str:
        while leader.setdefault(key, key) != key:
            key = leader[key]
        return key

    def join(one: str, other: str) -> None:
        first, second = sorted((find(one), find(other)))
        leader[second] = first

    for example in examples:
        join(f"author {example.author}", f"thread {example.thread}")
        if by_industry:
            join(f"author {example.author}", f"industry {example.industry}")
    return [find(f"author {example.author}") for example in examples]


def fold_of(group: str) -> int:
    """Told by the name alone, so that one more correction moves no other mail to another fold."""
    return int.from_bytes(hashlib.sha256(group.encode()).digest()[:4]) % FOLDS


def cross_validate(
    readings: Sequence[Reading],
    labels: Sequence[Label],
    grouped: Sequence[str],
    progress: Progress = lambda words: None,
) -> list[Scores]:
    """Scores of every reading by a model that was learned without its group: about a fifth is kept apart at a time.

    Raises ValueError when all groups fall into one fold.
    """
    found: dict[int, Scores] = {}
    folds = [fold_of(group) for group in grouped]
    if len(set(folds)) < 2:
        raise ValueError("There are too few authors to keep some apart.")
    for turn, fold in enumerate(sorted(set(folds)), 1):
        progress(f"Cross-validating, part {turn} of {len(set(folds))}")
        apart = [place for place, other in enumerate(folds) if other == fold]
        learned = [place for place, other in enumerate(folds) if other != fold]
        model = learn([readings[place] for place in learned], [labels[place] for place in learned])
        rows = model.rows([readings[place] for place in apart])
        found |= dict(zip(apart, model.scores(rows), strict=True))
    return [found[place] for place in range(len(readings))]


def scales(judged: Judged) -> tuple[Scale, Scale]:
    """Calibration of the dispute score and of the reason scores, from mails that were kept apart."""
    disputes = np.array([scores.classes[DISPUTE] for scores in judged.scores])
    truth = np.array([label.classification == DISPUTE for label in judged.labels])
    pairs = [
        (score, name == label.reason)
        for label, scores in zip(judged.labels, judged.scores, strict=True)
        if label.classification == DISPUTE
        for name, score in scores.reasons.items()
    ]
    reasons = Scale.fitted(np.array([score for score, _ in pairs]), np.array([hit for _, hit in pairs]))
    return Scale.fitted(disputes, truth), reasons


def rescaled(scores: Scores, dispute: Scale, reason: Scale) -> Scores:
    """The scores as a calibrated model would give them."""
    old = scores.classes[DISPUTE]
    new = float(dispute.apply(np.array([old]))[0])
    classes = {name: value * (1 - new) / max(1 - old, 1e-9) for name, value in scores.classes.items()}
    fine = {name: float(reason.apply(np.array([value]))[0]) for name, value in scores.reasons.items()}
    whole = sum(fine.values())
    return Scores(classes | {DISPUTE: new}, {name: value / whole for name, value in fine.items()}, scores.sub_reasons)


def figures(judged: Judged, band: Band | None = None) -> dict[str, Any]:
    """Precision, recall and F1 a class and a reason, macro-F1, calibration, unsure share, confusion; all 0 to 1.

    Reasons are judged over true disputes, whatever the class said.
    """
    band = band or Band()
    true_class = [label.classification for label in judged.labels]
    said_class = [scores.classification for scores in judged.scores]
    disputes = [pair for pair in zip(judged.labels, judged.scores, strict=True) if pair[0].classification == DISPUTE]
    true_reason, said_reason = [label.reason for label, _ in disputes], [scores.reason for _, scores in disputes]
    named = [(label.sub_reason, scores.sub_reason) for label, scores in disputes if label.sub_reason]
    classes = _each(true_class, said_class, [name for name, _ in CLASSES])
    reasons = _each(true_reason, said_reason, [name for name, _ in REASONS])
    scored = np.array([scores.classes[DISPUTE] for scores in judged.scores])
    truth = np.array([name == DISPUTE for name in true_class])
    return {
        "mails": len(judged.labels),
        "dispute_f1": classes.get(DISPUTE, {}).get("f1", 0.0),
        "reason_macro_f1": _mean(row["f1"] for row in reasons.values()),
        "class_macro_f1": _mean(row["f1"] for row in classes.values()),
        "sub_reason_accuracy": _mean(float(a == b) for a, b in named),
        "classes": classes,
        "reasons": reasons,
        "calibration": calibration(scored, truth),
        "unsure_share": _mean(((scored >= band.low) & (scored < band.high)).tolist()),
        "confusion": {"classes": _confusion(true_class, said_class), "reasons": _confusion(true_reason, said_reason)},
    }


def _each(truth: list[str], said: list[str], names: list[str]) -> dict[str, dict[str, float]]:
    present = [name for name in names if name in truth]
    if not present:
        return {}
    rows = zip(*precision_recall_fscore_support(truth, said, labels=present, zero_division=0.0), strict=True)
    keys = ("precision", "recall", "f1", "mails")
    return {
        name: {key: round(float(v), 4) for key, v in zip(keys, row, strict=True)}
        for name, row in zip(present, rows, strict=True)
    }


def calibration(scored: np.ndarray, truth: np.ndarray) -> dict[str, Any]:
    """Ten bins of the dispute score: mails, mean score, share of disputes; and the mean gap between the last two."""
    bins, gap = [], 0.0
    places = np.minimum((scored * _BINS).astype(int), _BINS - 1)
    for place in range(_BINS):
        inside = places == place
        if inside.any():
            mean, share = float(scored[inside].mean()), float(truth[inside].mean())
            row = {"mails": int(inside.sum()), "score": round(mean, 3), "disputes": round(share, 3)}
            bins.append({"from": place / _BINS} | row)
            gap += abs(mean - share) * inside.mean()
    return {"bins": bins, "gap": round(float(gap), 4)}


def _mean(values: Iterable[float]) -> float:
    listed = list(values)
    return round(float(sum(listed) / len(listed)), 4) if listed else 0.0


def _confusion(truth: list[str], said: list[str]) -> dict[str, Any]:
    names = sorted({*truth, *said})
    rows = confusion_matrix(truth, said, labels=names).tolist() if names else []
    return {"names": names, "rows": rows}
