"""Pages of the kernel inside the console: proposals, their progress, runs."""

from datetime import date
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_GET, require_POST, require_safe

from netsuite.errors import Refusal
from workflows import proposal_list, proposal_page, reauth
from workflows.actions import proposals
from workflows.models import ProposedAction
from workflows.progress import progress_of

PAGE = "admin:workflows_proposedaction_change"
VIEW = "workflows.view_proposedaction"


def render(
    request: HttpRequest, template: str, context: dict[str, Any], *, crumbs: list[dict[str, str]], status: int = 200
) -> HttpResponse:
    """A page of the console with its chrome. `crumbs` are title and link; the last one without link."""
    context = {**admin.site.each_context(request), "crumbs": crumbs, **context}
    return TemplateResponse(request, template, context, status=status)


def person(request: HttpRequest) -> User:
    """Who is signed in: the console lets nobody else in."""
    assert isinstance(request.user, User)
    return request.user


def seen_by(request: HttpRequest, permission: str) -> None:
    if not request.user.has_perm(permission):
        raise PermissionDenied


def proposal_of(request: HttpRequest, pk: int | str) -> ProposedAction:
    """The proposal, or 404 for one that this person may not know about."""
    seen_by(request, VIEW)
    if not str(pk).isdecimal():
        raise Http404
    rows: QuerySet[ProposedAction] = ProposedAction.objects.visible_to(person(request))
    return get_object_or_404(rows.select_related("customer__sales_rep", "run", "decided_by", "superseded_by"), pk=pk)


@require_safe
def proposals_list(request: HttpRequest) -> HttpResponse:
    seen_by(request, VIEW)
    return _list(request)


def _list(request: HttpRequest, **more: Any) -> HttpResponse:
    wanted = proposal_list.Wanted.from_query(request.GET)
    page = proposal_list.page_of(wanted, request.user)
    query = request.GET.copy()
    query.pop("after", None)
    filters = query.copy()
    filters.pop("status", None)
    context = {
        "title": "Proposals",
        "wanted": wanted,
        "page": page,
        "query": query.urlencode(),
        "filters": filters.urlencode(),
        "tabs": proposal_list.tabs(wanted, request.user),
        "types": proposal_list.types(),
        "risks": proposal_list.RISKS,
        "ages": proposal_list.AGES,
        "rows": [(row, proposal_list.title_of(row), proposal_list.in_bulk(row)) for row in page.rows],
        "any_bulk": any(proposal_list.in_bulk(row) for row in page.rows),
        "waiting_list": wanted.status in proposal_list.BIGGEST_FIRST,
        **more,
    }
    return render(request, "console/proposals.html", context, crumbs=[{"title": "Proposals"}])


@require_safe
def show(request: HttpRequest, pk: int | str) -> HttpResponse:
    proposal = proposal_of(request, pk)
    proposal_page.bring_up_to_date(proposal)
    return _page(request, proposal)


def _page(request: HttpRequest, proposal: ProposedAction, *, status: int = 200, **more: Any) -> HttpResponse:
    context = {
        **proposal_page.page_of(proposal, request.user),
        "password_needed": reauth.is_needed(request, proposal.risk_level),
        **more,
    }
    crumbs = [{"title": "Proposals", "link": "../../"}, {"title": str(proposal.customer or proposal)}]
    return render(request, "console/proposal.html", context, crumbs=crumbs, status=status)


def decide(request: HttpRequest, pk: int | str, verb: str) -> HttpResponse:
    """Approve, reject or defer what was shown; a refusal brings the page back with what was typed."""
    proposal = proposal_of(request, pk)
    if request.method != "POST":
        return redirect(PAGE, proposal.pk)  # a refused page that was loaded again
    try:
        if proposal.risk_level >= reauth.FROM_RISK:
            reauth.require_fresh_signin(request, request.POST.get("password", ""))
        proposals.DECISIONS[verb](proposal=proposal, by=person(request), **_decision(request, verb))
    except Refusal as refusal:
        fresh = proposal_of(request, pk)
        again = verb if fresh.status == "pending" and refusal.status != 409 else ""
        back = {"refusal": refusal, "reopen": again, "typed": proposal_page.kept(request.POST)}
        return _page(request, fresh, status=refusal.status, **back)
    return redirect(PAGE, proposal.pk)


def _decision(request: HttpRequest, verb: str) -> dict[str, Any]:
    version = request.POST.get("version", "")
    wish: dict[str, Any] = {
        "version": int(version) if version.isdecimal() else 0,
        "reason": request.POST.get("reason", "").replace("\x00", "").strip(),
    }
    if verb == "approve":
        return {**wish, "choice": request.POST.get("choice", "").replace("\x00", "")[:40]}
    return {**wish, "until": _until(request.POST.get("until", ""))} if verb == "defer" else wish


def _until(typed: str) -> date:
    try:
        day = parse_date(typed)
    except ValueError:
        day = None
    if day is None:
        raise Refusal("Pick the day on which it comes back.", code="invalid_date", status=400)
    return day


@require_GET
def progress(request: HttpRequest, pk: int | str) -> HttpResponse:
    """The beats, for the page that polls; 204 while nothing has changed since `seen`."""
    proposal = proposal_of(request, pk)
    found = progress_of(proposal)
    if request.GET.get("seen") == found.mark and not found.finished:
        return HttpResponse(status=204)
    context = {"proposal": proposal, "progress": found, "is_fragment": True}
    return TemplateResponse(request, "console/_progress.html", context)


@require_POST
def bulk(request: HttpRequest) -> HttpResponse:
    """Preview, then approve, up to 20 proposals of risk 1 and 2, each with the version that was shown."""
    seen_by(request, VIEW)
    items = [_item(value) for value in request.POST.getlist("item")]
    rows = (
        ProposedAction.objects.visible_to(person(request)).select_related("customer").in_bulk([pk for pk, _ in items])
    )
    items = [(pk, version) for pk, version in items if pk in rows]
    if request.POST.get("confirm"):
        try:
            proposals.approve_many(items=items, by=person(request), reason=request.POST.get("reason", ""))
            return HttpResponseRedirect("../")
        except Refusal as refusal:
            return _bulk_page(request, rows, items, refusal)
    return _bulk_page(request, rows, items, None)


def _bulk_page(
    request: HttpRequest, rows: dict[int, ProposedAction], items: list[tuple[int, int]], refusal: Refusal | None
) -> HttpResponse:
    chosen = [(rows[pk], version, proposal_list.title_of(rows[pk])) for pk, version in items]
    context = {"title": "Approve together", "chosen": chosen, "refusal": refusal, "limit": proposals.BULK_LIMIT}
    crumbs = [{"title": "Proposals", "link": "../"}, {"title": "Approve together"}]
    status = refusal.status if refusal else 200
    return render(request, "console/bulk.html", context, crumbs=crumbs, status=status)


def _item(value: str) -> tuple[int, int]:
    """`12:3` is proposal 12 as shown in version 3; nonsense matches nothing."""
    pk, _, version = value.partition(":")
    return (int(pk), int(version)) if pk.isdecimal() and version.isdecimal() else (0, 0)
