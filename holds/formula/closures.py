"""A tree made into one Python function of the record, so that an evaluation walks no tree.

`strict` functions raise CannotEvaluate where a comparison meets NaN, which JavaScript calls false.
"""

import operator
from collections.abc import Callable, Mapping
from typing import TypeAlias

from holds.formula.errors import CannotEvaluate
from holds.formula.functions import FUNCTIONS, call_method
from holds.formula.nodes import Binary, Call, Conditional, Field, Literal, Logic, Method, Node, Unary
from holds.formula.values import (
    JS,
    UNDEFINED,
    add,
    divide,
    loosely_equal,
    power,
    remainder,
    strictly_equal,
    to_boolean,
    to_number,
)

Values: TypeAlias = Mapping[str, JS]
Evaluation: TypeAlias = Callable[[Values], JS]

_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "-": operator.sub,
    "*": operator.mul,
    "/": divide,
    "%": remainder,
    "**": power,
}
_ORDER: dict[str, Callable[..., bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_EQUALITY: dict[str, Callable[[JS, JS], bool]] = {
    "==": loosely_equal,
    "===": strictly_equal,
    "!=": lambda a, b: not loosely_equal(a, b),
    "!==": lambda a, b: not strictly_equal(a, b),
}


def compiled(node: Node, *, strict: bool) -> Evaluation:
    match node:
        case Literal(value):
            return lambda values: value
        case Field(name):
            return lambda values: values[name]
        case Unary(sign, operand):
            return _unary(sign, compiled(operand, strict=strict))
        case Binary(sign, left, right):
            return _binary(sign, compiled(left, strict=strict), compiled(right, strict=strict), strict=strict)
        case Logic(sign, left, right):
            return _logic(sign, compiled(left, strict=strict), compiled(right, strict=strict))
        case Conditional(test, then, otherwise):
            return _conditional(*(compiled(part, strict=strict) for part in (test, then, otherwise)))
        case Call(name, arguments):
            return _call(name, [compiled(argument, strict=strict) for argument in arguments])
        case Method(name, receiver, arguments):
            parts = [compiled(part, strict=strict) for part in (receiver, *arguments)]
            return lambda values: call_method(name, parts[0](values), [part(values) for part in parts[1:]])


def _unary(sign: str, operand: Evaluation) -> Evaluation:
    if sign == "!":
        return lambda values: not to_boolean(operand(values))
    if sign == "-":
        return lambda values: -to_number(operand(values))
    return lambda values: to_number(operand(values))


def _binary(sign: str, left: Evaluation, right: Evaluation, *, strict: bool) -> Evaluation:
    if sign == "+":
        return lambda values: add(left(values), right(values))
    if sign in _ARITHMETIC:
        apply = _ARITHMETIC[sign]
        return lambda values: apply(to_number(left(values)), to_number(right(values)))
    compare = _ordered(_ORDER[sign], strict=strict) if sign in _ORDER else _equal(_EQUALITY[sign], strict=strict)
    return lambda values: compare(left(values), right(values))


def _ordered(order: Callable[..., bool], *, strict: bool) -> Callable[[JS, JS], bool]:
    """Two texts by their code units, anything else by its number; NaN is neither more nor less."""

    def compare(a: JS, b: JS) -> bool:
        if isinstance(a, str) and isinstance(b, str):
            return order(a, b)
        x, y = to_number(a), to_number(b)
        if strict and (x != x or y != y):
            raise _no_number(a if x != x else b)
        return order(x, y)

    return compare


def _equal(equality: Callable[[JS, JS], bool], *, strict: bool) -> Callable[[JS, JS], bool]:
    if not strict:
        return equality

    def compare(a: JS, b: JS) -> bool:
        if a != a or b != b:
            raise _no_number(a if a != a else b)
        return equality(a, b)

    return compare


def _no_number(value: JS) -> CannotEvaluate:
    shown = f"the text {value[:40]!r}" if isinstance(value, str) else "a value"
    return CannotEvaluate(f"A comparison meets {shown} that is not a number.")


def _logic(sign: str, left: Evaluation, right: Evaluation) -> Evaluation:
    def both(values: Values) -> JS:
        value = left(values)
        return right(values) if to_boolean(value) else value

    def either(values: Values) -> JS:
        value = left(values)
        return value if to_boolean(value) else right(values)

    def unless_blank(values: Values) -> JS:
        value = left(values)
        return right(values) if value is None or value is UNDEFINED else value

    return {"&&": both, "||": either, "??": unless_blank}[sign]


def _conditional(test: Evaluation, then: Evaluation, otherwise: Evaluation) -> Evaluation:
    return lambda values: then(values) if to_boolean(test(values)) else otherwise(values)


def _call(name: str, arguments: list[Evaluation]) -> Evaluation:
    function = FUNCTIONS[name]
    if len(arguments) == 1:
        [only] = arguments
        return lambda values: function(only(values))
    return lambda values: function(*[argument(values) for argument in arguments])
