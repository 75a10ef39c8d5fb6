"""Service holds: proposed, in force until lifted, or declined."""

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django_fsm import FSMField, transition
from simple_history.models import HistoricalRecords

from customers.models import Customer
from netsuite.machine import StatefulModel
from workflows.models import ProposedAction, WorkflowRun

OPEN = ["proposed", "active"]


class HoldQuerySet(models.QuerySet["ServiceHold"]):
    def active(self) -> "HoldQuerySet":
        return self.filter(status="active")

    def open(self) -> "HoldQuerySet":
        """Proposed or in force: at most one a customer."""
        return self.filter(status__in=OPEN)

    def held_before(self, customer: Customer) -> "HoldQuerySet":
        """Holds that were in force, newest first: what a new proposal quotes."""
        return self.filter(customer=customer, placed_at__isnull=False).order_by("-placed_at")

    def visible_to(self, user: User) -> "HoldQuerySet":
        return self if user.has_perm("customers.view_every_customer") else self.filter(customer__sales_rep__user=user)


class ServiceHold(StatefulModel):
    """A hold on one customer: proposed, then in force until lifted, or declined.

    Amounts are in `currency`. A hold that a person proposed and one that the aging tick proposed
    are different records and never release each other.
    """

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="holds")
    run = models.ForeignKey(WorkflowRun, on_delete=models.PROTECT, related_name="holds")
    proposal = models.ForeignKey(ProposedAction, on_delete=models.PROTECT, related_name="holds")
    origin = models.CharField(max_length=10, choices=[("automatic", "Aging tick"), ("manual", "By hand")])
    status = FSMField(
        default="proposed",
        protected=True,
        choices=[
            ("proposed", "Proposed"),
            ("active", "On hold"),
            ("lifted", "Lifted"),
            ("declined", "Declined"),
        ],
    )
    reason = models.TextField()
    ar_balance = models.DecimalField("AR balance", max_digits=16, decimal_places=2)
    days_overdue = models.PositiveIntegerField()
    currency = models.CharField(max_length=3, default=settings.BASE_CURRENCY)
    prior_value = models.CharField(
        "NetSuite value before", max_length=8, default="AUTO", help_text="Restored when the hold is lifted."
    )
    proposed_at = models.DateTimeField(default=timezone.now)
    placed_at = models.DateTimeField(null=True, blank=True)
    placed_by = models.CharField(max_length=150, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.CharField(max_length=150, blank=True)
    end_reason = models.TextField(blank=True)

    objects = HoldQuerySet.as_manager()
    history = HistoricalRecords(table_name="service_holds_history")

    class Meta:
        db_table = "service_holds"
        ordering = ["-pk"]
        permissions = [
            ("propose_servicehold", "Can propose service holds"),
            ("lift_servicehold", "Can lift service holds at once"),
            ("check_servicehold", "Can ask whether any customer is on hold"),
        ]
        constraints = [
            models.UniqueConstraint(name="one_open_hold_a_customer", fields=["customer"], condition=Q(status__in=OPEN)),
            models.CheckConstraint(
                name="hold_in_force_says_since_when",
                condition=~Q(status__in=["active", "lifted"]) | (Q(placed_at__isnull=False) & ~Q(placed_by="")),
            ),
            models.CheckConstraint(
                name="ended_hold_says_when",
                condition=Q(status__in=["lifted", "declined"], ended_at__isnull=False)
                | Q(status__in=OPEN, ended_at=None, ended_by=""),
            ),
        ]
        indexes = [models.Index(fields=["status", "-id"], name="hold_status")]

    def __str__(self) -> str:
        return f"Hold on {self.customer}"

    @transition(field=status, source="proposed", target="active")
    def place(self) -> None:
        """Approved: new orders are refused from here on."""

    @transition(field=status, source="proposed", target="declined")
    def decline(self) -> None:
        """The proposal was rejected or overtaken."""

    @transition(field=status, source="active", target="lifted")
    def lift(self) -> None:
        """The customer may order again."""
