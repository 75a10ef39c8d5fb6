"""One SuiteQL query as SQLite text."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlglot
from sqlglot import exp, tokens
from sqlglot.dialects.oracle import Oracle

from .. import errors
from . import builtin, kinds, names, paging
from .dates import DateRewriter
from .tables import Catalog

# LIMIT is not Oracle; the parser would let it through.
LIMIT_CLAUSE = re.compile(r"\bLIMIT\s+\d", re.IGNORECASE)
STRINGS = re.compile(r"'(?:[^']|'')*'")


@dataclass(frozen=True)
class Translated:
    """`count_sql` counts a plain query up to the row cap; one that groups or bounds itself has none."""

    sql: str
    count_sql: str


def translate(query: str, params: list[Any], catalog: Catalog, *, zone: str, now: str) -> Translated:
    """Raises ApiError in NetSuite's words. `now` is SYSDATE as a stamp on the account's wall clock."""
    tree = _parse(query).copy()
    _bind(tree, params)
    names.resolve(tree, catalog)
    paging.apply_rownum(tree)
    dates = DateRewriter(zone, now)
    tree = _rewrite(tree, dates)
    _localise_projections(tree, dates)
    paging.order_by_index(tree)
    paging.narrow_keysets(tree)
    paging.hide_type_lists(tree)
    return Translated(_sql(tree), _count_sql(tree))


@lru_cache(maxsize=512)
def _parse(query: str) -> exp.Expr:
    if LIMIT_CLAUSE.search(STRINGS.sub("''", query)):
        raise errors.unsupported_search()
    try:
        tree = sqlglot.parse_one(_number_placeholders(query), read="oracle")
    except sqlglot.errors.SqlglotError as error:
        raise errors.unsupported_search() from error
    if not isinstance(tree, (exp.Select, exp.SetOperation)):
        raise errors.unsupported_search()
    return tree


def _number_placeholders(query: str) -> str:
    """`?` becomes `:p0`, `:p1`… in the order written, which the tree does not keep."""
    marks = [t.start for t in Oracle().tokenize(query) if t.token_type == tokens.TokenType.PLACEHOLDER]
    for number, at in reversed(list(enumerate(marks))):
        query = f"{query[:at]}:p{number}{query[at + 1 :]}"
    return query


def _bind(tree: exp.Expr, params: list[Any]) -> None:
    for placeholder in list(tree.find_all(exp.Placeholder)):
        try:
            value = params[int(str(placeholder.this).removeprefix("p"))]
        except (IndexError, ValueError) as error:
            raise errors.invalid_parameter("params", "Number of parameters does not match the query.") from error
        placeholder.replace(_literal(value))


def _literal(value: Any) -> exp.Expr:
    if value is None:
        return exp.null()
    if isinstance(value, bool):
        return exp.Literal.string("T" if value else "F")
    if isinstance(value, (int, float)):
        return exp.Literal.number(value)
    return exp.Literal.string(str(value))


def _rewrite(tree: exp.Expr, dates: DateRewriter) -> exp.Expr:
    """Children first. A rewritten node keeps its kind, which date arithmetic above it needs."""
    for node in reversed(list(tree.walk(bfs=False))):
        kind = kinds.of(node)
        new = builtin.rewrite(node)
        if new is node:
            new = dates.rewrite(node)
        if new is not node:
            new.meta.setdefault("kind", kind)
            node.replace(new)
    for column in list(tree.find_all(exp.Column)):
        if column.meta.get("custom"):
            column.replace(_custom_value(column))
    return tree


def _localise_projections(tree: exp.Expr, dates: DateRewriter) -> None:
    """A raw instant is shown on the account's wall clock."""
    for item in tree.selects if isinstance(tree, exp.Select) else []:
        value = item.unalias()
        local = dates.local(value)
        if local is not value:
            value.replace(local)


def _custom_value(column: exp.Column) -> exp.Expr:
    """A checkbox reads T or F, whatever the record was written with."""
    body = exp.Column(this=exp.to_identifier("custom"), table=column.args["table"].copy())
    path = exp.Literal.string(f"$.{column.name}")
    value, kind = (exp.Anonymous(this=name, expressions=[body, path]) for name in ("json_extract", "json_type"))
    ticks = {"true": "T", "false": "F"}
    cases = [exp.If(this=exp.Literal.string(seen), true=exp.Literal.string(said)) for seen, said in ticks.items()]
    return exp.Case(this=kind, ifs=cases, default=value)


def _sql(tree: exp.Expr) -> str:
    return tree.sql("sqlite", unsupported_level=sqlglot.ErrorLevel.IGNORE)


def _count_sql(tree: exp.Expr) -> str:
    if not _is_plain(tree):
        return ""
    tree = tree.copy()
    tree.set("expressions", [exp.alias_(exp.Literal.number(1), "one")])
    tree.set("order", None)
    return f"SELECT COUNT(*) FROM (SELECT 1 FROM ({_sql(tree)}) LIMIT ?)"  # noqa: S608


def _is_plain(tree: exp.Expr) -> bool:
    """One row out for each row in: the select list does not matter to the count."""
    shaping = ("group", "distinct", "limit", "having")
    return isinstance(tree, exp.Select) and not any(tree.args.get(a) for a in shaping) and not tree.find(exp.AggFunc)
