"""Which word says what a number is: the nearest label before it, the number's own prefix, its list or its table."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from disputes.matching import masks, speech, tables
from disputes.matching.candidates import Candidate, Tier
from disputes.matching.lexicon import (
    ANNOUNCERS,
    BLOCKERS,
    DOCUMENT,
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
    SPEAKS_AFTER,
    SURE_INVOICE_PREFIX,
    kind_of,
)

FARTHEST = 140
LEAST_ID = 5
LEAST_IN_TABLE = 3
_INNER_INVOICE = re.compile(r"(?<![A-Z])INV(?![A-Z])", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-zÀ-ÿ']+")
_NUMBER_WORD = re.compile(rf"(?<![A-Za-zÀ-ÿ]){NUMBER_WORD}", re.IGNORECASE)
_PREPOSITION = re.compile(
    r"\b(?:for|of|on|against|about|regarding|concerning|with|from|re|under|in|zu|für|zur|bei|pour|sur|sous|para|por|sobre|de|von)\s*(?:the|our"
    r"|your|der|die|la|le|les|el|los)?\s*$",
    re.IGNORECASE,
)
_SENTENCE_ENDS = re.compile(r"[.!?]\s+(?=[A-ZÄÖÜÉ¿¡])|\n\s*\n|[?!]")
# A word, not an abbreviation, then a full stop: what follows is another matter.
_ENDED = re.compile(r"(?<=[a-zäöüßéó]{4})[.!?]\s+$")
_LISTED = re.compile(
    r"(?:,|;|/|&|\+|\||–|\band\b|\bund\b|\bet\b|\by\b|\bor\b|\boder\b|\bou\b|\bo\b|\bsowie\b|\bplus\b|\bto\b|\bbis\b|\bthrough\b|\bà\b|\ba\b"
    r"|\bversus\b|\bvs\b\.?)"
    rf"\s*(?:{NUMBER_WORD})?\s*[:.]?\s*$",
    re.IGNORECASE,
)
# “is the same as”, “duplicada con la”: only just behind the number before.
_LISTED_NEAR = re.compile(
    r"\b(?:with|mit(?: der)?|avec(?: la)?|con(?: la)?|gegen|contre|von|of|de la|que la|as|as [a-z]+)\s*$", re.IGNORECASE
)
NEARBY = 40
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
# Nothing but "no." between a label and its number.
_DIRECT = re.compile(rf"[\s:.#(\"'“„-]*(?:{NUMBER_WORD}[\s:.#-]*)?", re.IGNORECASE)
_ANY_PAPER = re.compile(r"ref|réf|doc|beleg|number|nummer", re.IGNORECASE)
# These are somebody's: "tenant ID", "courier ref".
_CARRIER = re.compile(r"(?:id|ref|réf|zeichen|voucher)", re.IGNORECASE)
_WORD_JUST_BEFORE = re.compile(r"([A-Za-zÀ-ÿ']+)[ -]$")


@dataclass(frozen=True)
class Label:
    start: int
    end: int
    kind: str


def label_all(plain: str, found: Sequence[Candidate], *, subject_ends: int, written: str = "") -> list[Candidate]:
    """Each candidate with its kind and how sure that is, in order of the text; `written` is the text unmasked."""
    reader = _Reader(plain, written or plain, subject_ends)
    for candidate in found:
        reader.read(candidate)
    return reader.read_so_far


def _label(hit: re.Match[str]) -> Label:
    return Label(hit.start(), hit.end(), kind_of(hit))


class _Reader:
    """Goes through the candidates once, from left to right; a list goes on as it began."""

    def __init__(self, plain: str, written: str, subject_ends: int) -> None:
        self.plain = plain
        self.labels = [_label(hit) for hit in LABEL.finditer(plain)]
        self.quantities = masks.spans_of(masks.QUANTITY, plain)
        self.cells = tables.cells(written)
        self.opens_row = tables.first_in_rows(written)
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
        column = next((cell.kind for cell in self.cells if cell.start <= one.start < cell.end), "")
        if column:
            return (column, Tier.SURE) if len(one.digits) >= LEAST_IN_TABLE or column != INVOICE else ("", Tier.NONE)
        if self._is_quantity(one) and not (named == INVOICE and tier is Tier.SURE and len(one.digits) >= LEAST_ID):
            return OTHER, Tier.SURE
        if named == DOCUMENT:
            return "", Tier.SPOKEN if len(one.digits) >= 4 and not one.is_year else Tier.NONE
        if tier is Tier.SURE and not self._too_little(one, tier):
            return named, tier
        for other_way in (self._as_in_list, self._by_table, self._by_label_after):
            kind = other_way(one)
            if kind:
                return kind, Tier.SURE
        if named and speech.is_a_nouns_own(self.plain, one):
            is_enough = speech.is_shaped(one) and not self._too_little(one, Tier.NEAR)
            return "", Tier.NONE if not is_enough else Tier.MAYBE if named == INVOICE else Tier.WEAK
        if named:
            return ("", Tier.NONE) if self._too_little(one, tier) else (named, tier)
        return "", self._unnamed(one)

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
        if named == INVOICE and self._is_direct(one):
            return INVOICE
        if SOFT_PREFIX.fullmatch(letters) and self._is_whole_subject(one):
            return ""
        if OTHER_PREFIX.fullmatch(letters) and not (named and SOFT_PREFIX.fullmatch(letters)):
            return OTHER
        if INVOICE_PREFIX.fullmatch(letters) and letters.isupper() and named in ("", INVOICE) and len(one.digits) >= 4:
            return INVOICE
        return ""

    def _is_whole_subject(self, one: Candidate) -> bool:
        lead, rest = self.plain[: one.start], self.plain[one.end : self.subject_ends]
        return (
            one.end <= self.subject_ends and not rest.strip() and bool(re.fullmatch(r"(?:\s*[A-Za-z]{2,3}:)*\s*", lead))
        )

    # --- the label before it -------------------------------------------------------------------------

    def _by_label(self, one: Candidate) -> tuple[str, Tier]:
        near = [each for each in self.labels if one.start - FARTHEST <= each.end <= one.start][-3:]
        for position in range(len(near) - 1, -1, -1):
            label = near[position]
            tier = self._relation(label, one)
            kind = self._owner(near[:position], label, one) if tier is not Tier.NONE else ""
            if kind and not (kind in (DOCUMENT, OTHER) and tier is Tier.SURE and self._is_another(label, one, kind)):
                return kind, tier
        return "", Tier.NONE

    def _is_another(self, label: Label, one: Candidate, kind: str) -> bool:
        """After “ticket 771, 20418”: another series does not go on with the label of the first."""
        inside = [each for each in self.read_so_far if label.end <= each.start < one.start]
        if not inside:
            return False
        return not one.looks_like(inside[-1]) or inside[-1].kind != ("" if kind == DOCUMENT else kind)

    def _is_direct(self, one: Candidate) -> bool:
        before = [each for each in self.labels if one.start - 24 <= each.end <= one.start]
        if not before or _ANY_PAPER.search(self.plain, before[-1].start, before[-1].end):
            return False
        return bool(_DIRECT.fullmatch(self.plain[before[-1].end : one.start]))

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
            if any(word in ANNOUNCERS for word in words):
                return Tier.NONE
            if _PREPOSITION.search(counted) and not _NUMBER_WORD.search(gap):
                return Tier.NONE
            owned = named or speech.is_a_nouns_own(self.plain, one)
            return Tier.SURE if not strange or (owned and len(strange) == 1) else Tier.NONE
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
        between = re.sub(r"\([^()]*\)", " ", self.plain[start:end])
        return bool(_LISTED.search(between) or (len(between) <= NEARBY and _LISTED_NEAR.search(between)))

    def _owner(self, before: Sequence[Label], label: Label, one: Candidate) -> str:
        """“The PO for this invoice is 7741” names a PO."""
        owner = before[-1] if before else None
        if label.kind == DOCUMENT:
            return self._whose(owner, label)
        if owner is None or owner.kind == label.kind or not _COPULA.search(self.plain[label.end : one.start]):
            return label.kind
        between = self.plain[owner.end : label.start]
        if _BELONGS.search(between) and len(_WORD.findall(_NUMBER_WORD.sub(" ", between))) <= 3:
            return owner.kind
        return label.kind

    def _whose(self, owner: Label | None, label: Label) -> str:
        """“Invoice ref” is an invoice, “wire ref” a payment, “tenant ID” neither."""
        between = self.plain[owner.end : label.start] if owner else ""
        carried = _CARRIER.match(self.plain, label.start)
        ended = _SENTENCE_ENDS.search(self.plain[owner.end : label.start + 1]) if owner else None
        apart = ended or "\n" in between or ("," in between and owner and owner.kind != INVOICE and not carried)
        if owner and not apart:
            words = [word for word in _WORD.findall(_NUMBER_WORD.sub(" ", between)) if word.lower() not in FILLERS]
            if not words and not re.search(r"\d", between) and len(between) < 24:
                return owner.kind
        noun = _WORD_JUST_BEFORE.search(self.plain[max(0, label.start - 24) : label.start])
        return OTHER if carried and noun and noun[1].lower() not in FILLERS else DOCUMENT

    def _too_little(self, one: Candidate, tier: Tier) -> bool:
        """Two digits are a number only where they are called one, three where a label stands beside them."""
        named = bool(_NUMBER_WORD.search(self.plain[max(0, one.start - 14) : one.start])) or one.has_hash
        named = named or (self._is_direct(one) and bool(SPEAKS_AFTER.match(self.plain, one.end)))
        return len(one.digits) < (2 if named and tier is Tier.SURE else 3 if tier is Tier.SURE else 4)

    # --- lists, tables, labels behind ----------------------------------------------------------------

    def _as_in_list(self, one: Candidate) -> str:
        """Goes on where the number before it left off: “20418, 20419 and 20420”."""
        if not self.read_so_far:
            return ""
        last = self.read_so_far[-1]
        between = self.plain[last.end : one.start]
        listed = len(between) < 120 and between.count("\n") < 2 and self._goes_on(last.end, one.start)
        listed = listed or (between in (" ", "  ", "\n") and len(one.digits) == len(last.digits) >= LEAST_ID)
        return last.kind if listed and last.tier <= Tier.NEAR and one.looks_like(last) and last.kind != OTHER else ""

    def _by_table(self, one: Candidate) -> str:
        """First on its line: as the line above began, or as the line says that announces the list."""
        line_start = self.plain.rfind("\n", 0, one.start) + 1
        if len(one.digits) < 3 or line_start == 0:
            return ""
        above = self.plain[:line_start].rstrip()
        if self.plain.count("\n", len(above), line_start) > 1 and not above.endswith(":"):
            return ""
        above_start = above.rfind("\n") + 1
        siblings = [each for each in self.read_so_far if above_start <= each.start < len(above)]
        column = sum(1 for each in self.read_so_far if each.start >= line_start)
        if siblings:
            twin = siblings[column] if column < len(siblings) else None
            if twin and twin.kind == OTHER and one.start in self.opens_row:
                return ""
            return twin.kind if twin and twin.tier <= Tier.NEAR and one.looks_like(twin) else ""
        if column == 0 and not _BULLET.match(self.plain[line_start : one.start]):
            return ""
        return self._announced(above[above_start:], column)

    def _announced(self, line: str, column: int) -> str:
        heads = [kind_of(hit) for hit in LABEL.finditer(line)]
        heads = [INVOICE if kind == DOCUMENT and INVOICE not in heads else kind for kind in heads]
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
        if hit is None or kind_of(hit) == DOCUMENT or "\n" in self.plain[one.end : hit.start()]:
            return ""
        # “20418 estimates 880 kWh”: what looks like another label is a verb.
        is_said = kind_of(hit) != OTHER or bool(lead and lead[0].strip())
        return kind_of(hit) if is_said else ""

    # --- no word at all ------------------------------------------------------------------------------

    def _unnamed(self, one: Candidate) -> Tier:
        if one.start in self.opens_row and len(one.digits) >= 4:
            return Tier.SPOKEN
        tier = speech.spoken_of(self.plain, one, subject_ends=self.subject_ends)
        last = self.read_so_far[-1] if self.read_so_far else None
        if tier in (Tier.MAYBE, Tier.WEAK) and last and last.kind == "" and last.tier is Tier.SPOKEN:
            between = self.plain[last.end : one.start]
            goes_on = self._goes_on(last.end, one.start) or between in (" ", "  ")
            return Tier.SPOKEN if goes_on and len(between) < 60 and one.looks_like(last) else tier
        return tier

    def _is_quantity(self, one: Candidate) -> bool:
        return not one.prefix and any(start <= one.start < end for start, end in self.quantities)
