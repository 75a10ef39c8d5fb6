"""Blocked orders that somebody decided to leave alone until a day, because a payment is expected."""

from datetime import date
from typing import Any

from django.db import models
from django.utils import timezone

from customers.models import Transaction


class OrderWaitQuerySet(models.QuerySet["OrderWait"]):
    def running(self, today: date) -> "OrderWaitQuerySet":
        return self.filter(until__gte=today)

    def newest_by_order(self, orders: Any, today: date) -> dict[int, "OrderWait"]:
        """The word that counts for each of these orders (primary keys). One query."""
        rows = self.running(today).filter(order__in=orders).order_by("pk")
        return {row.order_id: row for row in rows}


class OrderWait(models.Model):
    """Waits for a payment up to and including the business day `until`; the newest row of an order counts."""

    order = models.ForeignKey(Transaction, on_delete=models.CASCADE, related_name="waits")
    until = models.DateField()
    note = models.TextField()
    by = models.CharField(max_length=150)
    at = models.DateTimeField(default=timezone.now)

    objects = OrderWaitQuerySet.as_manager()

    class Meta:
        db_table = "order_waits"
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.order} until {self.until}"
