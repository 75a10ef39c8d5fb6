"""Daily metrics, the rules that watch them, and the alerts that come of it."""

from anomalies.models.alerts import Alert, AlertNotice, AlertRule
from anomalies.models.cards import CardBand
from anomalies.models.metrics import DailyMetric, SnapshotDay

__all__ = ["Alert", "AlertNotice", "AlertRule", "CardBand", "DailyMetric", "SnapshotDay"]
