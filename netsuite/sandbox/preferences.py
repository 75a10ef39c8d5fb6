"""The account's settings that change what it answers."""

from dataclasses import asdict, dataclass, fields, replace
from typing import Any
from zoneinfo import ZoneInfo

from . import clock

CREDIT_HANDLING = ("ignore", "warn", "enforce")


@dataclass(frozen=True)
class Preferences:
    """`credit_handling` is NetSuite's Customer Credit Limit Handling: ignore, warn or enforce.

    `grace_days`: days overdue beyond which AUTO holds; None switches that part of the rule off.
    `today` pins the business date (`YYYY-MM-DD`); empty means the wall clock in `timezone`.
    `row_cap`: the most rows one SuiteQL query can reach. `concurrency`: account-wide request slots.
    """

    credit_handling: str = "enforce"
    limit_includes_orders: bool = True
    grace_days: int | None = 60
    concurrency: int = 5
    today: str = ""
    date_format: str = "M/D/YYYY"
    timezone: str = "UTC"
    row_cap: int = 100_000

    def business_date(self) -> str:
        return clock.from_iso(self.today) if self.today else clock.today(self.timezone)

    def changed(self, values: dict[str, Any]) -> "Preferences":
        """Raises ValueError for an unknown name or a value the account does not know."""
        unknown = set(values) - {field.name for field in fields(self)}
        if unknown:
            raise ValueError(f"unknown preference: {', '.join(sorted(unknown))}")
        changed = replace(self, **values)
        changed._check()
        return changed

    def _check(self) -> None:
        if self.credit_handling not in CREDIT_HANDLING:
            raise ValueError(f"credit_handling is one of {', '.join(CREDIT_HANDLING)}")
        if self.date_format not in clock.DATE_PREFERENCES:
            raise ValueError(f"date_format is one of {', '.join(clock.DATE_PREFERENCES)}")
        try:
            ZoneInfo(self.timezone)
        except (KeyError, OSError) as error:
            raise ValueError(f"unknown time zone {self.timezone!r}") from error
        self.business_date()

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)
