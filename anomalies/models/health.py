"""How well each customer was at the end of a business day."""

from datetime import date
from typing import Self

from django.db import models
from django.db.models import Count, Q, Subquery

from anomalies.models.metrics import SnapshotDay
from customers.models import Customer

BANDS = [("green", "Green"), ("yellow", "Yellow"), ("orange", "Orange"), ("red", "Red")]


class HealthScoreQuerySet(models.QuerySet["HealthScore"]):
    def newest(self) -> Self:
        """The last day on which everybody was scored; a day that is still being scored is not it."""
        return self.filter(day=Subquery(_scored().values("date")[:1]))

    def before(self, days: int) -> Self:
        """The last day scored at least `days` before the newest, for a comparison."""
        return self.filter(day__in=_scored_days(days))

    def of_day(self, day: date) -> Self:
        return self.filter(day=day)

    def worst_first(self) -> Self:
        return self.order_by("-score", "customer")

    def bands(self) -> dict[str, int]:
        """Customers by band, green first, with zeros. One query."""
        rows = self.order_by().values("band").annotate(n=Count("pk"))
        found = {row["band"]: row["n"] for row in rows}
        return {band: found.get(band, 0) for band, _ in BANDS}

    def visible_to(self, user: object) -> Self:
        return self.filter(customer__in=Customer.objects.for_rep(user))  # type: ignore[arg-type]


def _scored() -> models.QuerySet[SnapshotDay]:
    return SnapshotDay.objects.exclude(scored_at=None).order_by("-date")


def _scored_days(days: int) -> list[date]:
    newest = _scored().values_list("date", flat=True).first()
    if newest is None:
        return []
    return list(
        _scored().filter(date__lte=date.fromordinal(newest.toordinal() - days)).values_list("date", flat=True)[:1]
    )


class HealthScore(models.Model):
    """One customer on one business day: 0 (well) to 100 (leaving), its band, and the seven signals, each 0 to 1.

    Weights and bands: `customers.rules.health`.
    """

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="health_scores")
    day = models.DateField()
    score = models.DecimalField(max_digits=5, decimal_places=2)
    band = models.CharField(max_length=6, choices=BANDS)
    signals = models.JSONField(default=dict, help_text="Value of each signal by name, four places.")

    objects = HealthScoreQuerySet.as_manager()

    class Meta:
        db_table = "health_scores"
        ordering = ["-day", "-score", "customer"]
        constraints = [
            models.UniqueConstraint(name="one_health_score_a_day", fields=["customer", "day"]),
            models.CheckConstraint(name="health_score_range", condition=Q(score__gte=0, score__lte=100)),
            models.CheckConstraint(
                name="health_score_band", condition=Q(band__in=["green", "yellow", "orange", "red"])
            ),
        ]
        indexes = [
            models.Index(fields=["day", "-score"], name="health_score_worst"),
            models.Index(fields=["day", "band"], name="health_score_bands"),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.day}: {self.score}"
