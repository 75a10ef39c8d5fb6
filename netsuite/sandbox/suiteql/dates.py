"""Oracle's dates on SQLite: constants become text at once, so that an index on the column still serves."""

import math
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache

from sqlglot import exp

from .. import clock, errors
from . import kinds

QUARTER = "\ue000"  # Python has no code for it
ORACLE_PARTS = (
    ("YYYY", "%Y"),
    ("MONTH", "%B"),
    ("MON", "%b"),
    ("DAY", "%A"),
    ("DDD", "%j"),
    ("HH24", "%H"),
    ("HH12", "%I"),
    ("MM", "%m"),
    ("DD", "%d"),
    ("DY", "%a"),
    ("HH", "%I"),
    ("MI", "%M"),
    ("SS", "%S"),
    ("AM", "%p"),
    ("PM", "%p"),
    ("YY", "%y"),
    ("IW", "%V"),
    ("Q", QUARTER),
)
TRUNCATE = {
    "DD": "substr({0}, 1, 10) || ' 00:00:00Z'",
    "MM": "substr({0}, 1, 7) || '-01 00:00:00Z'",
    "YYYY": "substr({0}, 1, 4) || '-01-01 00:00:00Z'",
}
TRUNCATE_NAMES = {"DD": "DD", "DDD": "DD", "DAY": "DD", "MM": "MM", "MON": "MM", "MONTH": "MM"}
TRUNCATE_NAMES |= {"YYYY": "YYYY", "YEAR": "YYYY", "YY": "YYYY"}
SHIFT = "strftime('%Y-%m-%d %H:%M:%SZ', {0}, {1} || ' days')"


@lru_cache(maxsize=256)
def python_format(oracle_format: str) -> str:
    """`YYYY-MM-DD HH24:MI:SS` becomes `%Y-%m-%d %H:%M:%S`; text in double quotes stays."""
    pieces = oracle_format.split('"')
    return "".join(piece.replace("%", "%%") if i % 2 else _translate(piece) for i, piece in enumerate(pieces))


def _translate(piece: str) -> str:
    result, upper, at = "", piece.upper(), 0
    while at < len(piece):
        match = next(((name, code) for name, code in ORACLE_PARTS if upper.startswith(name, at)), None)
        result += match[1] if match else piece[at]
        at += len(match[0]) if match else 1
    return result


