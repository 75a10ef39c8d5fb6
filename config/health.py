"""Signs of life: for the process, for a load balancer, and as figures for Prometheus."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Count, Min, QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET
from knox.auth import TokenAuthentication
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from rest_framework.exceptions import AuthenticationFailed

from config.api_defaults import error_body
from customers.sync import freshness
from netsuite.models import Channel, Push, PushStatus
from workflows.models import Heartbeat, OutboundEmail, ProposedAction, VerifyResult
from workflows.wording import age

OLDEST_PUSH = timedelta(minutes=30)
CLUSTER_SILENCE = timedelta(minutes=2)
FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via")
LOOPBACK = {"127.0.0.1", "::1"}
MAY_READ_METRICS = "workflows.view_killswitch"


@dataclass(frozen=True)
class Vitals:
    """How the service stands at one moment. Ages are None when the thing never happened or does not wait."""

    oldest_due_push: timedelta | None
    sync_age: timedelta | None
    cluster_silence: timedelta | None
    paused: tuple[str, ...]


@require_GET
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers. Looks at nothing else, so that a slow database does not get it killed."""
    return JsonResponse({"status": "ok"})


@require_GET
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """503 when requests cannot be served: no database, or a schema behind the code.

    NetSuite away, a silent worker or a paused channel are warnings: the pages still work.
    """
    try:
        behind = _unapplied_migrations()
        vitals = measure(timezone.now())
    except DatabaseError as error:
        return JsonResponse({"status": "down", "problems": [f"database: {type(error).__name__}"]}, status=503)
    if behind:
        return JsonResponse({"status": "down", "problems": [f"migrations: {behind} not applied"]}, status=503)
    warnings = list(_warnings(vitals))
    return JsonResponse({"status": "degraded" if warnings else "ok", "warnings": warnings, **_as_json(vitals)})


@require_GET
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Figures for Prometheus: for a token with the right to see the switches, or from this machine itself."""
    if not _may_read_metrics(request):
        return JsonResponse(error_body("not_authenticated", "Metrics need a token.", 401), status=401)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(HoldgateCollector())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def measure(now: datetime) -> Vitals:
    """Read the vitals: four small queries."""
    syncs = [state.age for state in freshness(now=now)]
    beat = Heartbeat.objects.filter(name="cluster").first()
    paused = Channel.objects.filter(paused_at__isnull=False).values_list("name", "paused_reason")
    return Vitals(
        oldest_due_push=_oldest_due_push(now),
        sync_age=None if None in syncs else max(each for each in syncs if each is not None),
        cluster_silence=now - beat.at if beat else None,
        paused=tuple(f"{name}: {reason}" for name, reason in paused),
    )


def _oldest_due_push(now: datetime) -> timedelta | None:
    due = Push.objects.waiting_to_go(now).order_by().aggregate(created=Min("created_at"), due=Min("next_attempt_at"))
    since = due["due"] or due["created"]
    return now - since if since else None


def _unapplied_migrations() -> int:
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _warnings(vitals: Vitals) -> Iterator[str]:
    if vitals.oldest_due_push and vitals.oldest_due_push > OLDEST_PUSH:
        yield f"pushes: the oldest waits {age(vitals.oldest_due_push)}"
    if vitals.sync_age is None:
        yield "sync: never ran to its end"
    elif vitals.sync_age > timedelta(hours=2):
        yield f"sync: {age(vitals.sync_age)} old"
    if vitals.cluster_silence is None or vitals.cluster_silence > CLUSTER_SILENCE:
        yield "worker: silent"
    for name in vitals.paused:
        yield f"channel paused: {name}"


def _as_json(vitals: Vitals) -> dict[str, Any]:
    return {
        "oldest_due_push_seconds": _seconds(vitals.oldest_due_push),
        "sync_age_seconds": _seconds(vitals.sync_age),
        "worker_silence_seconds": _seconds(vitals.cluster_silence),
    }


def _seconds(span: timedelta | None) -> float | None:
    return None if span is None else round(span.total_seconds(), 1)


def _may_read_metrics(request: HttpRequest) -> bool:
    if request.META.get("REMOTE_ADDR") in LOOPBACK and not any(name in request.headers for name in FORWARDED):
        return True
    try:
        found = TokenAuthentication().authenticate(request)
    except AuthenticationFailed:
        return False
    user = found[0] if found else request.user
    return bool(user.has_perm(MAY_READ_METRICS))


class HoldgateCollector:
    """Reads the figures from the tables at each scrape, so every process tells the same."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        now = timezone.now()
        yield from _by_status("holdgate_pushes", "Pushes by status.", Push.objects.all(), PushStatus.values)
        yield from _by_status("holdgate_mails", "Mails by status.", OutboundEmail.objects.all(), _states(OutboundEmail))
        vitals = measure(now)
        yield _gauge("holdgate_push_oldest_due_seconds", "How long the oldest due push waits.", vitals.oldest_due_push)
        yield _gauge("holdgate_sync_age_seconds", "Age of the oldest of the last good syncs.", vitals.sync_age)
        yield _gauge("holdgate_worker_silence_seconds", "Since the worker's last sign of life.", vitals.cluster_silence)
        yield GaugeMetricFamily("holdgate_channels_paused", "Paused channels.", value=len(vitals.paused))
        yield from _proposals(now)
        failing = VerifyResult.objects.failing().count()
        yield GaugeMetricFamily("holdgate_checks_failing", "Checks after runs that fail.", value=failing)


def _states(model: Any) -> list[str]:
    return [value for value, _label in model._meta.get_field("status").choices]


def _by_status(name: str, words: str, rows: QuerySet, states: list[str]) -> Iterator[GaugeMetricFamily]:
    counted = dict(rows.order_by().values_list("status").annotate(n=Count("pk")))
    family = GaugeMetricFamily(name, words, labels=["status"])
    for state in states:
        family.add_metric([state], counted.get(state, 0))
    yield family


def _gauge(name: str, words: str, span: timedelta | None) -> GaugeMetricFamily:
    """Without a value there is no sample: absent is not zero."""
    family = GaugeMetricFamily(name, words)
    if span is not None:
        family.add_metric([], span.total_seconds())
    return family


def _proposals(now: datetime) -> Iterator[GaugeMetricFamily]:
    waiting = ProposedAction.objects.awaiting_decision().aggregate(n=Count("pk"), oldest=Min("proposed_at"))
    yield GaugeMetricFamily("holdgate_proposals_pending", "Proposals that wait for a person.", value=waiting["n"])
    oldest = now - waiting["oldest"] if waiting["oldest"] else None
    yield _gauge("holdgate_proposal_oldest_seconds", "How long the oldest proposal waits.", oldest)
