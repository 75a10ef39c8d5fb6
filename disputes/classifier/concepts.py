"""Finds what words mean, alike in four languages: "zu spät", "en retard" and "too late" are all `late`."""

import tomllib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import product
from pathlib import Path

from disputes.classifier.reading import Token, fold, tokens_of

LANGUAGES = ("en", "de", "fr", "es")
LEXICON = Path(__file__).parent / "lexicon.toml"
_TRANSLITERATED = {"ä": ("a", "ae"), "ö": ("o", "oe"), "ü": ("u", "ue"), "ß": ("s", "ss")}


@dataclass(frozen=True)
class Hit:
    """A concept found at tokens `first` to `last`, both inclusive."""

    concept: str
    first: int
    last: int


@dataclass(frozen=True)
class _Stem:
    text: str
    starts: bool
    inside: bool

    def fits(self, word: str) -> bool:
        if self.inside:
            return self.text in word if self.starts else word.endswith(self.text)
        return word.startswith(self.text) if self.starts else word == self.text


@dataclass(frozen=True)
class _Entry:
    concept: str
    language: str
    stems: tuple[_Stem, ...]


def _spellings(entry: str) -> set[str]:
    """With umlauts dropped and with umlauts written out, as people without the keys do."""
    choices = [_TRANSLITERATED.get(char, (char,)) for char in entry]
    both = list(product(*choices)) if sum(len(c) > 1 for c in choices) <= 3 else [[c[-1] for c in choices]]
    return {fold("".join(spelling)) for spelling in both} | {fold(entry)}


def _stem(text: str) -> _Stem:
    return _Stem(text.strip("*"), starts=text.endswith("*"), inside=text.startswith("*"))


def _words(entry: str) -> list[str]:
    """Cut an entry as mails are cut; its stars stay at their words."""
    found = []
    for part in entry.split():
        names = [token.name for token in tokens_of(part.strip("*")) if not token.is_stop] or [part.strip("*")]
        names[0] = ("*" if part.startswith("*") else "") + names[0]
        names[-1] += "*" if part.endswith("*") else ""
        found += names
    return found


@cache
def _entries() -> list[_Entry]:
    lexicon = tomllib.loads(LEXICON.read_text(encoding="utf-8"))
    found = {}
    for concept, languages in lexicon.items():
        for language, line in languages.items():
            for spelling in set().union(*(_spellings(entry.strip()) for entry in line.split(","))):
                stems = tuple(_stem(word) for word in _words(spelling))
                if any(not stem.text.startswith("_") for stem in stems):
                    found[concept, language, stems] = _Entry(concept, language, stems)
    return list(found.values())


@cache
def concepts() -> tuple[str, ...]:
    """Every concept of the lexicon."""
    return tuple(dict.fromkeys(entry.concept for entry in _entries()))


@cache
def _by_beginning() -> tuple[dict[str, list[_Entry]], list[_Entry]]:
    """Entries by the first two letters of their first word, and those that may start anywhere."""
    beginnings: dict[str, list[_Entry]] = defaultdict(list)
    anywhere = []
    for entry in _entries():
        if entry.stems[0].inside:
            anywhere.append(entry)
        else:
            beginnings[entry.stems[0].text[:2]].append(entry)
    return beginnings, anywhere


@lru_cache(maxsize=50_000)
def _starting_with(word: str) -> tuple[_Entry, ...]:
    beginnings, anywhere = _by_beginning()
    candidates = beginnings.get(word[:2], []) + anywhere
    return tuple(entry for entry in candidates if entry.stems[0].fits(word))


@lru_cache(maxsize=100_000)
def _possible(word: str, following: str, language: str) -> tuple[_Entry, ...]:
    """Entries whose first two words fit, in `language` and English; in all languages when it is empty."""
    return tuple(
        entry
        for entry in _starting_with(word)
        if (not language or entry.language in (language, "en"))
        and (len(entry.stems) == 1 or entry.stems[1].fits(following))
    )


def find(tokens: Sequence[Token], language: str = "") -> list[Hit]:
    """All concepts in order of place; of the same concept at one place only the longest.

    With a `language` only its words count, and the English ones, which every trade uses.
    """
    names = ["" if token.is_stop else token.name for token in tokens] + [""]
    longest: dict[tuple[str, int], int] = {}
    for place, name in enumerate(names[:-1]):
        for entry in _possible(name, names[place + 1], language) if name else ():
            last = place + len(entry.stems) - 1
            rest = names[place + 2 : last + 1]
            if len(rest) == max(len(entry.stems) - 2, 0) and all(
                stem.fits(other) for stem, other in zip(entry.stems[2:], rest, strict=True)
            ):
                longest[entry.concept, place] = max(last, longest.get((entry.concept, place), -1))
    return [Hit(concept, first, last) for (concept, first), last in longest.items()]
