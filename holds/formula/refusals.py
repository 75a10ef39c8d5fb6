"""What a person reads when a formula is refused, and which token is pointed at."""

import re

from tree_sitter import Node as Syntax

UNREADABLE = "this cannot be read as a formula"
SECOND = "a formula is one expression; a second one begins here"
COMMENT = "remarks are not part of a formula"
SIGNED_POWER = "put parentheses around what has a sign before **"
MIXTURE = "put parentheses where ?? meets && or ||"
CALL = "this call is not part of a formula"
OPTIONAL = "write customer.field with a plain dot"

_KINDS = {
    "assignment_expression": "assignment is not part of a formula; == compares",
    "augmented_assignment_expression": "assignment is not part of a formula",
    "update_expression": "++ and -- are not part of a formula",
    "subscript_expression": "write customer.field; square brackets are not part of a formula",
    "template_string": "write a text in quotes; backticks are not part of a formula",
    "regex": "patterns are not part of a formula",
    "sequence_expression": "a formula is one expression; a comma begins a second one",
    "arrow_function": "functions cannot be defined in a formula",
    "function_expression": "functions cannot be defined in a formula",
    "function_declaration": "functions cannot be defined in a formula",
    "generator_function": "functions cannot be defined in a formula",
    "generator_function_declaration": "functions cannot be defined in a formula",
    "object": "lists and objects are not part of a formula",
    "array": "lists and objects are not part of a formula",
    "import_statement": "import is not part of a formula",
    "import": "import is not part of a formula",
    "while_statement": "loops are not part of a formula",
    "do_statement": "loops are not part of a formula",
    "for_statement": "loops are not part of a formula",
    "for_in_statement": "loops are not part of a formula",
    "lexical_declaration": "variables are not part of a formula",
    "variable_declaration": "variables are not part of a formula",
    "if_statement": "write test ? yes : no instead of if",
    "return_statement": "a formula is an expression; leave out return",
    "statement_block": "a formula is an expression, without braces",
    "new_expression": "new is not part of a formula",
    "spread_element": "... is not part of a formula",
}
_AT_OPERATOR = {
    "assignment_expression": 1,
    "augmented_assignment_expression": 1,
    "subscript_expression": 1,
    "sequence_expression": 1,
}
_FIELD = re.compile("[a-z][a-z0-9_]*")
# Names that lead to JavaScript's machinery; no NetSuite field is called so.
_MACHINERY = re.compile(r"__|^(constructor|prototype)$")


def of(kind: str) -> str:
    return _KINDS.get(kind, f"{kind.replace('_', ' ')} is not part of a formula")


def where(syntax: Syntax) -> Syntax:
    """The token that makes it what it is: the = of an assignment, the [ of a look-up."""
    at = _AT_OPERATOR.get(syntax.type)
    return syntax if at is None else syntax.children[at]


def operator(token: str) -> str:
    return f"{token} is not part of a formula"


def name(text: str) -> str:
    if text == "customer":
        return "name a field: customer.field"
    return f"{_short(text)} is not known; fields are written customer.field"


def function(text: str) -> str:
    if text in _KINDS:
        return _KINDS[text]
    if text.startswith("Date."):
        return "the time is not part of a formula; customer.daysoverdue counts days"
    return f"{_short(text)} is not a function of formulas"


def method(text: str) -> str:
    return f"{_short(text)} is not a function of texts in formulas"


def member(owner: Syntax, prop: Syntax, owner_text: str, text: str) -> tuple[Syntax, str]:
    """Where and why `owner.text` is refused."""
    if _MACHINERY.search(text):
        return prop, f"{_short(text)} is not a field"
    if owner_text == "Math":
        return prop, f"Math.{_short(text)} is not known to formulas"
    if owner.type != "identifier":
        return prop, f"{_short(text)} is not known; only customer has fields"
    return owner, name(owner_text)


def field(text: str) -> str:
    """Why a name cannot be a field, or ""."""
    if _MACHINERY.search(text):
        return f"{_short(text)} is not a field"
    if _FIELD.fullmatch(text):
        return ""
    if re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", text):
        return f"fields are written in small letters: customer.{_short(text.lower())}"
    return f"{_short(text)} is not a field"


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:40]}…"
