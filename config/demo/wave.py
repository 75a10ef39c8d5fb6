"""A wave that the demo's alert shows: orders of one region wait for approval, their customers over the limit."""

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random
from typing import Any

from config.demo.ledger import Ledger

REGION = "Southeast"
IN_REGION, ELSEWHERE = 14, 5
# Enough to be held, not so little that nothing was ever sold on it.
SHARE_OF_EXPOSURE = 0.86


def raise_wave(customers: Sequence[tuple[dict[str, Any], Ledger]], today: date, seed: int) -> None:
    """Add orders of yesterday to some regular customers, and make their limits too small for them."""
    rng = Random(seed + 1)  # noqa: S311  a demo that looks the same every time
    regular = [pair for pair in customers if _fits(*pair)]
    there = [pair for pair in regular if pair[0]["custentity_region"] == REGION][:IN_REGION]
    others = [pair for pair in regular if pair[0]["custentity_region"] != REGION][::9][:ELSEWHERE]
    for row, ledger in there + others:
        usual = sorted(doc["foreigntotal"] for doc in ledger.documents if doc["type"] == "SalesOrd")
        for _ in range(rng.choice((1, 2, 2, 3))):
            amount = round(usual[len(usual) // 2] * rng.uniform(0.4, 1.2), 2)
            ledger.waiting_order(amount, today - timedelta(days=1))
        row["creditlimit"] = float(max(500, round(ledger.open_amount() * SHARE_OF_EXPOSURE / 100) * 100))


def _fits(row: dict[str, Any], ledger: Ledger) -> bool:
    """Active, billed in US dollars, with business and a limit that is an amount."""
    return bool(
        row.get("isinactive") == "F"
        and row["custentity_tier"] in ("Key", "Core")
        and row["currency"] == "USD"
        and row.get("creditlimit")
        and any(doc["type"] == "SalesOrd" for doc in ledger.documents)
    )
