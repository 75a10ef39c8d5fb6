"""The bands of a card: from where on it needs attention, and where it performs."""

from django.db import models
from simple_history.models import HistoricalRecords


class CardBand(models.Model):
    """Editable bands of one card.

    A figure at or beyond `attention` needs attention, at or before `performing` performs; between
    the two it is stable. Which way is worse follows from `attention` being above or below `performing`.
    """

    card = models.SlugField(unique=True)
    attention = models.DecimalField(max_digits=20, decimal_places=6)
    performing = models.DecimalField(max_digits=20, decimal_places=6)

    history = HistoricalRecords(
        table_name="card_bands_history", history_change_reason_field=models.TextField(null=True)
    )

    class Meta:
        db_table = "card_bands"
        ordering = ["card"]

    def __str__(self) -> str:
        return self.card
