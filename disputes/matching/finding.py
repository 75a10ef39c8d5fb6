"""The invoices in the mirror that cited numbers mean, best first, each with the reason for the match."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Q

from customers.models import Customer, Transaction
from disputes.matching.cores import core_of
from disputes.matching.reading import References

# A short piece would occur in every other memo.
SHORTEST_PART = 4
SHORTEST_END = 3
BY_NUMBER = ("Invoice number", "Invoice number without prefix and zeros", "Invoice number without its series")
MOST_REFS = 40
MOST_FOUND = 60


@dataclass(frozen=True)
class Matched:
    """`rank` 1 is the best; `why` is said to people."""

    invoice: Transaction
    rank: int
    why: str
    ref: str


def match(customer: Customer | None, found: References, *, among: Sequence[int] = ()) -> list[Matched]:
    """Invoices that `found` may mean, at most three queries.

    With a customer (or several, `among`, one of whom it is) only theirs. Without, an order number counts only when
    it names invoices of one single customer.
    """
    scope = Transaction.objects.invoices().select_related("customer")
    ids = [customer.pk] if customer else list(among)
    mine = scope.filter(customer__in=ids) if ids else scope
    refs = [*found.invoices, *found.others][:MOST_REFS]
    # What a customer calls an invoice number may be their order number, and the other way round.
    hits = _by_number(mine, [*refs, *found.pos], narrow=bool(ids))
    if not any(hit[0] <= 2 for hit in hits):
        hits += _by_order(mine, [*found.pos, *found.invoices], narrow=bool(ids))
    return _ranked(hits)


def confirmed(found: References, matched: Sequence[Matched]) -> tuple[str, ...]:
    """The invoice numbers of a mail, with what the mirror says of them.

    A number that nothing calls an invoice is one if it is the number of an invoice; what was guessed gives way to it.
    """
    real = [each.ref for each in matched if each.why in BY_NUMBER and each.ref not in found.pos]
    if found.guessed:
        return tuple(dict.fromkeys(real)) or found.invoices
    return tuple(dict.fromkeys([*found.invoices, *real]))


Hit = tuple[int, int, Transaction, str, str]


def _by_number(scope: Iterable[Transaction], refs: Sequence[str], *, narrow: bool) -> list[Hit]:
    cores = {ref: core_of(ref) for ref in refs if core_of(ref)}
    if not cores:
        return []
    wanted = Q()
    for ref, plain in cores.items():
        wanted |= Q(tranid__iexact=ref)
        for end in _ends(ref, plain, narrow=narrow):
            wanted |= Q(tranid__iendswith=end)
    rows = list(scope.filter(wanted).order_by("-issued", "-pk")[: MOST_FOUND * 10])  # type: ignore[attr-defined]
    hits = [
        hit for place, (ref, plain) in enumerate(cores.items()) for row in rows for hit in _same(row, ref, plain, place)
    ]
    known = {hit[4] for hit in hits}
    rest = {ref: (place, plain) for place, (ref, plain) in enumerate(cores.items()) if ref not in known}
    return hits + [
        hit for ref, (place, plain) in rest.items() for hit in _end_of(rows, ref, plain, place, narrow=narrow)
    ]


def _ends(ref: str, plain: str, *, narrow: bool) -> set[str]:
    """How the numbers end that may be `ref`: they differ by prefix, signs and zeros in front only."""
    if narrow:
        return {plain[-3:], plain[-2:], plain[-1:]} if not plain[-3:].isdigit() else {plain[-3:]}
    tails = {re.split(r"\D+", ref.strip())[-1].lstrip("0"), re.split(r"\D+", plain)[-1]}
    return {tail for tail in tails if len(tail) >= SHORTEST_PART}


def _end_of(rows: Sequence[Transaction], ref: str, plain: str, place: int, *, narrow: bool) -> list[Hit]:
    """2026-20418 called 20418: of a known customer, and only where one single number ends so."""
    if not narrow or len(plain) < SHORTEST_END:
        return []
    ending = [row for row in rows if _last_group(row.tranid) == plain]
    return [(2, place, row, BY_NUMBER[2], ref) for row in ending] if len(ending) == 1 else []


def _last_group(tranid: str) -> str:
    """What stands behind the last sign of a number that has a series in front."""
    groups = re.split(r"[^0-9A-Z]+", tranid.strip().upper())
    return groups[-1].lstrip("0") if any(re.search(r"\d", group) for group in groups[:-1]) else ""


def _same(row: Transaction, ref: str, plain: str, place: int) -> list[Hit]:
    if row.tranid.strip().upper() == ref.strip().upper():
        return [(1, place, row, BY_NUMBER[0], ref)]
    if core_of(row.tranid) == plain and len(plain) >= 3:
        return [(2, place, row, BY_NUMBER[1], ref)]
    return []


def _by_order(scope: Iterable[Transaction], refs: Sequence[str], *, narrow: bool) -> list[Hit]:
    """By the order number, then anywhere in order number or memo (`%` and `_` mean themselves)."""
    parts = {ref: core_of(ref) for ref in refs[:MOST_REFS] if len(core_of(ref)) >= SHORTEST_PART}
    if not parts:
        return []
    wanted = Q()
    for ref in parts:
        wanted |= Q(po_number__icontains=ref) | Q(memo__icontains=ref)
        wanted |= Q(po_number__icontains=_last_digits(ref)) | Q(memo__icontains=_last_digits(ref))
    rows = list(scope.filter(wanted).order_by("-issued", "-pk")[:MOST_FOUND])  # type: ignore[attr-defined]
    hits = [
        hit
        for place, (ref, plain) in enumerate(parts.items())
        for row in rows
        for hit in _mentions(row, ref, plain, place)
    ]
    return hits if narrow or len({hit[2].customer_id for hit in hits}) == 1 else []


def _mentions(row: Transaction, ref: str, plain: str, place: int) -> list[Hit]:
    if core_of(row.po_number) == plain:
        return [(3, place, row, "Order number", ref)]
    for rank, words, text in ((4, "In the order number", row.po_number), (5, "In the memo", row.memo)):
        if _stands_in(ref, plain, text):
            return [(rank, place, row, words, ref)]
    return []


def _stands_in(ref: str, plain: str, text: str) -> bool:
    """As a number of its own, not as a piece of a longer one."""
    return any(
        re.search(rf"(?<!\d){re.escape(part)}(?!\d)", text, re.IGNORECASE)
        for part in {ref, plain, _last_digits(ref)}
        if len(part) >= SHORTEST_PART
    )


def _last_digits(ref: str) -> str:
    digits = re.findall(r"\d+", ref)
    longest = max(digits, key=len) if digits else ""
    return longest if len(longest) >= SHORTEST_PART else ref


def _ranked(hits: list[Hit]) -> list[Matched]:
    best: dict[int, Hit] = {}
    for hit in sorted(hits, key=lambda hit: (hit[0], hit[1], not hit[2].unpaid, -hit[2].pk)):
        best.setdefault(hit[2].pk, hit)
    chosen = sorted(best.values(), key=lambda hit: (hit[0] > 2, hit[1], hit[0], not hit[2].unpaid))
    return [Matched(row, rank, why, ref) for rank, (_n, _place, row, why, ref) in enumerate(chosen[:MOST_FOUND], 1)]
