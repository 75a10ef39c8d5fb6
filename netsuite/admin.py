"""The push queue in the console: what waits, what failed and in whose words, and the retry."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Case, When
from django.http import HttpRequest
from django.utils import timezone

from netsuite import outbox
from netsuite.console import SeeOnly, choice_filter
from netsuite.models import CLAIMABLE, Channel, Push, PushStatus

MAY_RETRY = "netsuite.retry_push"
RETRYABLE = (PushStatus.FAILED, PushStatus.WAITING, PushStatus.RETRYING, PushStatus.UNCERTAIN)


@admin.register(Push)
class PushAdmin(SeeOnly):
    """Failed ones first; one push with every attempt and what was read back."""

    list_title = "Push queue"
    empty = "Nothing waits for NetSuite. An approved hold or lift puts its push here."
    heads = (("Push", ""), ("Status", ""), ("Tries", "num hide"), ("Next try", "num"), ("NetSuite said", "hide"))
    row_template, page_template = "push/_row.html", "push/page.html"
    change_list_template = "push/list.html"
    list_display = ("label",)
    search_fields = ("label", "record_id", "key", "run_id")
    search_help_text = "Customer, record number or run"
    list_filter = (choice_filter("status", "Status", PushStatus.choices),)
    verbs, list_verbs = ("retry",), ("retry_all",)

    def get_ordering(self, request: HttpRequest) -> tuple[Any, ...]:
        """What needs somebody first, then what is on its way, then what is done."""
        urgency = Case(When(status=PushStatus.FAILED, then=0), When(status__in=_ON_ITS_WAY, then=1), default=2)
        return (urgency.asc(), "-pk")

    def list_facts(self, request: HttpRequest) -> dict[str, Any]:
        failed = Push.objects.failed().count()
        paused = Channel.objects.exclude(paused_at=None).order_by("name")
        facts = {"failed": failed, "paused": list(paused), "may_retry": request.user.has_perm(MAY_RETRY)}
        return {**facts, **channel_facts("netsuite")}

    def facts(self, request: HttpRequest, row: Push) -> dict[str, Any]:
        return {
            "attempts": list(row.attempts.order_by("-number")[:100]),
            "newer": Push.objects.newer_than(row).order_by("-generation").first(),
            "there": "NetSuite" if row.channel == "netsuite" else row.channel.partition(":")[2] or row.channel,
            "retryable": row.status in RETRYABLE,
            "may_retry": request.user.has_perm(MAY_RETRY),
            **channel_facts(row.channel),
        }

    def retry(self, request: HttpRequest, row: Push) -> None:
        outbox.retry(push_ids=[row.pk], by=_may_retry(request))

    def retry_all(self, request: HttpRequest) -> None:
        outbox.retry(all_failed=True, by=_may_retry(request))


_ON_ITS_WAY = [*CLAIMABLE, PushStatus.SENDING]


def channel_facts(name: str) -> dict[str, Any]:
    """Why nothing moves, when nothing moves."""
    now, channel = timezone.now(), Channel.objects.filter(name=name).first()
    if channel is None:
        return {"channel": None}
    return {
        "channel": channel,
        "channel_paused": channel.paused_at is not None,
        "channel_closed": channel.is_closed(now),
        "channel_slow": channel.is_backing_off(now),
    }


def _may_retry(request: HttpRequest) -> str:
    """The person's name. Raises PermissionDenied."""
    if not request.user.has_perm(MAY_RETRY):
        raise PermissionDenied
    return request.user.get_username()
