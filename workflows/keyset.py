"""Paging by key: a page costs the same wherever it lies, and rows that come or go shift nothing."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.core import signing
from django.db.models import Q, QuerySet

SALT, BACK = "keyset", "keyset-back"
# How far a sifted page looks: a little, and as long as that does not fill it, more; never the whole list.
STEPS = (600, 1400, 3000)


@dataclass(frozen=True)
class Page:
    """Rows of one page, and the cursors of the next and the previous, empty on the last and the first.

    `looked_at` rows and no more were sifted for a page that is short although the list goes on; otherwise 0.
    """

    rows: list[Any]
    next: str
    is_first: bool
    previous: str = ""
    looked_at: int = 0


@dataclass(frozen=True)
class Sieve:
    """Keeps rows whose `field` has one of the values that `fitting` picks: what no index knows in the list's order.

    `steps` says how many rows it is given at once, until the page is full or there are no steps any more.
    """

    field: str
    fitting: Callable[[set[Any]], set[Any]]
    steps: Sequence[int] = STEPS


def page(rows: QuerySet, *, by: Sequence[str], cursor: str = "", size: int = 50, sieve: Sieve | None = None) -> Page:
    """One page of `rows` ordered by the fields `by` (`-` for falling, the last one unique, none nullable).

    At most one query for each field of `by`; with a sieve as many for each step, and two.
    A cursor that we did not write counts as the first page.
    """
    after, before = (_read(cursor, by, salt) for salt in (SALT, BACK))
    order, key = _turned(by) if before else by, after or before
    end = None
    if sieve:
        found, end = _sifted(rows, order, key, size + 1, sieve)
    else:
        found = _ahead(rows, order, key, size + 1)
    shown = found[:size]
    ahead = shown[-1] if len(found) > size else end
    behind = shown[0] if shown and key else None
    looked_at = sum(sieve.steps) if sieve and end is not None else 0
    if before:
        return Page(shown[::-1], _write(behind, by, SALT), ahead is None, _write(ahead, by, BACK), looked_at)
    return Page(shown, _write(ahead, by, SALT), key is None, _write(behind, by, BACK), looked_at)


def cursor_behind(row: Any, by: Sequence[str]) -> str:
    """The cursor of the page that begins behind `row`."""
    return _write(row, by, SALT)


def _turned(by: Sequence[str]) -> list[str]:
    """The same order from its end."""
    return [name.removeprefix("-") if name.startswith("-") else f"-{name}" for name in by]


def _ahead(rows: QuerySet, by: Sequence[str], key: Sequence[Any] | None, number: int) -> list[Any]:
    """The first `number` rows behind the key, or of all without one."""
    found: list[Any] = []
    for behind in _ranges(by, key) if key else [Q()]:
        found += rows.filter(behind).order_by(*by)[: number - len(found)]
        if len(found) == number:
            break
    return found


def _ranges(by: Sequence[str], key: Sequence[Any]) -> Iterator[Q]:
    """Rows strictly behind the key as ranges that follow one another, each one stretch of an index.

    First those that equal it in all fields but the last, then in all but the last two, and so on. Asked for in one
    condition with OR, a database reads every row of the pages before.
    """
    for place in range(len(by) - 1, -1, -1):
        name, operator = by[place].removeprefix("-"), "lt" if by[place].startswith("-") else "gt"
        equal = {field.removeprefix("-"): value for field, value in zip(by[:place], key[:place], strict=True)}
        yield Q(**equal, **{f"{name}__{operator}": key[place]})


def _sifted(
    rows: QuerySet, by: Sequence[str], key: Sequence[Any] | None, number: int, sieve: Sieve
) -> tuple[list[Any], Any]:
    """The first rows behind the key that the sieve keeps; and the last one looked at, where it was left unfinished."""
    fields = [name.removeprefix("-") for name in by]
    light = rows.select_related(None).values_list(*dict.fromkeys(["pk", *fields, sieve.field]), named=True)
    kept: list[Any] = []
    end = None
    for step in sieve.steps:
        part = _ahead(light, by, key, step)
        fitting = sieve.fitting({getattr(row, sieve.field) for row in part})
        kept += [row.pk for row in part if getattr(row, sieve.field) in fitting]
        end = part[-1] if len(part) == step and len(kept) < number else None
        if end is None:
            break
        key = [getattr(end, name) for name in fields]
    found = rows.in_bulk(kept[:number])
    return [found[pk] for pk in kept[:number] if pk in found], end


def _write(row: Any, by: Sequence[str], salt: str) -> str:
    """The row's place as a cursor, "" for none."""
    if row is None:
        return ""
    return signing.dumps([str(getattr(row, name.removeprefix("-"))) for name in by], salt=_salt(by, salt))


def _read(cursor: str, by: Sequence[str], salt: str) -> list[str] | None:
    try:
        found = signing.loads(cursor, salt=_salt(by, salt)) if cursor else None
    except signing.BadSignature:
        return None
    return found or None


def _salt(by: Sequence[str], salt: str) -> str:
    """A cursor of one order means nothing in another."""
    return " ".join([salt, *by])
