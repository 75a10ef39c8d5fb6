"""What was true at the end of each business day, in figures."""

from datetime import date

from django.db import models
from django.db.models import Q
from django.utils import timezone

SCOPES = [
    ("all", "All customers"),
    ("region", "Region"),
    ("tier", "Tier"),
    ("rep", "Sales rep"),
    ("payment_method", "Payment method"),
]


class DailyMetricQuerySet(models.QuerySet["DailyMetric"]):
    def series(self, metric: str, *, scope: str = "all", scope_value: str = "") -> "DailyMetricQuerySet":
        """One metric of one scope, oldest day first."""
        return self.filter(metric=metric, scope=scope, scope_value=scope_value).order_by("date")

    def complete(self) -> "DailyMetricQuerySet":
        """Days that were over when they were counted: only these are judged."""
        return self.filter(is_partial=False)

    def between(self, first: date, last: date) -> "DailyMetricQuerySet":
        """Both days included."""
        return self.filter(date__gte=first, date__lte=last)


class DailyMetric(models.Model):
    """One figure of one business day and scope. Amounts in base currency; shares and ratios as 0.5 = 50 %."""

    date = models.DateField()
    metric = models.CharField(max_length=40)
    scope = models.CharField(max_length=16, choices=SCOPES, default="all")
    scope_value = models.CharField(max_length=64, blank=True, help_text="The region, tier …; empty for all.")
    value = models.DecimalField(max_digits=24, decimal_places=6)
    is_partial = models.BooleanField(default=False, help_text="Counted before the day was over.")
    is_backfilled = models.BooleanField(default=False, help_text="Computed later from documents, not seen on the day.")
    computed_at = models.DateTimeField(default=timezone.now)

    objects = DailyMetricQuerySet.as_manager()

    class Meta:
        db_table = "daily_metrics"
        ordering = ["date", "metric", "scope", "scope_value"]
        constraints = [
            models.UniqueConstraint(name="one_figure_a_day", fields=["metric", "scope", "scope_value", "date"]),
            models.CheckConstraint(
                name="scope_value_unless_all", condition=Q(scope="all", scope_value="") | ~Q(scope="all")
            ),
        ]
        indexes = [models.Index(fields=["date", "metric"], name="daily_metric_day")]

    def __str__(self) -> str:
        return f"{self.metric} {self.date}"


class SnapshotDay(models.Model):
    """A day whose figures were taken: who is on hold then is not to be had from documents later.

    `orders` are the orders on credit hold at that moment, for drill-down and new-in/not-out:
    NetSuite keeps no history of them.
    """

    date = models.DateField(unique=True)
    definition = models.CharField(max_length=1, help_text="Which definition of an order on credit hold was used.")
    taken_at = models.DateTimeField(default=timezone.now)
    is_partial = models.BooleanField(default=False)
    judged_at = models.DateTimeField(null=True, blank=True, help_text="When the alert rules looked at it.")
    scored_at = models.DateTimeField(null=True, blank=True, help_text="When the health of every customer was kept.")
    churn = models.JSONField(default=list, help_text="Customers who stopped ordering, largest revenue first.")
    orders = models.JSONField(
        default=list, help_text="One object an order: id, number, customer, value, reason, since."
    )

    class Meta:
        db_table = "snapshot_days"
        ordering = ["-date"]

    def __str__(self) -> str:
        return str(self.date)
