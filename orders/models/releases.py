"""Releases: a person lets held orders go, for a stated scope and until a stated day."""

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from customers.models import Customer
from holds.models import ServiceHold
from orders.models.orders import Order


class ReleaseQuerySet(models.QuerySet["Release"]):
    def running(self, day: date) -> "ReleaseQuerySet":
        """Not over and not ended early on the business date `day`."""
        return self.filter(until__gte=day, ended_at=None)

    def for_order(self, order: Order, day: date) -> "ReleaseQuerySet":
        """Those that let `order` go on `day`: its own, and of its customer."""
        whose = Q(order=order) | Q(scope=Release.CUSTOMER)
        return self.running(day).filter(whose, customer=order.customer_id)

    def for_customer(self, customer: Customer, day: date) -> "ReleaseQuerySet":
        """Those that let all orders of `customer` go on `day`."""
        return self.running(day).filter(scope=Release.CUSTOMER, customer=customer)


class Release(models.Model):
    """Leave for one held order, or for all orders of its customer; `until` is its last business day.

    It counts against the verdicts of hold block, hold field and formula. A service hold it covers only when
    its maker may lift service holds, and then only the one that was in force: `service_hold`.
    """

    ORDER, CUSTOMER = "order", "customer"
    SCOPES = [(ORDER, "This order only"), (CUSTOMER, "All orders of this customer")]

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="releases")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="releases")
    scope = models.CharField(max_length=8, choices=SCOPES, default=ORDER)
    until = models.DateField()
    reason = models.CharField(max_length=500)
    by = models.CharField(max_length=150)
    at = models.DateTimeField(default=timezone.now)
    service_hold = models.ForeignKey(
        ServiceHold, null=True, blank=True, on_delete=models.PROTECT, related_name="releases"
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.CharField(max_length=150, blank=True)
    end_reason = models.CharField(max_length=500, blank=True)

    objects = ReleaseQuerySet.as_manager()
    history = HistoricalRecords(table_name="releases_history")

    class Meta:
        db_table = "releases"
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(name="release_scope", condition=Q(scope__in=["order", "customer"])),
            models.CheckConstraint(name="release_says_who_and_why", condition=~Q(by="") & ~Q(reason="")),
            models.CheckConstraint(
                name="ended_release_says_when",
                condition=Q(ended_at=None, ended_by="", end_reason="")
                | Q(ended_at__isnull=False) & ~Q(ended_by="") & ~Q(end_reason=""),
            ),
            models.CheckConstraint(
                name="release_ended_after_start", condition=Q(ended_at=None) | Q(ended_at__gte=F("at"))
            ),
        ]
        indexes = [models.Index(fields=["customer", "until"], name="release_customer")]

    def __str__(self) -> str:
        return f"Release of {self.order}"
