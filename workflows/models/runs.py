"""Contracts as stored, and what each run of one did."""

import uuid

from django.contrib.auth.models import User
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone
from simple_history.models import HistoricalRecords

from customers.models import Customer


class WorkflowDefinition(models.Model):
    """A contract declared in code, with the parts that people may change: thresholds, texts, enabled."""

    workflow_type = models.SlugField(max_length=60, unique=True)
    version = models.PositiveIntegerField(default=1, help_text="Rises when the contract in code changes.")
    title = models.CharField(max_length=120)
    category = models.CharField(max_length=60)
    risk_level = models.PositiveSmallIntegerField(help_text="1 to 5; 3 and more wait for a person.")
    expected_minutes = models.PositiveSmallIntegerField()
    enabled = models.BooleanField(default=True)
    thresholds = models.JSONField(default=dict, help_text="Numbers that the contract's rules read.")
    texts = models.JSONField(default=dict, help_text="Subject and body of each draft, with {placeholders}.")
    contract = models.JSONField(default=dict, help_text="The contract as declared in code.")
    contract_hash = models.CharField(max_length=64)
    updated_at = models.DateTimeField(auto_now=True)

    history = HistoricalRecords(table_name="workflow_definitions_history")

    class Meta:
        db_table = "workflow_definitions"
        ordering = ["title"]
        verbose_name = "contract"

    def __str__(self) -> str:
        return self.title


class RunQuerySet(models.QuerySet["WorkflowRun"]):
    def awaiting_decision(self) -> "RunQuerySet":
        return self.filter(status="awaiting_decision")

    def visible_to(self, user: User) -> "RunQuerySet":
        """A sales rep sees the runs of their own customers only."""
        return self if user.has_perm("customers.view_every_customer") else self.filter(customer__sales_rep__user=user)


class WorkflowRun(models.Model):
    """One run of a contract: its inputs, what was known, how far it came."""

    STATUSES = [
        ("running", "Running"),
        ("blocked", "Blocked"),
        ("awaiting_decision", "Awaiting decision"),
        ("completed", "Completed"),
        ("failed", "Failed"),
        ("declined", "Declined"),
        ("superseded", "Superseded"),
    ]

    run_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    workflow_type = models.SlugField(max_length=60)
    definition_version = models.PositiveIntegerField(default=0)
    customer = models.ForeignKey(Customer, null=True, on_delete=models.PROTECT, related_name="runs")
    status = models.CharField(max_length=20, choices=STATUSES, default="running")
    source = models.CharField(max_length=60, help_text="What started it: manual, ar_aging_tick_threshold, …")
    invoked_by = models.CharField(max_length=150)
    inputs = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    context = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    warnings = models.JSONField(default=list, encoder=DjangoJSONEncoder)
    stages = models.JSONField(default=list, encoder=DjangoJSONEncoder)
    error = models.TextField(blank=True)
    started_at = models.DateTimeField(default=timezone.now)
    completed_at = models.DateTimeField(null=True)

    objects = RunQuerySet.as_manager()

    class Meta:
        db_table = "workflow_run_log"
        ordering = ["-pk"]
        verbose_name = "run"
        indexes = [models.Index(fields=["workflow_type", "status"], name="run_type_status")]

    def __str__(self) -> str:
        return f"{self.workflow_type} {str(self.run_id)[:8]}"

    @property
    def entity_ref(self) -> str:
        return f"workflow:{self.workflow_type}:run_{self.run_id}"


class WorkflowStep(models.Model):
    """One step of a run: what kind, how it went, how long it took."""

    STATUSES = [
        ("ok", "Done"),
        ("waiting", "Under way"),
        ("skipped", "Skipped"),
        ("failed", "Failed"),
        ("superseded", "Superseded"),
    ]

    run = models.ForeignKey(WorkflowRun, on_delete=models.PROTECT, related_name="steps")
    position = models.PositiveSmallIntegerField()
    step = models.SlugField(max_length=60)
    kind = models.SlugField(max_length=40)
    status = models.CharField(max_length=20, choices=STATUSES)
    words = models.TextField(blank=True, help_text="What it did, for people.")
    detail = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    error = models.TextField(blank=True)
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    duration_ms = models.PositiveIntegerField(default=0)

    class Meta:
        db_table = "workflow_step_log"
        ordering = ["run_id", "position"]
        constraints = [models.UniqueConstraint(fields=["run", "step"], name="one_row_a_step")]

    def __str__(self) -> str:
        return self.step


class VerifyQuerySet(models.QuerySet["VerifyResult"]):
    def due(self, now: object) -> "VerifyQuerySet":
        return self.filter(status="pending", due_at__lte=now)

    def failing(self) -> "VerifyQuerySet":
        return self.filter(status="failed")


class VerifyResult(models.Model):
    """A check that the contract asked for after the run, and its outcome."""

    STATUSES = [("pending", "Pending"), ("passed", "Passed"), ("failed", "Failed")]

    run = models.ForeignKey(WorkflowRun, on_delete=models.PROTECT, related_name="verify_results")
    check_name = models.SlugField(max_length=60)
    title = models.CharField(max_length=200)
    due_at = models.DateTimeField()
    status = models.CharField(max_length=10, choices=STATUSES, default="pending")
    detail = models.TextField(blank=True)
    checked_at = models.DateTimeField(null=True)

    objects = VerifyQuerySet.as_manager()

    class Meta:
        db_table = "workflow_verify_results"
        ordering = ["-pk"]
        constraints = [models.UniqueConstraint(fields=["run", "check_name"], name="one_row_a_check")]
        indexes = [models.Index(fields=["status", "due_at"], name="verify_due")]

    def __str__(self) -> str:
        return self.check_name
