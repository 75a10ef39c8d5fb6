"""A fresh sign-in for weighty decisions: the password again when the sign-in is too old."""

import time
from typing import Any

from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest

from netsuite.errors import Refusal

STAMP = "signed_in_at"
FROM_RISK = 4


class PasswordNeeded(Refusal):
    """The sign-in is too old, and no password or a wrong one came with the request."""

    code = "password_required"
    status = 403


@receiver(user_logged_in, dispatch_uid="workflows.reauth")
def stamp(sender: Any, request: HttpRequest | None, **kwargs: Any) -> None:
    if request is not None and hasattr(request, "session"):
        request.session[STAMP] = time.time()


def is_fresh(request: HttpRequest) -> bool:
    """Whether this session's password was given less than REAUTHENTICATE_AFTER_SECONDS ago."""
    return time.time() - request.session.get(STAMP, 0) < settings.REAUTHENTICATE_AFTER_SECONDS


def is_needed(request: HttpRequest, risk_level: int) -> bool:
    return risk_level >= FROM_RISK and not is_fresh(request)


def require_fresh_signin(request: HttpRequest, password: str) -> None:
    """Pass with a fresh sign-in or the right password, which freshens it.

    Wrong passwords count towards the sign-in throttle. Raises PasswordNeeded.
    """
    if is_fresh(request):
        return
    if not password:
        minutes = settings.REAUTHENTICATE_AFTER_SECONDS // 60
        raise PasswordNeeded(f"Enter your password: you signed in more than {minutes} minutes ago.")
    username = request.user.get_username()
    if authenticate(request=request, username=username, password=password) != request.user:
        raise PasswordNeeded("Wrong password. Your reason is kept; try again.", code="wrong_password")
    request.session[STAMP] = time.time()
