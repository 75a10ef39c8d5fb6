"""Limit extensions: a higher credit limit until a day, agreed by the credit committee."""

from datetime import date

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from customers.models import Customer
from workflows.models import ProposedAction


class LimitExtensionQuerySet(models.QuerySet["LimitExtension"]):
    def running(self, day: date) -> "LimitExtensionQuerySet":
        return self.filter(starts__lte=day, ends__gte=day, ended_at=None)

    def over(self, day: date) -> "LimitExtensionQuerySet":
        """Their last day has passed and the earlier limit is not back yet."""
        return self.filter(ends__lt=day, ended_at=None)

    def visible_to(self, user: User) -> "LimitExtensionQuerySet":
        return self if user.has_perm("customers.view_every_customer") else self.filter(customer__sales_rep__user=user)


class LimitExtension(models.Model):
    """`amount` is the credit limit from `starts` to `ends`, both included; then `prior` comes back. Base currency."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="limit_extensions")
    proposal = models.OneToOneField(ProposedAction, on_delete=models.PROTECT, related_name="limit_extension")
    amount = models.DecimalField("credit limit", max_digits=16, decimal_places=2)
    prior = models.DecimalField("limit before", max_digits=16, decimal_places=2)
    starts = models.DateField()
    ends = models.DateField()
    reason = models.TextField()
    granted_by = models.CharField(max_length=150)
    granted_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.CharField(max_length=150, blank=True)
    end_reason = models.TextField(blank=True)

    objects = LimitExtensionQuerySet.as_manager()
    history = HistoricalRecords(table_name="limit_extensions_history")

    class Meta:
        db_table = "limit_extensions"
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(name="extension_ends_after_start", condition=Q(ends__gte=F("starts"))),
            models.CheckConstraint(name="extension_raises", condition=Q(amount__gt=F("prior"))),
            models.UniqueConstraint(name="one_extension_a_customer", fields=["customer"], condition=Q(ended_at=None)),
        ]

    def __str__(self) -> str:
        return f"Limit of {self.customer} until {self.ends}"

    @property
    def currency(self) -> str:
        return settings.BASE_CURRENCY
