"""The triage inbox in the console: read a mail, say what it is, take it back; every button calls an action."""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_GET
from django_q.models import Task

from customers.models import Customer
from disputes import mail_files, triage_list, triage_page, triage_words
from disputes.actions import desk
from disputes.actions.intake import MAY_ADD, record_call
from disputes.actions.triage import correct
from disputes.finding import customer_called
from disputes.forms import CallForm
from disputes.models import InboundEmail
from disputes.triage_list import Wanted
from netsuite.console import SeeOnly, cleaned

# How long a page that asked for another reading waits for it before it says that nothing has changed.
READING_SECONDS = 20
FETCH = "disputes.tasks.fetch_mail"


@admin.register(InboundEmail)
class TriageAdmin(SeeOnly):
    list_title, page_template = "Triage", "control/triage.html"
    verbs, list_verbs = ("yes", "correct", "undo", "again"), ("call",)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        rows = super().get_queryset(request)
        return rows.select_related("customer__sales_rep").defer("raw", "features")

    def get_urls(self) -> list[URLPattern]:
        wrap, base = self.admin_site.admin_view, "disputes_inboundemail"

        def of_mail(name: str, view: Callable[..., HttpResponse], more: str = "") -> URLPattern:
            return path(f"<int:object_id>/{name}/{more}", wrap(require_GET(view)), name=f"{base}_{name}")

        looks = [
            of_mail("html", lambda request, object_id: mail_files.framed(self._mail(request, object_id))),
            of_mail("original", lambda request, object_id: mail_files.original(self._mail(request, object_id))),
            of_mail("file", self._file, "<int:number>/"),
            of_mail("invoices", self.invoices),
            of_mail("state", self.state),
        ]
        return [*looks, *super().get_urls()]

    # --- pages -----------------------------------------------------------------------------------

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The inbox, with the first mail of the list beside it."""
        user: Any = request.user
        if not self.has_view_permission(request):
            raise PermissionDenied
        wanted = Wanted.from_query(request.GET)
        shown = triage_list.inbox(wanted, user)
        page: Any = shown["page"]
        first = self.get_queryset(request).filter(pk=page.rows[0].pk).first() if page.rows else None
        mail = self._of_mail(request, first, wanted) if first else {"row": None}
        context = {"at_list": True, **self._frame(request), **shown, **mail, "crumbs": [{"title": self.list_title}]}
        return self.page(request, self.page_template, **{**context, **(extra_context or {})})

    def facts(self, request: HttpRequest, row: InboundEmail) -> dict[str, Any]:
        wanted = Wanted.from_query(request.GET)
        user: Any = request.user
        shown = {**self._frame(request), **triage_list.inbox(wanted, user)}
        list_page = self._list_address() + (f"?{wanted.query}" if wanted.query else "")
        crumbs = [{"title": self.list_title, "link": list_page}, {"title": row.subject or "No subject"}]
        return {**shown, **self._of_mail(request, row, wanted), "window_title": str(row), "crumbs": crumbs}

    def _frame(self, request: HttpRequest) -> dict[str, Any]:
        """What stands around the list and the mail."""
        user: Any = request.user
        return {
            **triage_list.heading(user),
            "may_call": user.has_perm(MAY_ADD),
            "may_sort": user.has_perm(desk.MAY),
            "words": triage_words,
            "mailbox": _mailbox(),
            **self._done(request),
        }

    def _of_mail(self, request: HttpRequest, row: InboundEmail, wanted: Wanted) -> dict[str, Any]:
        user: Any = request.user
        picked = request.POST.get("invoice", "") or request.GET.get("invoice", "")
        newer, older = triage_list.neighbours(wanted, user, row)
        asked = request.GET.get("asked", "")
        return {
            **triage_page.page_of(row, user, picked),
            "row": row,
            "query": wanted.query,
            "newer": newer,
            "older": older,
            "asked": asked if asked.isdecimal() else "",
            "reread": request.GET.get("read", ""),
            "reading": row.status == "received" or bool(asked),
        }

    def _done(self, request: HttpRequest) -> dict[str, Any]:
        """The mail that was decided a moment ago, to tell what came of it and to take it back."""
        pk = request.GET.get("done", "")
        row = self.get_queryset(request).filter(pk=int(pk)).first() if pk.isdecimal() and len(pk) < 18 else None
        if row is None or not row.decided_by:
            return {"done": None}
        dispute = row.disputes.order_by("-pk").first()
        return {"done": row, "done_kind": triage_words.kind(row), "done_dispute": dispute}

    # --- buttons ---------------------------------------------------------------------------------

    def yes(self, request: HttpRequest, row: InboundEmail) -> HttpResponse:
        invoice = triage_page.picked_invoice(row, request.POST.get("invoice", ""))
        desk.agree(email=row, seen=request.POST.get("seen", ""), invoice=invoice, by=request.user)  # type: ignore[arg-type]
        return self._on(request, row)

    def correct(self, request: HttpRequest, row: InboundEmail) -> HttpResponse:
        """Another kind or reason, said by a person; of a customer when nobody knows the sender."""
        given = {name: request.POST.get(name, "") for name in ("classification", "reason", "sub_reason")}
        if given["reason"] != "other":
            given["sub_reason"] = ""
        correct(
            email=row,
            invoice=triage_page.picked_invoice(row, request.POST.get("invoice", "")),
            customer=_customer(request, row),
            by=request.user,  # type: ignore[arg-type]
            **given,
        )
        return self._on(request, row)

    def undo(self, request: HttpRequest, row: InboundEmail) -> None:
        desk.take_back(email=row, by=request.user)  # type: ignore[arg-type]

    def again(self, request: HttpRequest, row: InboundEmail) -> HttpResponse:
        """Read it once more; the page follows."""
        desk.read_again(email=row, by=request.user)  # type: ignore[arg-type]
        return HttpResponseRedirect(f"{self.address(row)}?asked={int(time.time())}")

    def call(self, request: HttpRequest) -> HttpResponse:
        """Write down a phone call; it is sorted like a mail."""
        wish = cleaned(CallForm(request.POST))
        customer = customer_called(request.user, wish.pop("customer"))
        email = record_call(customer=customer, by=request.user, now=timezone.now(), **wish)  # type: ignore[arg-type]
        return HttpResponseRedirect(self.address(email))

    def _on(self, request: HttpRequest, row: InboundEmail) -> HttpResponse:
        """To the next mail of the list, with what was done on top."""
        user: Any = request.user
        wanted = Wanted.from_query(request.GET)
        pk = triage_list.after(wanted, user, row)
        page = reverse("admin:disputes_inboundemail_change", args=[pk]) if pk else self._list_address()
        return HttpResponseRedirect(f"{page}?{wanted.query}{'&' if wanted.query else ''}done={row.pk}")

    def _list_address(self) -> str:
        return reverse("admin:disputes_inboundemail_changelist")

    # --- parts -----------------------------------------------------------------------------------

    def invoices(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Invoices that fit what is typed, each a link that picks it."""
        row, words = self._mail(request, object_id), request.GET.get("find", "")[:100]
        found = triage_page.search(row, words, request.user)
        context = {"row": row, "found": found, "typed": words, "query": Wanted.from_query(request.GET).query}
        return TemplateResponse(request, "control/_triage_invoices.html", context)

    def state(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """204 while the mail is as the page shows it; then where to go."""
        row, here = self._mail(request, object_id), Wanted.from_query(request.GET).query
        page = f"{self.address(row)}?{here}{'&' if here else ''}"
        if request.GET.get("seen") != f"{desk.seen_of(row)}:{row.run_id}":
            return HttpResponse(status=204, headers={"HX-Redirect": f"{page}read=new"})
        asked = request.GET.get("asked", "")
        if asked.isdecimal() and time.time() - int(asked) > READING_SECONDS:
            return HttpResponse(status=204, headers={"HX-Redirect": f"{page}read=same"})
        return HttpResponse(status=204)

    def _file(self, request: HttpRequest, object_id: int, number: int) -> HttpResponse:
        return mail_files.attachment(self._mail(request, object_id), number)

    def _mail(self, request: HttpRequest, object_id: int) -> InboundEmail:
        row = self.row(request, str(object_id))
        assert isinstance(row, InboundEmail)
        return row


def _customer(request: HttpRequest, row: InboundEmail) -> Customer | None:
    typed = request.POST.get("customer", "").strip()
    return customer_called(request.user, typed) if typed and row.customer_id is None else None


def _mailbox() -> dict[str, Any]:
    """When the mailbox was last read, and whether the newest try failed."""
    if not settings.IMAP_URL:
        return {}
    newest = Task.objects.filter(func=FETCH).order_by("-stopped").values_list("stopped", "success").first()
    if newest is None:
        return {}
    read: datetime = newest[0]
    return {"at": read, "failed": not newest[1]}
