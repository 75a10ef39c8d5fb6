"""A real JavaScript engine as the judge: many formulas, each with many records, in one call."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import quickjs

from holds.formula.values import UNDEFINED

SYNTAX_ERROR = "syntax error"
THROWS = "throws"
_JUDGE = """
function show(value) {
  if (typeof value === "number") return ["number", Object.is(value, -0) ? "-0" : String(value)];
  if (value === undefined) return ["undefined", null];
  return [typeof value, value];
}
function judge(cases) {
  return JSON.stringify(cases.map(([text, records]) => {
    let formula;
    try { formula = new Function("customer", "return (" + text + "\\n)"); }
    catch (error) { return "syntax error"; }
    return records.map((record) => {
      try { return show(formula(record)); } catch (error) { return ["throws", null]; }
    });
  }));
}
"""

Case = tuple[str, Sequence[Mapping[str, object]]]


def judged(cases: Sequence[Case]) -> list[Any]:
    """For each formula the engine's result by record, or SYNTAX_ERROR."""
    context = quickjs.Context()
    context.eval(_JUDGE)
    source = ",".join(f"[{json.dumps(text)},[{','.join(map(_record, records))}]]" for text, records in cases)
    return [
        answers if answers == SYNTAX_ERROR else [tuple(_value(*answer)) for answer in answers]
        for answers in json.loads(context.eval(f"judge([{source}])"))
    ]


def shown(value: object) -> tuple[str, object]:
    """One of our results in the judge's form: the sign of zero counts, NaN equals NaN."""
    if isinstance(value, bool):
        return "boolean", value
    if isinstance(value, float):
        return "number", "NaN" if math.isnan(value) else value.hex()
    if isinstance(value, str):
        return "string", value
    return ("object", None) if value is None else ("undefined", None)


def _value(kind: str, value: Any) -> tuple[str, object]:
    return shown(float(value)) if kind == "number" else (kind, value)


def _record(record: Mapping[str, object]) -> str:
    return "{" + ",".join(f"{json.dumps(name)}:{literal(value)}" for name, value in record.items()) + "}"


def literal(value: object) -> str:
    if value is UNDEFINED:
        return "undefined"
    if isinstance(value, float):
        if math.isnan(value) or math.isinf(value):
            return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(value)]
        return f"({value!r})"
    return json.dumps(value)
