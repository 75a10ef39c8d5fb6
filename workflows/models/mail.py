"""Outbound mail: drafted, polished by a person, sent at most once by itself."""

import uuid

from django.conf import settings
from django.contrib.auth.models import User
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django_fsm import FSMField, transition
from simple_history.models import HistoricalRecords

from customers.models import Customer
from netsuite.machine import StatefulModel
from workflows.models.proposals import ProposedAction
from workflows.models.runs import WorkflowRun


class EmailQuerySet(models.QuerySet["OutboundEmail"]):
    def to_polish(self) -> "EmailQuerySet":
        return self.filter(status="pending_review")

    def uncertain(self) -> "EmailQuerySet":
        return self.filter(status="uncertain")

    def due(self, now: object) -> "EmailQuerySet":
        """Approved, the undo window is over, and no earlier failure asks to wait."""
        return self.filter(status="approved", send_after__lte=now)

    def visible_to(self, user: User) -> "EmailQuerySet":
        return self if user.has_perm("customers.view_every_customer") else self.filter(customer__sales_rep__user=user)


class OutboundEmail(StatefulModel):
    """A mail in its life from draft to sent. Its recipient comes from the record, never from text."""

    AUDIENCES = [("customer", "Customer"), ("sales_rep", "Sales rep")]

    run = models.ForeignKey(WorkflowRun, null=True, on_delete=models.PROTECT, related_name="emails")
    proposal = models.ForeignKey(ProposedAction, null=True, on_delete=models.PROTECT, related_name="emails")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="emails")
    kind = models.SlugField(max_length=60)
    workflow_type = models.SlugField(max_length=60)
    audience = models.CharField(max_length=20, choices=AUDIENCES)
    to_name = models.CharField(max_length=200, blank=True)
    to_email = models.EmailField(blank=True)
    subject = models.CharField(max_length=250)
    body = models.TextField()
    language = models.CharField(max_length=5, default="en")
    version = models.PositiveIntegerField(default=1)
    facts = models.JSONField(default=list, encoder=DjangoJSONEncoder, help_text="Figures in the text, with source.")
    risk_level = models.PositiveSmallIntegerField(default=3)
    status = FSMField(
        default="pending_review",
        protected=True,
        choices=[
            ("pending_review", "To polish"),
            ("approved", "Approved, waiting to send"),
            ("sending", "Sending"),
            ("sent", "Sent"),
            ("uncertain", "Uncertain"),
            ("failed", "Failed"),
            ("discarded", "Discarded"),
        ],
    )
    came_back = models.TextField(blank=True, help_text="Why it returned to review.")
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(null=True)
    approved_hash = models.CharField(max_length=64, blank=True)
    approved_facts = models.JSONField(default=dict, help_text="The facts when it was released; read again to send.")
    send_after = models.DateTimeField(null=True)
    message_id = models.CharField(max_length=200, unique=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    sent_hash = models.CharField(max_length=64, blank=True)
    sent_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = EmailQuerySet.as_manager()
    history = HistoricalRecords(
        table_name="outbound_email_history",
        excluded_fields=["lease_token", "lease_until", "attempts", "facts", "error", "send_after", "approved_facts"],
    )

    class Meta:
        db_table = "outbound_email_log"
        verbose_name = "mail draft"
        ordering = ["-pk"]
        permissions = [("send_outboundemail", "Can approve, undo and discard mails")]
        constraints = [
            models.CheckConstraint(
                name="approval_of_mail_whole_or_absent",
                condition=Q(approved_by=None, approved_at=None, approved_hash="")
                | (Q(approved_by__isnull=False, approved_at__isnull=False) & ~Q(approved_hash="")),
            ),
            models.CheckConstraint(
                name="sent_mail_was_approved",
                condition=~Q(status__in=["approved", "sending", "sent", "uncertain"]) | Q(approved_by__isnull=False),
            ),
            models.UniqueConstraint(name="one_draft_a_kind_and_run", fields=["run", "kind"]),
        ]
        indexes = [models.Index(fields=["status", "send_after"], name="email_due")]

    def __str__(self) -> str:
        return self.subject

    @transition(field=status, source="pending_review", target="approved")
    def approve(self) -> None:
        """A person releases the text; it waits out the undo window."""

    @transition(field=status, source="approved", target="pending_review")
    def undo(self) -> None:
        """A person takes the release back in time."""

    @transition(field=status, source="approved", target="pending_review")
    def come_back(self) -> None:
        """The facts changed before sending."""

    @transition(field=status, source="approved", target="sending")
    def start_sending(self) -> None:
        """A worker holds the lease."""

    @transition(field=status, source="sending", target="approved")
    def postpone(self) -> None:
        """The mail server did not take it; nothing left; try again later."""

    @transition(field=status, source="sending", target="sent")
    def confirm(self) -> None:
        """The mail server took it."""

    @transition(field=status, source="sending", target="uncertain")
    def lose_track(self) -> None:
        """Cut after the text was handed over: nobody knows."""

    @transition(field=status, source="sending", target="failed")
    def fail(self) -> None:
        """The mail server refused it."""

    @transition(field=status, source=["failed", "uncertain"], target="pending_review")
    def reopen(self) -> None:
        """Back to the person, with the error."""

    @transition(field=status, source="uncertain", target="sent")
    def declare_sent(self) -> None:
        """A person found out that it arrived."""

    @transition(field=status, source=["pending_review", "failed"], target="discarded")
    def discard(self) -> None:
        """A person decides that it is not sent."""


class EmailVersion(models.Model):
    """Each text a mail ever had: the draft, every polish, what was sent."""

    email = models.ForeignKey(OutboundEmail, on_delete=models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField()
    subject = models.CharField(max_length=250)
    body = models.TextField()
    by = models.CharField(max_length=150)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "outbound_email_versions"
        ordering = ["version"]
        constraints = [models.UniqueConstraint(fields=["email", "version"], name="one_row_a_text_version")]

    def __str__(self) -> str:
        return f"version {self.version}"


class EmailAttempt(models.Model):
    """One handing-over to the mail server, committed before the connection opens; a result per recipient."""

    email = models.ForeignKey(OutboundEmail, on_delete=models.PROTECT, related_name="attempt_rows")
    token = models.UUIDField(default=uuid.uuid4, unique=True)
    recipient = models.EmailField()
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=20, blank=True)
    detail = models.TextField(blank=True)
    recipients = models.JSONField(default=dict)

    class Meta:
        db_table = "outbound_email_attempts"
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.outcome or "under way"
