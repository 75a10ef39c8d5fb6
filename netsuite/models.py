"""Tables of the ground floor: what we want another system to hold, every attempt, and the channel they share."""

import hashlib
import json
import uuid
from datetime import datetime
from typing import Any, Self

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django_fsm import FSMField, transition

from netsuite.machine import StatefulModel, Transition
from netsuite.secrets import decrypt, encrypt

__all__ = ["Channel", "Push", "PushAttempt", "Transition"]


class Channel(models.Model):
    """The shared state of one remote system: its token, its back-off and whether it may be written to at all."""

    name = models.CharField(max_length=50, unique=True)
    access_token = models.TextField(blank=True, help_text="Encrypted; read it through `token`.")
    token_expires_at = models.DateTimeField(null=True, blank=True)
    refresh_lease_until = models.DateTimeField(null=True, blank=True)
    backoff_until = models.DateTimeField(null=True, blank=True)
    throttle_count = models.PositiveIntegerField(default=0)
    closed_until = models.DateTimeField(null=True, blank=True)
    closed_reason = models.TextField(blank=True)
    armed = models.BooleanField(default=False, help_text="Log what a closed channel would block, and let it pass.")
    paused_at = models.DateTimeField(null=True, blank=True)
    paused_reason = models.TextField(blank=True)

    class Meta:
        default_permissions = ("view",)

    def __str__(self) -> str:
        return self.name

    @classmethod
    def named(cls, name: str) -> Self:
        return cls.objects.get_or_create(name=name)[0]

    @property
    def token(self) -> str:
        """The access token in clear; empty when there is none or the secret key has changed."""
        return decrypt(self.access_token)

    @token.setter
    def token(self, value: str) -> None:
        self.access_token = encrypt(value)

    def is_closed(self, now: datetime) -> bool:
        return self.closed_until is not None and self.closed_until > now

    def is_backing_off(self, now: datetime) -> bool:
        return self.backoff_until is not None and self.backoff_until > now

    def lets_through(self, now: datetime) -> bool:
        """May a worker write to this system now? Not while paused, closed by a kill switch, or throttled."""
        return self.paused_at is None and not self.is_closed(now) and not self.is_backing_off(now)


class PushStatus(models.TextChoices):
    QUEUED = "queued", "Queued"
    SENDING = "sending", "Sending"
    APPLIED = "applied", "Applied"
    RETRYING = "retrying", "Retrying"
    WAITING = "waiting", "Waiting for the drainer"
    UNCERTAIN = "uncertain", "Outcome unknown"
    FAILED = "failed", "Failed"
    SUPERSEDED = "superseded", "Superseded"


CLAIMABLE = (PushStatus.QUEUED, PushStatus.RETRYING, PushStatus.WAITING, PushStatus.UNCERTAIN)
# A newer generation replaces these; `sending` is in flight and gives way when it ends.
REPLACEABLE = (*CLAIMABLE, PushStatus.FAILED)


class PushQuerySet(models.QuerySet["Push"]):
    def waiting_to_go(self, now: datetime) -> Self:
        """Due at `now`: fresh, or its next attempt has come; oldest due first."""
        due = Q(next_attempt_at__isnull=True) | Q(next_attempt_at__lte=now)
        return self.filter(due, status__in=CLAIMABLE).order_by(F("next_attempt_at").asc(nulls_first=True), "id")

    def failed(self) -> Self:
        return self.filter(status=PushStatus.FAILED)

    def open(self) -> Self:
        """Neither applied, nor failed, nor superseded."""
        return self.filter(status__in=(*CLAIMABLE, PushStatus.SENDING))

    def for_record(self, record_type: str, record_id: str) -> Self:
        return self.filter(record_type=record_type, record_id=str(record_id))

    def of_key(self, key: str) -> Self:
        return self.filter(key=key)

    def newer_than(self, push: "Push") -> Self:
        return self.of_key(push.key).filter(generation__gt=push.generation)


