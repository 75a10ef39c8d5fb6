"""Decisions, their tamper-evident chain, and the notes that later proposals quote."""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Count
from django.utils import timezone

from customers.models import Customer
from workflows.models.proposals import ProposedAction
from workflows.models.runs import WorkflowRun


class DecisionQuerySet(models.QuerySet["AutoDecision"]):
    def unsealed(self) -> "DecisionQuerySet":
        return self.filter(seal__isnull=True)

    def service_holds(self) -> "DecisionQuerySet":
        """Holds that were approved: what "prior holds" counts."""
        return self.filter(decision_type="service_hold")


class AutoDecision(models.Model):
    """One decision: who, when, what, why, on which evidence. Never changed, never deleted."""

    decision_type = models.SlugField(max_length=60)
    customer = models.ForeignKey(Customer, null=True, on_delete=models.PROTECT, related_name="decisions")
    proposal = models.ForeignKey(ProposedAction, null=True, on_delete=models.PROTECT, related_name="decisions")
    run = models.ForeignKey(WorkflowRun, null=True, on_delete=models.PROTECT, related_name="decisions")
    entity_ref = models.CharField(max_length=120)
    by = models.CharField(max_length=150)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    reason = models.TextField()
    evidence = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    before = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    after = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    version_seen = models.PositiveIntegerField(null=True)
    solo = models.BooleanField(default=False, help_text="Decided by the person who proposed it (solo operator).")
    content_hash = models.CharField(max_length=64)

    objects = DecisionQuerySet.as_manager()

    class Meta:
        db_table = "auto_decisions"
        verbose_name = "decision"
        ordering = ["-pk"]
        permissions = [("verify_audit", "Can verify and export the audit chain")]
        indexes = [models.Index(fields=["customer", "decision_type"], name="decision_customer_type")]

    def __str__(self) -> str:
        return f"{self.decision_type} by {self.by}"


class AuditSeal(models.Model):
    """A link of the chain: the decision's content hash bound to all links before it."""

    seq = models.PositiveBigIntegerField(unique=True)
    decision = models.OneToOneField(AutoDecision, on_delete=models.PROTECT, related_name="seal")
    prev_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)
    sealed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "audit_chain"
        ordering = ["seq"]

    def __str__(self) -> str:
        return f"{self.seq} {self.hash[:12]}"


class ReflexionQuerySet(models.QuerySet["ReflexionEntry"]):
    def about(self, customer: Customer) -> "ReflexionQuerySet":
        return self.filter(customer=customer)

    def counts(self, customer_ids: Iterable[int], *, since: datetime) -> dict[int, int]:
        """Notes since then by customer: the friction in the health score."""
        rows = self.filter(customer__in=customer_ids, at__gte=since).order_by().values("customer")
        return {row["customer"]: row["n"] for row in rows.annotate(n=Count("pk"))}


class ReflexionEntry(models.Model):
    """A tagged note that a later proposal quotes."""

    workflow_type = models.SlugField(max_length=60)
    run = models.ForeignKey(WorkflowRun, null=True, on_delete=models.PROTECT, related_name="reflexions")
    customer = models.ForeignKey(Customer, null=True, on_delete=models.PROTECT, related_name="reflexions")
    tags = models.CharField(max_length=250)
    narrative = models.TextField()
    at = models.DateTimeField(default=timezone.now)

    objects = ReflexionQuerySet.as_manager()

    class Meta:
        db_table = "reflexion_log"
        verbose_name = "reflexion note"
        ordering = ["-pk"]
        indexes = [models.Index(fields=["customer", "-id"], name="reflexion_customer")]

    def __str__(self) -> str:
        return self.narrative[:60]
