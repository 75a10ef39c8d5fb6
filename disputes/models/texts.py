"""Answers to disputes: one text a reason and language, edited in the console."""

from django.db import models
from simple_history.models import HistoricalRecords

from disputes.models.inbound import REASONS, SUB_REASONS


class ResponseTemplate(models.Model):
    """The answer to one reason in one language; what it may name in braces is fixed."""

    LANGUAGES = [("en", "English"), ("de", "German"), ("fr", "French"), ("es", "Spanish")]

    reason = models.CharField(max_length=10, choices=REASONS)
    sub_reason = models.CharField(max_length=16, blank=True, choices=SUB_REASONS)
    language = models.CharField(max_length=2, choices=LANGUAGES)
    subject = models.CharField(max_length=200)
    body = models.TextField()

    history = HistoricalRecords(
        table_name="response_templates_history", history_change_reason_field=models.TextField(null=True)
    )

    class Meta:
        db_table = "response_templates"
        ordering = ["reason", "sub_reason", "language"]
        constraints = [
            models.UniqueConstraint(name="one_text_a_reason_and_language", fields=["reason", "sub_reason", "language"])
        ]

    def __str__(self) -> str:
        return f"{self.get_reason_display()} {self.get_sub_reason_display()} ({self.language})".replace("  ", " ")
