"""The mirror of NetSuite: employees, customers, transactions, and how far the sync has come.

Amounts are in the base currency (settings.BASE_CURRENCY) unless the name ends in `_foreign`.
Dates are business days (settings.TIME_ZONE_BUSINESS); times are aware UTC.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Case, DecimalField, F, Min, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce, Round
from simple_history.models import HistoricalRecords

from customers import search
from customers.clock import business_today

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractUser, AnonymousUser

MONEY: DecimalField = DecimalField(max_digits=16, decimal_places=2)
ZERO = Value(Decimal("0.00"), output_field=MONEY)
OPEN_ORDER_STATUSES = ("A", "B", "D", "E", "F")

# The sync writes these; history keeps the rest, so that it shows what people changed.
EMPLOYEE_FROM_NETSUITE = [
    *("entity_id", "first_name", "last_name", "email", "title", "is_inactive", "is_sales_rep"),
    *("pin_hashes", "pin_faults", "netsuite_modified_at"),
]
CUSTOMER_FROM_NETSUITE = [
    *("entity_id", "name", "email", "contact_name", "phone", "is_inactive", "parent", "sales_rep"),
    *("terms", "currency", "region", "tier", "payment_method", "customer_since", "credit_hold_override"),
    "on_credit_hold",
    *("credit_limit", "credit_limit_kind", "netsuite_modified_at", "synced_at", "record"),
]
CUSTOMER_SUMMARY = [
    *("ar_balance", "oldest_due", "open_invoices_count", "open_orders_total", "open_orders_count"),
    *("figures_version", "figures_read"),
]


class Employee(models.Model):
    """A NetSuite employee: sales rep, manager at a terminal, or both.

    A PIN exists here as a hash only, by the NetSuite field it came from; `pin_faults` says by field
    why a PIN there cannot be used.
    """

    netsuite_id = models.CharField(max_length=32, unique=True)
    entity_id = models.CharField(max_length=255, blank=True)
    first_name = models.CharField(max_length=255, blank=True)
    last_name = models.CharField(max_length=255, blank=True)
    email = models.EmailField(max_length=254, blank=True)
    title = models.CharField(max_length=255, blank=True)
    is_inactive = models.BooleanField(default=False)
    is_sales_rep = models.BooleanField(default=False)
    pin_hashes = models.JSONField(default=dict, blank=True, editable=False)
    pin_faults = models.JSONField(default=dict, blank=True, editable=False)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="employee"
    )
    netsuite_modified_at = models.DateTimeField(null=True, blank=True)

    history = HistoricalRecords(
        excluded_fields=EMPLOYEE_FROM_NETSUITE, history_change_reason_field=models.TextField(null=True)
    )

    class Meta:
        db_table = "employees"
        ordering = ["last_name", "first_name", "netsuite_id"]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.entity_id or self.netsuite_id


class CustomerQuerySet(QuerySet["Customer"]):
    def active(self) -> Self:
        return self.filter(is_inactive=False)

    def on_hold(self) -> Self:
        """Customers under an approved service hold (local); NetSuite's own hold is `on_credit_hold`."""
        return self.filter(entitystatus=Customer.HOLD)

    def holding_provisioning(self) -> Self:
        """Accounts whose own credit hold is Yes."""
        return self.filter(credit_hold=True)

    def with_balances(self, as_of: date) -> Self:
        """Adds `balance_on`, `overdue_on` (base currency) and `oldest_due_on`, as at the end of `as_of`."""
        owed = Transaction.objects.filter(customer=OuterRef("pk")).open_on(as_of)
        invoices = owed.invoices()
        return self.annotate(
            balance_on=Round(_total(invoices, as_of) - _total(owed.unapplied(), as_of), precision=2),
            overdue_on=Round(_total(invoices.filter(due__lt=as_of), as_of), precision=2),
            oldest_due_on=Subquery(invoices.order_by().values("customer").annotate(d=Min("due")).values("d")),
        )

    def with_exposure(self, as_of: date) -> Self:
        """Adds `exposure` = balance + open orders, `available` and `utilisation` (None unless the limit is an amount).

        Base currency; `utilisation` is a ratio (1 = the whole limit is used).
        """
        limit = Case(When(credit_limit_kind=Customer.LIMIT_AMOUNT, then=F("credit_limit")), output_field=MONEY)
        ratio = DecimalField(max_digits=20, decimal_places=6)
        return (
            self.with_balances(as_of)
            .annotate(exposure=Round(F("balance_on") + F("open_orders_total"), precision=2, output_field=MONEY))
            .annotate(
                available=Round(limit - F("exposure"), precision=2, output_field=MONEY),
                utilisation=Case(
                    When(
                        credit_limit_kind=Customer.LIMIT_AMOUNT,
                        credit_limit__gt=0,
                        # 1.0 keeps SQLite from dividing whole amounts as integers.
                        then=F("exposure") * Value(1.0, output_field=ratio) / F("credit_limit"),
                    ),
                    output_field=ratio,
                ),
            )
        )

    def figures_moved(self) -> Self:
        """Those whose figures were written since the aging tick last looked."""
        return self.filter(figures_version__gt=F("figures_read"))

    def crossing(self, *, as_of: date, days: int, amount: Decimal) -> Self:
        """Active customers with an invoice at least `days` overdue and at least `amount` owed (both inclusive).

        Today reads the summary the sync keeps; any other day is computed from the transactions.
        """
        line = as_of - timedelta(days=days)
        if as_of == business_today():
            return self.active().filter(ar_balance__gte=amount, oldest_due__lte=line)
        return self.active().with_balances(as_of).filter(balance_on__gte=amount, oldest_due_on__lte=line)

    def for_rep(self, user: AbstractUser | AnonymousUser | None) -> Self:
        """All customers for whoever may see all; otherwise only those whose sales rep the user is."""
        if user is None or not user.is_authenticated:
            return self.none()
        if user.has_perm("customers.view_every_customer"):
            return self
        return self.filter(sales_rep__user=user)

    def search(self, text: str) -> Self:
        """Every word begins one of the name, number, e-mail, contact or phone: see `customers.search`."""
        return search.matching(self, text)


