"""Invoices of billing contracts. They are made whether or not provisioning waits."""

import uuid
from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from customers.models import Customer
from netsuite.models import Push
from orders.models.subscriptions import BillingContract, Subscription


class Invoice(models.Model):
    """One billing period of a contract, both days included; `key` is its external id in NetSuite.

    Amounts are in `currency`, before sales tax. `total` is never negative: what credit is left over is `carried`, and
    stands on the contract's next invoice.
    """

    key = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    number = models.CharField(max_length=40, unique=True, editable=False)
    contract = models.ForeignKey(BillingContract, on_delete=models.PROTECT, related_name="invoices")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="subscription_invoices")
    period_start = models.DateField()
    period_end = models.DateField()
    issued = models.DateField()
    due = models.DateField()
    currency = models.CharField(max_length=3, default=settings.BASE_CURRENCY)
    total = models.DecimalField(max_digits=16, decimal_places=2, default=Decimal("0.00"))
    carried = models.DecimalField(
        "credit carried over", max_digits=16, decimal_places=2, default=Decimal("0.00"), help_text="Did not fit here."
    )
    push = models.ForeignKey(Push, null=True, blank=True, on_delete=models.PROTECT, related_name="invoices")
    netsuite_id = models.CharField(max_length=32, blank=True)
    netsuite_number = models.CharField(max_length=128, blank=True)
    netsuite_error = models.TextField(blank=True, help_text="NetSuite's own words.")
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.CharField(max_length=150)

    class Meta:
        db_table = "invoices"
        ordering = ["-pk"]
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(name="one_invoice_a_period", fields=["contract", "period_start"]),
            models.CheckConstraint(name="invoice_period", condition=Q(period_end__gte=models.F("period_start"))),
            models.CheckConstraint(name="invoice_total_not_negative", condition=Q(total__gte=0)),
            models.CheckConstraint(name="invoice_carries_no_debt", condition=Q(carried__gte=0)),
        ]

    def __str__(self) -> str:
        return self.number


class InvoiceLine(models.Model):
    """One subscription on an invoice, or the part of a period that a change adds or takes away."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="lines")
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="invoice_lines")
    description = models.CharField(max_length=300)
    quantity = models.IntegerField("licences")
    price = models.DecimalField(max_digits=12, decimal_places=2)
    amount = models.DecimalField(max_digits=16, decimal_places=2)

    class Meta:
        db_table = "invoice_lines"
        ordering = ["pk"]
        default_permissions = ("view",)

    def __str__(self) -> str:
        return self.description
