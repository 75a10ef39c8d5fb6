"""The words that say what a number is; they stand in lexicon.toml."""

import re
import tomllib
from pathlib import Path

INVOICE, ORDER, OTHER = "invoice", "order", "other"
# Any paper or posting: an invoice where nothing else in the mail is called one.
DOCUMENT = "document"

_WORDS: dict[str, list[str]] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


def _either(name: str) -> str:
    return f"(?:{'|'.join(_WORDS[name])})"


def _letters(name: str) -> re.Pattern[str]:
    return re.compile(_either(name), re.IGNORECASE)


def _is_one_of(name: str) -> frozenset[str]:
    return frozenset(_WORDS[name])


# "No.", in the languages that customers write.
NUMBER_WORD = (
    r"(?:numbers?|no(?:s|\(s\)|\.s)?\b\.?|n[uú]ms?\b\.?|nro\b\.?|nr[ns]?\b\.?|nummern?|n[°º]s?\.?|№|n[uú]m[ée]ros?|#)"
)
LABEL = re.compile(
    rf"(?<![A-Za-zÀ-ÿ0-9])(?:(?P<invoice>{_either(INVOICE)})|(?P<order>{_either(ORDER)})"
    rf"|(?P<document>{_either(DOCUMENT)})|(?P<other>{_either(OTHER)}))"
    # "Rechnungsnr" is one word; otherwise a label ends where its word ends, or in a number that sticks to it.
    r"(?=[^A-Za-zÀ-ÿ]|nr|nummer|number|$)",
    re.IGNORECASE,
)
INVOICE_PREFIX = _letters("invoice_prefix")
SURE_INVOICE_PREFIX = _letters("sure_invoice_prefix")
ORDER_PREFIX = _letters("order_prefix")
OTHER_PREFIX = _letters("other_prefix")
SOFT_PREFIX = _letters("soft_prefix")
UNITS = _either("units")
MONTHS = _either("months")
FILLERS = _is_one_of("fillers")
BLOCKERS = _is_one_of("blockers")
ANNOUNCERS = _is_one_of("announcers")
COPULAS = _is_one_of("copulas")
ARTICLES = _is_one_of("articles")
LINKS = _is_one_of("links")
SPEAKS_BEFORE = _letters("speaks_before")
SPEAKS_AFTER = re.compile(rf"\s*{_either('speaks_after')}(?![A-Za-zÀ-ÿ])", re.IGNORECASE)
AMOUNTS_AND_DATES = re.compile(rf"(?<![A-Za-zÀ-ÿ]){_either('amounts_and_dates')}", re.IGNORECASE)


def kind_of(hit: re.Match[str]) -> str:
    """Of a hit of LABEL."""
    return hit.lastgroup or OTHER
