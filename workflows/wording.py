"""Numbers, dates and ages as people read them; one spelling for pages, mails and the API's sentences."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.conf import settings

SYMBOLS = {"USD": "$"}
MINUS = "−"
COUNT_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def money(amount: Decimal | int | str, currency: str = "", *, cents: bool = True) -> str:
    """`$48,210.40`, `CAD 1,200.00`, `−$1,500.00`; whole units without cents (half-even)."""
    value = Decimal(amount).quantize(Decimal("0.01") if cents else Decimal(1))
    code = currency or settings.BASE_CURRENCY
    digits = f"{abs(value):,}"
    text = f"{SYMBOLS[code]}{digits}" if code in SYMBOLS else f"{code} {digits}"
    return f"{MINUS}{text}" if value < 0 else text


def amount(value: Decimal | int | str) -> str:
    """A figure for a column whose head names the currency: `48,210.40`, `−1,500.00`."""
    figure = Decimal(value).quantize(Decimal("0.01"))
    return f"{MINUS if figure < 0 else ''}{abs(figure):,}"


def day(value: date | None, *, year: bool = True) -> str:
    """`17 Nov 2026`, without the year in columns of the last twelve months."""
    if value is None:
        return "–"
    return f"{value.day} {value:%b %Y}" if year else f"{value.day} {value:%b}"


def clock(value: datetime | None, *, seconds: bool = False) -> str:
    """`08:44` in the business time zone."""
    if value is None:
        return "–"
    local = value.astimezone(ZoneInfo(settings.TIME_ZONE_BUSINESS))
    return f"{local:%H:%M:%S}" if seconds else f"{local:%H:%M}"


def moment(value: datetime | None) -> str:
    """`17 Nov 2026, 08:44` in the business time zone."""
    if value is None:
        return "–"
    local = value.astimezone(ZoneInfo(settings.TIME_ZONE_BUSINESS))
    return f"{day(local.date())}, {local:%H:%M}"


def age(span: timedelta) -> str:
    """`19 min`, `2 h 42 min`, `16 h`, `5 d`."""
    minutes = max(0, int(span.total_seconds() // 60))
    hours, rest = divmod(minutes, 60)
    if hours >= 48:
        return f"{hours // 24} d"
    if hours >= 12 or (hours and not rest):
        return f"{hours} h"
    return f"{hours} h {rest} min" if hours else f"{minutes} min"


def percent(ratio: Decimal | float | None, *, decimals: int = 0) -> str:
    """`132.8 %` of a ratio of 1.328; `–` when there is none."""
    return "–" if ratio is None else f"{ratio * 100:.{decimals}f} %"


def count(number: int, noun: str, plural: str = "") -> str:
    """`three orders`, `1 order` in words up to ten, figures above."""
    word = COUNT_WORDS[number] if 0 <= number < len(COUNT_WORDS) else f"{number:,}"
    return f"{word} {noun if number == 1 else plural or noun + 's'}"


def listing(items: list[str]) -> str:
    """`A, B and C`."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else ""
