"""What a mail cites: invoice numbers, order numbers and amounts, told apart by the words around each number."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from disputes.matching import amounts, masks
from disputes.matching.amounts import Amount
from disputes.matching.candidates import MOST_IN_RANGE, Candidate, candidates, expanded
from disputes.matching.cores import core_of
from disputes.matching.labels import Tier, label_all
from disputes.matching.lexicon import INVOICE, NUMBER_WORD, ORDER

READ = 40_000
MOST = 60
# No reference is as long as that; what is may cost the patterns below a lot of time.
_LONG = re.compile(r"\S{120,}")
_FROM_TO = re.compile(
    r"\b(?P<first>\d{4,9}) (?:to|through|thru|until|bis|à|jusqu'à|a|al|hasta) (?:(?:la|the) )?(?P<last>\d{4,9})\b"
)
_NAMED_BEFORE = re.compile(rf"{NUMBER_WORD}\s*[:.]?\s*$", re.IGNORECASE)


@dataclass(frozen=True)
class References:
    """As cited, best first. `others` are numbers that may be invoices: for looking up, never for showing."""

    invoices: tuple[str, ...] = ()
    pos: tuple[str, ...] = ()
    amounts: tuple[Amount, ...] = ()
    others: tuple[str, ...] = ()
    # No word calls the `invoices` so; in an order or a quotation they may be anything.
    guessed: bool = False


def references(text: str, subject: str = "") -> References:
    """Read a mail's subject and text. Only what is cited: no telephone, customer, tracking or bank numbers."""
    head = subject[:1000].replace("\n", " ")
    whole = _LONG.sub(lambda run: " " * len(run[0]), _unjoined(f"{head}\n\n{text[: READ - len(head)]}"))
    found_amounts = list(amounts.found_in(whole))
    plain = _masked(whole, [(start, end) for start, end, _amount in found_amounts])
    found = label_all(plain, candidates(plain), subject_ends=len(head))
    return References(
        invoices=_invoices(found),
        guessed=not any(each.kind == INVOICE for each in found),
        pos=_unique([ref for each in found if each.kind == ORDER for ref in expanded(each)]),
        amounts=tuple(dict.fromkeys(amount for _start, _end, amount in found_amounts if amount))[: amounts.MOST],
        others=_unique([each.cited for each in found if each.tier in (Tier.MAYBE, Tier.WEAK) and each.kind == ""]),
    )


def _unjoined(text: str) -> str:
    """“Invoice_20418_Northside” is three words, “20418 bis 20420” a range; as many characters as before."""
    return _FROM_TO.sub(_as_range, re.sub(r"(?<=[A-Za-z]{3})_(?=\d)|(?<=\d)_(?=[A-Za-z]{2})", " ", text))


def _as_range(hit: re.Match[str]) -> str:
    first, last = hit["first"], hit["last"]
    if len(first) != len(last) or not 0 < int(last) - int(first) <= MOST_IN_RANGE:
        return hit[0]
    return f"{first}-{last}".ljust(len(hit[0]))


def _masked(text: str, money: list[tuple[int, int]]) -> str:
    """Numbers that cannot be references become spaces; places stay the same."""
    plain = masks.blank(text, masks.spans_of(masks.FIXED, text) + masks.spans_of(masks.PHONE, text))
    plain = masks.blank(plain, [span for span in money if not (_glued(text, span) or _is_named(text, span))])
    dates = [span for span in masks.spans_of(masks.DATE, plain) if not _is_number_after_all(plain, span)]
    plain = masks.blank(plain, dates + masks.spans_of(masks.RATE, plain))
    return masks.blank(plain, masks.spans_of(masks.POSTAL, plain))


def _glued(text: str, span: tuple[int, int]) -> bool:
    """A "sign" that is the end of a word or a number's own part is none."""
    return text[span[1] : span[1] + 1].isalnum() and text[span[1] - 1].isdigit()


def _is_named(text: str, span: tuple[int, int]) -> bool:
    """“Nummer 118.820” is a number with a point in it, no amount."""
    grouped = re.fullmatch(r"\d{1,3}(?:\.\d{3})+", text[slice(*span)])
    return bool(grouped and _NAMED_BEFORE.search(text[max(0, span[0] - 20) : span[0]]))


def _is_number_after_all(text: str, span: tuple[int, int]) -> bool:
    """“Rechnung Nr. 03/2024” is a number, not a month."""
    shape = re.fullmatch(r"\d{1,2}/\d{4}", text[slice(*span)])
    return bool(shape and _NAMED_BEFORE.search(text[max(0, span[0] - 20) : span[0]]))


def _invoices(found: Sequence[Candidate]) -> tuple[str, ...]:
    """Labelled ones; others only where they are of the same series, or where nothing better is there."""
    named = [each for each in found if each.kind == INVOICE and each.tier is Tier.SURE]
    near = [each for each in found if each.kind == INVOICE and each.tier is Tier.NEAR]
    if named:
        near = [each for each in near if any(each.looks_like(other) for other in named)]
        loose = [each for each in found if each.kind == "" and each.tier in (Tier.MAYBE, Tier.WEAK)]
        near += [each for each in loose if any(each.is_neighbour_of(other) for other in named)]
    chosen = sorted(named + near, key=lambda each: each.start)
    return _unique([ref for each in chosen or _maybe(found) for ref in expanded(each)])


def _maybe(found: Sequence[Candidate]) -> list[Candidate]:
    return [each for each in found if each.tier is Tier.MAYBE and each.kind == ""]


def _unique(refs: list[str]) -> tuple[str, ...]:
    kept: dict[str, str] = {}
    for ref in refs:
        kept.setdefault(re.sub(r"[^A-Z0-9]", "", ref.upper()), ref)
    return tuple(_without_parts(list(kept.values())))[:MOST]


def _without_parts(refs: list[str]) -> list[str]:
    """“INV 20418” and “20418” are one invoice: the first cited stays."""
    kept: list[str] = []
    cores: set[str] = set()
    for ref in refs:
        core = core_of(ref)
        if core not in cores:
            kept.append(ref)
        cores.add(core)
    return kept
