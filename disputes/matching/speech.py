"""A number that no label names: spoken of like a thing (“we dispute 20418”), or some noun's own (“room 20418”)."""

import re

from disputes.matching.candidates import Candidate, Tier
from disputes.matching.lexicon import ARTICLES, COPULAS, FILLERS, LINKS, NUMBER_WORD, SPEAKS_AFTER, SPEAKS_BEFORE

LEAST_ID = 5
LONGEST_ID = 12
BEHIND = 40
_WORD_BEFORE = re.compile(r"(?P<word>[A-Za-zÀ-ÿ'’]+)\.?(?P<between>[^A-Za-zÀ-ÿ0-9]*)$")
# Where a clause or a point of a list begins.
_GREETING = (
    r"(?i:\b(?:hi|hello|hey|hallo|moin|servus|bonjour|salut|hola|morning|afternoon|tag|días|dias)\b[^,\d]{0,20},)"
)
_OPENS = re.compile(rf"(?:^|{_GREETING}|[.!?;:()|*•>]|\s[-–]|[-–]\s|\d[.)])[\s\"'“„«#*>-]*$")
_STANDS_ALONE = re.compile(r"\s*(?:$|\n|[:=|–?!]|-\s|\s-|\()")
_NUMBER_WORD = re.compile(NUMBER_WORD, re.IGNORECASE)
_PAIR = re.compile(r"\d{1,2}[-/.]\d{1,2}|\d{1,4}[.]\d|\d+[kK]")
# Four digits and a letter, or three and a sign: A1182, A-118, 118/A; neither 254UC nor M365.
_SERIES = re.compile(r"(?=.*(?:\d{4}|[-/_. ]))(?=.*(?:\d{3}|^[A-Za-z])).*[-/_. A-Za-z].*")
_LIST_BEHIND = re.compile(
    r"\s*(?:[,;&+/]|and|und|et|y|o|or)\s*(?:(?:the|die|la|les|el|y|and|und)\s+){0,2}[A-Za-z]{0,4}-?\d{4}", re.IGNORECASE
)
_LONG_NAME = re.compile(r"[A-Za-z]{4,}\d+")


def spoken_of(plain: str, one: Candidate, *, subject_ends: int) -> Tier:
    """How sure it is that an unnamed number is what the mail is about."""
    if not is_shaped(one):
        return Tier.NONE
    tier = _heard(plain, one)
    if tier is Tier.WEAK and is_a_nouns_own(plain, one):
        tier = Tier.OWNED
    if tier is Tier.SPOKEN and _LONG_NAME.fullmatch(one.cited):
        return Tier.WEAK
    if tier >= Tier.WEAK and one.start < subject_ends and _is_long(one):
        return Tier.MAYBE
    return tier


def is_a_nouns_own(plain: str, one: Candidate) -> bool:
    """“room 20418”, “Rahmenvertrag 20418”: the word beside it says what it is, even where no list has the word."""
    hit = _WORD_BEFORE.search(_lead(plain, one))
    if hit is None or hit["between"].strip(" #") or one.has_hash:
        return False
    word = hit["word"].lower()
    is_known = SPEAKS_BEFORE.fullmatch(word) or word in ARTICLES or word in LINKS or word in FILLERS
    return not is_known and not _NUMBER_WORD.fullmatch(word) and len(word) > 1


def _heard(plain: str, one: Candidate) -> Tier:
    lead, behind = _lead(plain, one), plain[one.end : one.end + BEHIND]
    speaks = bool(SPEAKS_AFTER.match(behind) or _LIST_BEHIND.match(behind))
    if _OPENS.search(lead):
        return Tier.SPOKEN if _is_long(one) or speaks or _STANDS_ALONE.match(behind) else Tier.WEAK
    hit = _WORD_BEFORE.search(lead)
    if hit is None:
        return Tier.MAYBE if speaks else Tier.WEAK
    word, between = hit["word"].lower(), hit["between"].strip()
    if between == "" and word in COPULAS and _OPENS.search(lead[: hit.start()]):
        return Tier.SPOKEN
    if between in ("", "#", '"', "'", "“", "„", "(", ":") and (SPEAKS_BEFORE.fullmatch(word) or one.has_hash):
        return Tier.SPOKEN
    if between == "" and word in ARTICLES:
        about = _WORD_BEFORE.search(lead[: hit.start()])
        is_about = bool(about and SPEAKS_BEFORE.fullmatch(about["word"]))
        return Tier.SPOKEN if speaks or is_about or _is_long(one) else Tier.WEAK
    if between == "," and behind.startswith(",") and _is_long(one):
        return Tier.MAYBE
    if between.startswith((",", "–", "-")) and (speaks or _STANDS_ALONE.match(behind)):
        return Tier.SPOKEN
    if speaks and word in LINKS:
        return Tier.SPOKEN
    # “Please be advised 20418 was”: a verb is behind, and before it stands no name.
    return Tier.MAYBE if speaks and _is_long(one) and hit["word"].islower() else Tier.WEAK


def _lead(plain: str, one: Candidate) -> str:
    line_start = plain.rfind("\n", 0, one.start) + 1
    return plain[max(line_start, one.start - BEHIND) : one.start]


def _is_long(one: Candidate) -> bool:
    """Long enough, or built like a number of a series: 20418, A-1182, 331-A; not 55-58."""
    if len(one.digits) >= LEAST_ID:
        return True
    return len(one.digits) >= 3 and bool(_SERIES.fullmatch(one.cited)) and not _PAIR.fullmatch(one.cited)


def is_shaped(one: Candidate) -> bool:
    """Built like a number of a document, whatever is said of it."""
    return not one.is_year and len(one.digits) <= LONGEST_ID and (len(one.digits) >= 4 or _is_long(one))
