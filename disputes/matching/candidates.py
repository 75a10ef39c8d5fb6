"""Numbers in a text that have the shape of a reference."""

import re
from dataclasses import dataclass, replace
from enum import IntEnum
from itertools import islice, pairwise

LONGEST = 32
MOST = 600
MOST_IN_RANGE = 50
NEIGHBOURS = 1000
# 4471/80 may be a number and a year, 4471/72 is two numbers.
SURE_STEP = 10
_TOKEN = re.compile(
    r"(?<![\w@])(?P<hash>\#\s?)?"
    r"(?:(?P<prefix>[A-Za-z]{1,5}(?:[-/][A-Za-z]{1,4}){0,2})(?P<joint>[-–_/.]|))?"
    r"(?P<number>\d[\dA-Za-z]*(?:[-–/_.][\dA-Za-z]+)*)"
    r"(?![\w@])"
)
# “INV 20418”: only these stand before a number with a space and still belong to it.
_SPACED = re.compile(r"(?<![A-Za-z0-9])(INV|SI|SINV|RE|RG|FA|FC|FV|FAC|CI)(?: ?- ?| )$")
# Words that stand before a number with a hyphen and are no part of it.
_WORDS = re.compile(r"[a-z]+|[A-Z][a-z]{2,}|(?:INVOICE|BILL|ORDER|FAKTURA|NO|NR|NUM)", re.ASCII)
_YEAR = re.compile(r"19[89]\d|20[0-4]\d")
_YEAR_ENDING = re.compile(r"2\d")
_TWINS = re.compile(r"^([A-Za-z]{1,8}-?)\d{3,}/\1\d{3,}$")
_ENDINGS = re.compile(r"^(?P<head>[A-Za-z0-9]+-|)(?P<first>\d{2,9})(?P<rest>(?:/\d{1,3})+)$")
_RANGE = re.compile(r"^(?P<head>.*?)(?P<first>\d{4,9})(?P<by>[-–/])(?P<last>\d{1,9})$")


# 02/18 is a day, whichever way round; so is 3/4.
_DAY = re.compile(r"(?:0?[1-9]|[12]\d|3[01])[/.](?:0?[1-9]|[12]\d|3[01])")


class Tier(IntEnum):
    """How sure it is what a number stands for."""

    SURE = 1
    NEAR = 2
    # No word calls it an invoice, but it is spoken of as one speaks of a document.
    SPOKEN = 3
    MAYBE = 4
    WEAK = 5
    # “room 20418”: some other noun's; good for looking up only.
    OWNED = 6
    NONE = 9


@dataclass(frozen=True)
class Candidate:
    """A number with its place; `kind` is invoice, order, other or "" while unknown."""

    start: int
    end: int
    cited: str
    prefix: str
    number: str
    has_hash: bool = False
    kind: str = ""
    tier: Tier = Tier.NONE

    @property
    def digits(self) -> str:
        return re.sub(r"\D", "", self.number)

    @property
    def is_year(self) -> bool:
        return not self.prefix and bool(_YEAR.fullmatch(self.number))

    def looks_like(self, other: "Candidate") -> bool:
        """Of the same series: the same letters before, about as many digits."""
        same_prefix = self.prefix.upper().rstrip("-/.") == other.prefix.upper().rstrip("-/.")
        return same_prefix and abs(len(self.digits) - len(other.digits)) <= 1

    def is_neighbour_of(self, other: "Candidate") -> bool:
        """Close to it in the same series: numbers of one seller follow each other."""
        if not self.looks_like(other) or len(self.digits) != len(other.digits) or len(self.digits) < 4:
            return False
        return bool(self.prefix) or abs(int(self.digits) - int(other.digits)) <= NEIGHBOURS

    def known_as(self, kind: str, tier: Tier) -> "Candidate":
        return replace(self, kind=kind, tier=tier)


