"""Small database functions that SQLite and PostgreSQL spell differently."""

from datetime import date
from typing import Any

from django.db.models import BooleanField, DateField, F, Func, IntegerField, TextField, Value
from django.db.models.functions import Cast


class DaysSince(Func):
    """Whole days from a date column to `day`; NULL for NULL."""

    output_field = IntegerField()
    arity = 2

    def __init__(self, column: str, day: date) -> None:
        super().__init__(Cast(Value(day), DateField()), F(column))

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        (to, to_params), (since, since_params) = (compiler.compile(part) for part in self.get_source_expressions())
        return f"CAST(julianday({to}) - julianday({since}) AS INTEGER)", (*to_params, *since_params)

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return self.as_sql(compiler, connection, template="(%(expressions)s)", arg_joiner=" - ", **extra)


class _OfKey(Func):
    """Something about one key of a JSON column."""

    sqlite_template: str
    postgresql_template: str

    def __init__(self, column: str, key: str) -> None:
        if not key.isidentifier():
            raise ValueError(f"{key!r} is not a field's name")
        super().__init__(F(column))
        self.key = key

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return self.as_sql(compiler, connection, template=self.sqlite_template, key=self.key, **extra)

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return self.as_sql(compiler, connection, template=self.postgresql_template, key=self.key, **extra)


class JsonText(_OfKey):
    """The key's text; NULL when it is missing, null or of another type."""

    output_field = TextField()
    sqlite_template = (
        "CASE WHEN JSON_TYPE(%(expressions)s, '$.%(key)s') = 'text' THEN JSON_EXTRACT(%(expressions)s, '$.%(key)s') END"
    )
    postgresql_template = (
        "CASE WHEN jsonb_typeof(%(expressions)s -> '%(key)s') = 'string' THEN %(expressions)s ->> '%(key)s' END"
    )


class IsOtherType(_OfKey):
    """Whether the key is there with something that is neither text nor null; never NULL."""

    output_field = BooleanField()
    sqlite_template = "(COALESCE(JSON_TYPE(%(expressions)s, '$.%(key)s'), 'null') NOT IN ('text', 'null'))"
    postgresql_template = "(COALESCE(jsonb_typeof(%(expressions)s -> '%(key)s'), 'null') NOT IN ('string', 'null'))"
