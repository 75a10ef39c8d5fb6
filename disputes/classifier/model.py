"""The embedded classifier: linear models over the features, so that every word's part in a decision is known.

Two families: which class, and — learned from disputes only — which reason, with the sub-reasons of `other` as
reasons of their own. The line of disputes is calibrated; the other classes share what it leaves.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from disputes.classifier.features import GROUPS, Reading
from disputes.classifier.mail import DISPUTE
from disputes.models.inbound import CLASSES, REASONS, SUB_REASONS

GROUP_WEIGHTS = {"words": 1.0, "parts": 0.7, "meaning": 1.3, "signals": 0.2}
STRENGTH = 20.0
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

    def signal_columns(self) -> dict[str, int]:
        """The column of each signal."""
        start = sum(len(vectorizer.vocabulary_) for vectorizer in self.vectorizers.values())
        return {name: start + place for name, place in self.signals.vocabulary_.items()}


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


@dataclass(frozen=True)
class Lines:
    """One straight line a name (one against the rest): its score is a probability, its weights say why."""

    names: list[str]
    weights: np.ndarray
    shifts: np.ndarray

    @classmethod
    def fitted(cls, rows: csr_matrix, truth: np.ndarray, names: Sequence[str]) -> "Lines":
        lines = [_line().fit(rows, truth == name) for name in names]
        weights = np.vstack([line.coef_[0] for line in lines]).astype(np.float32)
        return cls(list(names), weights, np.array([line.intercept_[0] for line in lines]))

    def raw(self, rows: csr_matrix) -> np.ndarray:
        """Rows by names, each 0 to 1 for itself."""
        return 1 / (1 + np.exp(-(rows @ self.weights.T + self.shifts)))

    def weights_of(self, name: str) -> np.ndarray:
        if name not in self.names:
            return np.zeros(self.weights.shape[1])
        return self.weights[self.names.index(name)]


def _line() -> LogisticRegression:
    settings = {"C": STRENGTH, "class_weight": "balanced", "random_state": 0}
    # The dual is ten times as fast with more columns than rows.
    return LogisticRegression(solver="liblinear", dual=True, max_iter=1000, **settings)


@dataclass
class Model:
    """Everything learned; the scales come from mails that were kept apart."""

    space: Space
    classes: Lines
    reasons: Lines
    dispute_scale: Scale = field(default_factory=Scale)
    reason_scale: Scale = field(default_factory=Scale)

    def rows(self, readings: Sequence[Reading]) -> csr_matrix:
        return self.space.transform(readings)

    def scores(self, rows: csr_matrix) -> list[Scores]:
        """One `Scores` a row."""
        kinds = self.classes.raw(rows)
        place = self.classes.names.index(DISPUTE)
        # Half of it weighs the other classes in: a mail that also looks like an order is less of a dispute.
        dispute = self.dispute_scale.apply((kinds[:, place] + _normal(kinds)[:, place]) / 2)
        fine = _normal(self.reason_scale.apply(self.reasons.raw(rows)))
        return [self._scores(*each) for each in zip(dispute.tolist(), kinds.tolist(), fine.tolist(), strict=True)]

    def _scores(self, dispute: float, kinds: list[float], fine: list[float]) -> Scores:
        others = {n: value for n, value in zip(self.classes.names, kinds, strict=True) if n != DISPUTE}
        whole = sum(others.values()) or 1.0
        classes = {DISPUTE: dispute} | {name: (1 - dispute) * others.get(name, 0.0) / whole for name in _OTHERS}
        by_name = dict(zip(self.reasons.names, fine, strict=True))
        subs = {name: by_name[name] for name in _SUB_REASONS if name in by_name}
        reasons = {name: by_name.get(name, 0.0) for name in _REASONS}
        reasons["other"] += sum(subs.values())
        return Scores(classes, reasons, subs)


def _normal(rows: np.ndarray) -> np.ndarray:
    return rows / rows.sum(axis=1, keepdims=True)


def learn(readings: Sequence[Reading], labels: Sequence[Label]) -> Model:
    """Fit on labelled readings, the same result each time. Needs disputes of two reasons and one other class."""
    space = Space()
    rows = space.fit(readings)
    kinds = np.array([label.classification for label in labels])
    disputes = np.flatnonzero(kinds == DISPUTE)
    fine = np.array([labels[place].fine for place in disputes.tolist()])
    return Model(
        space,
        Lines.fitted(rows, kinds, sorted(set(kinds.tolist()))),
        Lines.fitted(rows[disputes], fine, sorted(set(fine.tolist()))),
    )
