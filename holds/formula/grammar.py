"""From text to tree: JavaScript's grammar by tree-sitter, and of it only what this file names.

A node that is not named here is refused with its position, so that a new kind of node in the grammar is
refused too. Nothing is ever run as code.
"""

from collections.abc import Callable, Iterator
from functools import cache

import tree_sitter_javascript
from tree_sitter import Language, Parser
from tree_sitter import Node as Syntax

from holds.formula import literals, refusals
from holds.formula.errors import FormulaError
from holds.formula.functions import CONSTANTS, FUNCTIONS, METHODS
from holds.formula.misfits import misfit
from holds.formula.nodes import Binary, Call, Conditional, Field, Literal, Logic, Method, Node, Unary
from holds.formula.values import UNDEFINED

MAX_LENGTH = 2000
MAX_DEPTH = 60
BINARY = frozenset({"+", "-", "*", "/", "%", "**", "<", "<=", ">", ">=", "==", "!=", "===", "!=="})
LOGIC = frozenset({"&&", "||", "??"})
NAMED = {"NaN": float("nan"), "Infinity": float("inf")}


def read(text: str) -> Node:
    """The tree of a formula. FormulaError where it is not one, or is too long or too deep."""
    return _Reader(_checked(text)).formula()


def _checked(text: str) -> str:
    if not text.strip():
        raise FormulaError("the formula is empty.", line=1, column=1)
    if len(text) > MAX_LENGTH:
        line, column = _position_of(text, MAX_LENGTH)
        raise FormulaError(f"a formula has at most {MAX_LENGTH} characters.", line=line, column=column)
    for at, character in enumerate(text):
        if character == "\0" or "\ud800" <= character <= "\udfff":
            line, column = _position_of(text, at)
            raise FormulaError("this character cannot be stored.", line=line, column=column)
    return text


def _position_of(text: str, at: int) -> tuple[int, int]:
    before = text[:at]
    return before.count("\n") + 1, at - before.rfind("\n")