def candidates(plain: str) -> list[Candidate]:
    """In order of the text; `plain` has dates, amounts and the like blanked out."""
    found = []
    for hit in islice(_TOKEN.finditer(plain), MOST):
        number = hit["number"].rstrip("-–/_.")
        prefix, start = hit["prefix"] or "", hit.start("prefix") if hit["prefix"] else hit.start("number")
        if prefix and hit["joint"] is not None and _is_word(prefix, hit["joint"]):
            prefix, start = "", hit.start("number")
        if not _is_shaped(number) or _DAY.fullmatch(number):
            continue
        end = hit.start("number") + len(number)
        spaced = "" if prefix else _before(plain, start, bool(hit["hash"]))
        if spaced:
            prefix, start = spaced, plain.rindex(spaced, 0, start)
        cited = re.sub(r"\s*[-–]\s*", "-", plain[start:end])
        found.append(Candidate(start, end, cited, prefix, number, bool(hit["hash"])))
    return [each for each in found if len(each.cited) <= LONGEST]


def _is_word(prefix: str, joint: str) -> bool:
    """“invoice-20418” is a word and a number; “inv-20418” and “b7731” are numbers as their writer types them."""
    if joint == ".":
        return not prefix.isupper() or len(prefix) > 2 or prefix in ("NO", "NR", "N", "RE", "RG")
    if not joint and len(prefix) <= 2 and prefix.lower() not in ("no", "nr", "po", "so", "re", "rg"):
        return False
    return bool(_WORDS.fullmatch(prefix)) and prefix.upper() not in ("INV", "RE", "RG", "FA", "SI", "PO", "SO", "CN")


def _before(plain: str, start: int, has_hash: bool) -> str:
    found = None if has_hash else _SPACED.search(plain[max(0, start - 8) : start])
    return found[1] if found else ""


def _is_shaped(number: str) -> bool:
    """At least two digits, and letters only in short groups: 20418-A, 24A118, not 3rd or 2nd-floor."""
    groups = re.split(r"[-–/_.]", number)
    if sum(character.isdigit() for character in number) < 2:
        return False
    return all(
        re.fullmatch(r"\d+[A-Za-z]{0,2}|[A-Za-z]{1,3}\d*|\d+[A-Za-z]{1,3}\d+|\d+[A-Z]\d*[A-Z]?\d*", g) for g in groups
    )


def expanded(candidate: Candidate) -> list[str]:
    """A range as all its members (20418-20420), endings in full (20418/19, 4471/72/75, 2026-44/45)."""
    if _TWINS.match(candidate.cited):
        return candidate.cited.split("/")
    return _endings(candidate.cited) or _range(candidate.cited) or [candidate.cited]


def _endings(cited: str) -> list[str]:
    """4471/72/75 → 4471, 4472, 4475; nothing for 5512/26, which is a number and its year."""
    shape = _ENDINGS.match(cited)
    if shape is None:
        return []
    head, first, last = shape["head"], shape["first"], shape["rest"].strip("/").split("/")
    numbers = [int(first), *(int(first[: len(first) - len(each)] + each) for each in last)]
    steps = [after - before for before, after in pairwise(numbers)]
    widest = NEIGHBOURS if len(last) > 1 or len(first) >= 5 else SURE_STEP
    if len(last) == 1 and _YEAR_ENDING.fullmatch(last[0]):
        widest = 2
    if any(len(each) > len(first) or (len(each) == len(first) and not head) for each in last):
        return []
    if not all(0 < step <= widest for step in steps):
        return []
    return [f"{head}{number:0{len(first)}d}" for number in numbers]


def _range(cited: str) -> list[str]:
    shape = _RANGE.match(cited)
    if shape is None or _YEAR.fullmatch(shape["first"]):
        return []
    head, first, last, by = shape["head"], shape["first"], shape["last"], shape["by"]
    if by == "/" and _YEAR.fullmatch(last):
        return []
    if len(last) != len(first) or int(last) <= int(first):
        return []
    if by == "/":
        return [f"{head}{first}", f"{head}{last}"]
    if int(last) - int(first) > MOST_IN_RANGE:
        return []
    return [f"{head}{number:0{len(first)}d}" for number in range(int(first), int(last) + 1)]