class Push(StatefulModel):
    """The state we want one record to have. Per key the newest generation wins, and one is in flight."""

    class Operation(models.TextChoices):
        PATCH = "patch", "Patch"
        UPSERT = "upsert", "Upsert by external id"

    channel = models.CharField(max_length=50, default="netsuite")
    key = models.CharField(max_length=150)
    generation = models.PositiveIntegerField()
    record_type = models.CharField(max_length=80)
    record_id = models.CharField(max_length=80)
    operation = models.CharField(max_length=10, choices=Operation.choices, default=Operation.PATCH)
    body = models.JSONField(encoder=DjangoJSONEncoder, help_text="The desired values.")
    expected = models.JSONField(null=True, blank=True, help_text="The values we believe are there; empty: any.")
    prior = models.JSONField(null=True, blank=True, help_text="The values read before the first write.")
    content_hash = models.CharField(max_length=64)
    label = models.CharField(max_length=200, blank=True)
    run_id = models.CharField(max_length=64, blank=True)
    by = models.CharField(max_length=150)
    status = FSMField(default=PushStatus.QUEUED, choices=PushStatus.choices, protected=True)
    cycle = models.PositiveIntegerField(default=1)
    cycle_by = models.CharField(max_length=150, blank=True, help_text="The person who started this cycle by hand.")
    attempts_in_cycle = models.PositiveIntegerField(default=0)
    poison_count = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    lease_token = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    last_error_code = models.CharField(max_length=80, blank=True)
    last_error_detail = models.TextField(blank=True)
    evidence = models.JSONField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    applied_at = models.DateTimeField(null=True, blank=True)

    objects = PushQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "pushes"
        default_permissions = ("view",)
        permissions = [("retry_push", "Can retry a push")]
        constraints = [
            models.UniqueConstraint(fields=["key", "generation"], name="push_generation_once"),
            models.UniqueConstraint(fields=["key"], condition=Q(status="sending"), name="one_push_in_flight"),
            models.CheckConstraint(
                condition=~Q(status="applied") | Q(applied_at__isnull=False, evidence__isnull=False),
                name="applied_push_has_evidence",
            ),
            models.CheckConstraint(
                condition=~Q(status="sending") | Q(lease_token__isnull=False, lease_until__isnull=False),
                name="sending_push_has_lease",
            ),
        ]
        indexes = [
            models.Index(fields=["channel", "status", "next_attempt_at", "id"], name="push_due"),
            models.Index(fields=["record_type", "record_id"], name="push_of_record"),
        ]

    def __str__(self) -> str:
        return self.label or f"{self.key} generation {self.generation}"

    @transition(field=status, source=list(CLAIMABLE), target=PushStatus.SENDING)
    def claim(self) -> None:
        """A worker takes the row under a lease."""

    @transition(field=status, source=PushStatus.SENDING, target=PushStatus.SENDING)
    def take_over(self) -> None:
        """Another worker takes a row whose lease has run out."""

    @transition(field=status, source=PushStatus.SENDING, target=PushStatus.APPLIED)
    def confirm(self) -> None:
        """The desired values were read back."""

    @transition(field=status, source=PushStatus.SENDING, target=PushStatus.RETRYING)
    def postpone(self) -> None:
        """The attempt failed; the next one is scheduled."""

    @transition(field=status, source=PushStatus.SENDING, target=PushStatus.WAITING)
    def wait(self) -> None:
        """The cycle is used up; the drainer starts the next one."""

    @transition(field=status, source=PushStatus.SENDING, target=PushStatus.UNCERTAIN)
    def doubt(self) -> None:
        """The write may have happened; the next claim reads back first."""

    @transition(field=status, source=PushStatus.SENDING, target=PushStatus.QUEUED)
    def put_back(self) -> None:
        """Nothing was written and nothing counts: throttled, paused, or a switch was closed."""

    @transition(field=status, source=PushStatus.SENDING, target=PushStatus.FAILED)
    def fail(self) -> None:
        """A person has to look: refused for good, poison, or changed by somebody else."""

    @transition(field=status, source=[*REPLACEABLE, PushStatus.SENDING], target=PushStatus.SUPERSEDED)
    def supersede(self) -> None:
        """A newer generation of the same key replaces it."""

    @transition(
        field=status,
        source=[PushStatus.FAILED, PushStatus.WAITING, PushStatus.RETRYING, PushStatus.UNCERTAIN],
        target=PushStatus.QUEUED,
    )
    def requeue(self) -> None:
        """A person starts a new cycle."""

    @property
    def is_open(self) -> bool:
        return self.status in (*CLAIMABLE, PushStatus.SENDING)


class PushAttempt(models.Model):
    """One try at one push, committed before the remote call; append-only."""

    class Kind(models.TextChoices):
        WRITE = "write", "Write"
        VERIFY = "verify", "Read back"

    class Outcome(models.TextChoices):
        APPLIED = "applied", "Applied"
        ALREADY = "already", "Was there already"
        RETRY = "retry", "To be retried"
        REFUSED = "refused", "Refused"
        UNCERTAIN = "uncertain", "Outcome unknown"
        THROTTLED = "throttled", "Throttled"
        AUTH = "auth", "Sign-in refused"
        DRIFT = "drift", "Changed by somebody else"
        LATE_REFUSED = "late_refused", "Refused just before the write"
        CRASHED = "crashed", "Error of our own"

    push = models.ForeignKey(Push, on_delete=models.PROTECT, related_name="attempts")
    request_id = models.UUIDField(default=uuid.uuid4, unique=True, help_text="Sent as X-Request-Id.")
    number = models.PositiveIntegerField()
    cycle = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.WRITE)
    by = models.CharField(max_length=150)
    lease_token = models.UUIDField()
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=15, choices=Outcome.choices, blank=True)
    http_status = models.PositiveSmallIntegerField(null=True, blank=True)
    error_code = models.CharField(max_length=80, blank=True)
    error_detail = models.TextField(blank=True)
    evidence = models.JSONField(null=True, blank=True)

    class Meta:
        default_permissions = ("view",)
        constraints = [models.UniqueConstraint(fields=["push", "number"], name="push_attempt_number_once")]

    def __str__(self) -> str:
        return f"{self.push_id}/{self.number} {self.kind} {self.outcome or 'started'}"


def content_hash(record_type: str, record_id: str, operation: str, body: dict[str, Any]) -> str:
    """SHA-256 over the canonical JSON of what will be written and where."""
    content = [record_type, str(record_id), operation, body]
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), cls=DjangoJSONEncoder)
    return hashlib.sha256(text.encode()).hexdigest()
