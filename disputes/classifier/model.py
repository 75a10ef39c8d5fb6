"""The embedded classifier: linear models over the features, so that every word's part in a decision is known.

Three of them: is it a dispute, which class, and — learned from disputes only — which reason, with the sub-reasons
of `other` as reasons of their own. The dispute score comes from the first two; the other classes share the rest.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier

from disputes.classifier.features import GROUPS, Reading
from disputes.classifier.mail import DISPUTE
from disputes.models.inbound import CLASSES, REASONS, SUB_REASONS

GROUP_WEIGHTS = {"words": 1.0, "parts": 0.7, "meaning": 1.3, "signals": 0.5}
STRENGTH = 10.0
_OTHERS = [name for name, _ in CLASSES if name != DISPUTE]
_REASONS = [name for name, _ in REASONS]
_SUB_REASONS = [name for name, _ in SUB_REASONS]
_LIMIT = 1e-6


def _as_is(names: list[str]) -> list[str]:
    return names


@dataclass
class Space:
    """Turns readings into rows of numbers; knows the column of each feature."""

    vectorizers: dict[str, TfidfVectorizer] = field(default_factory=dict)
    signals: DictVectorizer = field(default_factory=lambda: DictVectorizer(sparse=True))

    def fit(self, readings: Sequence[Reading]) -> csr_matrix:
        for group in GROUPS:
            vectorizer = TfidfVectorizer(analyzer=_as_is, sublinear_tf=True, min_df=2, dtype=np.float32)
            self.vectorizers[group] = vectorizer.fit(reading.names(group) for reading in readings)
        self.signals.fit([reading.signals for reading in readings])
        return self.transform(readings)

    def transform(self, readings: Sequence[Reading]) -> csr_matrix:
        rows = [self.vectorizers[group].transform(r.names(group) for r in readings) for group in GROUPS]
        weighted = [row * GROUP_WEIGHTS[group] for group, row in zip(GROUPS, rows, strict=True)]
        signals = self.signals.transform([reading.signals for reading in readings])
        return hstack([*weighted, signals * GROUP_WEIGHTS["signals"]], format="csr")

    def columns(self, group: str) -> tuple[int, dict[str, int]]:
        """The group's first column, and the place of each of its features after that."""
        sizes = {name: len(vectorizer.vocabulary_) for name, vectorizer in self.vectorizers.items()}
        start = sum(sizes[name] for name in GROUPS[: GROUPS.index(group)])
        return start, self.vectorizers[group].vocabulary_


@dataclass(frozen=True)
class Label:
    """What a person says of a mail."""

    classification: str
    reason: str = ""
    sub_reason: str = ""

    @property
    def fine(self) -> str:
        """The reason, or the sub-reason of `other` when there is one."""
        return self.sub_reason or self.reason


@dataclass(frozen=True)
class Scale:
    """Turns a raw score into one that means what it says: of scores 0.8, eight in ten are right (Platt, 1999)."""

    slope: float = 1.0
    shift: float = 0.0

    def apply(self, raw: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-(self.slope * _logit(raw) + self.shift)))

    @classmethod
    def fitted(cls, raw: np.ndarray, truth: np.ndarray) -> "Scale":
        """From scores of mails that the model had not read; unchanged when all are alike."""
        if len(set(truth.tolist())) < 2:
            return cls()
        line = LogisticRegression(C=1e3).fit(_logit(raw).reshape(-1, 1), truth)
        return cls(float(line.coef_[0, 0]), float(line.intercept_[0]))


def _logit(raw: np.ndarray) -> np.ndarray:
    clipped = np.clip(raw, _LIMIT, 1 - _LIMIT)
    return np.log(clipped / (1 - clipped))


@dataclass(frozen=True)
class Scores:
    """Probabilities of one mail: classes sum to 1, reasons sum to 1; sub-reasons share `other`."""

    classes: dict[str, float]
    reasons: dict[str, float]
    sub_reasons: dict[str, float]

    @property
    def classification(self) -> str:
        """A dispute from 0.5 up, else the best of the others."""
        if self.classes[DISPUTE] >= 0.5:
            return DISPUTE
        return max(_OTHERS, key=lambda name: self.classes[name])

    @property
    def reason(self) -> str:
        return max(_REASONS, key=lambda name: self.reasons[name])

    @property
    def sub_reason(self) -> str:
        """Of `other`, the one that holds most of its score; empty when none does."""
        if not self.sub_reasons:
            return ""
        best = max(self.sub_reasons, key=lambda name: self.sub_reasons[name])
        return best if self.sub_reasons[best] >= self.reasons["other"] / 2 else ""


@dataclass
class Model:
    """Everything learned; `dispute_scale` and `reason_scale` come from mails that were kept apart."""

    space: Space
    dispute: LogisticRegression
    classes: OneVsRestClassifier
    reasons: OneVsRestClassifier
    dispute_scale: Scale = field(default_factory=Scale)
    reason_scale: Scale = field(default_factory=Scale)

    def scores(self, readings: Sequence[Reading]) -> list[Scores]:
        """One `Scores` a reading."""
        if not readings:
            return []
        rows = self.space.transform(readings)
        raw = (self.dispute.predict_proba(rows)[:, 1] + _column(self.classes, rows, DISPUTE)) / 2
        dispute = self.dispute_scale.apply(raw)
        kinds, fine = self.classes.predict_proba(rows), self.reasons.predict_proba(rows)
        fine = _normal(self.reason_scale.apply(fine))
        return [
            _scores(float(p), dict(zip(self.classes.classes_, k, strict=True)), dict(zip(self.reasons.classes_, f, strict=True)))
            for p, k, f in zip(dispute, kinds, fine, strict=True)
        ]  # fmt: skip


def _column(model: OneVsRestClassifier, rows: csr_matrix, name: str) -> np.ndarray:
    place = list(model.classes_).index(name)
    return model.predict_proba(rows)[:, place]


def _normal(rows: np.ndarray) -> np.ndarray:
    return rows / rows.sum(axis=1, keepdims=True)


def _scores(dispute: float, kinds: dict[str, float], fine: dict[str, float]) -> Scores:
    known = {name: float(kinds.get(name, 0.0)) for name in _OTHERS}
    whole = sum(known.values()) or 1.0
    classes = {DISPUTE: dispute} | {name: (1 - dispute) * value / whole for name, value in known.items()}
    subs = {name: float(fine[name]) for name in _SUB_REASONS if name in fine}
    reasons = {name: float(fine.get(name, 0.0)) for name in _REASONS}
    reasons["other"] += sum(subs.values())
    return Scores(classes, reasons, subs)


def learn(readings: Sequence[Reading], labels: Sequence[Label]) -> Model:
    """Fit on labelled readings, the same result each time. Needs disputes of two reasons and one other class."""
    space = Space()
    rows = space.fit(readings)
    kinds = np.array([label.classification for label in labels])
    disputes = np.flatnonzero(kinds == DISPUTE)
    fine = np.array([labels[place].fine for place in disputes])
    return Model(
        space,
        _line().fit(rows, kinds == DISPUTE),
        OneVsRestClassifier(_line()).fit(rows, kinds),
        OneVsRestClassifier(_line()).fit(rows[disputes], fine),
    )


def _line() -> LogisticRegression:
    return LogisticRegression(C=STRENGTH, class_weight="balanced", solver="liblinear", max_iter=300, random_state=0)
