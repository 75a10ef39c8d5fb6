"""Pauses: times in which the aging tick leaves a customer alone."""

from datetime import date
from decimal import Decimal

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.db.models import Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from customers.models import Customer


class PauseQuerySet(models.QuerySet["Pause"]):
    def visible_to(self, user: User) -> "PauseQuerySet":
        return self if user.has_perm("customers.view_every_customer") else self.filter(customer__sales_rep__user=user)

    def running(self, day: date) -> "PauseQuerySet":
        """Started, not over and not ended early on `day`; a broken plan is ended, so it is not here."""
        return self.filter(starts__lte=day, ends__gte=day, ended_at=None)

    def plans(self) -> "PauseQuerySet":
        return self.filter(kind="payment_plan")


class Pause(models.Model):
    """A time in which the aging tick leaves a customer alone."""

    KINDS = [
        ("payment_plan", "Payment plan"),
        ("grace_period", "Grace period"),
        ("after_release", "After a lifted hold"),
    ]

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="pauses")
    kind = models.CharField(max_length=20, choices=KINDS)
    starts = models.DateField()
    ends = models.DateField(help_text="Last day of the pause.")
    reason = models.TextField()
    created_by = models.CharField(max_length=150)
    created_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.CharField(max_length=150, blank=True)
    end_reason = models.TextField(blank=True)

    objects = PauseQuerySet.as_manager()
    history = HistoricalRecords(table_name="pauses_history")

    class Meta:
        db_table = "pauses"
        ordering = ["-pk"]
        constraints = [models.CheckConstraint(name="pause_ends_after_start", condition=Q(ends__gte=models.F("starts")))]
        indexes = [models.Index(fields=["customer", "ends"], name="pause_customer")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.customer}"

    @property
    def currency(self) -> str:
        return settings.BASE_CURRENCY

    @property
    def promised(self) -> Decimal:
        return sum((part.amount for part in self.instalments.all()), Decimal(0))


class Instalment(models.Model):
    """One promised payment of a plan, in base currency."""

    plan = models.ForeignKey(Pause, on_delete=models.CASCADE, related_name="instalments")
    due = models.DateField()
    amount = models.DecimalField(max_digits=16, decimal_places=2)

    class Meta:
        db_table = "instalments"
        ordering = ["due", "pk"]
        constraints = [
            models.CheckConstraint(name="instalment_positive", condition=Q(amount__gt=0)),
            models.UniqueConstraint(name="one_instalment_a_day", fields=["plan", "due"]),
        ]

    def __str__(self) -> str:
        return f"{self.amount} on {self.due}"