class Customer(models.Model):
    """A NetSuite customer. Only `entitystatus` and `credit_hold` are ours; the sync owns every other field."""

    HOLD = "hold"
    LIMIT_NONE, LIMIT_UNLIMITED, LIMIT_AMOUNT = "none", "unlimited", "amount"
    LIMIT_KINDS = [(LIMIT_NONE, "None set"), (LIMIT_UNLIMITED, "Unlimited"), (LIMIT_AMOUNT, "Amount")]
    OVERRIDES = [("", "Unknown"), ("AUTO", "Auto"), ("ON", "On"), ("OFF", "Off")]

    netsuite_id = models.CharField(max_length=32, unique=True)
    entity_id = models.CharField(max_length=255, blank=True)
    name = models.CharField(max_length=255, blank=True)
    email = models.EmailField(max_length=254, blank=True)
    contact_name = models.CharField(max_length=255, blank=True)
    phone = models.CharField(max_length=64, blank=True)
    is_inactive = models.BooleanField(default=False)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="children")
    sales_rep = models.ForeignKey(Employee, null=True, blank=True, on_delete=models.SET_NULL, related_name="customers")
    terms = models.CharField(max_length=64, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    region = models.CharField(max_length=64, blank=True)
    tier = models.CharField(max_length=64, blank=True)
    payment_method = models.CharField(max_length=64, blank=True, help_text="How the customer usually pays.")
    customer_since = models.DateField(null=True, blank=True)

    entitystatus = models.CharField(
        "service hold", max_length=8, blank=True, default="", choices=[("", "None"), (HOLD, "On hold")]
    )
    credit_hold = models.BooleanField("hold provisioning", default=False)

    credit_hold_override = models.CharField("NetSuite hold", max_length=4, blank=True, default="", choices=OVERRIDES)
    on_credit_hold = models.BooleanField("on credit hold in NetSuite", default=False)
    credit_limit = models.DecimalField(max_digits=16, decimal_places=2, null=True, blank=True)
    credit_limit_kind = models.CharField(max_length=9, default=LIMIT_NONE, choices=LIMIT_KINDS)

    ar_balance = models.DecimalField("AR balance", max_digits=16, decimal_places=2, default=Decimal("0.00"))
    oldest_due = models.DateField(null=True, blank=True)
    open_invoices_count = models.PositiveIntegerField("open invoices", default=0)
    open_orders_total = models.DecimalField(max_digits=16, decimal_places=2, default=Decimal("0.00"))
    open_orders_count = models.PositiveIntegerField("open orders", default=0)
    figures_version = models.PositiveBigIntegerField(
        default=0, db_default=0, help_text="Rises with every writing of the figures that a proposal quotes."
    )
    figures_read = models.PositiveBigIntegerField(
        default=0, db_default=0, help_text="The version up to which the aging tick has brought open proposals."
    )

    last_modified = models.DateTimeField(null=True, blank=True)
    netsuite_modified_at = models.DateTimeField(null=True, blank=True)
    # When a change was last taken over; how fresh the mirror is, SyncState says.
    synced_at = models.DateTimeField(null=True, blank=True)
    record = models.JSONField("NetSuite record", default=dict, blank=True)

    objects = CustomerQuerySet.as_manager()
    history = HistoricalRecords(
        excluded_fields=[*CUSTOMER_FROM_NETSUITE, *CUSTOMER_SUMMARY, "last_modified"],
        history_change_reason_field=models.TextField(null=True),
    )

    class Meta:
        db_table = "customers"
        ordering = ["name", "pk"]
        permissions = [("view_every_customer", "Can view every customer, not only their own")]
        indexes = [
            models.Index(fields=["name"], name="customers_name"),
            models.Index(fields=["entity_id"], name="customers_entity"),
            models.Index(fields=["ar_balance"], name="customers_balance"),
            models.Index(
                fields=["oldest_due", "ar_balance", "entitystatus", "id"],
                condition=Q(is_inactive=False),
                name="customers_line",
            ),
            models.Index(
                fields=["id"], condition=Q(figures_version__gt=F("figures_read")), name="customers_figures_moved"
            ),
            models.Index(fields=["id"], condition=Q(is_inactive=True), name="customers_inactive"),
            models.Index(fields=["name", "id"], condition=Q(entitystatus="hold"), name="customers_held"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(entitystatus__in=["", "hold"]), name="customers_entitystatus"),
            models.CheckConstraint(
                condition=Q(credit_hold_override__in=["", "AUTO", "ON", "OFF"]), name="customers_override"
            ),
            models.CheckConstraint(
                condition=Q(credit_limit_kind="amount", credit_limit__isnull=False)
                | Q(credit_limit_kind__in=["none", "unlimited"], credit_limit__isnull=True),
                name="customers_limit_kind",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.entity_id or self.netsuite_id

    @property
    def standing(self) -> str:
        """`hold` under a service hold, `netsuite` where only NetSuite's own rule holds, "" when neither does."""
        return self.entitystatus or ("netsuite" if self.on_credit_hold else "")


class TransactionQuerySet(QuerySet["Transaction"]):
    def invoices(self) -> Self:
        return self.filter(type=Transaction.INVOICE)

    def unapplied(self) -> Self:
        """Credit memos and payments; with `open_on` those not yet applied to an invoice."""
        return self.filter(type__in=[Transaction.CREDIT, Transaction.PAYMENT])

    def open_on(self, day: date) -> Self:
        """Issued on or before `day` and not settled at the end of it."""
        still_open = Q(closed__isnull=True, unpaid__gt=0) | Q(closed__gt=day)
        return self.filter(still_open, issued__lte=day)

    def overdue(self, day: date) -> Self:
        """Open invoices whose due date lies before `day`."""
        return self.invoices().open_on(day).filter(due__lt=day)

    def open_orders(self) -> Self:
        """Sales orders neither closed, cancelled nor fully billed."""
        return self.filter(type=Transaction.SALES_ORDER, status__in=OPEN_ORDER_STATUSES)


class Transaction(models.Model):
    """An invoice, sales order, payment or credit memo. Amounts are positive whatever the type."""

    INVOICE, SALES_ORDER, PAYMENT, CREDIT = "CustInvc", "SalesOrd", "CustPymt", "CustCred"
    TYPES = [(INVOICE, "Invoice"), (SALES_ORDER, "Sales order"), (PAYMENT, "Payment"), (CREDIT, "Credit memo")]

    netsuite_id = models.CharField(max_length=64, unique=True)
    type = models.CharField(max_length=8, choices=TYPES)
    tranid = models.CharField("number", max_length=128, blank=True)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="transactions")
    issued = models.DateField()
    due = models.DateField(null=True, blank=True)
    closed = models.DateField(null=True, blank=True)
    status = models.CharField(max_length=1, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    exchange_rate = models.DecimalField(max_digits=18, decimal_places=8, default=Decimal(1))
    total_foreign = models.DecimalField(max_digits=16, decimal_places=2, default=Decimal("0.00"))
    unpaid_foreign = models.DecimalField(max_digits=16, decimal_places=2, default=Decimal("0.00"))
    total = models.DecimalField(max_digits=16, decimal_places=2, default=Decimal("0.00"))
    unpaid = models.DecimalField(max_digits=16, decimal_places=2, default=Decimal("0.00"))
    po_number = models.CharField("PO number", max_length=255, blank=True)
    memo = models.TextField(blank=True)
    ship_date = models.DateField(null=True, blank=True)
    record = models.JSONField("NetSuite record", default=dict, blank=True)
    netsuite_modified_at = models.DateTimeField(null=True, blank=True)
    synced_at = models.DateTimeField(null=True, blank=True)

    objects = TransactionQuerySet.as_manager()

    class Meta:
        db_table = "transactions"
        ordering = ["-issued", "-pk"]
        indexes = [
            models.Index(fields=["tranid"], name="transactions_tranid"),
            models.Index(fields=["customer", "type", "issued"], name="transactions_customer"),
            models.Index(fields=["type", "issued"], name="transactions_issued"),
            models.Index(fields=["customer", "type", "closed"], name="transactions_open"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(total__gte=0, unpaid__gte=0), name="transactions_not_negative"),
        ]

    def __str__(self) -> str:
        return self.tranid or self.netsuite_id


# Held by us or by NetSuite itself.
HELD_ANYWHERE = Q(entitystatus=Customer.HOLD) | Q(on_credit_hold=True)


def owed_on(as_of: date) -> Case:
    """What a row counts with on `as_of`: its unpaid rest, or its total if it was settled only later."""
    return Case(When(closed__gt=as_of, then=F("total")), default=F("unpaid"), output_field=MONEY)


def _total(rows: TransactionQuerySet, as_of: date) -> Coalesce:
    summed = rows.order_by().values("customer").annotate(s=Sum(owed_on(as_of))).values("s")
    return Coalesce(Subquery(summed, output_field=MONEY), ZERO, output_field=MONEY)


class SyncState(models.Model):
    """How far the sync of one record type has come.

    The watermark is the wall clock of the NetSuite account as it answered, labelled UTC: it is only ever
    compared with itself.
    """

    record_type = models.CharField(max_length=32, unique=True)
    watermark_at = models.DateTimeField(null=True, blank=True)
    watermark_id = models.BigIntegerField(default=0)
    last_started_at = models.DateTimeField(null=True, blank=True)
    last_success_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)
    rows = models.PositiveIntegerField(default=0)
    extra_fields = models.JSONField(
        default=list, help_text="Fields by setting that the rows were read with; a new one means reading all again."
    )

    class Meta:
        db_table = "sync_states"
        ordering = ["record_type"]

    def __str__(self) -> str:
        return self.record_type
