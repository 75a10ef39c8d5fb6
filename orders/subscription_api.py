"""Subscriptions, their changes and the hold on provisioning over the API. Rights and rules are those of the actions."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django_filters.rest_framework import CharFilter, ChoiceFilter, FilterSet
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import ReadOnlyModelViewSet

from customers.api import CustomerSerializer
from customers.models import Customer
from netsuite.errors import Refusal
from netsuite.permissions import NeedsPermission
from orders import subscription_api_forms as forms
from orders import subscription_lists
from orders.actions import provisioning, subscriptions
from orders.actions.subscriptions import Item, Terms
from orders.models import LicenseChange, Order, Product, ProvisioningSettings, Subscription
from orders.provisioning.gate import WITH_SUBSCRIPTION, judge
from orders.provisioning.standing import reach_of_switch
from orders.reach import customers_open_to
from orders.subscription_pages import first_waiting, why_of
from workflows.api.forms import CUSTOMER, caller, given_by
from workflows.api.runs import NotedCustomerViewSet

UNCHANGED = "nothing_to_change"
OF_SUBSCRIPTION = ("customer", "product", "provider", "parent", "contract", "order_line__order")
STATES = [(value, word) for value, word in subscription_lists.STATES if value]


class SubscriptionFilter(FilterSet):
    customer = CharFilter(field_name=CUSTOMER)
    provider = CharFilter(field_name="provider__slug")
    status = ChoiceFilter(choices=STATES, method="filter_status", label="Waiting, failed, running or cancelled.")

    class Meta:
        model = Subscription
        fields: list[str] = []

    def filter_status(self, rows: Any, name: str, value: str) -> QuerySet[Subscription]:
        return subscription_lists.in_state(rows, value)


class SubscriptionViewSet(ReadOnlyModelViewSet):
    """What customers subscribed to, newest first; a sales rep finds their own customers' only."""

    queryset = Subscription.objects.select_related(*OF_SUBSCRIPTION)
    serializer_class = forms.SubscriptionSerializer
    permission_classes = [NeedsPermission]
    needs = "orders.view_subscription"
    filterset_class = SubscriptionFilter

    def get_queryset(self) -> QuerySet[Subscription]:
        return subscription_lists.with_standing(super().get_queryset().visible_to(self.request.user))  # type: ignore[attr-defined]

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(shown(page or []))

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(shown([self.get_object()])[0])

    @extend_schema(
        request=forms.SubscribeSerializer,
        responses={
            201: PolymorphicProxySerializer(
                component_name="Subscribed",
                serializers=[forms.SubscriptionSerializer, forms.StartedSerializer],
                resource_type_field_name=None,
            )
        },
    )
    def create(self, request: Request) -> Response:
        """Order and submit at once, through the gate: the subscription, or with `items` all that the order made.

        409 `customer_on_hold` with the verdict. A hold on provisioning refuses nothing: the invoice is made, the
        subscriptions wait.
        """
        given = given_by(forms.SubscribeSerializer, request)
        customer = get_object_or_404(customers_open_to(caller(request)), netsuite_id=given["customer"])
        items = [_item(each) for each in given.get("items") or [given]]
        terms = Terms(**{name: given[name] for name in forms.TERMS if name in given})
        with transaction.atomic():
            order = subscriptions.subscribe(
                customer=customer, items=items, terms=terms, po_number=given["po_number"], by=caller(request)
            )
            made = _made_by(order)
            if "items" not in given:
                _require_expected(made[0], given)
        return Response(_started(order, made) if "items" in given else shown(made)[0], status=201)

    @extend_schema(request=forms.ChangeQuantitySerializer, responses={201: forms.LicenseChangeSerializer})
    @action(detail=True, methods=["post"], url_path="change-quantity")
    def change_quantity(self, request: Request, pk: str) -> Response:
        """More licences pass the order gate; fewer never wait for it."""
        subscription, given = self.get_object(), given_by(forms.ChangeQuantitySerializer, request)
        change = subscriptions.change_quantity(subscription=subscription, by=caller(request), **given)
        return Response(shown_changes([_read_again(change)])[0], status=201)

    @extend_schema(request=forms.ChangePriceSerializer, responses={201: forms.LicenseChangeSerializer})
    @action(detail=True, methods=["post"], url_path="change-price")
    def change_price(self, request: Request, pk: str) -> Response:
        """Another price for one licence and billing period."""
        subscription, given = self.get_object(), given_by(forms.ChangePriceSerializer, request)
        change = subscriptions.change_price(subscription=subscription, by=caller(request), **given)
        return Response(shown_changes([_read_again(change)])[0], status=201)

    @extend_schema(request=forms.CancelSubscriptionSerializer, responses={201: forms.LicenseChangeSerializer})
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """End it on a day; what follows it ends with it."""
        subscription, given = self.get_object(), given_by(forms.CancelSubscriptionSerializer, request)
        change = subscriptions.cancel(subscription=subscription, by=caller(request), **given)
        return Response(shown_changes([_read_again(change)])[0], status=201)


class LicenseChangeFilter(FilterSet):
    subscription = CharFilter(field_name="subscription__number", label="Number of the subscription.")
    customer = CharFilter(field_name=f"subscription__{CUSTOMER}")
    provider = CharFilter(field_name="subscription__provider__slug")

    class Meta:
        model = LicenseChange
        fields = ["status", "subscription", "customer", "provider"]


