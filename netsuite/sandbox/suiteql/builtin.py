"""BUILTIN.DF (what people see) and BUILTIN.CF (type and status together), and how a status compares."""

from sqlglot import exp

from .. import errors, lists
from . import dates

LOOKUPS = {
    "entity": "SELECT COALESCE(companyname, entityid) FROM customer WHERE id = {0}",
    "parent": "SELECT COALESCE(companyname, entityid) FROM customer WHERE id = {0}",
    "salesrep": "SELECT entityid FROM employee WHERE id = {0}",
    "employee": "SELECT entityid FROM employee WHERE id = {0}",
}
BOOLEANS = {"isinactive", "oncredithold", "issalesrep", "mainline", "taxline"}


def rewrite(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.Dot) and node.this.name.lower() == "builtin":
        return _builtin(node.expression)
    if isinstance(node, (exp.EQ, exp.NEQ, exp.In)):
        return _status_comparison(node)
    return node


def _builtin(call: exp.Expr) -> exp.Expr:
    name = call.name.upper()
    if name not in ("DF", "CF") or len(call.expressions) != 1:
        raise errors.unsupported_search()
    argument = call.expressions[0]
    if not isinstance(argument, exp.Column):
        return argument
    return _composite(argument) if name == "CF" else _display(argument)


def _composite(column: exp.Column) -> exp.Expr:
    if column.name != "status":
        return column
    return dates.sqlite("({0} || ':' || {1})", _sibling(column, "type"), column)


def _display(column: exp.Column) -> exp.Expr:
    name = column.name
    if name == "status" and column.meta.get("record") == "transaction":
        return _status_display(column)
    if name in lists.BY_COLUMN:
        return _case(column, lists.BY_COLUMN[name])
    if name in BOOLEANS:
        return _case(column, {"T": "Yes", "F": "No"})
    if name in LOOKUPS:
        return dates.sqlite(f"({LOOKUPS[name]})", column)
    return column


def _status_display(column: exp.Column) -> exp.Expr:
    labels = {
        f"{kind}:{letter}": f"{lists.TYPES[kind]} : {label}"
        for kind, statuses in lists.STATUSES.items()
        for letter, label in statuses.items()
    }
    return _case(_composite(column), labels)


def _case(value: exp.Expr, labels: dict) -> exp.Expr:
    case = exp.Case(this=value.copy())
    for key, label in labels.items():
        literal = exp.Literal.number(key) if isinstance(key, int) else exp.Literal.string(key)
        case = case.when(literal, exp.Literal.string(label))
    return case


def _sibling(column: exp.Column, name: str) -> exp.Column:
    return exp.Column(this=exp.to_identifier(name), table=column.args["table"].copy())


def _status_comparison(node: exp.EQ | exp.NEQ | exp.In) -> exp.Expr:
    """`status = 'SalesOrd:A'` is how NetSuite compares; the letter alone matches nothing."""
    column = node.this
    if not _is_stored_status(column):
        return node
    values = node.expressions if isinstance(node, exp.In) else [node.expression]
    if not values or not all(isinstance(value, exp.Literal) for value in values):
        return node
    match: exp.Expr = exp.or_(*(_matches(column, value.name) for value in values))
    return exp.not_(exp.Paren(this=match)) if isinstance(node, exp.NEQ) else exp.Paren(this=match)


def _is_stored_status(node: exp.Expr) -> bool:
    return (
        isinstance(node, exp.Column)
        and node.name == "status"
        and node.meta.get("record") == "transaction"
        and not node.meta.get("derived")
    )


def _matches(column: exp.Column, composite: str) -> exp.Expr:
    kind, separator, letter = composite.partition(":")
    if not separator:
        return exp.false()
    return exp.and_(_sibling(column, "type").eq(kind), column.copy().eq(letter))
