"""The labelled mails: reads every file of the corpus folder and refuses bad lines by file and line number."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from disputes.classifier.concepts import LANGUAGES
from disputes.classifier.mail import DISPUTE, MailText
from disputes.models.inbound import CLASSES, REASONS, SUB_REASONS

FOLDER = Path(__file__).resolve().parent.parent / "corpus"
_FIELDS = (
    *("id", "language", "author", "industry", "thread", "subject", "text"),
    *("classification", "reason", "sub_reason"),
)
_SHINGLE = 5


class BadCorpus(ValueError):
    """A line that is no labelled mail; the words name file and line."""


@dataclass(frozen=True)
class Example:
    """One mail and what a person says it is."""

    id: str
    language: str
    author: str
    industry: str
    thread: str
    subject: str
    text: str
    classification: str
    reason: str = ""
    sub_reason: str = ""

    @property
    def mail(self) -> MailText:
        return MailText(self.subject, self.text, language=self.language)


def load(folder: Path = FOLDER) -> list[Example]:
    """All examples of the folder's `*.jsonl`, by file name and line. Raises BadCorpus."""
    examples = [example for path in sorted(folder.glob("*.jsonl")) for example in _read(path)]
    seen: set[str] = set()
    for example in examples:
        if example.id in seen:
            raise BadCorpus(f"The id {example.id} is there twice.")
        seen.add(example.id)
    return examples


def held_out(folder: Path = FOLDER) -> dict[str, list[Example]]:
    """Mails that are never trained on, by the name of their file; empty when there are none."""
    return {path.stem: list(_read(path)) for path in sorted((folder / "heldout").glob("*.jsonl"))}


def _read(path: Path) -> Iterator[Example]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.strip():
            try:
                yield _example(line)
            except ValueError as problem:
                raise BadCorpus(f"{path.name}, line {number}: {problem}") from None


def _example(line: str) -> Example:
    values = json.loads(line)
    if not isinstance(values, dict) or set(values) != set(_FIELDS):
        raise ValueError(f"the fields are {', '.join(_FIELDS)}")
    if not all(isinstance(value, str) for value in values.values()):
        raise ValueError("every field is a text")
    example = Example(**values)
    for problem in _problems(example):
        raise ValueError(problem)
    return example


def _problems(example: Example) -> Iterator[str]:
    if not all((example.id, example.author, example.industry, example.thread)):
        yield "id, author, industry and thread are filled"
    if not (example.subject.strip() or example.text.strip()):
        yield "subject and text are both empty"
    if example.language not in LANGUAGES:
        yield f"unknown language {example.language!r}"
    if example.classification not in dict(CLASSES):
        yield f"unknown class {example.classification!r}"
    is_dispute = example.classification == DISPUTE
    if is_dispute != bool(example.reason) or (example.reason and example.reason not in dict(REASONS)):
        yield f"a dispute has one of the five reasons, nothing else has: {example.reason!r}"
    if example.sub_reason and (example.reason != "other" or example.sub_reason not in dict(SUB_REASONS)):
        yield f"only the reason other has a sub-reason: {example.sub_reason!r}"


def near_duplicates(examples: Iterable[Example], likeness: float = 0.6) -> list[tuple[str, str]]:
    """Pairs whose texts share more than `likeness` of their five-word runs: templates with swapped words."""
    runs = [(example.id, _runs(f"{example.subject} {example.text}")) for example in examples]
    holders: dict[tuple[str, ...], list[int]] = {}
    for place, (_, found) in enumerate(runs):
        for run in found:
            holders.setdefault(run, []).append(place)
    shared: dict[tuple[int, int], int] = {}
    for places in holders.values():
        for at, first in enumerate(places):
            for second in places[at + 1 :]:
                shared[first, second] = shared.get((first, second), 0) + 1
    return [
        (runs[first][0], runs[second][0])
        for (first, second), count in sorted(shared.items())
        if count > likeness * min(len(runs[first][1]), len(runs[second][1]))
    ]


def _runs(text: str) -> set[tuple[str, ...]]:
    words = text.lower().split()
    size = min(_SHINGLE, len(words))
    return {tuple(words[at : at + size]) for at in range(len(words) - size + 1)}
