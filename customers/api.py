"""Customers over the API: a list and one customer, with today's receivables and health."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django_filters import rest_framework as filters
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from customers import rules
from customers.aging import receivables
from customers.clock import business_today
from customers.health import customers_health
from customers.models import Customer, CustomerQuerySet, Employee
from netsuite.pages import KeysetPages
from netsuite.permissions import ViewPermissions

ORDERINGS = ("name", "entity_id", "ar_balance", "open_orders_total")
ON_HOLD = [("true", "On hold"), ("false", "Not on hold")]


class CustomerFilters(filters.FilterSet):
    search = filters.CharFilter(method="filter_search", label="Words in name, number, e-mail, contact or phone.")
    on_hold = filters.ChoiceFilter(choices=ON_HOLD, method="filter_on_hold", label="Under a service hold.")

    class Meta:
        model = Customer
        fields: list[str] = []

    def filter_search(self, queryset: CustomerQuerySet, name: str, value: str) -> CustomerQuerySet:
        return queryset.search(value)

    def filter_on_hold(self, queryset: CustomerQuerySet, name: str, value: str) -> CustomerQuerySet:
        return queryset.on_hold() if value == "true" else queryset.exclude(entitystatus=Customer.HOLD)


class CustomerPages(KeysetPages):
    """Pages in the order asked for; ties follow the primary key."""

    # Thousands of customers owe exactly 0.00; the offset among them must not be cut.
    offset_cutoff = 0

    def get_ordering(self, request: Request, queryset: QuerySet, view: Any) -> tuple[str, ...]:
        asked = request.query_params.get("ordering") or "name"
        if asked.removeprefix("-") not in ORDERINGS:
            text = f"Order by one of {', '.join(ORDERINGS)}; a leading - reverses."
            raise ValidationError({"ordering": ErrorDetail(text, code="unknown_ordering")})
        return asked, "pk"


class MoneyField(serializers.DecimalField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=16, decimal_places=2, **kwargs)


class AgingSerializer(serializers.Serializer):
    """Open invoices by days past due, in base currency; `unapplied` credits stand beside them."""

    current = MoneyField()
    d1_30 = MoneyField()
    d31_60 = MoneyField()
    d61_90 = MoneyField()
    d91_120 = MoneyField()
    d120_plus = MoneyField()
    unapplied = MoneyField()


class HealthSerializer(serializers.Serializer):
    score = serializers.FloatField()
    band = serializers.ChoiceField(choices=["green", "yellow", "orange", "red"])


class SalesRepSerializer(serializers.ModelSerializer):
    name = serializers.CharField()

    class Meta:
        model = Employee
        fields = ["netsuite_id", "name"]


class CustomerSerializer(serializers.ModelSerializer):
    """Read only. Amounts are in `base_currency`; `currency` is the one the customer is invoiced in."""

    base_currency = serializers.SerializerMethodField()
    ar_balance = MoneyField(source="owed.ar_balance")
    overdue_balance = MoneyField(source="owed.overdue_balance")
    days_overdue = serializers.IntegerField(source="owed.days_overdue")
    utilisation = serializers.SerializerMethodField(help_text="Exposure / credit limit, null without a limit.")
    aging = AgingSerializer(source="owed.aging")
    health = HealthSerializer()
    sales_rep = SalesRepSerializer(allow_null=True)

    class Meta:
        model = Customer
        fields = [
            *("netsuite_id", "entity_id", "name", "email", "region", "tier", "currency", "base_currency"),
            *("entitystatus", "credit_hold", "ar_balance", "overdue_balance", "days_overdue", "open_orders_total"),
            *("credit_limit", "credit_limit_kind", "utilisation", "aging", "health", "sales_rep", "synced_at"),
        ]
        read_only_fields = fields

    def get_base_currency(self, customer: Customer) -> str:
        return settings.BASE_CURRENCY

    def get_utilisation(self, customer: Any) -> str | None:
        exposed = rules.exposure(customer.owed.ar_balance, customer.open_orders_total)
        used = rules.utilisation(customer.credit_limit_kind, customer.credit_limit, exposed)
        return None if used is None else str(used)


class CustomerViewSet(ReadOnlyModelViewSet):
    """Customers with today's receivables. A sales rep sees their own; others need `view_every_customer`."""

    queryset = Customer.objects.select_related("sales_rep")
    serializer_class = CustomerSerializer
    permission_classes = [ViewPermissions]
    pagination_class = CustomerPages
    filterset_class = CustomerFilters
    query_parameters = ("ordering",)
    lookup_field = "netsuite_id"
    lookup_value_regex = "[^/]+"

    def get_queryset(self) -> CustomerQuerySet:
        return Customer.objects.select_related("sales_rep").for_rep(self.request.user)

    def friction(self, customers: Sequence[Customer]) -> Mapping[int, int]:
        """Friction notes of the last 60 days by primary key; the layer that keeps them overrides this."""
        return {}

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        customers = self._with_facts(page or [])
        return self.get_paginated_response(self.get_serializer(customers, many=True).data)

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        [customer] = self._with_facts([self.get_object()])
        return Response(self.get_serializer(customer).data)

    def _with_facts(self, customers: Sequence[Customer]) -> Sequence[Customer]:
        """Adds `owed` and `health`, the whole page at once."""
        today = business_today()
        owed = receivables(today, [customer.pk for customer in customers])
        healths = customers_health(customers, today=today, friction=self.friction(customers), owed=owed)
        for customer in customers:
            customer.owed = owed.get(customer.pk, rules.Receivables(today, rules.Aging()))  # type: ignore[attr-defined]
            customer.health = healths[customer.pk]  # type: ignore[attr-defined]
        return customers
