"""Which words decided: each word's part in the score of a linear model."""

from collections import defaultdict

import numpy as np

from disputes.classifier.features import GROUPS, Feature, Reading
from disputes.classifier.mail import DISPUTE
from disputes.classifier.model import Model, Scores

MOST = 12
# A word that carries less than this share of the strongest one's weight did not decide.
LEAST_SHARE = 0.2


def deciding_words(model: Model, reading: Reading, scores: Scores) -> list[list[float]]:
    """`[start, end, weight]` of the words that spoke most for the decision, in the mail's text, by place."""
    coefficients = _coefficients(model, scores)
    by_token: dict[int, float] = defaultdict(float)
    for group in GROUPS:
        for place, weight in _by_token(model, reading, group, coefficients).items():
            by_token[place] += weight
    return _strongest(reading, by_token)


def _coefficients(model: Model, scores: Scores) -> np.ndarray:
    """Of the decided class; for a dispute together with those of its reason."""
    if scores.classification != DISPUTE:
        return _of(model.classes, scores.classification)
    return model.dispute.coef_[0] + _of(model.reasons, scores.sub_reason or scores.reason) / 2


def _of(several: object, name: str) -> np.ndarray:
    names = list(several.classes_)  # type: ignore[attr-defined]
    if name not in names:
        return np.zeros_like(several.estimators_[0].coef_[0])  # type: ignore[attr-defined]
    if len(several.estimators_) == 1:  # type: ignore[attr-defined]
        return several.estimators_[0].coef_[0] * (1 if names.index(name) else -1)  # type: ignore[attr-defined,no-any-return]
    return several.estimators_[names.index(name)].coef_[0]  # type: ignore[attr-defined,no-any-return]


def _by_token(model: Model, reading: Reading, group: str, coefficients: np.ndarray) -> dict[int, float]:
    """The group's part of the score, spread over the tokens of each feature."""
    start, places = model.space.columns(group)
    row = model.space.transform([reading])
    values = dict(zip(row.indices.tolist(), row.data.tolist(), strict=True))
    found: dict[str, list[Feature]] = defaultdict(list)
    for feature in reading.groups[group]:
        if feature[0] in places:
            found[feature[0]].append(feature)
    weights: dict[int, float] = defaultdict(float)
    for name, features in found.items():
        column = start + places[name]
        each = values.get(column, 0.0) * float(coefficients[column]) / len(features)
        for _, first, last in features:
            for place in {first, last} if group == "meaning" else range(first, last + 1):
                weights[place] += each / (2 if group == "meaning" and first != last else last - first + 1)
    return weights


def _strongest(reading: Reading, by_token: dict[int, float]) -> list[list[float]]:
    tokens = reading.tokens
    told = {p: w for p, w in by_token.items() if w > 0 and not tokens[p].in_subject and not tokens[p].is_stop}
    if not told:
        return []
    top = max(told.values())
    best = sorted((place for place in told if told[place] >= LEAST_SHARE * top), key=lambda place: -told[place])[:MOST]
    return [[tokens[p].start, tokens[p].end, round(told[p] / top, 3)] for p in sorted(best)]
