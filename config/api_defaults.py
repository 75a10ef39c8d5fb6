"""What every API view shares: pages, filters, strict JSON and one shape for errors."""

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import IO, Any

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.exceptions import APIException, ErrorDetail, ParseError, ValidationError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from netsuite.errors import Refusal
from netsuite.pages import KeysetPages

PAGE_PARAMETERS = {"cursor", "page_size", "format"}
DEEPEST = 50
DATABASE_AWAY = "The database does not answer. Nothing was changed; try again in a moment."


class NewestFirst(KeysetPages):
    ordering = "-pk"


class AllowListedFilters(DjangoFilterBackend):
    """The filters a view declares; an unknown one is refused instead of ignored."""

    def filter_queryset(self, request: Request, queryset: QuerySet, view: Any) -> QuerySet:
        known = PAGE_PARAMETERS | set(getattr(view, "query_parameters", ()))
        filterset_class = self.get_filterset_class(view, queryset)
        if filterset_class:
            known |= set(filterset_class.get_filters())
        unknown = sorted(set(request.query_params) - known)
        if unknown:
            raise ValidationError({name: ErrorDetail("Unknown filter.", code="unknown_filter") for name in unknown})
        return super().filter_queryset(request, queryset, view)


class TooLarge(APIException):
    status_code = 413
    default_code = "too_large"
    default_detail = "The request is too large."


class StrictJSONParser(BaseParser):
    """JSON of bounded size and depth, without NaN or Infinity; numbers with a point stay exact."""

    media_type = "application/json"
    # The browsable schema asks the parser's sibling for its media type.
    renderer_class = JSONRenderer

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Any = None) -> Any:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        raw = stream.read(limit + 1)
        if len(raw) > limit:
            raise TooLarge
        try:
            data = json.loads(raw, parse_constant=_refuse_constant, parse_float=_finite)
        except RecursionError:
            raise ParseError(f"JSON nested deeper than {DEEPEST} levels.") from None
        except ValueError as error:
            raise ParseError(f"This is not JSON: {error}") from None
        if _depth_exceeds(data, DEEPEST):
            raise ParseError(f"JSON nested deeper than {DEEPEST} levels.")
        return data


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


def _finite(text: str) -> Decimal:
    if not math.isfinite(float(text)):
        raise ValueError(f"{text[:20]} is out of range")
    return Decimal(text)


def _depth_exceeds(data: Any, limit: int) -> bool:
    """Level by level instead of recursive, so that the check itself cannot run out of stack."""
    level = [data]
    for _ in range(limit + 1):
        level = [child for node in level if isinstance(node, dict | list) for child in _children(node)]
        if not level:
            return False
    return True


def _children(node: dict | list) -> list:
    return list(node.values()) if isinstance(node, dict) else node


class RefusedByRule(APIException):
    """A domain refusal in the API's clothes."""

    def __init__(self, refusal: Refusal) -> None:
        self.status_code = refusal.status
        super().__init__(ErrorDetail(refusal.detail, code=refusal.code))


class DatabaseAway(APIException):
    status_code = 503
    default_code = "database_unavailable"
    default_detail = DATABASE_AWAY


def error_body(code: str, detail: str, status: int, **extra: Any) -> dict[str, Any]:
    """The one shape of errors, for answers that no API view makes."""
    kind = "server_error" if status >= 500 else "client_error"
    return {"type": kind, "errors": [{"code": code, "detail": detail, "attr": None, **_plain(extra)}]}


def answer_exception(exc: Exception, context: Any) -> Response | None:
    """Answer `{"type","errors":[{"code","detail","attr"}]}`; a refusal adds its own facts beside the detail."""
    # Imported late: the handler's module reads the settings that name this function.
    from drf_standardized_errors.handler import exception_handler

    if isinstance(exc, OperationalError | InterfaceError):
        return exception_handler(DatabaseAway(), context)
    if not isinstance(exc, Refusal):
        return exception_handler(exc, context)
    response = exception_handler(RefusedByRule(exc), context)
    if response is not None and exc.extra:
        response.data["errors"][0].update(_plain(exc.extra))
    return response


def _plain(extra: Mapping[str, Any]) -> dict[str, Any]:
    """Times as everywhere in the API: UTC with a Z."""
    return {name: _utc(value) if isinstance(value, datetime) else value for name, value in extra.items()}


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
