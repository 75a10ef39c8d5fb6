"""Which messages of a mailbox were read, so that none is read twice and none is forgotten."""

from django.db import models
from django.utils import timezone

from disputes.models.inbound import InboundEmail


class FetchedMail(models.Model):
    """One message of a mailbox, by the server's own numbers; `error` says why it is not stored yet."""

    mailbox = models.CharField(max_length=255, help_text="user@host/folder")
    uidvalidity = models.PositiveBigIntegerField()
    uid = models.PositiveBigIntegerField()
    email = models.ForeignKey(InboundEmail, null=True, on_delete=models.PROTECT, related_name="fetched")
    tries = models.PositiveIntegerField(default=1)
    error = models.TextField(blank=True)
    fetched_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "mailbox_messages"
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(name="one_row_a_mailbox_message", fields=["mailbox", "uidvalidity", "uid"])
        ]

    def __str__(self) -> str:
        return f"{self.mailbox} {self.uid}"
