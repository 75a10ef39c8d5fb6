"""Which word says what a number is: the nearest label before it, the number's own prefix, its list or its table."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from disputes.matching import masks
from disputes.matching.candidates import Candidate, Tier
from disputes.matching.lexicon import (
    BLOCKERS,
    FILLERS,
    INVOICE,
    INVOICE_PREFIX,
    LABEL,
    NUMBER_WORD,
    ORDER,
    ORDER_PREFIX,
    OTHER,
    OTHER_PREFIX,
    SOFT_PREFIX,
    SURE_INVOICE_PREFIX,
)

FARTHEST = 140
LEAST_ID = 5
_INNER_INVOICE = re.compile(r"(?<![A-Z])INV(?![A-Z])", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-zÀ-ÿ']+")
_NUMBER_WORD = re.compile(rf"(?<![A-Za-zÀ-ÿ]){NUMBER_WORD}", re.IGNORECASE)
_PREPOSITION = re.compile(
    r"\b(?:for|of|on|against|about|regarding|concerning|with|from|re|under|in|zu|für|zur|bei|pour|sur|sous|para|por|sobre)\s*(?:the|our"
    r"|your|der|die|la|le|les|el|los)?\s*$",
    re.IGNORECASE,
)
_SENTENCE_ENDS = re.compile(r"[.!?]\s+(?=[A-ZÄÖÜÉ¿¡])|\n\s*\n|[?!]")
# A word, not an abbreviation, then a full stop: what follows is another matter.
_ENDED = re.compile(r"(?<=[a-zäöüßéó]{4})[.!?]\s+$")
_LISTED = re.compile(
    r"(?:,|;|/|&|\+|\||–|\band\b|\bund\b|\bet\b|\by\b|\bor\b|\boder\b|\bou\b|\bo\b|\bsowie\b|\bplus\b|\bto\b|\bbis\b|\bthrough\b|\bà\b|\ba\b"
    r"|\bwith\b|\bmit(?: der)?\b|\bavec(?: la)?\b|\bcon(?: la)?\b"
    r"|\bversus\b|\bvs\b\.?|\bgegen\b|\bcontre\b|\bvon\b|\bof\b|\bde la\b)"
    rf"\s*(?:{NUMBER_WORD})?\s*[:.]?\s*$",
    re.IGNORECASE,
)
_BULLET = re.compile(r"^[\s>]*(?:[-*•·–]|\d{1,2}[.)]|\(\d{1,2}\)|[a-z][.)]|\|)?\s*(?:#\s?)?$")
_AFTER = re.compile(
    r"^\s*(?:\(|is |was |ist |est |es )?\s*(?:the |our |your |die |das |unsere |la |el |notre |nuestra )?",
    re.IGNORECASE,
)
_COPULA = re.compile(r"\b(?:is|was|are|ist|lautet|est|es)\b\s*:?\s*$|[:=]\s*$", re.IGNORECASE)
_BELONGS = re.compile(
    r"^[^.!?\n]*\b(?:(?:for|on|für|zu|zur|pour|para)\s+(?:this|that|the|your|our|said|diese[r]?|die|der|cette|la|esta)?"
    r"|(?:of|to|per|der|de)\s+(?:this|that|said|dieser|cette|esta))\s*(?:same\s)?$",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    r"(?:\b(?:re|regarding|concerning|about|reference|ref|subject|betreff|betr|betrifft"
    r"|bzgl|bezüglich|wegen|zu|concernant|objet|sujet|réf"
    r"|asunto|referente a|respecto a|sobre|on|against|for|per|auf|für|sur|pour|para)\b\.?\s*:?\s*|^\s*)\#?$",
    re.IGNORECASE,
)


# A number of four digits stands for a document when it is spoken of like a thing.
_SPOKEN_OF = re.compile(
    r"\b(?:on|for|against|with|about|regarding|the|your|both|sent me|sent us|die|der|auf|zu|zur|mit|eure|ihre|la|las"
    r"|les|sur|pour|avec|con|en|su|votre|vos|and|or|und|oder|et|ou|y|o)\s*$",
    re.IGNORECASE,
)
_SPEAKS = re.compile(
    r"\s*(?:is|isn|are|was|were|has|have|had|and|or|shows|says|went|und|ist|sind|wurde"
    r"|et|est|sont|a été|y|es|está|están|fue|bill)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Label:
    start: int
    end: int
    kind: str


def label_all(plain: str, found: Sequence[Candidate], *, subject_ends: int) -> list[Candidate]:
    """Each candidate with its kind and how sure that is, in order of the text."""
    labels = [_label(hit) for hit in LABEL.finditer(plain)]
    quantities = masks.spans_of(masks.QUANTITY, plain)
    reader = _Reader(plain, labels, quantities, subject_ends)
    for candidate in found:
        reader.read(candidate)
    return reader.read_so_far


def _label(hit: re.Match[str]) -> Label:
    kind = INVOICE if hit["invoice"] else ORDER if hit["order"] else OTHER
    return Label(hit.start(), hit.end(), kind)


class _Reader:
    """Goes through the candidates once, from left to right; a list goes on as it began."""

    def __init__(self, plain: str, labels: list[Label], quantities: list[tuple[int, int]], subject_ends: int) -> None:
        self.plain = plain
        self.labels = labels
        self.quantities = quantities
        self.subject_ends = subject_ends
        self.read_so_far: list[Candidate] = []

    def read(self, candidate: Candidate) -> None:
        kind, tier = self._judge(candidate)
        self.read_so_far.append(candidate.known_as(kind, tier))

    def _judge(self, one: Candidate) -> tuple[str, Tier]:
        named, tier = self._by_label(one)
        own = self._by_prefix(one, named)
        if own:
            return own, Tier.SURE
        if self._is_quantity(one) and not (named == INVOICE and tier is Tier.SURE and len(one.digits) >= LEAST_ID):
            return OTHER, Tier.SURE
        if tier is Tier.SURE and not self._too_little(one, tier):
            return named, tier
        for other_way in (self._as_in_list, self._by_table, self._by_label_after):
            kind = other_way(one)
            if kind:
                return kind, Tier.SURE
        if named:
            return ("", Tier.NONE) if self._too_little(one, tier) else (named, tier)
        return self._guess(one)

    # --- its own letters -----------------------------------------------------------------------------

    def _by_prefix(self, one: Candidate, named: str) -> str:
        letters = one.prefix.rstrip("-/.").replace(".", "")
        if len(one.digits) >= 3 and _INNER_INVOICE.search(one.cited):
            return INVOICE
        if not letters or len(one.digits) < 3:
            return ""
        if ORDER_PREFIX.fullmatch(letters) and not (named == INVOICE and SOFT_PREFIX.fullmatch(letters)):
            return ORDER
        if SURE_INVOICE_PREFIX.fullmatch(letters):
            return INVOICE
        if OTHER_PREFIX.fullmatch(letters) and not (named and SOFT_PREFIX.fullmatch(letters)):
            return OTHER
        if INVOICE_PREFIX.fullmatch(letters) and letters.isupper() and named in ("", INVOICE) and len(one.digits) >= 4:
            return INVOICE
        return ""

    # --- the label before it -------------------------------------------------------------------------

    def _by_label(self, one: Candidate) -> tuple[str, Tier]:
        near = [each for each in self.labels if one.start - FARTHEST <= each.end <= one.start][-3:]
        for position in range(len(near) - 1, -1, -1):
            label = near[position]
            tier = self._relation(label, one)
            if tier is not Tier.NONE:
                return self._owner(near[:position], label, one), tier
        return "", Tier.NONE

    def _relation(self, label: Label, one: Candidate) -> Tier:
        gap = self._gap(label.end, one.start)
        if gap is None:
            return Tier.NONE
        counted = _NUMBER_WORD.sub(" ", gap)
        if ")" in counted and "(" not in counted and _WORD.search(counted):
            # The label stands in an aside that is over.
            return Tier.NONE
        if _SENTENCE_ENDS.search(counted) or _ENDED.search(gap) or gap.count("\n") > 1:
            return Tier.NONE
        words = [word.lower() for word in _WORD.findall(counted)]
        if any(word in BLOCKERS for word in words) and not _NUMBER_WORD.search(gap[-12:]):
            return Tier.NONE
        strange = [word for word in words if word not in FILLERS and len(word) > 1]
        named = bool(_NUMBER_WORD.search(gap)) or one.has_hash or gap.rstrip().endswith("(") or bool(one.prefix)
        if label.kind != INVOICE:
            direct = not strange and not (_PREPOSITION.search(counted) and not _NUMBER_WORD.search(gap))
            return Tier.SURE if direct or (named and len(strange) <= 1) else Tier.NONE
        if not strange:
            return Tier.SURE if named or not one.is_year else Tier.NONE
        if named and len(strange) <= 6:
            return Tier.NEAR
        announced = gap.rstrip().endswith(":")
        least = LEAST_ID - 1 if announced else LEAST_ID
        return Tier.NEAR if len(one.digits) >= least and len(strange) <= 4 else Tier.NONE

    def _gap(self, start: int, end: int) -> str | None:
        """What stands between, without asides in brackets and numbers read before; None when a list breaks off."""
        gap = self.plain[start:end]
        inside = [each for each in self.read_so_far if start <= each.start < end]
        if inside and not self._goes_on(inside[-1].end, end):
            return None
        for each in inside:
            gap = gap.replace(self.plain[each.start : each.end], " ", 1)
        return re.sub(r"\([^()]*\)|\[[^\[\]]*\]", " ", gap)

    def _goes_on(self, start: int, end: int) -> bool:
        return bool(_LISTED.search(re.sub(r"\([^()]*\)", " ", self.plain[start:end])))

    def _owner(self, before: Sequence[Label], label: Label, one: Candidate) -> str:
        """“The PO for this invoice is 7741” names a PO."""
        owner = before[-1] if before else None
        if owner is None or owner.kind == label.kind or not _COPULA.search(self.plain[label.end : one.start]):
            return label.kind
        between = self.plain[owner.end : label.start]
        if _BELONGS.search(between) and len(_WORD.findall(_NUMBER_WORD.sub(" ", between))) <= 3:
            return owner.kind
        return label.kind

    def _too_little(self, one: Candidate, tier: Tier) -> bool:
        """Two digits are a number only where they are called one, three where a label stands beside them."""
        named = bool(_NUMBER_WORD.search(self.plain[max(0, one.start - 14) : one.start])) or one.has_hash
        return len(one.digits) < (2 if named and tier is Tier.SURE else 3 if tier is Tier.SURE else 4)

    # --- lists, tables, labels behind ----------------------------------------------------------------

    def _as_in_list(self, one: Candidate) -> str:
        """Goes on where the number before it left off: “20418, 20419 and 20420”."""
        if not self.read_so_far:
            return ""
        last = self.read_so_far[-1]
        between = self.plain[last.end : one.start]
        listed = len(between) < 120 and between.count("\n") < 2 and self._goes_on(last.end, one.start)
        return last.kind if listed and last.tier <= Tier.NEAR and one.looks_like(last) and last.kind != OTHER else ""

    def _by_table(self, one: Candidate) -> str:
        """First on its line: as the line above began, or as the line says that announces the list."""
        line_start = self.plain.rfind("\n", 0, one.start) + 1
        if len(one.digits) < 3 or line_start == 0:
            return ""
        above = self.plain[:line_start].rstrip()
        above_start = above.rfind("\n") + 1
        siblings = [each for each in self.read_so_far if above_start <= each.start < len(above)]
        column = sum(1 for each in self.read_so_far if each.start >= line_start)
        if siblings:
            twin = siblings[column] if column < len(siblings) else None
            return twin.kind if twin and twin.tier <= Tier.NEAR and one.looks_like(twin) else ""
        if column == 0 and not _BULLET.match(self.plain[line_start : one.start]):
            return ""
        return self._announced(above[above_start:], column)

    def _announced(self, line: str, column: int) -> str:
        heads = [_label(hit).kind for hit in LABEL.finditer(line)]
        if not heads or re.search(r"\d{3}", line):
            return ""
        is_table = len(_WORD.findall(line)) <= 12 and not line.rstrip().endswith((".", "?", "!"))
        if is_table and column < len(heads):
            return heads[column] if not line.rstrip().endswith(":") or column == 0 else ""
        return INVOICE if line.rstrip().endswith(":") and INVOICE in heads and column == 0 else ""

    def _by_label_after(self, one: Candidate) -> str:
        """“the 20418 invoice”, “7741 (our PO)”, “20418 is the invoice number”."""
        if len(one.digits) < 4 or one.is_year:
            return ""
        behind = self.plain[one.end : one.end + 60]
        lead = _AFTER.match(behind)
        hit = LABEL.match(self.plain, one.end + (lead.end() if lead else 0))
        return _label(hit).kind if hit and "\n" not in self.plain[one.end : hit.start()] else ""

    # --- no word at all ------------------------------------------------------------------------------

    def _guess(self, one: Candidate) -> tuple[str, Tier]:
        if one.is_year or len(one.digits) < 4 or len(one.digits) > 12:
            return "", Tier.NONE
        if one.has_hash:
            return "", Tier.MAYBE
        line_start = self.plain.rfind("\n", 0, one.start) + 1
        about = bool(_ABOUT.search(self.plain[max(line_start, one.start - 30) : one.start]))
        in_subject = one.start < self.subject_ends
        if (len(one.digits) >= LEAST_ID or one.prefix) and (in_subject or about):
            return "", Tier.MAYBE
        if len(one.digits) >= LEAST_ID or one.prefix:
            return "", Tier.WEAK
        around = _SPOKEN_OF.search(self.plain[max(line_start, one.start - 30) : one.start])
        return ("", Tier.WEAK) if around or _SPEAKS.match(self.plain[one.end : one.end + 30]) else ("", Tier.NONE)

    def _is_quantity(self, one: Candidate) -> bool:
        return not one.prefix and any(start <= one.start < end for start, end in self.quantities)
