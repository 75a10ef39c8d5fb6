"""What a mail cites: invoice numbers, order numbers and amounts, told apart by the words around each number."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from disputes.matching import amounts, masks
from disputes.matching.amounts import Amount
from disputes.matching.candidates import MOST_IN_RANGE, Candidate, candidates, expanded
from disputes.matching.cores import core_of
from disputes.matching.labels import Tier, label_all
from disputes.matching.lexicon import INVOICE, NUMBER_WORD, ORDER

READ = 40_000
MOST = 60
LOOSE = (Tier.SPOKEN, Tier.MAYBE, Tier.WEAK)
LOOKED_UP = (*LOOSE, Tier.OWNED)
# No reference is as long as that; what is may cost the patterns below a lot of time.
_LONG = re.compile(r"\S{120,}")
_FROM_TO = re.compile(
    r"\b(?!(?:19|20)\d\d )(?P<first>\d{4,9}) (?:-|–|to|through|thru|until|bis|à|jusqu'à|a|al|hasta) "
    r"(?:(?:la|the) )?(?P<last>\d{4,9})\b"
)
# "No 20 418": only what is called a number is one when its digits stand in groups.
_SPACED = re.compile(
    rf"(?P<named>{NUMBER_WORD}[ :]{{1,2}})(?P<number>\d{{1,3}}(?: \d{{2,3}}){{1,3}})"
    r"(?![,.]?\d)(?= *(?:[,.;:)\n]|$)| (?:of |[a-zà-ÿ]{3}))",
    re.IGNORECASE,
)
_NAMED_BEFORE = re.compile(
    rf"(?:{NUMBER_WORD}|(?<![A-Za-zÀ-ÿ])(?:invoices?|inv|(?:[a-zäöü]*rechnung(?:en)?)|rg|re|factures?|facturas?|factuur"
    r"|belege?))\s*[:.]?\s*$",
    re.IGNORECASE,
)
# “INV-1001 through INV-1003”; plain numbers are joined before anything is read.
_TO = re.compile(r" (?:to|through|thru|until|bis|à|jusqu'à|al?|hasta) (?:(?:la|the) )?")
_SERIES = re.compile(r"(?P<head>.*[A-Za-z/-])(?P<number>\d{1,9})$")
_POINTED = re.compile(r"\d{1,3}(?:\.\d{3})+")
_AND = re.compile(r"\s*(?:,|;|/|&|\+|und|and|et|y|en|e|sowie)\s*")


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
    found = label_all(plain, candidates(plain), subject_ends=len(head), written=whole)
    return References(
        invoices=_invoices(found, plain),
        guessed=not any(each.kind == INVOICE for each in found),
        pos=_unique([ref for each in found if each.kind == ORDER for ref in expanded(each)]),
        amounts=tuple(dict.fromkeys(amount for _start, _end, amount in found_amounts if amount))[: amounts.MOST],
        others=_unique([each.cited for each in found if each.tier in LOOKED_UP and each.kind == ""]),
    )


def _unjoined(text: str) -> str:
    """“Invoice_20418_Northside” is three words, “20418 bis 20420” a range; as many characters as before."""
    words = re.sub(r"(?<=[A-Za-z]{3})_(?=\d)|(?<=\d)_(?=[A-Za-z]{2})", " ", text)
    return _FROM_TO.sub(_as_range, _SPACED.sub(_without_spaces, words))


def _without_spaces(hit: re.Match[str]) -> str:
    return hit["named"] + hit["number"].replace(" ", "").ljust(len(hit["number"]))


def _as_range(hit: re.Match[str]) -> str:
    first, last = hit["first"], hit["last"]
    if len(first) != len(last) or not 0 < int(last) - int(first) <= MOST_IN_RANGE:
        return hit[0]
    return f"{first}-{last}".ljust(len(hit[0]))


def _masked(text: str, money: list[tuple[int, int]]) -> str:
    """Numbers that cannot be references become spaces; places stay the same."""
    plain = masks.blank(text, masks.spans_of(masks.FIXED, text) + masks.spans_of(masks.PHONE, text))
    kept = _numbers_with_points(text, money)
    plain = masks.blank(plain, [span for span in money if not (_glued(text, span) or span in kept)])
    dates = [span for span in masks.spans_of(masks.DATE, plain) if not _is_number_after_all(plain, span)]
    plain = masks.blank(plain, dates + masks.spans_of(masks.RATE, plain))
    return masks.blank(plain, masks.spans_of(masks.POSTAL, plain))


def _glued(text: str, span: tuple[int, int]) -> bool:
    """A "sign" that is the end of a word or a number's own part is none."""
    return text[span[1] : span[1] + 1].isalnum() and text[span[1] - 1].isdigit()