@cache
def _language() -> Language:
    return Language(tree_sitter_javascript.language())


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.source = text.encode()

    def formula(self) -> Node:
        root = Parser(_language()).parse(self.source).root_node
        self._check_shape(root)
        statements = root.children
        first = statements[0]
        if first.type != "expression_statement":
            raise self._refusal(first, refusals.of(first.type))
        if len(statements) > 1:
            raise self._refusal(statements[1], refusals.SECOND)
        return self.expression(first.children[0])

    def expression(self, syntax: Syntax) -> Node:
        reader = _READERS.get(syntax.type)
        if reader is None:
            raise self._refusal(refusals.where(syntax), refusals.of(syntax.type))
        return reader(self, syntax)

    def number(self, syntax: Syntax) -> Node:
        return Literal(self._literal(literals.number, syntax))

    def string(self, syntax: Syntax) -> Node:
        return Literal(self._literal(literals.string, syntax))

    def constant(self, syntax: Syntax) -> Node:
        return Literal({"true": True, "false": False, "null": None, "undefined": UNDEFINED}[syntax.type])

    def name(self, syntax: Syntax) -> Node:
        name = self._text(syntax)
        if name in NAMED:
            return Literal(NAMED[name])
        raise self._refusal(syntax, refusals.name(name))

    def parenthesized(self, syntax: Syntax) -> Node:
        return self.expression(_only(syntax))

    def member(self, syntax: Syntax) -> Node:
        """`customer.<field>` or a constant of Math."""
        owner, prop = self._parts(syntax)
        name = self._text(prop)
        if self._text(owner) == "Math" and name in CONSTANTS:
            return Literal(CONSTANTS[name])
        if owner.type != "identifier" or self._text(owner) != "customer":
            raise self._refusal(*refusals.member(owner, prop, self._text(owner), name))
        if why := refusals.field(name):
            raise self._refusal(prop, why)
        return Field(name)

    def unary(self, syntax: Syntax) -> Node:
        operator, operand = syntax.children
        if operator.type not in ("+", "-", "!"):
            raise self._refusal(operator, refusals.operator(operator.type))
        return Unary(operator.type, self.expression(operand))

    def binary(self, syntax: Syntax) -> Node:
        left, operator, right = syntax.children
        if operator.type in LOGIC:
            self._check_mixture(left, operator, right)
            return Logic(operator.type, self.expression(left), self.expression(right))
        if operator.type not in BINARY:
            raise self._refusal(operator, refusals.operator(operator.type))
        if operator.type == "**" and left.type == "unary_expression":
            raise self._refusal(operator, refusals.SIGNED_POWER)
        return Binary(operator.type, self.expression(left), self.expression(right))

    def conditional(self, syntax: Syntax) -> Node:
        test, _, then, _, otherwise = syntax.children
        return Conditional(self.expression(test), self.expression(then), self.expression(otherwise))

    def call(self, syntax: Syntax) -> Node:
        function, arguments = syntax.children[0], syntax.children[-1]
        if len(syntax.children) != 2 or arguments.type != "arguments":
            raise self._refusal(syntax.children[1], refusals.CALL)
        if function.type == "member_expression":
            return self._method(function, arguments)
        if function.type not in ("identifier", "import"):
            self.expression(function)
            raise self._refusal(arguments, refusals.CALL)
        name = self._text(function)
        if name not in FUNCTIONS:
            raise self._refusal(function, refusals.function(name))
        return Call(name, self._arguments(arguments))

    def _method(self, function: Syntax, arguments: Syntax) -> Node:
        owner, prop = self._parts(function)
        name = self._text(prop)
        if owner.type == "identifier":
            full = f"{self._text(owner)}.{name}"
            if full not in FUNCTIONS:
                known = self._text(owner) in ("customer", "Math")
                raise self._refusal(prop if known else owner, refusals.function(full))
            return Call(full, self._arguments(arguments))
        if name not in METHODS:
            raise self._refusal(prop, refusals.method(name))
        return Method(name, self.expression(owner), self._arguments(arguments))

    def _arguments(self, syntax: Syntax) -> tuple[Node, ...]:
        found: list[Node] = []
        expected = True
        for child in syntax.children[1:-1]:
            if (child.type == ",") is expected:
                raise self._refusal(child, refusals.UNREADABLE)
            expected = not expected
            if child.type != ",":
                found.append(self.expression(child))
        return tuple(found)

    def _parts(self, syntax: Syntax) -> tuple[Syntax, Syntax]:
        owner, dot, prop = syntax.children[0], syntax.children[1], syntax.children[-1]
        if dot.type != "." or prop.type != "property_identifier":
            raise self._refusal(dot if dot.type != "." else prop, refusals.OPTIONAL)
        return owner, prop

    def _literal(self, reader: Callable[[str], float | str], syntax: Syntax) -> float | str:
        try:
            return reader(self._text(syntax))
        except literals.BadLiteral as bad:
            raise self._refusal_at(syntax.start_byte, bad.why, bad.offset) from bad

    def _check_shape(self, root: Syntax) -> None:
        """No error, no remark, nothing too deep; before any recursion of ours."""
        for syntax, depth in _walk(root):
            if depth > MAX_DEPTH:
                raise self._refusal(syntax, f"parts are nested more than {MAX_DEPTH} deep")
            if syntax.type in ("comment", "html_comment"):
                raise self._refusal(syntax, refusals.COMMENT)
            if syntax.is_error or syntax.is_missing:
                raise self._unreadable(syntax)
        if not root.children:
            raise self._refusal(root, refusals.UNREADABLE)

    def _unreadable(self, syntax: Syntax) -> FormulaError:
        if found := misfit(self.text):
            line, column = _position_of(self.text, found[0])
            return FormulaError(f"{found[1]}.", line=line, column=column)
        return self._refusal(syntax, refusals.UNREADABLE)

    def _check_mixture(self, left: Syntax, operator: Syntax, right: Syntax) -> None:
        """JavaScript wants parentheses where ?? meets && or ||; the grammar does not ask for them."""
        for side in (left, right):
            if side.type == "binary_expression":
                inner = side.children[1]
                if inner.type in LOGIC and (inner.type == "??") != (operator.type == "??"):
                    raise self._refusal(max(inner, operator, key=lambda s: s.start_byte), refusals.MIXTURE)

    def _text(self, syntax: Syntax) -> str:
        return self.source[syntax.start_byte : syntax.end_byte].decode()

    def _refusal(self, syntax: Syntax, why: str) -> FormulaError:
        return self._refusal_at(syntax.start_byte, why)

    def _refusal_at(self, byte: int, why: str, further: int = 0) -> FormulaError:
        line, column = _position_of(self.text, len(self.source[:byte].decode()) + further)
        return FormulaError(f"{why}.", line=line, column=column)


def _walk(root: Syntax) -> Iterator[tuple[Syntax, int]]:
    """Every node in the order of the text, with its depth below the root."""
    waiting = [(root, 0)]
    while waiting:
        syntax, depth = waiting.pop()
        yield syntax, depth
        waiting += [(child, depth + 1) for child in reversed(syntax.children)]


def _only(syntax: Syntax) -> Syntax:
    return syntax.children[1]


_READERS: dict[str, Callable[[_Reader, Syntax], Node]] = {
    "number": _Reader.number,
    "string": _Reader.string,
    "true": _Reader.constant,
    "false": _Reader.constant,
    "null": _Reader.constant,
    "undefined": _Reader.constant,
    "identifier": _Reader.name,
    "parenthesized_expression": _Reader.parenthesized,
    "member_expression": _Reader.member,
    "unary_expression": _Reader.unary,
    "binary_expression": _Reader.binary,
    "ternary_expression": _Reader.conditional,
    "call_expression": _Reader.call,
}