class LicenseChangeViewSet(ReadOnlyModelViewSet):
    """Every change of every subscription, newest first: what became of it, and why it waits."""

    queryset = LicenseChange.objects.select_related(*WITH_SUBSCRIPTION, "push", "invoice")
    serializer_class = forms.LicenseChangeSerializer
    permission_classes = [NeedsPermission]
    needs = "orders.view_licensechange"
    filterset_class = LicenseChangeFilter

    def get_queryset(self) -> QuerySet[LicenseChange]:
        return super().get_queryset().visible_to(self.request.user)  # type: ignore[attr-defined]

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(shown_changes(page or []))

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(shown_changes([self.get_object()])[0])

    @extend_schema(request=forms.ChangeReasonSerializer, responses=forms.LicenseChangeSerializer)
    @action(detail=True, methods=["post"], url_path="mark-provisioned")
    def mark_provisioned(self, request: Request, pk: str) -> Response:
        """A manual provider's team did it."""
        change, given = self.get_object(), given_by(forms.ChangeReasonSerializer, request)
        done = provisioning.mark_provisioned(change=change, by=caller(request), **given)
        return Response(shown_changes([_read_again(done)])[0])

    @extend_schema(request=forms.ChangeReasonSerializer, responses=forms.LicenseChangeSerializer)
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: str) -> Response:
        """A failed change waits again and goes to its provider in its turn."""
        change, given = self.get_object(), given_by(forms.ChangeReasonSerializer, request)
        tried = provisioning.retry(change=change, by=caller(request), **given)
        return Response(shown_changes([_read_again(tried)])[0])


class AccountViewSet(NotedCustomerViewSet):
    """Customers; of their fields only `credit_hold` can be changed here."""

    @extend_schema(request=forms.AccountSerializer, responses=CustomerSerializer)
    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Set the account's credit hold. `false` provisions everything that waited for it; unchanged is no error."""
        given = given_by(forms.AccountSerializer, request)
        customer: Customer = self.get_object()
        try:
            provisioning.set_account_hold(customer=customer, by=caller(request), **given)
        except Refusal as refusal:
            if refusal.code != UNCHANGED:
                raise
        return self.retrieve(request, *args, **kwargs)


class ProvisioningSettingsView(APIView):
    """The switch "Enable credit hold", and how far it reaches now."""

    permission_classes = [NeedsPermission]
    needs = "orders.view_provisioningsettings"

    @extend_schema(responses=forms.ProvisioningSettingsSerializer)
    def get(self, request: Request) -> Response:
        return _settings_now()

    @extend_schema(request=forms.ChangeSettingsSerializer, responses=forms.ProvisioningSettingsSerializer)
    def patch(self, request: Request) -> Response:
        """Turn it on or off. No account is changed; turned off, what waited for it is provisioned."""
        given = given_by(forms.ChangeSettingsSerializer, request)
        try:
            provisioning.enable_credit_hold(on=given["enable_credit_hold"], by=caller(request), reason=given["reason"])
        except Refusal as refusal:
            if refusal.code != UNCHANGED:
                raise
        return _settings_now()


def _settings_now() -> Response:
    now = ProvisioningSettings.current()
    facts = {name: getattr(now, name) for name in ("enable_credit_hold", "reason", "by", "at")} | reach_of_switch()
    return Response(forms.ProvisioningSettingsSerializer(facts).data)


def _made_by(order: Order) -> list[Subscription]:
    rows = Subscription.objects.select_related(*OF_SUBSCRIPTION).filter(order_line__order=order)
    return list(subscription_lists.with_standing(rows).order_by("order_line"))


def shown(rows: Sequence[Any]) -> list[dict[str, Any]]:
    """Subscriptions that `with_standing` read, each with why it waits."""
    why = first_waiting(rows)
    for row in rows:
        row.standing, row.why = subscription_lists.standing(row), why.get(row.pk, "")
    return forms.SubscriptionSerializer(rows, many=True).data  # type: ignore[return-value]


def _started(order: Order, made: list[Subscription]) -> dict[str, Any]:
    contract = made[0].contract
    invoice = contract.invoices.order_by("pk").first()
    return {
        "order": order.number,
        "contract": contract.number,
        "invoice": invoice.number if invoice else None,
        "subscriptions": shown(made),
    }


def shown_changes(changes: Sequence[Any]) -> list[dict[str, Any]]:
    """With why each waits; read them with WITH_SUBSCRIPTION."""
    verdicts = judge(changes)
    for change in changes:
        change.why = why_of(change, verdicts[change.pk].why)
    return forms.LicenseChangeSerializer(changes, many=True).data  # type: ignore[return-value]


def _read_again(change: LicenseChange) -> LicenseChange:
    return LicenseChange.objects.select_related(*WITH_SUBSCRIPTION, "push", "invoice").get(pk=change.pk)


def _item(given: dict[str, Any]) -> Item:
    product = Product.objects.filter(sku=given["product"].replace("\x00", "")).first()
    if product is None:
        raise Refusal(f"There is no item {given['product']}.", code="unknown_product", status=400)
    return Item(product=product, quantity=given["quantity"], price=given.get("price"))


def _require_expected(made: Subscription, given: dict[str, Any]) -> None:
    """What the caller said of provider and parent is what the catalog and the customer's subscriptions gave."""
    parent = made.parent.number if made.parent else None
    if given.get("provider", made.provider.slug) != made.provider.slug:
        words = f"{made.product} is provisioned by {made.provider.slug}; the catalog says so."
        raise Refusal(words, code="provider_differs")
    if given.get("parent", parent) != parent:
        words = f"It would follow {parent}." if parent else f"{made.product} follows nothing."
        raise Refusal(words, code="parent_differs")
