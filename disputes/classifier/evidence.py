"""Which words decided: each word's part in the score of a linear model."""

from collections import defaultdict
from collections.abc import Iterator

import numpy as np
from scipy.sparse import csr_matrix

from disputes.classifier.features import GROUPS, Feature, Reading
from disputes.classifier.language import is_small
from disputes.classifier.mail import DISPUTE
from disputes.classifier.model import Model, Scores
from disputes.classifier.reading import Token
from disputes.classifier.signals import FAMILIES, TOGETHER

MOST = 12
# A word that carries less than this share of the strongest one's weight did not decide.
LEAST_SHARE = 0.2


def deciding_words(model: Model, reading: Reading, row: csr_matrix, scores: Scores) -> list[list[float]]:
    """`[start, end, weight]` of the words that spoke most for the decision, in the mail's text, by place.

    `row` is the reading's row of `Model.rows`.
    """
    weights = _weights(model, scores)
    parts = dict(zip(row.indices.tolist(), (row.data * weights[row.indices]).tolist(), strict=True))
    by_token: dict[int, float] = defaultdict(float)
    for group in GROUPS:
        start, places = model.space.columns(group)
        found: dict[int, list[Feature]] = defaultdict(list)
        for feature in reading.groups[group]:
            if feature[0] in places:
                found[start + places[feature[0]]].append(feature)
        for column, features in found.items():
            for token, share in _shares(features, group):
                by_token[token] += parts.get(column, 0.0) * share
    for name, column in model.space.signal_columns().items():
        for token, share in _shares(_behind(reading, name), "meaning"):
            by_token[token] += parts.get(column, 0.0) * share
    return _strongest(reading, by_token)


def _weights(model: Model, scores: Scores) -> np.ndarray:
    """Of the decided class; for a dispute together with those of its reason."""
    weights = model.classes.weights_of(scores.classification)
    if scores.classification != DISPUTE:
        return weights
    return weights + model.reasons.weights_of(scores.sub_reason or scores.reason) / 2


def _shares(features: list[Feature], group: str) -> Iterator[tuple[int, float]]:
    """A feature's part goes to its places evenly, and there to its tokens; two concepts share at both ends."""
    for _, first, last in features:
        tokens = sorted({first, last}) if group == "meaning" else range(first, last + 1)
        for token in tokens:
            yield token, 1 / len(features) / len(tokens)


def _behind(reading: Reading, signal: str) -> list[Feature]:
    """The concepts that a signal of a family or of words together was made from."""
    kind, _, name = signal.partition(":")
    members = FAMILIES.get(name, set()) if kind == "family" else set().union(*TOGETHER.get(name, ()))
    return [feature for feature in reading.groups["meaning"] if feature[0] in members]


def _strongest(reading: Reading, by_token: dict[int, float]) -> list[list[float]]:
    tokens = reading.tokens
    told = {place: weight for place, weight in by_token.items() if weight > 0 and _can_decide(tokens[place])}
    if not told:
        return []
    top = max(told.values())
    best = sorted((place for place in told if told[place] >= LEAST_SHARE * top), key=lambda place: -told[place])[:MOST]
    return [[tokens[p].start, tokens[p].end, round(told[p] / top, 3)] for p in sorted(best)]


def _can_decide(token: Token) -> bool:
    return not (token.in_subject or token.is_stop or is_small(token.name))
