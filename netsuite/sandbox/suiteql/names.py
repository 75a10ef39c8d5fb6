"""Resolve every table and column of a query against what the role can see."""

from sqlglot import exp
from sqlglot.optimizer.scope import Scope, traverse_scope

from .. import errors
from . import kinds
from .tables import Catalog, Table

PSEUDO_COLUMNS = {"rownum"}


def resolve(tree: exp.Expr, catalog: Catalog) -> None:
    """Lower-case names, refuse unknown ones, expand stars, map tables to the store's views.

    Raises ApiError with NetSuite's words for an unknown table or identifier.
    """
    for identifier in tree.find_all(exp.Identifier):
        identifier.set("this", identifier.this.lower())
    _name_subqueries(tree)
    scopes = traverse_scope(tree)
    for scope in scopes:
        tables = _tables_of(scope, catalog)
        _expand_stars(scope, tables, catalog)
        _name_projections(scope)
    for scope in traverse_scope(tree):
        for column in scope.columns:
            _resolve_column(column, scope, catalog)
        _order_by_source(scope)
    for scope in scopes:
        for source in _table_nodes(scope):
            _point_to_view(source, catalog)


def _name_subqueries(tree: exp.Expr) -> None:
    for number, subquery in enumerate(tree.find_all(exp.Subquery)):
        if not subquery.alias and isinstance(subquery.parent, (exp.From, exp.Join)):
            subquery.set("alias", exp.TableAlias(this=exp.to_identifier(f"derived_{number}")))


def _table_nodes(scope: Scope) -> list[exp.Table]:
    return [source for source in scope.sources.values() if isinstance(source, exp.Table)]


def _tables_of(scope: Scope, catalog: Catalog) -> dict[str, Table]:
    found = {}
    for alias, source in scope.sources.items():
        if isinstance(source, exp.Table):
            found[alias] = _known_table(source.name, catalog)
    return found


def _known_table(name: str, catalog: Catalog) -> Table:
    table = catalog.table(name)
    if table is None:
        raise errors.invalid_search_type(name)
    if name in catalog.hidden_tables:
        raise errors.record_not_found(name)
    return table


def _expand_stars(scope: Scope, tables: dict[str, Table], catalog: Catalog) -> None:
    select = scope.expression
    if not isinstance(select, exp.Select) or not any(_is_star(item) for item in select.expressions):
        return
    items: list[exp.Expr] = []
    for item in select.expressions:
        items += _star_columns(item, scope, tables, catalog) if _is_star(item) else [item]
    select.set("expressions", items)


def _is_star(item: exp.Expr) -> bool:
    return isinstance(item, exp.Star) or (isinstance(item, exp.Column) and isinstance(item.this, exp.Star))


def _star_columns(item: exp.Expr, scope: Scope, tables: dict[str, Table], catalog: Catalog) -> list[exp.Expr]:
    wanted = item.args.get("table")
    aliases = [wanted.name] if wanted else list(scope.selected_sources)
    columns: list[exp.Expr] = []
    for alias in aliases:
        source = scope.sources[alias]
        names = catalog.available(tables[alias]) if alias in tables else _names_of(source)
        columns += [exp.column(name, table=alias) for name in names]
    return columns


def _names_of(source: exp.Table | Scope) -> list[str]:
    query = source.expression if isinstance(source, Scope) else None
    return query.named_selects if isinstance(query, exp.Query) else []


def _name_projections(scope: Scope) -> None:
    """NetSuite calls an expression without an alias expr1, expr2…"""
    select = scope.expression
    if not isinstance(select, exp.Select):
        return
    count = 0
    for item in list(select.expressions):
        if isinstance(item, exp.Column) and item.name not in PSEUDO_COLUMNS:
            item.replace(exp.alias_(item.copy(), item.name, quoted=True))
        elif not isinstance(item, exp.Alias):
            count += 1
            item.replace(exp.alias_(item.copy(), f"expr{count}", quoted=True))
        else:
            item.args["alias"].set("quoted", True)


def _resolve_column(column: exp.Column, scope: Scope, catalog: Catalog) -> None:
    name = column.name
    if name in PSEUDO_COLUMNS:
        return
    visible = _visible(scope)
    for alias, source in visible.items():
        if column.table and column.table != alias:
            continue
        if isinstance(source, exp.Table) and _bind(column, alias, _known_table(source.name, catalog), catalog):
            return
        if isinstance(source, Scope) and _bind_derived(column, alias, source):
            return
    is_alias = not column.table and name in getattr(scope.expression, "named_selects", ())
    if not (is_alias and column.find_ancestor(exp.Order)):
        _refuse(column, scope, catalog)


def _visible(scope: Scope) -> dict[str, exp.Table | Scope]:
    """The scope's own sources first, then, inside a correlated subquery, those around it."""
    selected = {alias: source for alias, (_, source) in scope.selected_sources.items()}
    if scope.is_subquery and scope.parent:
        return selected | {a: s for a, s in _visible(scope.parent).items() if a not in selected}
    return selected


def _order_by_source(scope: Scope) -> None:
    """ORDER BY an alias that only renames a column sorts by the column itself, which may have an index."""
    order = scope.expression.args.get("order")
    if order is None or not isinstance(scope.expression, exp.Select):
        return
    renamed = {item.alias: item.unalias() for item in scope.expression.expressions}
    for key in [ordered.this for ordered in order.expressions]:
        if isinstance(key, exp.Column) and not key.table and isinstance(renamed.get(key.name), exp.Column):
            key.replace(renamed[key.name].copy())


def _bind(column: exp.Column, alias: str, table: Table, catalog: Catalog) -> bool:
    name = column.name
    if catalog.is_custom(table, name):
        kinds.mark(column, "text")
        column.meta["custom"] = True
    elif name in catalog.columns(table):
        kinds.mark(column, kinds.of_name(name))
    else:
        return False
    column.meta["record"] = table.name
    column.this.set("quoted", True)
    column.set("table", exp.to_identifier(alias, quoted=True))
    return True


def _bind_derived(column: exp.Column, alias: str, source: Scope) -> bool:
    names = _names_of(source)
    if column.name not in names:
        return False
    if isinstance(source.expression, exp.Select):
        projection = source.expression.selects[names.index(column.name)].unalias()
        kinds.mark(column, kinds.of(projection))
        column.meta["record"] = projection.meta.get("record", "")
        column.meta["derived"] = True
    column.set("table", exp.to_identifier(alias, quoted=True))
    return True


def _refuse(column: exp.Column, scope: Scope, catalog: Catalog) -> None:
    visible = _visible(scope)
    if column.table and column.table not in visible:
        raise errors.unknown_identifier(column.table, visible)
    candidates = [column.table] if column.table else list(visible)
    source = visible[candidates[0]] if len(candidates) == 1 else None
    if isinstance(source, exp.Table):
        raise errors.unknown_identifier(column.name, catalog.available(_known_table(source.name, catalog)))
    raise errors.unknown_identifier(column.name, visible)


def _point_to_view(node: exp.Table, catalog: Catalog) -> None:
    name = node.name
    table = catalog.table(name)
    if table is None or node.meta.get("mapped"):
        return
    alias = node.alias or name
    if table.view == "v_customrecord":
        only = exp.select("*").from_(table.view).where(exp.column("rectype").eq(name))
        node.replace(only.subquery(exp.to_identifier(alias, quoted=True)))
        return
    node.set("this", exp.to_identifier(table.view))
    node.set("alias", exp.TableAlias(this=exp.to_identifier(alias, quoted=True)))
    node.meta["mapped"] = True
