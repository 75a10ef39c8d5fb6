"""Which expressions are dates: Oracle's date arithmetic depends on it."""

from sqlglot import exp

from .tables import DATES, INSTANTS

NOW = (exp.CurrentTimestamp, exp.CurrentDate, exp.CurrentDatetime)
KEEPS_KIND = (exp.Min, exp.Max, exp.Coalesce, exp.Paren, exp.Alias, exp.DateTrunc, exp.TimestampTrunc, exp.Trunc)
MAKES_DATE = (exp.StrToDate, exp.StrToTime, exp.DateStrToDate, exp.AddMonths, exp.LastDay)


def mark(node: exp.Expr, kind: str) -> exp.Expr:
    node.meta["kind"] = kind
    return node


def of_name(name: str) -> str:
    if name in INSTANTS:
        return "instant"
    return "date" if name in DATES else "text"


def of(node: exp.Expr) -> str:
    """ "date" (a calendar date), "instant" (a UTC moment) or "text" (everything else)."""
    if "kind" in node.meta:
        return node.meta["kind"]
    if isinstance(node, (*NOW, *MAKES_DATE)):
        return "date"
    if isinstance(node, KEEPS_KIND):
        return of(node.this)
    if isinstance(node, exp.Anonymous) and node.name.upper() == "TRUNC":
        return of(node.expressions[0])
    if isinstance(node, (exp.Add, exp.Sub)):
        return _of_arithmetic(node)
    if isinstance(node, exp.Case):
        return of(node.args["ifs"][0].args["true"])
    return "text"


def _of_arithmetic(node: exp.Add | exp.Sub) -> str:
    left, right = is_date(node.left), is_date(node.right)
    return "date" if left != right else "text"


def is_date(node: exp.Expr) -> bool:
    return of(node) in ("date", "instant")
