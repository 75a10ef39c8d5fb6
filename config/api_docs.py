"""How the API documents its errors. Read through the settings, so it imports no view."""

from typing import Any, Literal

from drf_spectacular.openapi import AutoSchema
from rest_framework import serializers


class ErrorSerializer(serializers.Serializer):
    code = serializers.CharField(help_text="Stable, for programs.")
    detail = serializers.CharField(help_text="A sentence for people.")
    attr = serializers.CharField(allow_null=True, help_text="The field it is about, if any.")


class ErrorsSerializer(serializers.Serializer):
    type = serializers.CharField(help_text="validation_error, client_error or server_error.")
    errors = ErrorSerializer(many=True)  # type: ignore[assignment]


class DocumentedErrors(AutoSchema):
    """Every operation of the schema names the one shape of errors."""

    def _get_response_bodies(self, direction: Literal["request", "response"] = "response") -> Any:
        bodies = super()._get_response_bodies(direction)
        if direction == "response":
            bodies["default"] = self._get_response_for_code(ErrorsSerializer, "default")
        return bodies
