"""The cards over the API: figures and states, and the rows behind each, for the person who asks."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.http import QueryDict
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from anomalies.cards import CARDS, paging
from anomalies.cards.asked import filters_of, names, wrong
from anomalies.cards.base import STATE_CHOICES, Card, Reading, Row
from anomalies.cards.readings import reading, readings
from anomalies.cards.scoping import scope_for
from anomalies.models.metrics import SCOPES
from customers.clock import business_today
from netsuite.pages import LARGEST, page_size
from netsuite.permissions import NeedsPermission

NUMBER: dict[str, Any] = {"max_digits": 30, "decimal_places": 6, "read_only": True}
SCOPE = OpenApiParameter("scope", enum=[name for name, _ in SCOPES], description="Segment; `value` names it.")
VALUE = OpenApiParameter("value", description="The region, tier, payment method, or sales rep’s NetSuite id.")


class CardPointSerializer(serializers.Serializer):
    day = serializers.DateField(read_only=True)
    value = serializers.DecimalField(**NUMBER)


class CardSerializer(serializers.Serializer):
    """One card. `value` and `change` are in `unit`: count, money (in `currency`), share (0.5 = 50 %) or days.

    `change` is the difference to the figure `change_days` before; `also` has further metrics of the same day.
    """

    slug = serializers.CharField(read_only=True)
    title = serializers.CharField(read_only=True)
    question = serializers.CharField(read_only=True)
    metric = serializers.CharField(read_only=True)
    unit = serializers.CharField(read_only=True)
    currency = serializers.CharField(read_only=True)
    scope = serializers.CharField(read_only=True)
    scope_value = serializers.CharField(read_only=True)
    day = serializers.DateField(read_only=True, allow_null=True)
    is_partial = serializers.BooleanField(read_only=True, help_text="The day is not over.")
    counted_at = serializers.DateTimeField(read_only=True, allow_null=True)
    value = serializers.DecimalField(**NUMBER, allow_null=True)
    change = serializers.DecimalField(**NUMBER, allow_null=True)
    change_days = serializers.IntegerField(read_only=True)
    state = serializers.ChoiceField(choices=STATE_CHOICES, read_only=True)
    why = serializers.CharField(read_only=True)
    also = serializers.DictField(child=serializers.DecimalField(**NUMBER), read_only=True)
    alerts = serializers.ListField(child=serializers.IntegerField(), read_only=True, help_text="Open alerts.")


class CardsSerializer(serializers.Serializer):
    results = CardSerializer(many=True, read_only=True)


class CardColumnSerializer(serializers.Serializer):
    key = serializers.CharField(read_only=True)
    title = serializers.CharField(read_only=True)
    kind = serializers.CharField(read_only=True, help_text="text, count, number, money, share, days or date.")


class CardRowSerializer(serializers.Serializer):
    """One row: the customer’s NetSuite id and name, `note`, and `values` by the keys of `columns`, as text."""

    customer = serializers.CharField(read_only=True)
    name = serializers.CharField(read_only=True)
    note = serializers.CharField(read_only=True)
    values = serializers.DictField(child=serializers.CharField(allow_null=True), read_only=True)


class CardPageSerializer(CardSerializer):
    """A card with its days and one page of the rows behind it; `next` and `previous` are addresses of pages."""

    netsuite = serializers.CharField(read_only=True, help_text="How to get the same number in NetSuite.")
    points = CardPointSerializer(many=True, read_only=True, help_text="Days that are over, oldest first.")
    columns = CardColumnSerializer(many=True, read_only=True)
    next = serializers.CharField(read_only=True, allow_null=True)
    previous = serializers.CharField(read_only=True, allow_null=True)
    results = CardRowSerializer(many=True, read_only=True)


class CardsView(APIView):
    """All cards."""

    permission_classes = [NeedsPermission]
    needs = "anomalies.view_card"

    @extend_schema(operation_id="cards_list", parameters=[SCOPE, VALUE], responses=CardsSerializer)
    def get(self, request: Request) -> Response:
        """Every card’s newest figure and state. A sales rep reads those of their own customers."""
        _only(request, {"scope", "value"})
        scope, value = _segment(request)
        found = readings(business_today(), scope=scope, scope_value=value)
        return Response({"results": [CardSerializer(_facts(each, scope, value, request.user)).data for each in found]})


class CardView(APIView):
    """One card."""

    permission_classes = [NeedsPermission]
    needs = "anomalies.view_card"

    @extend_schema(
        operation_id="cards_retrieve",
        parameters=[
            SCOPE,
            VALUE,
            OpenApiParameter("q", description="Search in names, numbers and addresses of customers."),
            OpenApiParameter("cursor", description="From `next` or `previous`."),
            OpenApiParameter("page_size", {"type": "integer", "minimum": 1}, description=f"At most {LARGEST}."),
            OpenApiParameter("size", enum=["high"], description="orders-on-credit-hold: orders over 10,000."),
            OpenApiParameter("reason", description="orders-on-credit-hold: why the order is on hold."),
            OpenApiParameter("at", enum=["75", "85", "100", "held"], description="credit-utilisation: the list."),
            OpenApiParameter("oldest", description="aging-buckets: age of the oldest invoice, as `d61_90`."),
            OpenApiParameter("kind", enum=["service", "netsuite"], description="customers-on-hold: held by whom."),
            OpenApiParameter("band", enum=["red", "orange", "yellow", "green"], description="customer-health."),
        ],
        responses=CardPageSerializer,
    )
    def get(self, request: Request, slug: str) -> Response:
        """Figure, state, days, and one page of the rows, worst first; a sales rep reads their own customers’."""
        card = CARDS.get(slug)
        if card is None:
            raise NotFound("There is no such card.")
        _only(request, names(card) | {"cursor", "page_size"})
        _segment(request)
        if errors := wrong(card, request.query_params.dict()):
            raise ValidationError(errors)
        return Response(CardPageSerializer(_page(card, request)).data)


def _page(card: Card, request: Request) -> dict[str, Any]:
    filters, today = filters_of(card, request.query_params.dict(), request.user), business_today()
    read = reading(card, today, scope=filters.scope, scope_value=filters.scope_value)
    rows = card.rows(day=today, filters=filters, user=request.user)
    found = paging.page(
        card, rows, cursor=request.query_params.get("cursor", ""), size=page_size(request, paging.A_PAGE)
    )
    return {
        **_facts(read, filters.scope, filters.scope_value, request.user),
        "netsuite": card.netsuite,
        "points": read.points,
        "columns": card.columns,
        "next": _place(card, request, found.next),
        "previous": _place(card, request, found.previous),
        "results": [_row(card, row) for row in card.shown(found.rows, today)],
    }


def _facts(read: Reading, scope: str, value: str, user: Any) -> dict[str, Any]:
    sees_alerts = user.has_perm("anomalies.view_alert")
    return {
        **vars(read),
        "question": CARDS[read.slug].question,
        "metric": CARDS[read.slug].metric,
        "currency": settings.BASE_CURRENCY,
        "scope": scope,
        "scope_value": value,
        "alerts": [alert.pk for alert in read.alerts] if sees_alerts else [],
    }


def _row(card: Card, row: Row) -> dict[str, Any]:
    values: Mapping[str, Any] = {column.key: _text(row.values[column.key]) for column in card.columns}
    number = row.customer.netsuite_id if row.customer else ""
    return {"customer": number, "name": row.name, "note": row.below, "values": values}


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, Decimal):
        return f"{round(value, 6) if value.as_tuple().exponent < -6 else value:f}"  # type: ignore[operator]
    return value.isoformat() if isinstance(value, date) else str(value)


def _segment(request: Request) -> tuple[str, str]:
    """The segment asked for, or the person’s own. Raises ValidationError for one that is none."""
    scope, value = request.query_params.get("scope", "all"), request.query_params.get("value", "")
    if scope not in dict(SCOPES):
        raise ValidationError({"scope": f"One of {', '.join(dict(SCOPES))}."})
    if (scope == "all") != (not value) or "\x00" in value:
        raise ValidationError({"value": "Name the region, tier, rep or payment method; nothing for all."})
    return scope_for(request.user, scope, value)


def _only(request: Request, known: set[str]) -> None:
    unknown = sorted(set(request.query_params) - known - {"format"})
    if unknown:
        raise ValidationError({name: ErrorDetail("Unknown filter.", code="unknown_filter") for name in unknown})


def _place(card: Card, request: Request, cursor: str) -> str | None:
    if not cursor:
        return None
    query = QueryDict(mutable=True)
    query.update(request.query_params.dict())
    query["cursor"] = cursor
    return f"{reverse('api-card', [card.slug], request=request)}?{query.urlencode()}"
