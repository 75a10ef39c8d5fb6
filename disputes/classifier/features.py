"""What the models see of a mail: words, parts of words, concepts with their order, and a few signals."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from disputes.classifier import concepts, language, signals
from disputes.classifier.concepts import Hit
from disputes.classifier.mail import MailText
from disputes.classifier.reading import Token, tokens_of, without_marks

GROUPS = ("words", "parts", "meaning")
# A feature and the first and last token it comes from.
Feature = tuple[str, int, int]
_KINDS = {"_amount_", "_num_", "_percent_", "_degrees_", "_date_", "_ref_"}
_NEAR = 6


@dataclass(frozen=True)
class Reading:
    """A mail as the models see it. `groups` hold features with their tokens, `signals` plain numbers."""

    tokens: list[Token]
    language: str
    groups: dict[str, list[Feature]]
    signals: dict[str, float] = field(default_factory=dict)

    def names(self, group: str) -> list[str]:
        return [feature[0] for feature in self.groups[group]]


def read(mail: MailText) -> Reading:
    """Tokens, concepts and signals of one mail."""
    subject = tokens_of(without_marks(mail.subject), in_subject=True)
    tokens = [*subject, Token("_stop_", 0, 0, in_subject=True), *tokens_of(mail.text)]
    spoken = language.detect(tokens)
    sentences = list(_sentences(tokens))
    hits = concepts.find(tokens, spoken)
    groups = {
        "words": list(_words(tokens, sentences)),
        "parts": list(_parts(tokens)),
        "meaning": list(_meaning(tokens, _by_sentence(tokens, hits, sentences))),
    }
    return Reading(tokens, spoken, groups, signals.of(mail, tokens, hits, sentences))


def _sentences(tokens: list[Token]) -> Iterator[tuple[int, int]]:
    """First and last token of each sentence, stops left out."""
    first = None
    for place, token in enumerate(tokens):
        if token.is_stop:
            if first is not None:
                yield first, place - 1
            first = None
        elif first is None:
            first = place
    if first is not None:
        yield first, len(tokens) - 1


def _words(tokens: list[Token], sentences: list[tuple[int, int]]) -> Iterator[Feature]:
    for first, last in sentences:
        for length in (1, 2, 3):
            for at in range(first, last - length + 2):
                name = " ".join(token.name for token in tokens[at : at + length])
                yield name, at, at + length - 1


def _parts(tokens: list[Token]) -> Iterator[Feature]:
    for place, token in enumerate(tokens):
        if token.is_word:
            padded = f" {token.name} "
            for length in (3, 4, 5):
                for at in range(len(padded) - length + 1):
                    yield padded[at : at + length], place, place


def _by_sentence(tokens: list[Token], hits: list[Hit], sentences: list[tuple[int, int]]) -> list[list[Hit]]:
    """Concepts, numbers and amounts of each sentence, in order."""
    kinds = [Hit(token.name, place, place) for place, token in enumerate(tokens) if token.name in _KINDS]
    ordered = sorted([*hits, *kinds], key=lambda hit: (hit.first, hit.concept))
    return [[hit for hit in ordered if first <= hit.first <= last] for first, last in sentences]


def _meaning(tokens: list[Token], sentences: list[list[Hit]]) -> Iterator[Feature]:
    for sentence in sentences:
        for place, hit in enumerate(sentence):
            yield hit.concept, hit.first, hit.last
            if tokens[hit.first].in_subject:
                yield f"subject:{hit.concept}", hit.first, hit.last
            for other in _followers(sentence, place):
                yield f"{hit.concept}>{other.concept}", hit.first, other.last


def _followers(sentence: list[Hit], place: int) -> Iterable[Hit]:
    """The next few other concepts, each once."""
    seen = {sentence[place].concept}
    for other in sentence[place + 1 :]:
        if len(seen) > _NEAR:
            return
        if other.concept not in seen:
            seen.add(other.concept)
            yield other


def weights(names: Iterable[str]) -> dict[str, float]:
    """Counts, dampened: the tenth "credit" says little more than the third."""
    return {name: 1 + math.log(count) for name, count in Counter(names).items()}
