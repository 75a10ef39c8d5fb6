"""Amounts of money in any usual way of writing, and other numbers that are no references."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

SIGNS = {"€": "EUR", "£": "GBP", "¥": "JPY", "$": "USD", "us$": "USD", "c$": "CAD", "ca$": "CAD", "a$": "AUD"}
WORDS = {
    **{"euro": "EUR", "euros": "EUR", "eur": "EUR", "dollar": "USD", "dollars": "USD", "usd": "USD"},
    **{"pound": "GBP", "pounds": "GBP", "gbp": "GBP", "franken": "CHF", "francs": "CHF", "chf": "CHF", "sfr": "CHF"},
    **{"fr": "CHF", "cad": "CAD", "aud": "AUD", "nzd": "NZD", "sek": "SEK", "nok": "NOK", "dkk": "DKK", "pln": "PLN"},
    **{"mxn": "MXN", "jpy": "JPY", "czk": "CZK", "huf": "HUF", "inr": "INR", "sgd": "SGD", "hkd": "HKD", "zar": "ZAR"},
    **{"dólares": "USD", "dolares": "USD", "brl": "BRL", "cny": "CNY"},
}
# The apostrophe is the Swiss separator; the spaces are those that typesetters use.
_NUMBER = (
    r"\d{1,3}(?:[.,'’´\u00a0\u2009\u202f ]\d{3}){1,4}(?:[.,]\d{1,2})?(?!\d)"
    r"|\d{1,15}[.,]\d{1,2}(?!\d)|\d{1,15}"
)
_SIGN = r"(?:(?:us|ca?|a)?\$|€|£|¥)"
_CODE = r"(?:eur|usd|gbp|chf|cad|aud|nzd|sek|nok|dkk|pln|mxn|jpy|czk|huf|inr|sgd|hkd|zar|brl|cny)"
# "20418 $500": the sign belongs to what follows it.
_AFTER = rf"(?:{_SIGN}|(?:{_CODE}|euros?|dollars?|dólares|dolares|pounds?|franken|francs|sfr)(?![a-z]))(?!\s?\d)"
MONEY = re.compile(
    rf"(?:(?P<sign>{_SIGN}|(?<![a-z]){_CODE}|(?<![a-z])s?fr\.)\s?[-−]?\s?(?P<first>{_NUMBER})"
    rf"(?:\s?(?P<code>{_CODE})(?![a-z]))?(?:,[-–]+|\.[-–]+)?(?P<thousands>k\b)?"
    rf"|(?<![\w.,/#-])[-−]?(?P<second>{_NUMBER})(?:,[-–]+|\.[-–]+)?\s?(?P<after>{_AFTER}))",
    re.IGNORECASE,
)
# Without a currency only what has cents, or groups of three, is surely an amount.
BARE = re.compile(
    r"(?<![\w.,/#'-])[-−]?(?:\d{1,3}(?:[.,'’\u00a0\u202f ]\d{3}){1,4}[.,]\d{2}"
    r"|\d{1,3}(?:[.,'’]\d{3}){1,4}|\d{1,15}[.,]\d{2})"
    r"(?:,[-–]+)?(?![\w%]|[.,/-]\d)",
)
LARGEST_DIGITS = 14
MOST = 50


@dataclass(frozen=True)
class Amount:
    """As read; the currency is "" where the text names none."""

    amount: Decimal
    currency: str = ""

    def as_dict(self) -> dict[str, str]:
        return {"amount": f"{self.amount:f}", "currency": self.currency}


def found_in(text: str) -> Iterator[tuple[int, int, Amount | None]]:
    """(start, end, amount) of each amount; None where the figures make no number."""
    covered: list[tuple[int, int]] = []
    for hit in MONEY.finditer(text):
        number = hit["first"] or hit["second"]
        named = (hit["code"] or hit["sign"] or hit["after"] or "").lower().rstrip(".")
        covered.append(hit.span())
        yield (*hit.span(), _amount(number, SIGNS.get(named) or WORDS.get(named, ""), bool(hit["thousands"])))
    for hit in BARE.finditer(text):
        if not any(start < hit.end() and hit.start() < end for start, end in covered):
            yield (*hit.span(), _amount(hit[0].lstrip("-−").split(",-")[0].split(",–")[0], "", False))


def _amount(number: str, currency: str, thousands: bool) -> Amount | None:
    value = value_of(number)
    return Amount(value * 1000 if thousands else value, currency) if value is not None else None


def value_of(number: str) -> Decimal | None:
    """1.234,56 and 1,234.56 alike: the last sign before one or two digits is the decimal one. None: too long."""
    plain = re.sub(r"[\s'’´\u00a0\u2009\u202f]", "", number)
    parts = re.split(r"[.,]", plain)
    has_cents = len(parts) > 1 and len(parts[-1]) in (1, 2)
    digits = "".join(parts[:-1]) + "." + parts[-1] if has_cents else "".join(parts)
    if len(digits) > LARGEST_DIGITS:
        return None
    try:
        return Decimal(digits).quantize(Decimal("0.01"))
    except InvalidOperation:
        return None
