"""What a customer subscribed to, and every change of it that a provider has to carry out."""

import uuid
from datetime import date
from decimal import Decimal
from typing import Self

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django_fsm import FSMField, transition
from simple_history.models import HistoricalRecords

from customers.models import Customer
from netsuite.machine import StatefulModel
from netsuite.models import Push
from orders.models.catalog import FREQUENCIES, Product
from orders.models.orders import Order, OrderLine
from orders.models.provisioning import Provider


class BillingContract(models.Model):
    """What is billed together: from when, until when, how often. Both days are included; no end: until cancelled."""

    RENEWALS = [("auto", "Renews by itself"), ("expires", "Ends")]

    number = models.CharField(max_length=40, unique=True, editable=False)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="billing_contracts")
    order = models.OneToOneField(
        Order, null=True, blank=True, on_delete=models.PROTECT, related_name="billing_contract"
    )
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    renewal = models.CharField(max_length=7, choices=RENEWALS, default="auto")
    frequency = models.CharField("billed", max_length=9, choices=FREQUENCIES, default="monthly")
    currency = models.CharField(max_length=3, default=settings.BASE_CURRENCY)
    next_bill_on = models.DateField(null=True, blank=True, help_text="First day of the period to be billed next.")
    created_at = models.DateTimeField(default=timezone.now)

    history = HistoricalRecords(
        table_name="billing_contracts_history", history_change_reason_field=models.TextField(null=True)
    )

    class Meta:
        db_table = "billing_contracts"
        ordering = ["-pk"]
        default_permissions = ("view", "change")
        constraints = [
            models.CheckConstraint(
                name="contract_ends_after_start", condition=Q(ends_on=None) | Q(ends_on__gte=models.F("starts_on"))
            )
        ]
        indexes = [models.Index(fields=["next_bill_on"], name="contract_to_bill")]

    def __str__(self) -> str:
        return self.number


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    def visible_to(self, user: User) -> Self:
        """All for whoever may see every customer; otherwise those of the customers they look after."""
        if user.has_perm("customers.view_every_customer"):
            return self
        return self.filter(customer__sales_rep__user=user)

    def waiting(self) -> Self:
        """With a change that is not carried out yet."""
        return self.filter(changes__status="awaiting").distinct()

    def running(self, day: date) -> Self:
        """Not cancelled by `day`, whatever its provider has carried out."""
        return self.filter(Q(cancelled_on=None) | Q(cancelled_on__gt=day))


class Subscription(models.Model):
    """So many licences of a product. `price` is for one licence and billing period, before tax, in `currency`.

    `quantity` and `price` are what was agreed; `provisioned_quantity` is what the provider has carried out.
    """

    key = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    number = models.CharField(max_length=40, unique=True, editable=False)
    contract = models.ForeignKey(BillingContract, on_delete=models.PROTECT, related_name="subscriptions")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="subscriptions")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="subscriptions")
    order_line = models.OneToOneField(
        OrderLine, null=True, blank=True, on_delete=models.PROTECT, related_name="subscription"
    )
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="subscriptions")
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")
    quantity = models.PositiveIntegerField("licences")
    price = models.DecimalField(max_digits=12, decimal_places=2)
    currency = models.CharField(max_length=3, default=settings.BASE_CURRENCY)
    provisioned_quantity = models.PositiveIntegerField("licences provisioned", default=0)
    starts_on = models.DateField()
    cancelled_on = models.DateField(null=True, blank=True, help_text="The first day without it.")
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.CharField(max_length=150)

    objects = SubscriptionQuerySet.as_manager()
    history = HistoricalRecords(
        table_name="subscriptions_history", history_change_reason_field=models.TextField(null=True)
    )

    class Meta:
        db_table = "subscriptions"
        ordering = ["-pk"]
        default_permissions = ("view", "add", "change")
        constraints = [
            models.CheckConstraint(name="subscription_price", condition=Q(price__gte=0)),
            models.CheckConstraint(
                name="subscription_is_not_its_own_parent", condition=Q(parent=None) | ~Q(parent=models.F("id"))
            ),
        ]
        indexes = [models.Index(fields=["customer", "-id"], name="subscription_customer")]

    def __str__(self) -> str:
        return f"{self.number} {self.product}"


