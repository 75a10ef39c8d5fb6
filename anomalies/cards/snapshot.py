"""What the newest snapshot saw: the lists behind figures that only the moment knows."""

from datetime import date
from typing import Any

from anomalies.models import SnapshotDay


def newest(day: date) -> SnapshotDay | None:
    """The newest day up to `day` on which orders and holds were still to be seen."""
    return SnapshotDay.objects.filter(date__lte=day).exclude(definition="").order_by("-date").first()


def of_segment(rows: list[dict[str, Any]], scope: str, value: str) -> list[dict[str, Any]]:
    """The rows of one segment; they carry their region, tier, rep and payment method."""
    return rows if scope == "all" else [row for row in rows if row.get(scope) == value]
