"""Collections: the envelope around a page, and GET of a record type with `q`."""

import re
from typing import Any
from urllib.parse import urlencode

from . import clock, errors, lists
from .fields import Field, RecordType
from .http import REST, Request
from .store import Store
from .suiteql import Page

TOKEN = re.compile(r'\s*(\(|\)|\[|\]|,|"(?:[^"\\]|\\.)*"|[^\s()\[\],"]+)')
COMPARISONS = {
    "IS": "{0} = ?",
    "IS_NOT": "({0} IS NULL OR {0} <> ?)",
    "EQUAL": "{0} = ?",
    "EQUAL_NOT": "{0} <> ?",
    "GREATER": "{0} > ?",
    "GREATER_OR_EQUAL": "{0} >= ?",
    "LESS": "{0} < ?",
    "LESS_OR_EQUAL": "{0} <= ?",
    "AFTER": "{0} > ?",
    "ON_OR_AFTER": "{0} >= ?",
    "BEFORE": "{0} < ?",
    "ON_OR_BEFORE": "{0} <= ?",
    "ON": "substr({0}, 1, 10) = substr(?, 1, 10)",
    "CONTAIN": "instr(lower({0}), lower(?)) > 0",
    "START_WITH": "instr(lower({0}), lower(?)) = 1",
    "END_WITH": "lower(substr({0}, -length(?1))) = lower(?1)",
}


def envelope(request: Request, page: Page) -> dict[str, Any]:
    links = [_link(request, "self", page.limit, page.offset)]
    if page.offset:
        links.append(_link(request, "previous", page.limit, max(0, page.offset - page.limit)))
    if page.has_more:
        links.append(_link(request, "next", page.limit, page.offset + page.limit))
    return {
        "links": links,
        "count": len(page.items),
        "hasMore": page.has_more,
        "items": page.items,
        "offset": page.offset,
        "totalResults": page.total,
    }


def _link(request: Request, rel: str, limit: int, offset: int) -> dict[str, str]:
    query = urlencode({**request.params, "limit": limit, "offset": offset})
    return {"rel": rel, "href": f"{request.base_url}{request.path}?{query}"}


def search(store: Store, record: RecordType, q: str, *, limit: int, offset: int) -> Page:
    """Ids and links only, as NetSuite answers. Raises ApiError INVALID_PARAMETER on a bad `q`."""
    where, args = ["1"], []
    if record.tran_type:
        where, args = ["type = ?"], [record.tran_type]
    elif record.table == "custom_record":
        where, args = ["rectype = ?"], [record.name]
    if q.strip():
        condition, values = _Filter(q, record, store).parse()
        where.append(condition)
        args += values
    condition = " AND ".join(where)
    with store.read() as connection:
        total = connection.execute(f"SELECT COUNT(*) FROM {record.table} WHERE {condition}", args).fetchone()[0]  # noqa: S608
        rows = connection.execute(
            f"SELECT id FROM {record.table} WHERE {condition} ORDER BY id LIMIT ? OFFSET ?",  # noqa: S608
            (*args, limit, offset),
        ).fetchall()
    return Page([_item(record, row["id"]) for row in rows], offset, limit, total, cap=total)


def _item(record: RecordType, record_id: int) -> dict[str, Any]:
    href = f"{REST}/record/v1/{record.name}/{record_id}"
    return {"links": [{"rel": "self", "href": href}], "id": str(record_id)}


class _Filter:
    """`companyName START_WITH "Acme" AND (isInactive IS false OR creditLimit GREATER 5)`."""

    def __init__(self, q: str, record: RecordType, store: Store) -> None:
        self.tokens = TOKEN.findall(q)
        self.record = record
        self.store = store
        self.args: list[Any] = []

    def parse(self) -> tuple[str, list[Any]]:
        condition = self._either()
        if self.tokens:
            raise self._bad()
        return condition, self.args

    def _bad(self) -> errors.ApiError:
        return errors.search_error("Search error occurred: Invalid or unsupported search.")

    def _next(self) -> str:
        if not self.tokens:
            raise self._bad()
        return self.tokens.pop(0)

    def _joined(self, word: str, part: Any) -> str:
        parts = [part()]
        while self.tokens and self.tokens[0].upper() == word:
            self.tokens.pop(0)
            parts.append(part())
        return f"({f' {word} '.join(parts)})"

    def _either(self) -> str:
        return self._joined("OR", self._both)

    def _both(self) -> str:
        return self._joined("AND", self._one)

    def _one(self) -> str:
        name = self._next()
        if name == "(":
            condition = self._either()
            if self._next() != ")":
                raise self._bad()
            return condition
        field, column = self._field(name)
        return self._comparison(field, column, self._next().upper())

    def _field(self, name: str) -> tuple[Field, str]:
        field = next((f for f in self.record.fields.values() if f.name.lower() == name.lower()), None)
        if field:
            return field, field.column
        if name in self.store.custom_fields and name.startswith(self.record.prefix):
            return Field(name, name), f"json_extract(custom, '$.{name}')"
        raise errors.unknown_identifier(name, [f.name for f in self.record.fields.values()])

    def _comparison(self, field: Field, column: str, operator: str) -> str:
        if operator in ("EMPTY", "EMPTY_NOT"):
            return f"{column} IS {'NOT ' if operator == 'EMPTY_NOT' else ''}NULL"
        if operator in ("ANY_OF", "ANY_OF_NOT"):
            values = self._list(field)
            self.args += values
            return f"{column} {'NOT ' if operator == 'ANY_OF_NOT' else ''}IN ({', '.join('?' * len(values))})"
        if operator in ("BETWEEN", "WITHIN"):
            self.args += self._list(field)[:2]
            return f"{column} BETWEEN ? AND ?"
        if operator not in COMPARISONS:
            raise self._bad()
        value = self._value(field, self._next())
        template = COMPARISONS[operator].replace("?1", "?")
        self.args += [value] * template.count("?")
        return template.format(column)

    def _list(self, field: Field) -> list[Any]:
        if self._next() != "[":
            raise self._bad()
        values = []
        while (token := self._next()) != "]":
            if token != ",":  # noqa: S105
                values.append(self._value(field, token))
        return values

    def _value(self, field: Field, token: str) -> Any:
        text = token[1:-1].replace('\\"', '"') if token.startswith('"') else token
        try:
            return self._typed(field, text)
        except ValueError as error:
            raise self._bad() from error

    def _typed(self, field: Field, text: str) -> Any:
        if field.kind == "boolean":
            return "T" if text.lower() in ("true", "t") else "F"
        if field.kind in ("date", "instant"):
            return clock.from_iso(text)
        if field.kind == "number":
            return float(text)
        if field.kind == "ref" or field.name == "id":
            named = lists.id_of(field.column, text)
            return named if named is not None else int(text)
        return text.upper() if field.kind == "enum" else text
