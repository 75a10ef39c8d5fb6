"""ROWNUM as Oracle means it, and keyset pages that one index can serve."""

from sqlglot import exp

from .. import errors
from .tables import NEVER_NULL


def apply_rownum(tree: exp.Expr) -> None:
    """Raises ApiError for a ROWNUM that is not a simple upper bound."""
    for select in list(tree.find_all(exp.Select)):
        where = select.args.get("where")
        if where:
            _bound(select, where)
    for column in list(tree.find_all(exp.Column)):
        if column.name == "rownum":
            column.replace(exp.Window(this=exp.RowNumber()))


def _bound(select: exp.Select, where: exp.Where) -> None:
    conjuncts = list(_conjuncts(where.this))
    bounds = [part for part in conjuncts if _is_rownum(part.this)]
    if not bounds:
        return
    limit = min(_upper_bound(part) for part in bounds)
    rest = [part for part in conjuncts if part not in bounds]
    select.set("where", exp.Where(this=exp.and_(*rest)) if rest else None)
    if select.args.get("group") or select.args.get("distinct"):
        raise errors.unsupported_search()
    _limit(select, limit)


def _limit(select: exp.Select, limit: int) -> None:
    """Oracle numbers rows before it sorts them: the bound goes inside, the order outside."""
    order = select.args.get("order")
    if order is None:
        select.limit(limit, copy=False)
        return
    keys = [ordered.this for ordered in order.expressions]
    inner = select.copy()
    inner.set("order", None)
    for number, key in enumerate(keys):
        aliased = {item.alias: item.unalias() for item in select.expressions}
        value = aliased.get(key.name, key) if isinstance(key, exp.Column) and not key.table else key
        inner.select(exp.alias_(value.copy(), f"order_{number}", quoted=True), copy=False)
    inner.limit(limit, copy=False)
    names = select.named_selects
    select.set("expressions", [exp.column(name, quoted=True) for name in names])
    for argument in ("joins", "where", "limit"):
        select.set(argument, None)
    select.set("from_" if "from_" in select.arg_types else "from", exp.From(this=inner.subquery("bounded")))
    for number, ordered in enumerate(order.expressions):
        ordered.set("this", exp.column(f"order_{number}", quoted=True))


def _is_rownum(node: exp.Expr) -> bool:
    return isinstance(node, exp.Column) and node.name == "rownum"


def _upper_bound(part: exp.Expr) -> int:
    if isinstance(part, exp.Between) and part.args["low"].name == "1":
        return int(part.args["high"].name)
    value = part.expression.name if isinstance(part.expression, exp.Literal) else ""
    if isinstance(part, exp.LTE) and value.isdigit():
        return int(value)
    if isinstance(part, exp.LT) and value.isdigit():
        return max(0, int(value) - 1)
    if isinstance(part, exp.EQ) and value == "1":
        return 1
    raise errors.unsupported_search()


def _conjuncts(node: exp.Expr) -> list[exp.Expr]:
    if isinstance(node, exp.And):
        return _conjuncts(node.left) + _conjuncts(node.right)
    return [node]


def order_by_index(tree: exp.Expr) -> None:
    """Oracle puts nulls last; where there are none, saying so would only keep SQLite from its index."""
    for ordered in tree.find_all(exp.Ordered):
        key = ordered.this
        if isinstance(key, exp.Column) and key.name in NEVER_NULL and not ordered.find_ancestor(exp.Window):
            ordered.set("nulls_first", not ordered.args.get("desc"))


def narrow_keysets(tree: exp.Expr) -> None:
    """`a > x OR (a = x AND b > y)` also says `a >= x`: with that said, a page is one index range.

    The other conditions are wrapped so that the planner cannot prefer an index that needs a sort.
    """
    for select in tree.find_all(exp.Select):
        where = select.args.get("where")
        if not where or select.args.get("joins"):
            continue
        conjuncts = _conjuncts(where.this)
        ranges = [found for found in map(_keyset_range, conjuncts) if found is not None]
        if ranges:
            wrapped = [_opaque(part) for part in conjuncts]
            select.set("where", exp.Where(this=exp.and_(*ranges, *wrapped)))


def hide_type_lists(tree: exp.Expr) -> None:
    """`type IN (…)` matches most rows: the index on it would only cost the order of the rows."""
    for node in list(tree.find_all(exp.In)):
        column = node.this
        if isinstance(column, exp.Column) and column.name == "type" and len(node.expressions) > 1:
            node.replace(_opaque(node))


def _keyset_range(node: exp.Expr) -> exp.Expr | None:
    node = node.unnest()
    if not isinstance(node, exp.Or):
        return None
    for first, second in ((node.left.unnest(), node.right.unnest()), (node.right.unnest(), node.left.unnest())):
        if isinstance(first, exp.GT) and isinstance(second, exp.And):
            same = exp.EQ(this=first.this, expression=first.expression)
            if any(part.unnest() == same for part in _conjuncts(second)):
                return exp.GTE(this=first.this.copy(), expression=first.expression.copy())
    return None


def _opaque(part: exp.Expr) -> exp.Expr:
    return exp.func("iif", part.copy(), exp.Literal.number(1), exp.Literal.number(0))
