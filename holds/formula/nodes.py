"""A formula as a tree of plain values, without anything of the parser."""

from dataclasses import dataclass
from typing import TypeAlias

from holds.formula.values import JS


@dataclass(frozen=True, slots=True)
class Literal:
    value: JS


@dataclass(frozen=True, slots=True)
class Field:
    """`customer.<name>`."""

    name: str


@dataclass(frozen=True, slots=True)
class Unary:
    """`+`, `-` or `!`."""

    operator: str
    operand: "Node"


@dataclass(frozen=True, slots=True)
class Binary:
    """Arithmetic, comparison or equality: both sides are always evaluated."""

    operator: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Logic:
    """`&&`, `||` or `??`: the right side only when it is needed."""

    operator: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Conditional:
    test: "Node"
    then: "Node"
    otherwise: "Node"


@dataclass(frozen=True, slots=True)
class Call:
    """A function by its full name, such as `parseFloat` or `Math.max`."""

    name: str
    arguments: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Method:
    """A method of a text, such as `includes`."""

    name: str
    receiver: "Node"
    arguments: tuple["Node", ...]


Node: TypeAlias = Literal | Field | Unary | Binary | Logic | Conditional | Call | Method


def children(node: Node) -> tuple[Node, ...]:
    match node:
        case Unary(_, operand):
            return (operand,)
        case Binary(_, left, right) | Logic(_, left, right):
            return (left, right)
        case Conditional(test, then, otherwise):
            return (test, then, otherwise)
        case Call(_, arguments):
            return arguments
        case Method(_, receiver, arguments):
            return (receiver, *arguments)
    return ()


def fields_of(node: Node) -> frozenset[str]:
    """The customer fields that a formula names."""
    if isinstance(node, Field):
        return frozenset({node.name})
    return frozenset().union(*(fields_of(child) for child in children(node)))