class LicenseChangeQuerySet(models.QuerySet["LicenseChange"]):
    def awaiting(self) -> Self:
        return self.filter(status="awaiting")

    def failed(self) -> Self:
        return self.filter(status="failed")

    def not_asked(self) -> Self:
        """Awaiting, and its provider knows nothing of it yet."""
        return self.awaiting().filter(push=None, asked_at=None)

    def effective(self, day: date) -> Self:
        return self.filter(effective_on__lte=day)

    def visible_to(self, user: User) -> Self:
        """As the subscriptions they belong to."""
        if user.has_perm("customers.view_every_customer"):
            return self
        return self.filter(subscription__customer__sales_rep__user=user)


class LicenseChange(StatefulModel):
    """One change of a subscription's quantity or price; never deleted. `key` names it at the provider.

    Only awaiting ones are carried out, in the order of `sequence`; prices are for one licence and period.
    """

    KINDS = [("new", "New"), ("quantity", "Quantity"), ("price", "Price"), ("cancel", "Cancelled")]

    key = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="changes")
    sequence = models.PositiveIntegerField()
    kind = models.CharField(max_length=8, choices=KINDS)
    quantity_before = models.PositiveIntegerField(default=0)
    quantity_after = models.PositiveIntegerField()
    price_before = models.DecimalField(max_digits=12, decimal_places=2, default=Decimal(0))
    price_after = models.DecimalField(max_digits=12, decimal_places=2)
    effective_on = models.DateField()
    status = FSMField(
        default="awaiting",
        protected=True,
        choices=[
            ("awaiting", "Awaiting"),
            ("provisioned", "Provisioned"),
            ("failed", "Failed"),
            ("not_applicable", "Not applicable"),
        ],
    )
    invoice = models.ForeignKey(
        "orders.Invoice", null=True, blank=True, on_delete=models.PROTECT, related_name="changes"
    )
    push = models.ForeignKey(Push, null=True, blank=True, on_delete=models.PROTECT, related_name="license_changes")
    asked_at = models.DateTimeField("team asked", null=True, blank=True)
    error = models.TextField(blank=True, help_text="The provider's own words.")
    requested_at = models.DateTimeField(default=timezone.now)
    requested_by = models.CharField(max_length=150)
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.CharField(max_length=150, blank=True)

    objects = LicenseChangeQuerySet.as_manager()

    class Meta:
        db_table = "license_changes"
        ordering = ["-pk"]
        default_permissions = ("view",)
        permissions = [("provision_licensechange", "Can mark changes provisioned and try them again")]
        constraints = [
            models.UniqueConstraint(name="license_change_sequence", fields=["subscription", "sequence"]),
            models.CheckConstraint(
                name="license_change_status",
                condition=Q(status__in=["awaiting", "provisioned", "failed", "not_applicable"]),
            ),
            models.CheckConstraint(
                name="settled_license_change_says_who",
                condition=Q(status="awaiting", settled_at=None, settled_by="")
                | ~Q(status="awaiting") & Q(settled_at__isnull=False) & ~Q(settled_by=""),
            ),
            models.CheckConstraint(name="failed_license_change_says_why", condition=~Q(status="failed") | ~Q(error="")),
        ]
        indexes = [
            models.Index(fields=["effective_on", "id"], condition=Q(status="awaiting"), name="license_change_waiting"),
            models.Index(fields=["status", "-id"], name="license_change_status"),
        ]

    def __str__(self) -> str:
        return f"{self.subscription.number}/{self.sequence}"

    @transition(field=status, source="awaiting", target="provisioned")
    def provision(self) -> None:
        """The provider carried it out, or a person says so."""

    @transition(field=status, source="awaiting", target="failed")
    def fail(self) -> None:
        """The provider refused it; later changes of the subscription wait."""

    @transition(field=status, source="awaiting", target="not_applicable")
    def skip(self) -> None:
        """There is nothing to provision."""

    @transition(field=status, source="failed", target="awaiting")
    def retry(self) -> None:
        """A person lets it be tried again."""


class ProvisioningNotice(models.Model):
    """A mail to a manual provider's team about one change; sent at most once."""

    change = models.OneToOneField(LicenseChange, on_delete=models.PROTECT, related_name="notice")
    address = models.EmailField()
    planned_at = models.DateTimeField(default=timezone.now)
    claimed_at = models.DateTimeField(null=True, blank=True)
    message_id = models.CharField(max_length=200, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)

    class Meta:
        db_table = "provisioning_notices"
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["address"], condition=Q(claimed_at=None), name="provisioning_notice_due"),
        ]

    def __str__(self) -> str:
        return f"Notice of {self.change}"
