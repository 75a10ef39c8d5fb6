"""Middleware: refusals as pages, and one effect for a repeated request."""

import re
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import IntegrityError, InterfaceError, OperationalError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.utils.crypto import salted_hmac
from knox.auth import TokenAuthentication
from rest_framework.exceptions import AuthenticationFailed

from config.api_defaults import DATABASE_AWAY, error_body
from netsuite.errors import Refusal
from workflows.models import IdempotentRequest

GetResponse = Callable[[HttpRequest], HttpResponseBase]
KEY_LIMIT = 200
REPEATABLE = {"POST", "PATCH"}
# They depend on who asks and when, not on the request: the next try is asked afresh.
NOT_KEPT = {401, 403, 413, 429}
# A try at a PIN counts at once, whatever becomes of the request, and its answer holds a secret: it is never kept.
NEVER_REPEATED = re.compile(r"/(override|collect)/?$")


class RefusalMiddleware:
    """A refusal, or a database that is away, escaping a page: its status, its sentence, in the form asked for."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, Refusal):
            return refused(request, exception)
        if isinstance(exception, OperationalError | InterfaceError):
            return refused(request, Refusal(DATABASE_AWAY, code="database_unavailable", status=503))
        return None


def refused(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """JSON for programs, a fragment for htmx, a page for everybody else."""
    if _wants_json(request):
        return JsonResponse(
            error_body(refusal.code, refusal.detail, refusal.status, **refusal.extra), status=refusal.status
        )
    template = "_refusal.html" if getattr(request, "htmx", False) else "refusal.html"
    return render(request, template, {"refusal": refusal}, status=refusal.status)


def _wants_json(request: HttpRequest) -> bool:
    if getattr(request, "htmx", False):
        return False
    return request.path.startswith("/api/") or request.get_preferred_type(["text/html", "application/json"]) == (
        "application/json"
    )


class IdempotencyMiddleware:
    """A POST or PATCH with an `Idempotency-Key` has one effect, however often and however parallel it comes.

    The key is reserved first, in the transaction of the effect: a twin waits for it and then gets the
    stored answer. A 5xx rolls everything back, so that the client may try again.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        key = request.headers.get("Idempotency-Key")
        if key is None or not _is_covered(request):
            return self.get_response(request)
        if not 0 < len(key) <= KEY_LIMIT:
            detail = f"An Idempotency-Key has 1 to {KEY_LIMIT} characters."
            return JsonResponse(error_body("invalid_idempotency_key", detail, 400), status=400)
        try:
            caller, content = _caller(request), _fingerprint(request)
            if not caller or not content:
                return self.get_response(request)
            return self._once(request, IdempotentRequest(caller=caller, key=key, fingerprint=content))
        except (OperationalError, InterfaceError):
            return JsonResponse(error_body("database_unavailable", DATABASE_AWAY, 503), status=503)

    def _once(self, request: HttpRequest, reservation: IdempotentRequest) -> HttpResponseBase:
        with transaction.atomic():
            try:
                with transaction.atomic():
                    reservation.save(force_insert=True)
            except IntegrityError:
                return _replay(reservation)
            response = self.get_response(request)
            if response.status_code >= 500:
                transaction.set_rollback(True)
            else:
                _keep(reservation, response)
            return response


def _is_covered(request: HttpRequest) -> bool:
    covered = request.path.startswith("/api/") or request.path == "/admin/ns-push/retry"
    return covered and request.method in REPEATABLE and not NEVER_REPEATED.search(request.path)


def _caller(request: HttpRequest) -> str:
    """Who asks, as a hash; empty for a stranger, whom the view turns away. A revoked token is a stranger at once."""
    try:
        found = TokenAuthentication().authenticate(request)
    except AuthenticationFailed:
        return ""
    user = found[0] if found else request.user
    return _digest("caller", str(user.pk)) if user.is_authenticated else ""


def _fingerprint(request: HttpRequest) -> str:
    """Method, path and body, keyed with the secret: a PIN in a body cannot be guessed from it. Empty: too large."""
    try:
        body = request.body
    except RequestDataTooBig:
        return ""
    return _digest("request", f"{request.method} {request.get_full_path()}\n".encode() + body)


def _digest(salt: str, value: Any) -> str:
    return salted_hmac(f"idempotency.{salt}", value, algorithm="sha256").hexdigest()


def _keep(reservation: IdempotentRequest, response: HttpResponseBase) -> None:
    if response.status_code in NOT_KEPT or response.streaming:
        reservation.delete()
        return
    assert isinstance(response, HttpResponse)
    reservation.status, reservation.body = response.status_code, response.content.decode()
    reservation.save(update_fields=["status", "body"])


def _replay(asked: IdempotentRequest) -> HttpResponse:
    stored = IdempotentRequest.objects.get(caller=asked.caller, key=asked.key)
    if stored.fingerprint != asked.fingerprint:
        detail = "This Idempotency-Key was used with another request. Use a new key for a new request."
        return JsonResponse(error_body("idempotency_mismatch", detail, 422), status=422)
    return HttpResponse(
        stored.body,
        status=stored.status,
        content_type="application/json",
        headers={"Idempotent-Replay": "true"},
    )


class ConsolePolicy:
    """The console's theme needs inline scripts and styles; its pages get their own content security policy."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if request.path.startswith("/admin/"):
            response._csp_replace = settings.CSP_CONSOLE  # type: ignore[attr-defined]
        return response
