"""Overrides of a hold at the till: one-time grants, the budget of PIN attempts, and the log."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django_fsm import FSMField, transition

from customers.models import Customer, Employee
from holds.models.blocks import HoldBlock
from netsuite.machine import StatefulModel

TENDERS = [("on_account", "On account"), ("paid_now", "Paid now")]


class OverrideQuerySet(models.QuerySet["Override"]):
    def asked(self) -> "OverrideQuerySet":
        """Waiting for a manager in the console."""
        return self.filter(status="asked")

    def unspent(self) -> "OverrideQuerySet":
        return self.filter(status__in=["asked", "granted"])


class Override(StatefulModel):
    """A manager's leave for one order of one customer, once, for a few minutes.

    Bound to the order, its content (`cart`, a fingerprint), its amount, the cashier and the facts that
    held the customer (`facts`, a fingerprint). The bearer's secret exists here as a SHA-256 only.
    """

    status = FSMField(
        default="asked",
        protected=True,
        choices=[
            ("asked", "Asked for"),
            ("granted", "Granted"),
            ("declined", "Declined"),
            ("used", "Used"),
            ("void", "Void"),
        ],
    )
    block = models.ForeignKey(HoldBlock, on_delete=models.PROTECT, related_name="overrides")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="overrides")
    order_ref = models.UUIDField(help_text="The order's key; orders live one floor up.")
    cart = models.CharField(max_length=64)
    amount = models.DecimalField(max_digits=16, decimal_places=2)
    currency = models.CharField(max_length=3)
    tender = models.CharField(max_length=10, choices=TENDERS)
    cashier = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="overrides_asked")
    terminal = models.CharField(max_length=64, blank=True)
    facts = models.CharField(max_length=64, help_text="Fingerprint of the verdict that held the customer.")
    verdict = models.JSONField(default=dict)
    note = models.CharField(max_length=500, blank=True, help_text="What the cashier tells the manager.")
    secret_hash = models.CharField(max_length=64, blank=True, editable=False, db_index=True)
    manager = models.ForeignKey(
        Employee,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="overrides",
        help_text="Whose PIN it was; empty when it was decided in the console.",
    )
    asked_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.CharField(max_length=150, blank=True)
    decision_reason = models.CharField(max_length=500, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField(null=True, blank=True)

    objects = OverrideQuerySet.as_manager()

    class Meta:
        db_table = "overrides"
        ordering = ["-asked_at"]
        default_permissions = ("view",)
        permissions = [("decide_override", "Can allow an order of a customer on hold from the console")]
        constraints = [
            models.CheckConstraint(
                name="granted_override_says_who",
                condition=~Q(status__in=["granted", "used"])
                | Q(decided_at__isnull=False, expires_at__isnull=False) & ~Q(decided_by="") & ~Q(secret_hash=""),
            ),
            models.CheckConstraint(
                name="used_override_says_when",
                condition=Q(status="used", used_at__isnull=False) | ~Q(status="used") & Q(used_at=None),
            ),
            models.UniqueConstraint(
                name="one_live_override_an_order", fields=["order_ref"], condition=Q(status__in=["asked", "granted"])
            ),
        ]
        indexes = [
            models.Index(fields=["status", "-asked_at"], name="override_status"),
            models.Index(fields=["customer", "status"], name="override_customer"),
        ]

    def __str__(self) -> str:
        return f"Override for {self.customer}"

    @transition(field=status, source="asked", target="granted")
    def grant(self) -> None:
        """A manager allows it."""

    @transition(field=status, source="asked", target="declined")
    def decline(self) -> None:
        """A manager says no."""

    @transition(field=status, source="granted", target="used")
    def use(self) -> None:
        """The order went through with it."""

    @transition(field=status, source=["asked", "granted"], target="void")
    def void(self) -> None:
        """Expired, replaced, or the customer, the cart or the hold changed."""


class PinBudget(models.Model):
    """How many wrong PINs are left; a try is taken from here before the PIN is looked at.

    One row a manager, a terminal, a cashier and the whole site. `tries` is what was taken since the last
    right PIN or since `window_from`; from `locked_until` on it begins anew.
    """

    SCOPES = [("manager", "Manager"), ("terminal", "Terminal"), ("cashier", "Cashier"), ("site", "Site")]

    scope = models.CharField(max_length=8, choices=SCOPES)
    name = models.CharField(max_length=64, help_text="NetSuite id, terminal, or user id; empty for the site.")
    tries = models.PositiveIntegerField(default=0)
    in_a_row = models.PositiveIntegerField(default=0, help_text="Wrong ones since the last right one.")
    window_from = models.DateTimeField(default=timezone.now)
    locked_until = models.DateTimeField(null=True, blank=True)
    disabled_at = models.DateTimeField(null=True, blank=True, help_text="Until a manager resets it.")

    class Meta:
        db_table = "pin_budgets"
        ordering = ["scope", "name"]
        default_permissions = ("view",)
        permissions = [("reset_pin", "Can let a manager's PIN be tried again")]
        constraints = [models.UniqueConstraint(name="one_pin_budget", fields=["scope", "name"])]

    def __str__(self) -> str:
        return f"{self.get_scope_display()} {self.name}".strip()


class PinLog(models.Model):
    """Who tried what with a PIN, and how it ended; never the PIN. Pushed to NetSuite, never changed or deleted."""

    OUTCOMES = [
        ("accepted", "Accepted"),
        ("rejected", "Wrong PIN"),
        ("locked", "Locked"),
        ("refused", "Not authorised"),
        ("asked", "Asked a manager"),
        ("approved", "Approved in the console"),
        ("declined", "Declined in the console"),
        ("used", "Order submitted"),
        ("void", "Grant void"),
        ("reset", "PIN reset"),
    ]

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    at = models.DateTimeField(default=timezone.now)
    outcome = models.CharField(max_length=10, choices=OUTCOMES)
    action = models.CharField(max_length=64, default="hold_override")
    entity_id = models.CharField("manager", max_length=32, help_text="The manager's NetSuite id.")
    manager = models.ForeignKey(Employee, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    customer = models.ForeignKey(Customer, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    override = models.ForeignKey(Override, null=True, blank=True, on_delete=models.PROTECT, related_name="log")
    order_ref = models.UUIDField(null=True, blank=True)
    amount = models.DecimalField(max_digits=16, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    cashier = models.CharField(max_length=150, blank=True)
    terminal = models.CharField(max_length=64, blank=True)
    detail = models.CharField(max_length=500, blank=True)

    class Meta:
        db_table = "pin_log"
        ordering = ["-at", "-pk"]
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["-at"], name="pin_log_at"),
            models.Index(fields=["entity_id", "-at"], name="pin_log_manager"),
        ]

    def __str__(self) -> str:
        return f"{self.get_outcome_display()}, {self.entity_id}"