def _numbers_with_points(text: str, money: Sequence[tuple[int, int]]) -> set[tuple[int, int]]:
    """“Rechnungen 88.120 und 88.131” are numbers with a point in them, no amounts."""
    found: set[tuple[int, int]] = set()
    last_end = -1
    for start, end in money:
        if not _POINTED.fullmatch(text, start, end):
            continue
        goes_on = last_end >= 0 and _AND.fullmatch(text, last_end, start)
        if goes_on or _NAMED_BEFORE.search(text[max(0, start - 30) : start]):
            found.add((start, end))
            last_end = end
    return found


def _is_number_after_all(text: str, span: tuple[int, int]) -> bool:
    """“Rechnung Nr. 03/2024” is a number, not a month."""
    shape = re.fullmatch(r"\d{1,2}/\d{4}", text[slice(*span)])
    return bool(shape and _NAMED_BEFORE.search(text[max(0, span[0] - 20) : span[0]]))


def _invoices(found: Sequence[Candidate], plain: str) -> tuple[str, ...]:
    """Labelled ones; others only where they are of the same series, or where nothing better is there."""
    named = [each for each in found if each.kind == INVOICE and each.tier is Tier.SURE]
    near = [each for each in found if each.kind == INVOICE and each.tier is Tier.NEAR]
    if named:
        near = [each for each in near if any(each.looks_like(other) for other in named)]
    chosen = named + near
    loose = [each for each in found if each.kind == "" and each.tier in LOOSE]
    if chosen:
        chosen += [each for each in loose if any(each.is_neighbour_of(other) for other in named or near)]
    else:
        chosen = _main_series(loose)
    chosen.sort(key=lambda each: each.start)
    between = [ref for one, other in pairwise(chosen) for ref in _from_to(one, other, plain)]
    return _unique([ref for each in chosen for ref in expanded(each)] + between)


def _from_to(one: Candidate, other: Candidate, plain: str) -> list[str]:
    """“INV-1001 through INV-1003” are three."""
    first, last = _SERIES.match(one.cited), _SERIES.match(other.cited)
    if not (first and last and _TO.fullmatch(plain, one.end, other.start) and first["head"] == last["head"]):
        return []
    start, stop, width = int(first["number"]), int(last["number"]), len(first["number"])
    return [f"{first['head']}{number:0{width}d}" for number in range(start + 1, min(stop, start + MOST_IN_RANGE))]


def _main_series(loose: Sequence[Candidate]) -> list[Candidate]:
    """What the mail speaks of though it calls nothing an invoice: numbers of one series, said twice before once."""
    for tier in (Tier.SPOKEN, Tier.MAYBE):
        heard = [each for each in loose if each.tier is tier]
        if heard:
            times = Counter(core_of(each.cited) for each in loose)
            main = max(heard, key=lambda each: (min(times[core_of(each.cited)], 2), -each.start))
            same = [each for each in heard if each.looks_like(main)]
            return same + [each for each in loose if each.tier > tier and each.is_neighbour_of(main)]
    return []


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
