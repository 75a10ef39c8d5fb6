"""NetSuite's error answers, with its own wording.

Source: NetSuite online help, section_156570709583 (Error Handling in REST Web Services).
"""

from collections.abc import Iterable
from typing import Any

TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    429: "Too Many Requests",
    500: "Internal Server Error",
}
SECTIONS = {400: "15.5.1", 401: "15.5.2", 403: "15.5.4", 404: "15.5.5", 405: "15.5.6", 413: "15.5.14", 415: "15.5.16"}
SEARCH_PREFIX = "Invalid search query. Detailed unprocessed description follows."


class ApiError(Exception):
    """One NetSuite error answer; `path`, `parameter` and `header` say where in the request it is."""

    def __init__(
        self, status: int, code: str, detail: str, *, path: str = "", parameter: str = "", header: str = ""
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.headers: dict[str, str] = {}
        self._where = {"o:errorPath": path, "o:errorQueryParam": parameter, "o:errorHeader": header}

    def body(self) -> dict[str, Any]:
        details = {"detail": self.detail, **{k: v for k, v in self._where.items() if v}, "o:errorCode": self.code}
        section = SECTIONS.get(self.status, "15.6.1")
        return {
            "type": f"https://www.rfc-editor.org/rfc/rfc9110.html#section-{section}",
            "title": TITLES[self.status],
            "status": self.status,
            "o:errorDetails": [details],
        }


def invalid_login() -> ApiError:
    return ApiError(
        401,
        "INVALID_LOGIN",
        "Invalid login attempt. For more details, see the Login Audit Trail in the NetSuite UI at "
        "Setup > Users/Roles > User Management > View Login Audit Trail.",
    )


def missing_values(labels: Iterable[str]) -> ApiError:
    return ApiError(
        400, "USER_ERROR", f"Error while accessing a resource. Please enter value(s) for: {', '.join(labels)}"
    )


def user_error(sentence: str) -> ApiError:
    return ApiError(400, "USER_ERROR", f"Error while accessing a resource. {sentence}")


def locked_record() -> ApiError:
    return user_error("This record has been locked by a user defined workflow.")


def record_changed() -> ApiError:
    return user_error("Record has been changed")


def invalid_content(detail: str = "Invalid content in the request body", *, path: str = "") -> ApiError:
    return ApiError(400, "INVALID_CONTENT", detail, path=path)


def unknown_property(name: str) -> ApiError:
    return invalid_content(f"Invalid content in the request body. Unknown property name: {name}.", path=name)


def nonexistent_id() -> ApiError:
    return ApiError(404, "NONEXISTENT_ID", "The record instance does not exist. Provide a valid record instance ID.")


def unknown_record_type(name: str) -> ApiError:
    return ApiError(404, "NONEXISTENT_ID", f"Record type '{name}' does not exist")


def no_such_resource() -> ApiError:
    return ApiError(404, "NONEXISTENT_ID", "The requested resource does not exist.")


def insufficient_permission() -> ApiError:
    return ApiError(
        403,
        "INSUFFICIENT_PERMISSION",
        "Permission Violation: You need a higher level of permission to access this record.",
    )


def method_not_allowed() -> ApiError:
    return ApiError(405, "METHOD_NOT_ALLOWED", "The requested method is not allowed on this resource.")


def search_error(sentence: str) -> ApiError:
    return ApiError(400, "INVALID_PARAMETER", f"{SEARCH_PREFIX} {sentence}", parameter="q")


def unknown_identifier(name: str, available: Iterable[str]) -> ApiError:
    names = ", ".join(f"{identifier}={identifier}" for identifier in available)
    return search_error(f"Search error occurred: Unknown identifier '{name}'. Available identifiers are: {{{names}}}.")


def invalid_search_type(name: str) -> ApiError:
    return search_error(f"Invalid search type: {name}.")


def record_not_found(name: str) -> ApiError:
    return search_error(f"Search error occurred: Record '{name}' was not found.")


def unsupported_search() -> ApiError:
    return search_error("Search error occurred: Invalid or unsupported search.")


def invalid_parameter(name: str, detail: str) -> ApiError:
    return ApiError(400, "INVALID_PARAMETER", detail, parameter=name)


def invalid_header(name: str, detail: str) -> ApiError:
    return ApiError(400, "INVALID_HEADER", detail, header=name)


def concurrency_limit(retry_after: float | None = None) -> ApiError:
    error = ApiError(429, "CONCURRENCY_LIMIT_EXCEEDED", "Concurrent request limit exceeded. Request blocked.")
    if retry_after is not None:
        error.headers["Retry-After"] = f"{retry_after:g}"
    return error


def duplicate_job(location: str) -> ApiError:
    error = ApiError(400, "IDEMPOTENCY_ERROR", "A request with this idempotency key has been accepted already.")
    error.headers["Location"] = location
    return error


def unexpected(error_id: str) -> ApiError:
    return ApiError(500, "UNEXPECTED_ERROR", f"An unexpected error occurred. Error ID: {error_id}")
