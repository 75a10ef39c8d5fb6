"""Alerts and daily figures over the API. Rights and rules are those of the actions."""

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django_filters.rest_framework import CharFilter, FilterSet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import ReadOnlyModelViewSet

from anomalies import finding
from anomalies.actions import alerts
from anomalies.definitions import METRICS
from anomalies.models import Alert, DailyMetric
from anomalies.models.metrics import SCOPES
from netsuite.api import StrictSerializer
from netsuite.permissions import NeedsPermission
from workflows.api.forms import ReasonSerializer, caller, given_by

LONGEST_DAYS = 3 * 366


class AlertSerializer(serializers.ModelSerializer):
    """An alert; `value` and `line` in the metric's unit (a share as 0.85), amounts in `currency`."""

    rule = serializers.SlugField(source="rule.slug", read_only=True)
    title = serializers.CharField(source="rule.title", read_only=True)
    metric = serializers.CharField(source="rule.metric", read_only=True)
    heading = serializers.SerializerMethodField(help_text="The finding in words.")
    currency = serializers.SerializerMethodField()

    class Meta:
        model = Alert
        fields = [
            *("id", "rule", "title", "metric", "heading", "date", "scope", "scope_value", "status", "value", "line"),
            *("currency", "fired_at", "last_breach", "snoozed_until", "acknowledged_at", "acknowledged_by"),
            *("resolved_at", "resolved_by", "resolution"),
        ]
        read_only_fields = fields

    def get_heading(self, alert: Alert) -> str:
        return finding.heading(alert)

    def get_currency(self, alert: Alert) -> str:
        return settings.BASE_CURRENCY


class AlertDetailSerializer(AlertSerializer):
    """With all figures it was judged by, and the rule as it was."""

    class Meta(AlertSerializer.Meta):
        fields = [*AlertSerializer.Meta.fields, "payload", "rule_as_was"]
        read_only_fields = fields


class AcknowledgeSerializer(StrictSerializer):
    reason = serializers.CharField(max_length=2000, required=False, allow_blank=True)


class SnoozeSerializer(ReasonSerializer):
    until = serializers.DateTimeField(help_text="At most 30 days ahead.")


class AlertFilter(FilterSet):
    rule = CharFilter(field_name="rule__slug")

    class Meta:
        model = Alert
        fields = ["status", "date", "rule"]


class AlertViewSet(ReadOnlyModelViewSet):
    """Alerts, newest first."""

    queryset = Alert.objects.select_related("rule")
    permission_classes = [NeedsPermission]
    needs = "anomalies.view_alert"
    filterset_class = AlertFilter

    def get_serializer_class(self) -> type[AlertSerializer]:
        return AlertDetailSerializer if self.action == "retrieve" else AlertSerializer

    def get_queryset(self) -> QuerySet[Alert]:
        return super().get_queryset().visible_to(self.request.user)  # type: ignore[attr-defined]

    @extend_schema(request=AcknowledgeSerializer, responses=AlertSerializer)
    @action(detail=True, methods=["post"])
    def acknowledge(self, request: Request, pk: str) -> Response:
        """Somebody looks after it; 409 with who and when if it is taken already."""
        given = given_by(AcknowledgeSerializer, request)
        alert = alerts.acknowledge(alert=self.get_object(), by=caller(request), **given)
        return Response(AlertSerializer(alert).data)

    @extend_schema(request=ReasonSerializer, responses=AlertSerializer)
    @action(detail=True, methods=["post"])
    def resolve(self, request: Request, pk: str) -> Response:
        """Over, or explained; it does not fire again for its day."""
        alert = alerts.resolve(alert=self.get_object(), by=caller(request), **given_by(ReasonSerializer, request))
        return Response(AlertSerializer(alert).data)

    @extend_schema(request=SnoozeSerializer, responses=AlertSerializer)
    @action(detail=True, methods=["post"])
    def snooze(self, request: Request, pk: str) -> Response:
        """Out of sight until a moment; the figures are still watched."""
        alert = alerts.snooze(alert=self.get_object(), by=caller(request), **given_by(SnoozeSerializer, request))
        return Response(AlertSerializer(alert).data)


class PointSerializer(serializers.ModelSerializer):
    class Meta:
        model = DailyMetric
        fields = ["date", "value", "is_partial", "is_backfilled"]
        read_only_fields = fields


class SeriesSerializer(serializers.Serializer):
    """One metric, day by day, oldest first. `unit` is count, money (in `currency`), share (0.5 = 50 %) or days."""

    name = serializers.CharField(read_only=True)
    title = serializers.CharField(read_only=True)
    unit = serializers.CharField(read_only=True)
    currency = serializers.CharField(read_only=True)
    scope = serializers.CharField(read_only=True)
    value = serializers.CharField(read_only=True)
    points = PointSerializer(many=True, read_only=True)


class WantedSerializer(StrictSerializer):
    """`from` and `to` are business days, both included; at most three years."""

    scope = serializers.ChoiceField(choices=SCOPES, default="all")
    value = serializers.CharField(max_length=64, default="", allow_blank=True)

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), "from": serializers.DateField(), "to": serializers.DateField()}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not 0 <= (attrs["to"] - attrs["from"]).days < LONGEST_DAYS:
            raise ValidationError({"to": f"Ask for 1 to {LONGEST_DAYS} days."})
        if (attrs["scope"] == "all") != (attrs["value"] == ""):
            raise ValidationError({"value": "Name the region, tier, rep or payment method; nothing for all."})
        return attrs


class MetricView(APIView):
    """One daily figure over time."""

    permission_classes = [NeedsPermission]
    needs = "anomalies.view_dailymetric"

    @extend_schema(
        parameters=[
            OpenApiParameter("from", OpenApiTypes.DATE, required=True),
            OpenApiParameter("to", OpenApiTypes.DATE, required=True),
            OpenApiParameter("scope", enum=[name for name, _ in SCOPES]),
            OpenApiParameter("value", description="The region, tier, rep or payment method."),
        ],
        responses=SeriesSerializer,
    )
    def get(self, request: Request, name: str) -> Response:
        """The days from `from` to `to`; days without a figure are left out."""
        metric = METRICS.get(name)
        if metric is None:
            raise NotFound("There is no such metric.")
        wanted = WantedSerializer(data=request.query_params.dict())
        wanted.is_valid(raise_exception=True)
        asked: dict[str, Any] = dict(wanted.validated_data)
        rows = DailyMetric.objects.series(name, scope=asked["scope"], scope_value=asked["value"])
        answer = {
            "name": name,
            "title": metric.title,
            "unit": metric.unit,
            "currency": settings.BASE_CURRENCY,
            "scope": asked["scope"],
            "value": asked["value"],
            "points": rows.between(asked["from"], asked["to"]),
        }
        return Response(SeriesSerializer(answer).data)
