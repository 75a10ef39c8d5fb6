"""Rules as data, and the alerts they raise."""

from django.contrib.auth.models import User
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django_fsm import FSMField, transition
from simple_history.models import HistoricalRecords

from anomalies.models.metrics import SCOPES
from netsuite.machine import StatefulModel

OPEN = ["open", "acknowledged"]
STATES = [("open", "Open"), ("acknowledged", "Acknowledged"), ("resolved", "Resolved")]


class AlertRule(models.Model):
    """When a metric is worth waking somebody.

    `sigma`: value > mean + k·σ of the `window` days before (the day itself excluded, σ of the sample);
    `above`: value > threshold; `rise`: value − value `window` days before > threshold.
    Each fires only if value > `floor` and at least `minimum_days` of history are there.
    """

    COMPARISONS = [("sigma", "k·σ over the days before"), ("above", "Above a figure"), ("rise", "Rise over days")]

    slug = models.SlugField(unique=True)
    title = models.CharField(max_length=80)
    metric = models.CharField(max_length=40)
    scope = models.CharField(max_length=16, choices=SCOPES, default="all")
    comparison = models.CharField(max_length=5, choices=COMPARISONS)
    k = models.DecimalField(max_digits=6, decimal_places=2, default=2)
    window = models.PositiveSmallIntegerField("days", default=30)
    threshold = models.DecimalField(max_digits=20, decimal_places=6, null=True, blank=True)
    floor = models.DecimalField(max_digits=20, decimal_places=6, null=True, blank=True)
    minimum_days = models.PositiveSmallIntegerField(default=20)
    step = models.DecimalField(
        max_digits=20, decimal_places=6, null=True, blank=True, help_text="Needed rise where σ is 0."
    )
    step_metric = models.CharField(max_length=40, blank=True, help_text="A second metric that must rise too.")
    step_second = models.DecimalField(max_digits=20, decimal_places=6, null=True, blank=True)
    for_days = models.PositiveSmallIntegerField(default=1, help_text="Days in a row before it fires.")
    keep_firing_days = models.PositiveSmallIntegerField(default=1, help_text="Quiet days before it closes by itself.")
    inhibits = models.ManyToManyField("self", symmetrical=False, blank=True, related_name="inhibited_by")
    roles = models.JSONField(default=list, help_text="Names of the roles that are told.")
    enabled = models.BooleanField(default=True)

    history = HistoricalRecords(
        table_name="alert_rules_history", history_change_reason_field=models.TextField(null=True), m2m_fields=[inhibits]
    )

    class Meta:
        db_table = "alert_rules"
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.title


class AlertQuerySet(models.QuerySet["Alert"]):
    def open(self) -> "AlertQuerySet":
        return self.filter(status__in=OPEN)

    def awake(self, now: object) -> "AlertQuerySet":
        """Open and not snoozed."""
        return self.open().filter(Q(snoozed_until=None) | Q(snoozed_until__lte=now))

    def visible_to(self, user: User) -> "AlertQuerySet":
        return self if user.has_perm("anomalies.view_alert") else self.none()


class Alert(StatefulModel):
    """One finding of one rule for one scope and day, with all its figures: they recompute from what is stored."""

    rule = models.ForeignKey(AlertRule, on_delete=models.PROTECT, related_name="alerts")
    date = models.DateField(help_text="The business day that was judged.")
    scope = models.CharField(max_length=16, choices=SCOPES, default="all")
    scope_value = models.CharField(max_length=64, blank=True)
    status = FSMField(
        default="open",
        protected=True,
        choices=STATES,
    )
    value = models.DecimalField(max_digits=24, decimal_places=6)
    line = models.DecimalField("threshold", max_digits=24, decimal_places=6)
    payload = models.JSONField(default=dict)
    rule_as_was = models.JSONField(default=dict, help_text="The rule at that moment.")
    fired_at = models.DateTimeField(default=timezone.now)
    last_breach = models.DateField(null=True, blank=True, help_text="The last day that was still above the line.")
    snoozed_until = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.CharField(max_length=150, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.CharField(max_length=150, blank=True)
    resolution = models.TextField(blank=True)

    objects = AlertQuerySet.as_manager()
    history = HistoricalRecords(table_name="alerts_history")

    class Meta:
        db_table = "alerts"
        ordering = ["-date", "-pk"]
        permissions = [("handle_alert", "Can acknowledge, snooze and resolve alerts")]
        constraints = [
            models.UniqueConstraint(
                name="one_open_alert_a_scope", fields=["rule", "scope", "scope_value"], condition=Q(status__in=OPEN)
            ),
            models.UniqueConstraint(name="one_alert_a_day_and_scope", fields=["rule", "date", "scope", "scope_value"]),
            models.CheckConstraint(
                name="resolved_alert_says_who",
                condition=Q(status="resolved", resolved_at__isnull=False) & ~Q(resolved_by="")
                | ~Q(status="resolved") & Q(resolved_at=None, resolved_by=""),
            ),
        ]
        indexes = [models.Index(fields=["status", "-date"], name="alert_status")]

    def __str__(self) -> str:
        return f"{self.rule} {self.date}"

    @transition(field=status, source="open", target="acknowledged")
    def acknowledge(self) -> None:
        """Somebody looks after it."""

    @transition(field=status, source=["open", "acknowledged"], target="resolved")
    def resolve(self) -> None:
        """Over, or explained."""


class AlertNotice(models.Model):
    """That a person was told of an alert; once each."""

    alert = models.ForeignKey(Alert, on_delete=models.PROTECT, related_name="notices")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    address = models.EmailField(max_length=254)
    planned_at = models.DateTimeField(default=timezone.now)
    claimed_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    message_id = models.CharField(max_length=255, blank=True)
    error = models.TextField(blank=True)

    class Meta:
        db_table = "alert_notices"
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(name="told_once", fields=["alert", "user"])]

    def __str__(self) -> str:
        return f"{self.alert} to {self.address}"
