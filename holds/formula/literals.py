"""Numbers and texts as written in a formula. What JavaScript's strict mode refuses is refused."""

import re

from holds.formula.values import int_to_number, to_units

_DIGITS = r"[0-9](?:_?[0-9])*"
_DECIMAL = re.compile(rf"(?:(?:0|[1-9](?:_?[0-9])*)(?:\.(?:{_DIGITS})?)?|\.{_DIGITS})(?:[eE][+-]?{_DIGITS})?")
_BASED = re.compile(r"0[xX][0-9a-fA-F](?:_?[0-9a-fA-F])*|0[oO][0-7](?:_?[0-7])*|0[bB][01](?:_?[01])*")
_ESCAPE = re.compile(
    r"\\(?:x(?P<byte>[0-9a-fA-F]{2})|u(?P<unit>[0-9a-fA-F]{4})|u\{(?P<point>[0-9a-fA-F]{1,8})\}"
    r"|(?P<line>\r\n|[\n\r\u2028\u2029])|(?P<one>.))",
    re.DOTALL,
)
_SINGLE = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "0": "\0"}


class BadLiteral(Exception):
    """`offset` counts characters from the literal's beginning."""

    def __init__(self, why: str, offset: int = 0) -> None:
        super().__init__(why)
        self.why = why
        self.offset = offset


def number(text: str) -> float:
    plain = text.replace("_", "")
    if _DECIMAL.fullmatch(text):
        return float(plain)
    if _BASED.fullmatch(text):
        return int_to_number(int(plain, 0))
    if text.endswith("n"):
        raise BadLiteral("whole numbers with n are not part of a formula")
    if re.match(r"0\d", text):
        raise BadLiteral("a number does not begin with 0")
    raise BadLiteral(f"{text} is not a number")


def string(quoted: str) -> str:
    """The text between the quotes, as UTF-16 code units."""
    inside = quoted[1:-1]
    broken = re.search(r"[\r\n]", _ESCAPE.sub(lambda escape: " " * len(escape[0]), inside))
    if broken:
        raise BadLiteral("a text ends on the line it begins on", broken.start() + 1)
    return to_units("".join(_pieces(inside)))


def _pieces(inside: str) -> list[str]:
    pieces, last = [], 0
    for match in _ESCAPE.finditer(inside):
        pieces += [inside[last : match.start()], _unescaped(match, inside)]
        last = match.end()
    return [*pieces, inside[last:]]


def _unescaped(match: re.Match[str], inside: str) -> str:
    code = match["byte"] or match["unit"] or match["point"]
    if code:
        if int(code, 16) > 0x10FFFF:
            raise BadLiteral("there is no such character", match.start() + 1)
        return chr(int(code, 16))
    if match["line"]:
        return ""
    one = match["one"]
    if one in "123456789xu" or (one == "0" and inside[match.end() : match.end() + 1].isdigit()):
        raise BadLiteral(f"\\{one} begins no known escape", match.start() + 1)
    return _SINGLE.get(one, one)
