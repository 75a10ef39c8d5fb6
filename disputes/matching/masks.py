"""Places of a text that hold numbers which are no references: dates, telephone numbers, bank accounts, quantities."""

import re

from disputes.matching.lexicon import MONTHS, UNITS

_YEAR = r"(?:19|20)\d{2}"
DATE = re.compile(
    rf"(?<![\w./-])(?:{_YEAR}[-/.](?:0?[1-9]|1[0-2])[-/.](?:0?[1-9]|[12]\d|3[01])"
    rf"|(?:0?[1-9]|[12]\d|3[01])[-/.](?:0?[1-9]|[12]\d|3[01])[-/.](?:{_YEAR}|\d{{2}})"
    rf"|(?:0?[1-9]|[12]\d|3[01])\.\s?(?:0?[1-9]|1[0-2])\.(?:\s?{_YEAR})?)(?![\w/-]|[.,]\d)"
    rf"|(?<!\w)(?:\d{{1,2}}(?:st|nd|rd|th|er|\.|º|ª)?[\s-](?:de |of )?{MONTHS}\b\.?"
    rf"(?:,?[\s-](?:de |del )?(?:{_YEAR}|['’]?\d{{2}}(?!\d)))?"
    rf"|{MONTHS}\b\.?\s\d{{1,2}}(?:st|nd|rd|th)?\b(?:,?\s{_YEAR})?"
    rf"|{MONTHS}\b\.?,?[\s/-](?:de |del )?(?:{_YEAR}|['’]\d{{2}}))"
    rf"|(?<![\w./-])(?:0?[1-9]|1[0-2])/(?:{_YEAR})(?![\w/.-])",
    re.IGNORECASE,
)
_PHONE = (
    r"\+\d{1,3}[\d ()/.-]{6,18}\d|\(\d{3,5}\)\s?\d{3}[\s.-]?\d{3,5}|(?<![\w-])\d{3}[.-]\d{3}[.-]\d{4}(?![\w-])"
    r"|(?<![\w/-])0\d{2,4} (?:\d{2,4}(?: \d{2,4}){1,3}|\d{5,8})(?![\w/-])"
)
_PHONE_NAMED = (
    r"(?:tel|phone|telephone|telefon|fon|fax|mobile?|mobil|handy|cell|téléphone|tél|teléfono|telefono|móvil|whatsapp|durchwahl)"
    r"\b[.:]*\s*(?:no\.?|nr\.?|number)?\s*:?\s*[\d(+][\d ()/.-]{4,18}\d"
)
_IBAN = (
    r"\b(?:AT|BE|CH|CZ|DE|DK|ES|FI|FR|GB|HU|IE|IT|LI|LU|NL|NO|PL|PT|SE|SK)"
    r"\d{2}(?:\s?[A-Z0-9]{4}){3,7}(?:\s?[A-Z0-9]{1,3})?\b"
)
_VAT = (
    r"\b(?:DE\d{9}|ATU\d{8}|FR[A-Z0-9]{2}\s?\d{9}|ES[A-Z]\d{8}|ES\d{8}[A-Z]|ES[A-Z]\d{7}[A-Z0-9]"
    r"|GB\d{9}|NL\d{9}B\d{2}|IT\d{11}|CHE-?\d{3}\.\d{3}\.\d{3})\b"
)
_CARRIER = r"\b1Z[A-Z0-9]{16}\b|\b(?:JD|JJD)\d{16,20}\b|\b\d{18,22}\b"
_WEB = r"\bhttps?://\S+|\bwww\.\S+|[^\s@<>]+@[^\s@<>]+|\.(?:pdf|xlsx?|docx?|csv|jpe?g|png|zip|xml|eml)\b"
_TIME = (
    r"(?<![\w:])\d{1,2}:\d{2}(?::\d{2})?(?:\s?[ap]\.?m\b\.?)?(?![\w:])|\b\d{1,2}\s?(?:am|pm)\b|\b\d{1,2}\s?h\s?\d{2}\b"
)
_RATE = r"[-−]?\d+(?:[.,]\d+)?\s?(?:%|‰|percent\b|prozent\b|pour ?cent\b|por ciento\b)"
_TERMS = (
    r"\bnet\s?\d{2,3}\b|\b\d/\d{1,2}\s(?:net\s?)?\d{2}\b"
    r"|\bQ[1-4][ /-]?(?:20)?\d{2}\b(?![-/]?\d)|\bKW\s?\d{1,2}(?:/(?:20)?\d{2})?\b"
)
_STATES = (
    r"(?:AL|AK|AZ|AR|CA|CO|CT|DE|FL|GA|HI|ID|IL|IN|IA|KS|KY|LA|ME|MD|MA|MI|MN|MS|MO|MT|NE|NV|NH|NJ|NM|NY|NC|ND|OH|OK|OR|PA|RI"
    r"|SC|SD|TN|TX|UT|VT|VA|WA|WV|WI|WY)"
)
_POSTAL = (
    r"\b(?:D|A|CH|F|E)-\d{4,5}\b(?=[ \t]+[A-ZÄÖÜÉ][a-zäöüßé]+)"
    r"|(?<=[A-Za-zäöüßéñ.],\s)\d{4,5}(?=[ \t]+[A-ZÄÖÜÉ][a-zäöüßéñ]{2,})|\b"
    + _STATES
    + r"\s\d{5}(?:-\d{4})?\b|\b[A-Z]{1,2}\d[A-Z\d]?\s\d[A-Z]{2}\b"
)
_STANDARD = r"\b(?:EN|ISO|DIN|ASTM|IEC|RAL|UN|NFPA|API|BS|SAE|VDE)(?:[ -](?:EN|ISO|IEC))*[ -]?[A-Z]?\d[\d.:-]*\b"
_DAY_IN_ONE = r"\b(?i:date|datum|fecha|dated)[ :.]{1,3}20\d{6}\b"
FIXED = re.compile("|".join((_WEB, _STANDARD, _DAY_IN_ONE, _IBAN, _VAT, _CARRIER, _TIME, _TERMS)))
PHONE = re.compile(rf"{_PHONE}|{_PHONE_NAMED}", re.IGNORECASE)
RATE = re.compile(_RATE, re.IGNORECASE)
POSTAL = re.compile(_POSTAL, re.MULTILINE)
QUANTITY = re.compile(rf"(?<![\w.,/#-])\d{{1,3}}(?:[.,]?\d{{3}}){{0,2}}(?:[.,]\d+)?\s?{UNITS}(?![\w-])", re.IGNORECASE)


def blank(text: str, spans: list[tuple[int, int]]) -> str:
    """The text with the spans as spaces, so that every other place stays where it is."""
    characters = list(text)
    for start, end in spans:
        characters[start:end] = " " * (end - start)
    return "".join(characters)


def spans_of(pattern: re.Pattern[str], text: str) -> list[tuple[int, int]]:
    return [hit.span() for hit in pattern.finditer(text)]