def to_char(value: object, oracle_format: str) -> str | None:
    """SQL function: a stamp in an Oracle format, a number as it is."""
    if value is None:
        return None
    if isinstance(value, str) and clock.STAMP_PATTERN.fullmatch(value):
        moment = clock.parse(value)
        return moment.strftime(python_format(oracle_format)).replace(QUARTER, str((moment.month + 2) // 3))
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def to_date(text: str | None, date_format: str) -> str | None:
    """SQL function and constant folding: text becomes a stamp. Raises ValueError."""
    if text is None:
        return None
    if clock.STAMP_PATTERN.fullmatch(text):
        return text
    return datetime.strptime(text, date_format).strftime(clock.STAMP)  # noqa: DTZ007


def add_months(stamp: str | None, months: float) -> str | None:
    if stamp is None:
        return None
    moment = clock.parse(stamp)
    index = moment.year * 12 + moment.month - 1 + int(months)
    year, month = divmod(index, 12)
    last = _days_in(year, month + 1)
    is_last = moment.day == _days_in(moment.year, moment.month)
    return moment.replace(year=year, month=month + 1, day=last if is_last else min(moment.day, last)).strftime(
        clock.STAMP
    )


def last_day(stamp: str | None) -> str | None:
    if stamp is None:
        return None
    moment = clock.parse(stamp)
    return moment.replace(day=_days_in(moment.year, moment.month)).strftime(clock.STAMP)


def months_between(later: str | None, earlier: str | None) -> float | None:
    """Oracle's: whole months when the days agree or both are month ends, else a 31-day fraction."""
    if later is None or earlier is None:
        return None
    a, b = clock.parse(later), clock.parse(earlier)
    whole = (a.year - b.year) * 12 + a.month - b.month
    both_last = a.day == _days_in(a.year, a.month) and b.day == _days_in(b.year, b.month)
    return float(whole) if both_last or a.day == b.day else whole + (a.day - b.day) / 31


def truncate(value: float | None, places: float) -> float | None:
    if value is None:
        return None
    scale = 10 ** int(places)
    return math.trunc(float(value) * scale) / scale


def _days_in(year: int, month: int) -> int:
    following = datetime(year + month // 12, month % 12 + 1, 1)  # noqa: DTZ001
    return (following - datetime(year, month, 1)).days  # noqa: DTZ001


FUNCTIONS: dict[str, tuple[int, Callable]] = {
    "ns_to_char": (2, to_char),
    "ns_to_date": (2, to_date),
    "ns_add_months": (2, add_months),
    "ns_last_day": (1, last_day),
    "ns_months_between": (2, months_between),
    "ns_trunc": (2, truncate),
    "ns_local": (2, lambda stamp, zone: None if stamp is None else clock.local(stamp, zone)),
}


class DateRewriter:
    """Rewrites one node at a time, children first. `zone` and `now` are the account's."""

    def __init__(self, zone: str, now: str) -> None:
        self.zone = zone
        self.now = now

    def rewrite(self, node: exp.Expr) -> exp.Expr:
        if isinstance(node, kinds.NOW):
            return kinds.mark(exp.Literal.string(self.now), "date")
        if isinstance(node, (exp.StrToDate, exp.StrToTime)):
            return kinds.mark(self._to_date(node), "date")
        if isinstance(node, exp.ToChar):
            return self._to_char(node)
        if isinstance(node, exp.DateStrToDate):
            return kinds.mark(exp.Literal.string(clock.from_iso(node.name)), "date")
        if _is_truncation(node):
            return self._truncate(node)
        if isinstance(node, exp.Extract):
            return _extract(node, self.local(node.expression))
        if isinstance(node, exp.MonthsBetween):
            return exp.func("ns_months_between", self.local(node.this), self.local(node.expression))
        if isinstance(node, (exp.Add, exp.Sub)):
            return _arithmetic(node)
        if isinstance(node, exp.AddMonths):
            return kinds.mark(exp.func("ns_add_months", self.local(node.this), node.expression), "date")
        if isinstance(node, exp.LastDay):
            return kinds.mark(exp.func("ns_last_day", self.local(node.this)), "date")
        if isinstance(node, (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between)):
            return self._compare(node)
        return node

    def local(self, node: exp.Expr) -> exp.Expr:
        """An instant as the account's wall clock; anything else unchanged."""
        if self.zone == "UTC" or kinds.of(node) != "instant":
            return node
        return kinds.mark(exp.func("ns_local", node.copy(), exp.Literal.string(self.zone)), "date")

    def _to_date(self, node: exp.Expr) -> exp.Expr:
        # The parser has turned the Oracle format into Python's already; quoted text keeps its quotes.
        date_format = node.args["format"].name.replace('"', "") if node.args.get("format") else "%m/%d/%Y"
        if not isinstance(node.this, exp.Literal):
            return exp.func("ns_to_date", node.this, exp.Literal.string(date_format))
        try:
            stamp = to_date(node.this.name, date_format)
        except ValueError as error:
            raise errors.unsupported_search() from error
        return exp.Literal.string(stamp)

    def _to_char(self, node: exp.ToChar) -> exp.Expr:
        value = self.local(node.this)
        if not kinds.is_date(value):
            return exp.cast(value, "text")
        oracle_format = node.args["format"].name if node.args.get("format") else "M/D/YYYY"
        if oracle_format.upper() == "YYYY-MM-DD HH24:MI:SS":
            return _substring(value, 19)
        if oracle_format.upper() == "YYYY-MM-DD":
            return _substring(value, 10)
        return exp.func("ns_to_char", value, exp.Literal.string(oracle_format))

    def _truncate(self, node: exp.Expr) -> exp.Expr:
        value = node.this if not isinstance(node, exp.Anonymous) else node.expressions[0]
        if not kinds.is_date(value):
            return exp.func("ns_trunc", value, node.args.get("decimals") or exp.Literal.number(0))
        unit = node.args.get("unit")
        name = TRUNCATE_NAMES.get(unit.name.upper() if unit else "DD")
        if name is None:
            raise errors.unsupported_search()
        return kinds.mark(sqlite(TRUNCATE[name], self.local(value)), "date")

    def _compare(self, node: exp.Expr) -> exp.Expr:
        """A constant compared with an instant is meant in the account's time zone."""
        sides = list(node.iter_expressions())
        if self.zone == "UTC" or not any(kinds.of(side) == "instant" for side in sides):
            return node
        for side in sides:
            if isinstance(side, exp.Literal) and clock.STAMP_PATTERN.fullmatch(side.name):
                side.replace(exp.Literal.string(clock.utc_from_local(side.name, self.zone)))
        return node


def _is_truncation(node: exp.Expr) -> bool:
    """TRUNC of something whose type the parser does not know stays an unnamed function."""
    known = isinstance(node, (exp.DateTrunc, exp.TimestampTrunc, exp.Trunc))
    return known or (isinstance(node, exp.Anonymous) and node.name.upper() == "TRUNC" and len(node.expressions) == 1)


def _substring(value: exp.Expr, length: int) -> exp.Expr:
    return exp.func("substr", value, exp.Literal.number(1), exp.Literal.number(length))


def sqlite(template: str, *parts: exp.Expr) -> exp.Expr:
    """A piece of SQLite around parts that are already SQLite."""
    return exp.maybe_parse(template.format(*(part.sql("sqlite") for part in parts)), dialect="sqlite")


def _arithmetic(node: exp.Add | exp.Sub) -> exp.Expr:
    left, right = kinds.is_date(node.left), kinds.is_date(node.right)
    if left and right:
        return kinds.mark(exp.Paren(this=_days_between(node)), "text")
    if not left:
        return node
    days = node.right if isinstance(node, exp.Add) else exp.Neg(this=exp.Paren(this=node.right.copy()))
    return kinds.mark(sqlite(SHIFT, node.left, exp.Paren(this=days.copy())), "date")


EXTRACTS = {"YEAR": (1, 4), "MONTH": (6, 2), "DAY": (9, 2)}


def _extract(node: exp.Extract, value: exp.Expr) -> exp.Expr:
    part = EXTRACTS.get(node.name.upper())
    if part is None:
        raise errors.unsupported_search()
    return exp.cast(exp.func("substr", value, *(exp.Literal.number(n) for n in part)), "int")


def _days_between(node: exp.Binary) -> exp.Expr:
    return exp.Sub(this=exp.func("julianday", node.left), expression=exp.func("julianday", node.right))
