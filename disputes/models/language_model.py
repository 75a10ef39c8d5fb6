"""What the optional language model was asked, by day: the budget is kept here."""

from django.db import models


class LanguageModelDay(models.Model):
    """Calls of one day (UTC); a call is counted before it is made, so parallel workers stay inside the budget."""

    day = models.DateField(unique=True)
    calls = models.PositiveIntegerField(default=0)
    failures = models.PositiveIntegerField(default=0)
    tokens = models.PositiveBigIntegerField(default=0)

    class Meta:
        db_table = "language_model_days"
        ordering = ["-day"]

    def __str__(self) -> str:
        return f"{self.day}: {self.calls} calls"
