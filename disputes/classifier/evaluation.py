"""How good the classifier is on voices it has not read, in the usual figures."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support
from sklearn.model_selection import GroupKFold

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


def groups(examples: Sequence[Example], *, by_industry: bool = False) -> list[int]:
    """A number for each example: those of one author or thread (or industry) share it, directly or through others."""
    leader: dict[tuple[str, str], tuple[str, str]] = {}

    def find(key: tuple[str, str]) -> tuple[str, str]:
        while leader.setdefault(key, key) != key:
            key = leader[key]
        return key

    for example in examples:
        first = find(("author", example.author))
        leader[find(("thread", example.thread))] = first
        if by_industry:
            leader[find(("industry", example.industry))] = find(first)
    roots = [find(("author", example.author)) for example in examples]
    numbers = {root: number for number, root in enumerate(dict.fromkeys(roots))}
    return [numbers[root] for root in roots]


def cross_validate(
    readings: Sequence[Reading],
    labels: Sequence[Label],
    grouped: Sequence[int],
    progress: Progress = lambda words: None,
) -> list[Scores]:
    """Scores of every reading by a model that was learned without its group: a fifth is kept apart at a time.

    Raises ValueError with fewer than two groups.
    """
    found: dict[int, Scores] = {}
    splitter = GroupKFold(min(FOLDS, len(set(grouped))))
    for turn, (learned, apart) in enumerate(splitter.split(readings, groups=grouped), 1):
        progress(f"Cross-validating, part {turn} of {splitter.get_n_splits()}")
        model = learn([readings[place] for place in learned], [labels[place] for place in learned])
        rows = model.rows([readings[place] for place in apart])
        found |= dict(zip(apart.tolist(), model.scores(rows), strict=True))
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
