"""Small rows that keep the service honest: signs of life, and answers to repeated requests."""

from django.db import models
from django.utils import timezone


class Heartbeat(models.Model):
    """When a part last showed that it is alive."""

    name = models.SlugField(max_length=40, primary_key=True)
    at = models.DateTimeField(auto_now=True)
    detail = models.JSONField(default=dict, blank=True)

    class Meta:
        db_table = "heartbeats"

    def __str__(self) -> str:
        return self.name


class IdempotentRequest(models.Model):
    """The answer to a request that carried an Idempotency-Key: the same key gets the same answer."""

    caller = models.CharField(max_length=64, help_text="Hash of the credential: keys of two callers never meet.")
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of method, path and body.")
    status = models.PositiveSmallIntegerField(null=True)
    body = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "idempotency_keys"
        constraints = [models.UniqueConstraint(fields=["caller", "key"], name="one_answer_a_key")]

    def __str__(self) -> str:
        return self.key
