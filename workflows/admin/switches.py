"""Kill switches: all on one page, each with its three states."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from netsuite.console import SeeOnly
from workflows.actions import switches
from workflows.models import KillSwitch, SwitchEvent

EVENTS = 15
CHANGES = 10


@admin.register(KillSwitch)
class SwitchAdmin(SeeOnly):
    list_title = "Kill switches"
    verbs = ("flip",)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return self._all(request)

    def show(self, request: HttpRequest, row: KillSwitch, status: int = 200, **context: Any) -> HttpResponse:
        """A switch has no page of its own; a refused flip opens its dialog again."""
        return self._all(request, status, flipped=row.pk, **context)

    def address(self, row: Any) -> str:
        return reverse("admin:workflows_killswitch_changelist")

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        return HttpResponseRedirect(self.address(self.row(request, object_id)))

    def flip(self, request: HttpRequest, row: KillSwitch) -> None:
        wish = request.POST
        state, reason = wish.get("state", ""), wish.get("reason", "")
        switches.flip(name=row.name, state=state, reason=reason, by=request.user)  # type: ignore[arg-type]

    def _all(self, request: HttpRequest, status: int = 200, **context: Any) -> HttpResponse:
        now = timezone.now()
        rows = [(row, row.state_at(now)) for row in KillSwitch.objects.all()]
        changes = KillSwitch.history.exclude(reason="").select_related("history_user")
        filled = {
            "title": self.list_title,
            "crumbs": [{"title": self.list_title}],
            "switches": rows,
            "now": now,
            "states": KillSwitch.STATES,
            "may_flip": request.user.has_perm("workflows.flip_killswitch"),
            "events": SwitchEvent.objects.select_related("switch")[:EVENTS],
            "changes": changes.order_by("-history_date", "-history_id")[:CHANGES],
        }
        return self.page(request, "control/switches.html", status=status, **{**filled, **context})
