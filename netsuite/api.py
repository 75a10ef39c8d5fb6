"""The push queue over the API, and the strict serializer that every app uses."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail
from rest_framework.viewsets import ReadOnlyModelViewSet

from netsuite.models import Push, PushAttempt
from netsuite.permissions import ViewPermissions


class StrictSerializer(serializers.Serializer):
    """Refuses input it would otherwise drop in silence: unknown fields and read-only ones.

    Stands alone or before another base: `class X(StrictSerializer, serializers.ModelSerializer)`.
    """

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            self._refuse_stray_fields(data)
        return super().to_internal_value(data)

    def _refuse_stray_fields(self, data: Mapping[str, Any]) -> None:
        errors: dict[str, list[ErrorDetail]] = {}
        for name in data:
            field = self.fields.get(name)
            if field is None:
                errors[str(name)] = [ErrorDetail("This field does not exist.", code="unknown_field")]
            elif field.read_only:
                errors[name] = [ErrorDetail("This field is read-only.", code="read_only_field")]
        if errors:
            raise serializers.ValidationError(errors)


class PushAttemptSerializer(serializers.ModelSerializer):
    class Meta:
        model = PushAttempt
        fields = [
            "number",
            "cycle",
            "kind",
            "by",
            "request_id",
            "started_at",
            "finished_at",
            "outcome",
            "http_status",
            "error_code",
            "error_detail",
            "evidence",
        ]
        read_only_fields = fields


class PushSerializer(serializers.ModelSerializer):
    attempts = PushAttemptSerializer(many=True, read_only=True)

    class Meta:
        model = Push
        fields = [
            "id",
            "key",
            "generation",
            "channel",
            "record_type",
            "record_id",
            "operation",
            "body",
            "expected",
            "prior",
            "content_hash",
            "label",
            "run_id",
            "by",
            "status",
            "cycle",
            "attempts_in_cycle",
            "next_attempt_at",
            "last_error_code",
            "last_error_detail",
            "evidence",
            "created_at",
            "applied_at",
            "attempts",
        ]
        read_only_fields = fields


class PushViewSet(ReadOnlyModelViewSet):
    """Pushes, newest first, with their attempts; filters `status` and `record_id`."""

    queryset = Push.objects.prefetch_related("attempts").order_by("-pk")
    serializer_class = PushSerializer
    permission_classes = [ViewPermissions]
    filterset_fields = ["status", "record_id"]
