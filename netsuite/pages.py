"""Pages of the API: by keyset, and of a size that is refused instead of guessed."""

from typing import Any

from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request

LARGEST = 200


def page_size(request: Request, usual: int, largest: int = LARGEST) -> int:
    """Rows a page; more than the largest gives the largest. Raises ValidationError for what is no size."""
    asked = request.query_params.get("page_size")
    if asked is None:
        return usual
    if not (asked.isascii() and asked.isdecimal()) or not int(asked[:9]):
        raise ValidationError({"page_size": ErrorDetail(f"A page has 1 to {largest} rows.", code="invalid")})
    return min(int(asked[:9]), largest)


class KeysetPages(CursorPagination):
    """Page 9,000 costs what page 1 costs."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = LARGEST

    def get_page_size(self, request: Request) -> int:
        return page_size(request, self.page_size, self.max_page_size)

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        parameters = super().get_schema_operation_parameters(view)
        for parameter in parameters:
            if parameter["name"] == self.page_size_query_param:
                parameter["schema"] = {"type": "integer", "minimum": 1}
        return parameters
