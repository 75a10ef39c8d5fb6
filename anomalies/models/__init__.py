"""Daily metrics, the rules that watch them, and the alerts that come of it."""

from anomalies.models.alerts import Alert, AlertNotice, AlertRule
from anomalies.models.cards import CardBand
from anomalies.models.health import HealthScore
from anomalies.models.metrics import DailyMetric, SnapshotDay
from anomalies.models.waits import OrderWait

__all__ = ["Alert", "AlertNotice", "AlertRule", "CardBand", "DailyMetric", "HealthScore", "OrderWait", "SnapshotDay"]
