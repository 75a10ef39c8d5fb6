"""What every API view shares: pages, filters and one shape for errors."""

from typing import Any

from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.exceptions import APIException, ErrorDetail, ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response

from netsuite.errors import Refusal

PAGE_PARAMETERS = {"cursor", "page_size", "format"}


class NewestFirst(CursorPagination):
    """Keyset pages, so page 9,000 costs what page 1 costs."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200
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


class RefusedByRule(APIException):
    """A domain refusal in the API's clothes."""

    def __init__(self, refusal: Refusal) -> None:
        self.status_code = refusal.status
        super().__init__(ErrorDetail(refusal.detail, code=refusal.code))


def answer_exception(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Answer `{"type","errors":[{"code","detail","attr"}]}`; a refusal adds its own facts beside the detail."""
    # Imported late: the handler's module reads the settings that name this function.
    from drf_standardized_errors.handler import exception_handler

    if not isinstance(exc, Refusal):
        return exception_handler(exc, context)
    response = exception_handler(RefusedByRule(exc), context)
    if response is not None and exc.extra:
        response.data["errors"][0].update(exc.extra)
    return response
