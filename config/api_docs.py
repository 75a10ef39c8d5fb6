"""What the schema says of every operation alike: its refusals, and how strict it is. Settings name it."""

from typing import Any, Literal

from drf_spectacular.openapi import AutoSchema
from rest_framework import serializers

# 405 belongs to what is no operation, 500 to what nobody foresaw.
ALWAYS = {
    "400": "The request is not what this operation takes.",
    "401": "No token, or one that is over.",
    "403": "Your role may not do this.",
    "404": "There is no such row or page, or it is not yours to see.",
    "503": "The database does not answer; nothing was changed.",
}
OF_CHANGES = {
    "409": "It is not in a state for this, or somebody else was faster: who and when stand beside the detail.",
    "413": "The request is too large.",
    "415": "Only JSON is read.",
    "422": "A rule says no, or the Idempotency-Key was used for another request.",
    "429": "Too many tries; wait.",
}


class ErrorSerializer(serializers.Serializer):
    code = serializers.CharField(help_text="Stable, for programs.")
    detail = serializers.CharField(help_text="A sentence for people.")
    attr = serializers.CharField(allow_null=True, help_text="The field it is about, if any.")


class ErrorsSerializer(serializers.Serializer):
    type = serializers.CharField(help_text="validation_error, client_error or server_error.")
    errors = ErrorSerializer(many=True)  # type: ignore[assignment]


class HonestSchema(AutoSchema):
    """Every operation names its refusals, in the one shape of errors; strict bodies are shown as strict."""

    def _get_response_bodies(self, direction: Literal["request", "response"] = "response") -> Any:
        bodies = super()._get_response_bodies(direction)
        if direction == "response":
            for status, words in self._refusals().items():
                bodies[status] = {**self._get_response_for_code(ErrorsSerializer, status), "description": words}
        return bodies

    def _refusals(self) -> dict[str, str]:
        return dict(sorted({**ALWAYS, **({} if self.method == "GET" else OF_CHANGES)}.items()))

    def _get_filter_parameters(self) -> Any:
        """An empty filter is none."""
        parameters = super()._get_filter_parameters()
        for parameter in parameters:
            if parameter["schema"] != {"type": "string"}:
                parameter["schema"] = {"anyOf": [parameter["schema"], {"type": "string", "maxLength": 0}]}
        return parameters

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> Any:
        # Imported late: its module reads the settings that name this class.
        from netsuite.api import StrictSerializer

        schema = super()._map_basic_serializer(serializer, direction)
        if direction == "request" and isinstance(serializer, StrictSerializer):
            schema["additionalProperties"] = False
        return schema

    def _map_serializer_field(self, field: Any, direction: Any, bypass_extensions: bool = False) -> Any:
        """A read-only choice is blank where its column may be; the serializer itself does not keep that."""
        if isinstance(field, serializers.ChoiceField) and field.read_only and _is_blank(field):
            field.allow_blank = True
        return super()._map_serializer_field(field, direction, bypass_extensions)


def _is_blank(field: Any) -> bool:
    model = getattr(getattr(field.parent, "Meta", None), "model", None)
    columns = {column.name: column for column in model._meta.fields} if model else {}
    return field.source in columns and columns[field.source].blank
