"""Proposals: what the system wants to do, waiting for a person."""

from django.conf import settings
from django.contrib.auth.models import User
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django_fsm import FSMField, transition

from customers.models import Customer, Employee
from netsuite.machine import StatefulModel
from workflows.models.runs import WorkflowRun

DECIDED = ["approved", "applying", "applied", "failed", "rejected"]
OPEN = ["pending", "deferred"]
STATES = [
    ("pending", "Pending"),
    ("approved", "Approved"),
    ("applying", "Applying"),
    ("applied", "Applied"),
    ("failed", "Failed"),
    ("rejected", "Rejected"),
    ("deferred", "Deferred"),
    ("superseded", "Superseded"),
]


class ProposalQuerySet(models.QuerySet["ProposedAction"]):
    def awaiting_decision(self) -> "ProposalQuerySet":
        return self.filter(status="pending")

    def open(self) -> "ProposalQuerySet":
        return self.filter(status__in=OPEN)

    def largest_first(self) -> "ProposalQuerySet":
        return self.order_by("-at_stake", "pk")

    def due_again(self, today: object) -> "ProposalQuerySet":
        return self.filter(status="deferred", deferred_until__lte=today)

    def visible_to(self, user: User) -> "ProposalQuerySet":
        """A sales rep sees the proposals of their own customers only."""
        return self if user.has_perm("customers.view_every_customer") else self.filter(customer__sales_rep__user=user)


class ProposedAction(StatefulModel):
    """A change that waits for a decision, with the evidence that the approver saw.

    `version` rises whenever what is shown changes; a decision names the version it was shown.
    Money at stake is in `currency`. Who, when and why of the decision are all set or all empty.
    """

    action_type = models.SlugField(max_length=80)
    entity_type = models.SlugField(max_length=40)
    entity_ref = models.CharField(max_length=120)
    customer = models.ForeignKey(
        Customer, null=True, on_delete=models.PROTECT, related_name="proposals", db_index=False
    )  # `proposal_customer` begins with it
    run = models.ForeignKey(WorkflowRun, null=True, on_delete=models.PROTECT, related_name="proposals")
    version = models.PositiveIntegerField(default=1)
    risk_level = models.PositiveSmallIntegerField()
    status = FSMField(
        default="pending",
        protected=True,
        choices=STATES,
    )
    current_state_json = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    proposed_change_json = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    evidence = models.JSONField(default=dict, encoder=DjangoJSONEncoder, help_text="The facts as shown.")
    rationale = models.TextField()
    warnings = models.JSONField(default=list, encoder=DjangoJSONEncoder)
    figures_version = models.PositiveBigIntegerField(
        default=0, db_default=0, help_text="Which version of the customer's figures the evidence rests on."
    )
    strong = models.BooleanField(default=False, help_text="Stronger recommendation.")
    at_stake = models.DecimalField(max_digits=16, decimal_places=2, default=0)
    currency = models.CharField(max_length=3, default=settings.BASE_CURRENCY)
    assigned_to = models.ForeignKey(Employee, null=True, on_delete=models.SET_NULL, related_name="+")
    proposed_by = models.CharField(max_length=150)
    proposed_at = models.DateTimeField(default=timezone.now)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decision_reason = models.TextField(null=True)
    choice = models.CharField(max_length=40, blank=True, help_text="Which of several ways was approved.")
    deferred_until = models.DateField(null=True)
    superseded_by = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="supersedes")
    content_hash = models.CharField(max_length=64, help_text="SHA-256 of the change as proposed.")

    objects = ProposalQuerySet.as_manager()

    class Meta:
        db_table = "proposed_actions"
        verbose_name = "proposal"
        ordering = ["-pk"]
        permissions = [
            ("decide_proposedaction", "Can decide proposals up to risk 3"),
            ("decide_high_risk", "Can decide proposals of risk 4"),
        ]
        constraints = [
            models.CheckConstraint(
                name="decision_whole_or_absent",
                condition=Q(decided_by=None, decided_at=None, decision_reason=None, status__in=[*OPEN, "superseded"])
                | (
                    Q(decided_by__isnull=False, decided_at__isnull=False, decision_reason__isnull=False)
                    & Q(status__in=[*DECIDED, "superseded"])
                ),
            ),
            models.CheckConstraint(name="risk_1_to_5", condition=Q(risk_level__gte=1, risk_level__lte=5)),
            models.CheckConstraint(
                name="deferred_has_a_date", condition=~Q(status="deferred") | Q(deferred_until__isnull=False)
            ),
            models.UniqueConstraint(
                name="one_open_proposal_a_customer_and_type",
                fields=["customer", "action_type"],
                condition=Q(status__in=OPEN, entity_type__in=["workflow", "customer"]),
            ),
        ]
        indexes = [
            models.Index(fields=["status", "-at_stake", "id"], name="proposal_queue"),
            models.Index(fields=["status", "-id"], name="proposal_newest"),
            models.Index(fields=["action_type", "status", "-at_stake", "id"], name="proposal_type"),
            models.Index(fields=["risk_level", "status", "-at_stake", "id"], name="proposal_risk"),
            models.Index(
                fields=["-at_stake", "id"], condition=Q(status="pending", strong=True), name="proposal_strong"
            ),
            models.Index(fields=["proposed_at"], condition=Q(status="pending"), name="proposal_since"),
            models.Index(fields=["entity_ref"], name="proposal_entity"),
            models.Index(fields=["customer", "action_type"], name="proposal_customer"),
            models.Index(fields=["deferred_until"], condition=Q(status="deferred"), name="proposal_deferred"),
        ]

    def __str__(self) -> str:
        return f"{self.get_action_type_title()} {self.pk}"

    def get_action_type_title(self) -> str:
        return self.action_type.removeprefix("workflow_").replace("_", " ").capitalize()

    @property
    def workflow_type(self) -> str:
        return self.action_type.removeprefix("workflow_")

    @transition(field=status, source="pending", target="approved")
    def approve(self) -> None:
        """A person says yes."""

    @transition(field=status, source="pending", target="rejected")
    def reject(self) -> None:
        """A person says no."""

    @transition(field=status, source="pending", target="deferred")
    def defer(self) -> None:
        """A person says: not before that date."""

    @transition(field=status, source="deferred", target="pending")
    def bring_back(self) -> None:
        """The date has come, or a person wants it now."""

    @transition(field=status, source=["pending", "deferred", "approved", "applying"], target="superseded")
    def supersede(self) -> None:
        """A newer proposal or a newer intent replaces it."""

    @transition(field=status, source=["approved", "failed"], target="applying")
    def start_applying(self) -> None:
        """The steps run; the other system has not confirmed yet."""

    @transition(field=status, source="applying", target="applied")
    def confirm(self) -> None:
        """Everything is done and read back."""

    @transition(field=status, source="applying", target="failed")
    def fail(self) -> None:
        """The other system refused; a person looks."""
