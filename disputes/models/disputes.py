"""Invoice disputes: while one is open, its amount is set apart from the hold rule."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.db.models import Q, Sum
from django.utils import timezone
from django_fsm import FSMField, transition
from simple_history.models import HistoricalRecords

from customers.models import Customer, Employee, Transaction
from disputes.models.inbound import REASONS, SUB_REASONS, InboundEmail
from netsuite.machine import StatefulModel
from workflows.models import WorkflowRun

OPEN = ["open", "responding", "escalated"]


class DisputeQuerySet(models.QuerySet["Dispute"]):
    def open(self) -> "DisputeQuerySet":
        return self.filter(status__in=OPEN)

    def overdue(self, now: datetime) -> "DisputeQuerySet":
        """Unsettled, and either not answered or not settled in the time that is promised."""
        unanswered = Q(responded_at=None, respond_by__lt=now)
        return self.open().filter(unanswered | Q(resolve_by__lt=now))

    def in_queue_of(self, user: User) -> "DisputeQuerySet":
        """Routed to this person as the sales rep, and not settled."""
        return self.filter(status="escalated", owner__user=user)

    def visible_to(self, user: User) -> "DisputeQuerySet":
        return self if user.has_perm("customers.view_every_customer") else self.filter(customer__sales_rep__user=user)

    def ring_fenced(self, day: date) -> "DisputeQuerySet":
        """Open disputes whose amount still counts as set apart on `day`."""
        return self.open().filter(amount__isnull=False).filter(Q(set_apart_until=None) | Q(set_apart_until__gte=day))

    def set_apart(self, customer_ids: list[int], day: date) -> dict[int, Decimal]:
        """Disputed amounts by customer id, base currency."""
        return {row["customer"]: row["total"] for row in self.set_apart_rows(customer_ids, day)}

    def set_apart_rows(self, customer_ids: Sequence[int], day: date) -> "models.QuerySet[Dispute, Any]":
        rows = self.ring_fenced(day).filter(customer__in=customer_ids).order_by().values("customer")
        return rows.annotate(total=Sum("amount"))


class Dispute(StatefulModel):
    """A customer contests an invoice, or part of it. `amount` is in the base currency."""

    REASONS = REASONS
    SOURCES = [("mail", "Mail"), ("phone", "Phone call"), ("rep", "Sales rep"), ("api", "API")]
    RESOLUTIONS = [("credit_issued", "Credit issued"), ("upheld", "Invoice upheld"), ("withdrawn", "Withdrawn")]

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="disputes")
    # NetSuite may delete the invoice: the dispute stays, with the number as it was cited.
    invoice = models.ForeignKey(Transaction, null=True, blank=True, on_delete=models.SET_NULL, related_name="disputes")
    invoice_ref = models.CharField("invoice number", max_length=128, blank=True)
    reason = models.CharField(max_length=10, choices=REASONS, default="other")
    sub_reason = models.CharField(max_length=16, blank=True, choices=SUB_REASONS)
    reason_text = models.TextField("what the customer says")
    source = models.CharField(max_length=5, choices=SOURCES, default="phone")
    reference = models.CharField(
        max_length=64, blank=True, help_text="What opened it: a mail's id, or a reference of the caller's own."
    )
    email = models.ForeignKey(InboundEmail, null=True, blank=True, on_delete=models.PROTECT, related_name="disputes")
    run = models.ForeignKey(WorkflowRun, null=True, blank=True, on_delete=models.PROTECT, related_name="disputes")
    root_cause = models.CharField(max_length=200, blank=True, help_text="What went wrong with us, once it is known.")
    amount = models.DecimalField(
        "disputed amount", max_digits=16, decimal_places=2, null=True, blank=True, help_text="In base currency."
    )
    set_apart_until = models.DateField(null=True, blank=True, help_text="The amount counts again after this day.")
    status = FSMField(
        default="open",
        protected=True,
        choices=[
            ("open", "Open"),
            ("responding", "Responding"),
            ("escalated", "Escalated"),
            ("resolved", "Resolved"),
        ],
    )
    resolution = models.CharField(max_length=20, blank=True, choices=RESOLUTIONS)
    owner = models.ForeignKey(Employee, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    opened_by = models.CharField(max_length=150)
    opened_at = models.DateTimeField(default=timezone.now)
    respond_by = models.DateTimeField(null=True, blank=True, help_text="An answer is promised until then.")
    resolve_by = models.DateTimeField(null=True, blank=True, help_text="It should be settled by then.")
    responded_at = models.DateTimeField(null=True, blank=True)
    escalated_at = models.DateTimeField(null=True, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)

    objects = DisputeQuerySet.as_manager()
    history = HistoricalRecords(table_name="ar_disputes_history")

    class Meta:
        db_table = "ar_disputes"
        ordering = ["-pk"]
        permissions = [
            ("resolve_dispute", "Can resolve disputes"),
            ("propose_credit", "Can propose credit memos"),
        ]
        constraints = [
            models.CheckConstraint(
                name="resolved_dispute_says_how",
                condition=Q(status="resolved", resolved_at__isnull=False) & ~Q(resolution="")
                | ~Q(status="resolved") & Q(resolved_at=None, resolution=""),
            ),
            models.UniqueConstraint(
                name="one_open_dispute_a_reference",
                fields=["reference", "invoice_ref"],
                condition=~Q(reference="") & ~Q(status="resolved"),
            ),
            models.CheckConstraint(name="disputed_amount_positive", condition=Q(amount=None) | Q(amount__gt=0)),
        ]
        indexes = [
            models.Index(fields=["customer", "status"], name="dispute_customer"),
            models.Index(fields=["status", "resolve_by"], name="dispute_clock"),
        ]

    def __str__(self) -> str:
        return f"Dispute {self.pk}"

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    def is_overdue(self, now: datetime) -> bool:
        """As the queryset's `overdue`: not answered or not settled in the time that is promised."""
        unanswered = self.responded_at is None and self.respond_by is not None and self.respond_by < now
        return self.is_open and (unanswered or (self.resolve_by is not None and self.resolve_by < now))

    @property
    def ref(self) -> str:
        """How proposals, decisions and pushes name it."""
        return f"dispute:{self.pk}"

    @property
    def currency(self) -> str:
        return settings.BASE_CURRENCY

    @transition(field=status, source="open", target="responding")
    def respond(self) -> None:
        """An answer is on its way."""

    @transition(field=status, source=["open", "responding"], target="escalated")
    def escalate(self) -> None:
        """The sales rep takes over."""

    @transition(field=status, source=OPEN, target="resolved")
    def resolve(self) -> None:
        """Settled: credit issued, invoice upheld or withdrawn."""

    @transition(field=status, source=OPEN, target="resolved")
    def withdraw(self) -> None:
        """The customer takes it back, or it was none."""
