"""Orders and their lines."""

import uuid
from decimal import Decimal

from django.conf import settings
from django.contrib.auth.models import User
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django_fsm import FSMField, transition

from customers.models import Customer, Employee
from holds.models import Override
from netsuite.machine import StatefulModel
from netsuite.models import Push
from orders.models.catalog import Product

PARKED = ["held", "released"]
OPEN = ["draft", *PARKED]
ZERO = Decimal("0.00")


class OrderQuerySet(models.QuerySet["Order"]):
    def on_hold(self) -> "OrderQuerySet":
        """Parked until somebody releases, changes or cancels them."""
        return self.filter(status="held")

    def parked(self) -> "OrderQuerySet":
        """On hold, or released and not yet submitted."""
        return self.filter(status__in=PARKED)

    def at_the_till(self) -> "OrderQuerySet":
        """Neither submitted nor cancelled: somebody can go on with them."""
        return self.filter(status__in=OPEN)

    def not_taken_by_netsuite(self) -> "OrderQuerySet":
        """Submitted, and NetSuite refused them: a person has to look."""
        return self.filter(status="submitted").exclude(netsuite_error="")

    def visible_to(self, user: User) -> "OrderQuerySet":
        """All for whoever may see every order; otherwise those they took or own, or of customers they look after."""
        if user.has_perm("orders.view_every_order"):
            return self
        own = Q(customer__sales_rep__user=user) | Q(owner__user=user)
        return self.filter(Q(cashier=user) | own)


