"""Statements that PostgreSQL parses and plans once a connection, and several of them sent in one trip.

For the few paths that are walked all day with the same statements: the hold check, decisions, orders. Lists and
reports stay as Django asks them, planned anew for the values they have. SQLite needs none of it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from functools import cache, lru_cache
from typing import Any

from django.conf import settings
from django.db import connection
from django.http import HttpRequest
from django.http.response import HttpResponseBase

# A statement is prepared when it is asked the second time, and this many are kept a connection.
AT_SECOND, KEPT = 1, 300
PLACE = re.compile(r"%(?:\((\w+)\))?s|%%")


@contextmanager
def prepared() -> Iterator[None]:
    """Statements asked within are prepared by the server, unless PREPARED_STATEMENTS says no."""
    if connection.vendor != "postgresql" or not settings.PREPARED_STATEMENTS:
        yield
        return
    connection.ensure_connection()
    server = connection.connection
    if server.cursor_factory is _cursor():
        yield
        return
    # So that a log of statements puts the values in.
    connection.features.uses_server_side_binding = True  # type: ignore[attr-defined]
    before = server.cursor_factory, server.prepare_threshold
    server.cursor_factory, server.prepare_threshold, server.prepared_max = _cursor(), AT_SECOND, KEPT
    try:
        yield
    finally:
        server.cursor_factory, server.prepare_threshold = before


class PreparedPosts:
    """For views of the API that are posted to all day: all that a POST asks is prepared, who it comes from included."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with prepared() if request.method == "POST" else nullcontext():
            return super().dispatch(request, *args, **kwargs)  # type: ignore[misc]


@contextmanager
def one_trip() -> Iterator[None]:
    """Statements executed within leave together; what they answer is read afterwards."""
    if connection.vendor != "postgresql":
        yield
        return
    connection.ensure_connection()
    with connection.wrap_database_errors, connection.connection.pipeline():
        yield


@cache
def _cursor() -> type:
    """A cursor that sends values beside the statement; psycopg is there only where PostgreSQL is."""
    from django.db.backends.postgresql.base import CursorMixin
    from psycopg import RawCursor

    class Cursor(CursorMixin, RawCursor):
        """Takes Django's %s, numbered once a statement however long it is."""

        def execute(self, query: Any, params: Any = None, **how: Any) -> Any:
            if params and isinstance(query, str):
                query, names = _numbered(query)
                params = _in_order(params, names)
            return super().execute(query, params or None, **how)

    return Cursor


@lru_cache(maxsize=2 * KEPT)
def _numbered(sql: str) -> tuple[str, tuple[str | None, ...]]:
    names: list[str | None] = []

    def number(place: re.Match[str]) -> str:
        if place[0] == "%%":
            return "%"
        names.append(place[1])
        return f"${len(names)}"

    return PLACE.sub(number, sql), tuple(names)


def _in_order(params: Any, names: Sequence[str | None]) -> Sequence[Any]:
    return [params[name] for name in names] if isinstance(params, Mapping) else params
