"""Orders and the catalog over the API. Rights and rules are those of the actions."""

from dataclasses import replace
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django_filters.rest_framework import CharFilter, FilterSet
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from customers.models import Customer
from holds import blocks
from holds.actions import overrides
from holds.models import Override
from holds.pins import Cart
from netsuite.errors import Refusal
from netsuite.machine import LostRace
from netsuite.permissions import NeedsPermission
from netsuite.prepared import PreparedPosts
from orders import api_forms as forms
from orders.actions import orders
from orders.carts import cart_of
from orders.gate import PAGE, NotReady
from orders.models import LINES, Order, OrderLine, Product
from orders.reach import customers_open_to
from workflows.access import require_person
from workflows.api.forms import CUSTOMER, caller, given_by


class ProductFilter(FilterSet):
    search = CharFilter(method="filter_search", label="Words of the name or number.")

    class Meta:
        model = Product
        fields = ["is_active"]

    def filter_search(self, rows: Any, name: str, value: str) -> QuerySet[Product]:
        return rows.search(value)


class ProductViewSet(ReadOnlyModelViewSet):
    """The catalog, newest first."""

    queryset = Product.objects.all()
    serializer_class = forms.ProductSerializer
    permission_classes = [NeedsPermission]
    needs = "orders.view_product"
    filterset_class = ProductFilter


class OrderFilter(FilterSet):
    customer = CharFilter(field_name=CUSTOMER)

    class Meta:
        model = Order
        fields = ["status", "customer", "source"]