class Order(StatefulModel):
    """A customer's order, from draft to submitted; `key` is its external id in NetSuite.

    Amounts are in `currency`; `total` is after discount and with tax. `version` rises with every change of the
    content, so that what is submitted is what was seen. `verdict` is what the gate found, with formula and inputs.
    """

    ON_ACCOUNT, PAID_NOW = "on_account", "paid_now"
    TENDERS = [(ON_ACCOUNT, "On account"), (PAID_NOW, "Paid now")]
    SOURCES = [
        ("form", "Order form"),
        ("api", "API"),
        ("duplicate", "Copy of an order"),
        ("reopen", "Re-opened"),
        ("import", "Import"),
    ]

    key = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    number = models.CharField(max_length=40, unique=True, editable=False)
    status = FSMField(
        default="draft",
        protected=True,
        choices=[
            ("draft", "Draft"),
            ("held", "On hold"),
            ("released", "Released"),
            ("submitted", "Submitted"),
            ("cancelled", "Cancelled"),
        ],
    )
    source = models.CharField(max_length=10, choices=SOURCES, default="form")
    origin = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="copies")
    customer = models.ForeignKey(Customer, null=True, blank=True, on_delete=models.PROTECT, related_name="orders")
    cashier = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="orders")
    terminal = models.CharField(max_length=64, blank=True)
    tender = models.CharField("terms", max_length=10, choices=TENDERS, default=ON_ACCOUNT)
    po_number = models.CharField("PO number", max_length=64, blank=True)
    memo = models.CharField(max_length=500, blank=True)
    currency = models.CharField(max_length=3, default=settings.BASE_CURRENCY)
    tax_percent = models.DecimalField("sales tax", max_digits=6, decimal_places=3, default=Decimal(0))
    goods = models.DecimalField(max_digits=16, decimal_places=2, default=ZERO)
    discount = models.DecimalField(max_digits=16, decimal_places=2, default=ZERO)
    tax = models.DecimalField(max_digits=16, decimal_places=2, default=ZERO)
    total = models.DecimalField(max_digits=16, decimal_places=2, default=ZERO)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(default=timezone.now)

    verdict = models.JSONField(default=dict, blank=True, encoder=DjangoJSONEncoder)
    formula = models.TextField(blank=True)
    judged_at = models.DateTimeField(null=True, blank=True)
    override = models.ForeignKey(Override, null=True, blank=True, on_delete=models.PROTECT, related_name="orders")
    leave = models.ForeignKey(
        "orders.Release",
        verbose_name="let through by",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="let_through",
    )

    owner = models.ForeignKey(Employee, null=True, blank=True, on_delete=models.SET_NULL, related_name="orders_owned")
    owner_name = models.CharField("whose turn", max_length=200, blank=True)
    held_at = models.DateTimeField(null=True, blank=True)
    held_by = models.CharField(max_length=150, blank=True)
    hold_reason = models.CharField(max_length=500, blank=True)
    notice = models.CharField(max_length=500, blank=True, help_text="What its owner is told now.")
    submitted_at = models.DateTimeField(null=True, blank=True)
    submitted_by = models.CharField(max_length=150, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancelled_by = models.CharField(max_length=150, blank=True)
    cancel_reason = models.CharField(max_length=500, blank=True)

    push = models.ForeignKey(Push, null=True, blank=True, on_delete=models.PROTECT, related_name="orders")
    netsuite_id = models.CharField(max_length=32, blank=True)
    netsuite_number = models.CharField(max_length=128, blank=True)
    netsuite_error = models.TextField(blank=True, help_text="NetSuite's own words.")

    objects = OrderQuerySet.as_manager()

    class Meta:
        db_table = "orders"
        ordering = ["-pk"]
        permissions = [
            ("view_every_order", "Can view every order, not only their own"),
            ("submit_order", "Can submit orders"),
            ("release_order", "Can release orders on hold"),
            ("cancel_order", "Can cancel orders"),
            ("import_orders", "Can import orders"),
        ]
        constraints = [
            models.CheckConstraint(
                name="committed_order_has_customer",
                condition=Q(status__in=["draft", "cancelled"]) | Q(customer__isnull=False),
            ),
            models.CheckConstraint(
                name="submitted_order_says_who",
                condition=Q(status="submitted", submitted_at__isnull=False, judged_at__isnull=False)
                & ~Q(submitted_by="")
                | ~Q(status="submitted") & Q(submitted_at=None, submitted_by=""),
            ),
            models.CheckConstraint(
                name="held_order_has_an_owner",
                condition=~Q(status__in=["held", "released"])
                | Q(held_at__isnull=False) & ~Q(held_by="") & ~Q(owner_name=""),
            ),
            models.CheckConstraint(
                name="cancelled_order_says_who",
                condition=Q(status="cancelled", cancelled_at__isnull=False) & ~Q(cancelled_by="") & ~Q(cancel_reason="")
                | ~Q(status="cancelled") & Q(cancelled_at=None, cancelled_by="", cancel_reason=""),
            ),
            models.CheckConstraint(name="order_tender", condition=Q(tender__in=["on_account", "paid_now"])),
            models.CheckConstraint(
                name="order_status", condition=Q(status__in=["draft", "held", "released", "submitted", "cancelled"])
            ),
            models.CheckConstraint(name="order_total_not_negative", condition=Q(total__gte=0, tax__gte=0)),
            models.UniqueConstraint(
                name="one_order_an_override", fields=["override"], condition=Q(override__isnull=False)
            ),
        ]
        indexes = [
            models.Index(fields=["status", "-id"], name="order_status_newest"),
            models.Index(fields=["customer", "status"], name="order_customer"),
            models.Index(fields=["cashier", "-id"], name="order_cashier"),
        ]

    def __str__(self) -> str:
        return self.number

    @transition(field=status, source=["draft", "released"], target="submitted")
    def submit(self) -> None:
        """The gate let it through; it goes to NetSuite."""

    @transition(field=status, source=["draft", "released"], target="held")
    def hold(self) -> None:
        """Parked because the customer is on hold; its owner is told."""

    @transition(field=status, source="held", target="released")
    def release(self) -> None:
        """A person lets it go, until a date."""

    @transition(field=status, source=PARKED, target="draft")
    def take_back(self) -> None:
        """Back to the till, to be changed and submitted again."""

    @transition(field=status, source=OPEN, target="cancelled")
    def cancel(self) -> None:
        """Given up; a copy of it may be made."""


class OrderLine(models.Model):
    """A product on an order. `price` is for one unit before discount; `amount` = quantity × price less discount."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="lines")
    quantity = models.DecimalField(max_digits=10, decimal_places=3)
    price = models.DecimalField(max_digits=12, decimal_places=2)
    discount_percent = models.DecimalField("discount", max_digits=5, decimal_places=2, default=Decimal(0))
    gross = models.DecimalField(max_digits=16, decimal_places=2)
    amount = models.DecimalField(max_digits=16, decimal_places=2)

    class Meta:
        db_table = "order_lines"
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(name="order_line_quantity", condition=Q(quantity__gt=0)),
            models.CheckConstraint(name="order_line_price", condition=Q(price__gte=0, gross__gte=0, amount__gte=0)),
            models.CheckConstraint(
                name="order_line_discount", condition=Q(discount_percent__gte=0, discount_percent__lte=100)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity.normalize():f} × {self.product}"


LINES = models.Prefetch("lines", OrderLine.objects.select_related("product"))
"""An order's lines with their products, in one query."""
