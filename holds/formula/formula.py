"""A formula ready for use: evaluated for one customer, or translated for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, lru_cache

from django.db.models import Expression

from holds.formula.closures import Evaluation, compiled
from holds.formula.errors import CannotEvaluate
from holds.formula.grammar import read
from holds.formula.nodes import Node, fields_of
from holds.formula.values import JS, UNDEFINED, from_python, to_python

_FAILURES = (ArithmeticError, ValueError, RecursionError, MemoryError)


@dataclass(frozen=True)
class Formula:
    """One parsed formula. Amounts in the record are in base currency; see `fields` for its names."""

    text: str
    tree: Node = field(repr=False, compare=False)

    @cached_property
    def fields(self) -> frozenset[str]:
        """The customer fields it names."""
        return fields_of(self.tree)

    def evaluate(self, record: Mapping[str, object]) -> JS:
        """What JavaScript gives; a field that the record does not have is `undefined`.

        CannotEvaluate where JavaScript throws (a method of a blank field), or a text grows too long.
        """
        values = {name: from_python(record[name]) if name in record else UNDEFINED for name in self.fields}
        return to_python(self._plain(values))

    def holds(self, record: Mapping[str, object]) -> bool:
        """Whether the customer is on hold. CannotEvaluate unless the answer is plainly true or false.

        It fails closed in three ways that JavaScript does not: every named field must be in the record (blank
        is None and is fine), no comparison may meet NaN on the way, and the result must be a Boolean.
        """
        try:
            values = {name: from_python(record[name]) for name in self._names}
            answer = self._strict(values)
        except KeyError as missing:
            raise CannotEvaluate(f"The customer has no field {missing.args[0]}.") from missing
        except _FAILURES as failure:
            raise CannotEvaluate(f"The formula fails: {type(failure).__name__}.") from failure
        if answer is True or answer is False:
            return answer
        raise CannotEvaluate("The formula gives neither true nor false.")

    def inputs(self, record: Mapping[str, object]) -> dict[str, object]:
        """What it reads of the record, fit for JSON: with these alone `holds` answers the same.

        A field that the record does not have is left out.
        """
        return {name: record[name] for name in self._names if name in record}

    def expression(self, *, today: date) -> Expression | None:
        """The answer of `holds` as a Boolean over the columns of Customer, or None when it has no such form.

        Exact on SQLite and PostgreSQL. `today` is the business date that days overdue count to.
        """
        from holds.formula.translate import translated  # it reads the models, which evaluation does without

        return translated(self.tree, today=today)

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(sorted(self.fields))

    @cached_property
    def _plain(self) -> Evaluation:
        return compiled(self.tree, strict=False)

    @cached_property
    def _strict(self) -> Evaluation:
        return compiled(self.tree, strict=True)


@lru_cache(maxsize=512)
def parse(text: str) -> Formula:
    """The formula that `text` says; FormulaError with line and column where it says none."""
    return Formula(text, read(text))
