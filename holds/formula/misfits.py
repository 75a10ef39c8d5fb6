"""Where a text that is no expression goes wrong: the token that does not fit, for the person who wrote it.

The parser knows that a text is wrong, but marks a wide stretch of it.
"""

import re

_TOKENS = re.compile(
    r"""(?P<space>\s+)
    |(?P<operand>[\w$]+(?:\.\w+(?<=\d))?|\.\d\w*|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")
    |(?P<sign>[+\-!](?!=))
    |(?P<operator>===|!==|==|!=|<=|>=|&&|\|\||\?\?|\*\*|[<>*/%?:,.])
    |(?P<open>\()|(?P<close>\))
    |(?P<quote>['"])
    |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_NOTHING_BEFORE = "something is missing before this"
_NO_OPERATOR = "an operator is missing before this"


def misfit(text: str) -> tuple[int, str] | None:
    """The offset in characters and what is wrong there; None when the tokens alone show nothing wrong."""
    wants_value, opened, just_called = True, 0, False
    for token in _TOKENS.finditer(text):
        kind = token.lastgroup
        if kind == "space":
            continue
        if why := _wrong(kind, wants_value, opened, just_called):
            return token.start(), why
        opened += (kind == "open") - (kind == "close")
        just_called = kind == "open" and not wants_value
        wants_value = kind in ("sign", "operator", "open")
    if wants_value:
        return len(text.rstrip()), "something is missing at the end"
    return (len(text.rstrip()), "a ) is missing at the end") if opened else None


def _wrong(kind: str | None, wants_value: bool, opened: int, just_called: bool) -> str:
    if kind == "quote":
        return "this text has no closing quote on its line"
    if kind == "other":
        return "this cannot be read as a formula"
    if kind == "operand" and not wants_value:
        return _NO_OPERATOR
    if kind == "close" and not opened:
        return "there is no ( for this )"
    if wants_value and (kind == "operator" or (kind == "close" and not just_called)):
        return _NOTHING_BEFORE
    return ""
