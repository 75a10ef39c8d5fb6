"""Instants and dates as the store keeps them.

Both are text `YYYY-MM-DD HH:MM:SSZ`: instants in UTC to the second, plain dates at 00:00:00. The form sorts,
SQLite's date functions read it, and no TO_CHAR format gives it, so that a raw date in an answer is recognised.
"""

import re
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

STAMP = "%Y-%m-%d %H:%M:%SZ"
UTC_SECONDS = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\dZ")
STAMP_PATTERN = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ")


def now() -> str:
    return datetime.now(UTC).strftime(STAMP)


def today(zone: str) -> str:
    return datetime.now(ZoneInfo(zone)).strftime("%Y-%m-%d 00:00:00Z")


def parse(stamp: str) -> datetime:
    return datetime.strptime(stamp, STAMP).replace(tzinfo=UTC)


def from_iso(text: str) -> str:
    """A date (`2026-05-05`) or an ISO instant in any offset becomes a stamp. Raises ValueError."""
    if len(text) == 10:
        date.fromisoformat(text)
        return f"{text} 00:00:00Z"
    moment = datetime.fromisoformat(text)
    if UTC_SECONDS.fullmatch(text):
        return f"{text[:10]} {text[11:]}"
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC).strftime(STAMP)


def iso_date(stamp: str) -> str:
    return stamp[:10]


def iso_instant(stamp: str) -> str:
    return f"{stamp[:10]}T{stamp[11:]}"


def local(stamp: str, zone: str) -> str:
    """The same instant on the wall clock of `zone`, in the store's form."""
    return parse(stamp).astimezone(ZoneInfo(zone)).strftime(STAMP)


def utc_from_local(stamp: str, zone: str) -> str:
    wall = parse(stamp).replace(tzinfo=ZoneInfo(zone))
    return wall.astimezone(UTC).strftime(STAMP)


DATE_PREFERENCES = {
    "M/D/YYYY": lambda d: f"{d.month}/{d.day}/{d.year}",
    "MM/DD/YYYY": lambda d: f"{d:%m/%d/%Y}",
    "D/M/YYYY": lambda d: f"{d.day}/{d.month}/{d.year}",
    "DD/MM/YYYY": lambda d: f"{d:%d/%m/%Y}",
    "DD.MM.YYYY": lambda d: f"{d:%d.%m.%Y}",
    "D.M.YYYY": lambda d: f"{d.day}.{d.month}.{d.year}",
    "DD-Mon-YYYY": lambda d: f"{d:%d-%b-%Y}",
    "YYYY-MM-DD": lambda d: f"{d:%Y-%m-%d}",
}


def by_preference(stamp: str, date_format: str) -> str:
    return DATE_PREFERENCES[date_format](parse(stamp))
