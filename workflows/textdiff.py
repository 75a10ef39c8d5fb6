"""What changed between two texts, word by word."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

# An amount, a number of a document or a word with its apostrophe is one word; blanks and punctuation stand alone.
_WORDS = re.compile(r"\n+|[^\S\n]+|[$€£]?\w+(?:[.,:'’@/-]\w+)*|[^\w\s]")
Kind = Literal["same", "del", "ins"]


@dataclass(frozen=True)
class Part:
    kind: Kind
    text: str
    replaces: bool = False


def word_diff(old: str, new: str) -> list[Part]:
    """Both texts as one run of parts: without the `ins` it is the old text, without the `del` the new one."""
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    parts: list[Part] = []
    for _tag, i1, i2, j1, j2 in _joined(before, after):
        gone, come = "".join(before[i1:i2]), "".join(after[j1:j2])
        if gone == come:
            parts.append(Part("same", gone))
        else:
            parts += [Part("del", gone)] if gone else []
            parts += [Part("ins", come, replaces=bool(gone))] if come else []
    return parts


def changes(parts: list[Part]) -> int:
    """How many places differ; a word replaced by another is one place."""
    return sum(
        1 for index, part in enumerate(parts) if part.kind != "same" and (index == 0 or parts[index - 1].kind == "same")
    )


def _joined(before: list[str], after: list[str]) -> Iterator[tuple[str, int, int, int, int]]:
    """The matcher's steps, with changes joined that only a blank separates: `one two` replaced is one change."""
    pending: tuple[str, int, int, int, int] | None = None
    steps = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    for index, step in enumerate(steps):
        is_blank = step[0] == "equal" and "".join(before[step[1] : step[2]]) == " "
        is_between = is_blank and pending is not None and index + 1 < len(steps)
        if step[0] == "equal" and not is_between:
            if pending:
                yield pending
                pending = None
            yield step
        else:
            pending = ("replace", pending[1], step[2], pending[3], step[4]) if pending else step
    if pending:
        yield pending
