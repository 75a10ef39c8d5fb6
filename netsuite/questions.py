"""Querysets composed once and asked again: the ORM's SQL is kept, and on PostgreSQL several are asked in one trip."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from copy import copy
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db import connection, models

from netsuite.prepared import one_trip, prepared

# Stands for the key while a queryset is composed; no row has it.
_ANY_KEY = -7_160_033_501


@dataclass(frozen=True)
class Question:
    """The queryset that `build` answers for a list of keys and the arguments; here the list is this one key."""

    build: Callable[..., models.QuerySet[Any, Any]]
    arguments: tuple[Any, ...] = ()
    key: int | None = None


def ask(questions: Sequence[Question]) -> list[list[Any]]:
    """The rows of each, as its queryset would answer them."""
    composed = [_composed(question.build, *question.arguments) for question in questions]
    with prepared():
        cursors = [connection.cursor() for _question in questions]
        with one_trip() if len(questions) > 1 else nullcontext():
            for cursor, one, question in zip(cursors, composed, questions, strict=True):
                cursor.execute(one.sql, [question.key if value == _ANY_KEY else value for value in one.values])
        found = [cursor.fetchall() for cursor in cursors]
    return [one.rows(rows) if rows else [] for one, rows in zip(composed, found, strict=True)]


@dataclass(frozen=True)
class _Composed:
    queryset: models.QuerySet[Any, Any]
    compiler: Any
    sql: str
    values: tuple[Any, ...]

    def rows(self, found: list[Any]) -> list[Any]:
        """Let the queryset make its rows, dictionaries or tuples of what was found."""
        compiler, queryset = copy(self.compiler), self.queryset._chain()  # type: ignore[attr-defined]
        compiler.execute_sql = lambda *args, **kwargs: [found]
        queryset.query.get_compiler = lambda *args, **kwargs: compiler
        return list(queryset)


@lru_cache(maxsize=256)
def _composed(build: Callable[..., models.QuerySet[Any, Any]], *arguments: Any) -> _Composed:
    queryset = build([_ANY_KEY], *arguments)
    compiler = queryset.query.get_compiler(connection.alias)
    sql, values = compiler.as_sql()
    converters = compiler.get_converters([selected for selected, _sql, _alias in compiler.select])
    compiler.get_converters = lambda _selected: converters
    compiler.has_composite_fields = lambda _selected: False
    return _Composed(queryset, compiler, sql, tuple(values))
