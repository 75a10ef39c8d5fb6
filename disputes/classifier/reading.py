"""Splits a mail into tokens with their places; numbers, references and dates become kinds of token.

Folding keeps every character's place, so that a token found in folded text is at the same place in the mail.
"""

import re
import unicodedata
from dataclasses import dataclass

# A dispute is told in its first thousands of characters; the rest of a long mail would only cost time.
LONGEST = 12_000

_AMOUNT_SIGN = r"(?:[$€£¥]|\b(?:usd|eur|gbp|cad|chf|mxn|aud)\b|\beuros?\b|\bdollars?\b)"
_NUMBER = r"\d+(?:[.,'\u202f\u00a0]\d{3})*(?:[.,]\d+)?"
_MONTH = (
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mrz|mai|juin|juil|aout|okt|dez|fev|avr|ene|abr|ago|dic)[a-z]*"
)
_DATES = (
    r"\b\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b",
    r"\b\d{4}-\d{2}-\d{2}\b",
    rf"\b\d{{1,2}}(?:st|nd|rd|th|\.)? (?:de )?{_MONTH}\b",
    rf"\b{_MONTH} \d{{1,2}}\b(?!\d|[.,]\d)",
)
_AMOUNTS = (
    rf"{_AMOUNT_SIGN}[^\S\n]?[-−]?{_NUMBER}",
    rf"[-−]?{_NUMBER}[^\S\n]?(?:{_AMOUNT_SIGN}|k€|k\$)",
    r"\b\d+[.,]\d{2}-?(?![\d.,])",
)
_REFERENCES = (
    r"\b(?=[a-z0-9/_-]*\d{2})(?=[a-z0-9/_-]*[a-z])[a-z]{1,6}[-_/ #]?\d[a-z0-9/_-]*\b",
    r"#\d+",
    r"\b\d+[-/][a-z0-9/-]*\d+\b",
)
_PARTS = (
    ("url", r"https?://\S+|www\.\S+"),
    ("mailbox", r"[\w.+-]+@[\w-]+\.[\w.-]+"),
    ("date", "|".join(_DATES)),
    ("percent", rf"{_NUMBER}[^\S\n]?(?:%|percent|prozent|pour cent|por ciento)"),
    ("degrees", r"[-−+]?\d+(?:[.,]\d+)? ?°? ?c\b(?!\w)|[-−+]?\d+ ?°f?"),
    ("amount", "|".join(_AMOUNTS)),
    ("ref", "|".join(_REFERENCES)),
    ("longnum", r"\b\d{5,}\b"),
    ("num", rf"\b{_NUMBER}(?=\b|[a-z])"),
    ("elided", r"\b(?:[ldnscjmt]|qu|jusqu|lorsqu)['’](?=\w)"),
    ("word", r"[^\W\d_]+(?:['’-][^\W\d_]+)*"),
    ("stop", r"[.!?;:]+|\n+"),
)
_TOKEN = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in _PARTS))
_FOLDED_ALONE = {"ß": "s", "œ": "o", "æ": "a", "ø": "o", "ı": "i", "’": "'", "`": "'", "´": "'", "\u00a0": " "}
_SUBJECT_MARKS = re.compile(r"^\s*(?:(?:re|aw|fw|fwd|wg|tr|rv|antw|res|enc)\s*:\s*)+", re.IGNORECASE)


@dataclass(frozen=True)
class Token:
    """`name` is the folded word, or `_kind_` for numbers and the like; `start` and `end` are places in the text."""

    name: str
    start: int
    end: int
    in_subject: bool = False

    @property
    def is_stop(self) -> bool:
        return self.name == "_stop_"

    @property
    def is_word(self) -> bool:
        return not self.name.startswith("_")


def _fold_one(char: str) -> str:
    if char in _FOLDED_ALONE:
        return _FOLDED_ALONE[char]
    base = unicodedata.normalize("NFKD", char)[0].lower()
    return base if len(base) == 1 else char


_FOLD_TABLE = {
    code: _fold_one(chr(code)) for code in [*range(0x41, 0x5B), *range(0xA0, 0x250), *map(ord, _FOLDED_ALONE)]
}


def fold(text: str) -> str:
    """Lower case without accents, of the same length."""
    return text.translate(_FOLD_TABLE)


def tokens_of(text: str, *, in_subject: bool = False) -> list[Token]:
    """Every token of `text`, in order; the ends of sentences and lines are tokens too."""
    found = []
    for match in _TOKEN.finditer(fold(text[:LONGEST])):
        kind = match.lastgroup or "word"
        name = match.group() if kind in ("word", "elided") else f"_{kind}_"
        found.append(Token(name, match.start(), match.end(), in_subject))
    return found


def without_marks(subject: str) -> str:
    """The subject without Re:, AW:, TR: and the like."""
    return _SUBJECT_MARKS.sub("", subject)
