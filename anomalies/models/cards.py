"""Where a card's figure is good, unremarkable, or wants somebody: limits that people may change."""

from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

BASES = [
    ("value", "The figure itself"),
    ("change", "Its change over the card's days"),
    ("sigma", "Its distance from the mean of 30 days, in σ"),
]


class CardBand(models.Model):
    """The two limits of one metric, in its unit (a share as 0.85), for `sigma` in σ.

    At `performing` or better: performing. Worse than `attention`: needs attention. Between them: stable.
    Which way is worse stands in METRICS. At `floor` or better nothing needs attention.
    """

    metric = models.CharField(max_length=40, unique=True)
    basis = models.CharField(max_length=6, choices=BASES, default="value")
    performing = models.DecimalField("performing up to", max_digits=20, decimal_places=6)
    attention = models.DecimalField("needs attention beyond", max_digits=20, decimal_places=6)
    floor = models.DecimalField(max_digits=20, decimal_places=6, null=True, blank=True)

    history = HistoricalRecords(
        table_name="card_bands_history", history_change_reason_field=models.TextField(null=True)
    )

    class Meta:
        db_table = "card_bands"
        ordering = ["pk"]
        permissions = [("view_card", "Can see the cards")]
        constraints = [
            models.CheckConstraint(name="card_band_basis", condition=Q(basis__in=[basis for basis, _ in BASES]))
        ]

    def __str__(self) -> str:
        return self.metric
