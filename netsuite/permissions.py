"""Who may call the API of the ground floor."""

from typing import Any

from rest_framework.permissions import BasePermission, DjangoModelPermissions
from rest_framework.request import Request

_VIEW = ["%(app_label)s.view_%(model_name)s"]


class ViewPermissions(DjangoModelPermissions):
    """As Django's model permissions, but reading needs the view permission too."""

    perms_map = {**DjangoModelPermissions.perms_map, "GET": _VIEW, "HEAD": _VIEW}


class NeedsPermission(BasePermission):
    """The permission that the view names as `needs`. It opens the view; each action checks its own right."""

    def has_permission(self, request: Request, view: Any) -> bool:
        user = request.user
        return bool(user and user.is_authenticated and user.has_perm(view.needs))


class MayRetryPush(BasePermission):
    """`netsuite.retry_push`, from a token or from a staff member's session."""

    def has_permission(self, request: Request, view: Any) -> bool:
        user = request.user
        if user is None or not user.is_authenticated:
            return False
        return bool((request.auth or user.is_staff) and user.has_perm("netsuite.retry_push"))