class OrderViewSet(PreparedPosts, ReadOnlyModelViewSet):
    """Orders, newest first: all of them, or for cashiers and sales reps those they took or look after."""

    queryset = Order.objects.all()
    shown = Order.objects.select_related("customer", "cashier", "origin", "leave").prefetch_related(LINES)
    serializer_class = forms.OrderSerializer
    permission_classes = [NeedsPermission]
    needs = "orders.view_order"
    filterset_class = OrderFilter

    def get_queryset(self) -> QuerySet[Order]:
        """What is only looked at comes whole; an action reads for itself what it needs."""
        rows = self.shown if self.action in ("list", "retrieve") else self.queryset
        return rows.all().visible_to(self.request.user)  # type: ignore[arg-type]

    @extend_schema(request=forms.NewOrderSerializer, responses={201: forms.OrderSerializer})
    def create(self, request: Request) -> Response:
        """A new draft with its lines, all of it or nothing."""
        given = given_by(forms.NewOrderSerializer, request)
        lines = given.pop("lines", [])
        customer = _customer(request, given.pop("customer"))
        with transaction.atomic():
            order = orders.create(by=caller(request), customer=customer, source="api", **given)
            for line in lines:
                orders.add_line(order=order, by=caller(request), **_with_product(line))
        return self._answer(order, 201)

    @extend_schema(request=forms.ChangeOrderSerializer, responses=forms.OrderSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a draft's customer, terms, PO number or memo."""
        order, given = self.get_object(), given_by(forms.ChangeOrderSerializer, request)
        by = caller(request)
        with transaction.atomic():
            if "customer" in given:
                orders.set_customer(order=order, customer=_customer(request, given.pop("customer")), by=by)
            if "tender" in given:
                orders.set_tender(order=order, tender=given.pop("tender"), by=by)
            orders.set_details(order=order, by=by, **given)
        return self._answer(order)

    @extend_schema(request=forms.NewLineSerializer, responses={201: forms.OrderSerializer})
    @action(detail=True, methods=["post"])
    def lines(self, request: Request, pk: str) -> Response:
        """Add a line, or more of the same one."""
        order, given = self.get_object(), given_by(forms.NewLineSerializer, request)
        orders.add_line(order=order, by=caller(request), **_with_product(given))
        return self._answer(order, 201)

    @extend_schema(request=forms.ChangeLineSerializer, responses=forms.OrderSerializer)
    def change_line(self, request: Request, pk: str, line: str) -> Response:
        """Change a line's quantity, price or discount."""
        found = self._line(line)
        orders.change_line(line=found, by=caller(request), **given_by(forms.ChangeLineSerializer, request))
        return self._answer(found.order)

    @extend_schema(responses={200: forms.OrderSerializer})
    def remove_line(self, request: Request, pk: str, line: str) -> Response:
        found = self._line(line)
        return self._answer(orders.remove_line(line=found, by=caller(request)))

    @extend_schema(request=forms.SubmitSerializer, responses=forms.OrderSerializer)
    @action(detail=True, methods=["post"])
    def submit(self, request: Request, pk: str) -> Response:
        """Commit the order; 409 `customer_on_hold` with the verdict, unless a manager's grant comes with it."""
        order, given = self.get_object(), given_by(forms.SubmitSerializer, request)
        if given.get("version", order.version) != order.version:
            raise LostRace(order, f"{order} changed since version {given['version']}.", code="stale_version")
        return self._answer(orders.submit(order=order, by=caller(request), grant=given["override_grant"]))

    @extend_schema(request=forms.PinSerializer, responses=forms.GrantSerializer)
    @action(detail=True, methods=["post"])
    def override(self, request: Request, pk: str) -> Response:
        """A manager's PIN for this order; wrong: 403 `pin_rejected` with tries left, locked: 429 `pin_locked`."""
        order, given = self.get_object(), given_by(forms.PinSerializer, request)
        cart = _cart(request, order, terminal=given["terminal"])
        granted = overrides.override(cart=cart, manager_id=given["manager"], pin=given["pin"], now=timezone.now())
        return Response(forms.GrantSerializer({"grant": granted.secret, "expires_at": granted.expires_at}).data)

    @extend_schema(request=forms.AskSerializer, responses={201: forms.AskedSerializer})
    @action(detail=True, methods=["post"])
    def ask(self, request: Request, pk: str) -> Response:
        """Ask the managers in the console instead of a PIN; `collect/` fetches what they granted."""
        order, given = self.get_object(), given_by(forms.AskSerializer, request)
        asked = overrides.ask(cart=_cart(request, order), note=given["note"], now=timezone.now())
        return Response(forms.AskedSerializer(asked).data, status=201)

    @extend_schema(request=forms.EmptySerializer, responses=forms.GrantSerializer)
    @action(detail=True, methods=["post"])
    def collect(self, request: Request, pk: str) -> Response:
        """The grant for what was asked; 409 `not_decided` while nobody answered, `declined` with the words."""
        order = self.get_object()
        given_by(forms.EmptySerializer, request)
        require_person(caller(request), "orders.submit_order", "submit orders")
        asked = Override.objects.filter(order_ref=order.key, cashier=caller(request)).order_by("-asked_at").first()
        if asked is None:
            raise Refusal("Nobody was asked about this order.", code="not_asked", status=409)
        granted = overrides.collect(override=asked, cashier=caller(request), now=timezone.now())
        return Response(forms.GrantSerializer({"grant": granted.secret, "expires_at": granted.expires_at}).data)

    @extend_schema(request=forms.HoldSerializer, responses=forms.OrderSerializer)
    @action(detail=True, methods=["post"])
    def hold(self, request: Request, pk: str) -> Response:
        """Park an order of a customer on hold; its owner is told."""
        given = given_by(forms.HoldSerializer, request)
        return self._answer(orders.hold(order=self.get_object(), by=caller(request), **given))

    @extend_schema(request=forms.ReleaseOrderSerializer, responses=forms.OrderSerializer)
    @action(detail=True, methods=["post"])
    def release(self, request: Request, pk: str) -> Response:
        """Let a parked order go; it still has to be submitted."""
        given = given_by(forms.ReleaseOrderSerializer, request)
        return self._answer(orders.release(order=self.get_object(), by=caller(request), **given))

    @extend_schema(request=forms.HoldSerializer, responses=forms.OrderSerializer)
    @action(detail=True, methods=["post"], url_path="take-back")
    def take_back(self, request: Request, pk: str) -> Response:
        """A parked order becomes a draft again."""
        given = given_by(forms.HoldSerializer, request)
        return self._answer(orders.take_back(order=self.get_object(), by=caller(request), **given))

    @extend_schema(request=forms.WhySerializer, responses=forms.OrderSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Give up an order that is not submitted."""
        given = given_by(forms.WhySerializer, request)
        return self._answer(orders.cancel(order=self.get_object(), by=caller(request), **given))

    @extend_schema(request=forms.EmptySerializer, responses={201: forms.OrderSerializer})
    @action(detail=True, methods=["post"])
    def duplicate(self, request: Request, pk: str) -> Response:
        """A new draft with the same lines, at today's prices."""
        given_by(forms.EmptySerializer, request)
        return self._answer(orders.duplicate(order=self.get_object(), by=caller(request)), 201)

    @extend_schema(request=forms.EmptySerializer, responses={201: forms.OrderSerializer})
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, pk: str) -> Response:
        """A cancelled order comes back as a new draft."""
        given_by(forms.EmptySerializer, request)
        return self._answer(orders.reopen(order=self.get_object(), by=caller(request)), 201)

    def _line(self, line: str) -> OrderLine:
        """The line of the order in the address. Raises Http404."""
        order = self.get_object()
        rows = OrderLine.objects.select_related("order", "product")
        return get_object_or_404(rows, pk=line, order=order)

    def _answer(self, order: Order, status: int = 200) -> Response:
        """The order as stored now."""
        fresh = self.shown.get(pk=order.pk)
        return Response(self.get_serializer(fresh).data, status=status)


def _customer(request: Request, netsuite_id: str) -> Customer:
    """Raises Http404 for one that the caller may not order for."""
    return get_object_or_404(customers_open_to(caller(request)), netsuite_id=netsuite_id)


def _with_product(line: dict[str, Any]) -> dict[str, Any]:
    product = Product.objects.filter(sku=line["product"].replace("\x00", "")).first()
    if product is None:
        raise Refusal(f"There is no item {line['product']}.", code="unknown_product", status=400)
    return {**line, "product": product}


def _cart(request: Request, order: Order, terminal: str = "") -> Cart:
    """What a manager is asked about. Raises NotReady and LostRace for an order that cannot be submitted."""
    if order.status != "draft":
        raise LostRace(order, f"{order} is {order.get_status_display().lower()}.")
    if order.customer is None:
        raise NotReady("Pick a customer first.", code="no_customer")
    cart = cart_of(order, cashier=caller(request), block=blocks.of_page(PAGE))
    return replace(cart, terminal=terminal) if terminal else cart
