"""What every list and page of the console shares: look, never edit; each button is a POST that calls an action."""

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from django.contrib.admin import SimpleListFilter
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.functional import cached_property
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin

from netsuite.errors import Refusal

COUNT_CAP = 10_000


class InvalidInput(Refusal):
    """A form that does not hold; `extra["errors"]` has the sentences by field."""

    code = "invalid"
    status = 400


def cleaned(form: BaseForm) -> dict[str, Any]:
    """The form's values. Raises InvalidInput with the errors by field."""
    if form.is_valid():
        return form.cleaned_data
    errors = {name: str(found[0]) for name, found in form.errors.items()}
    raise InvalidInput(next(iter(errors.values())), errors=errors)


class CappedPaginator(Paginator):
    """Counts no further than the cap: a list of 100,000 rows opens as fast as one of ten."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return rows.order_by()[: COUNT_CAP + 1].count()

    @property
    def is_capped(self) -> bool:
        return self.count > COUNT_CAP


def choices_of(model: type[Model], name: str) -> list[tuple[str, str]]:
    """The values that a field may have, with their words."""
    field: Any = model._meta.get_field(name)
    return list(field.choices or ())


Lookups = Iterable[tuple[str, str]]


def choice_filter(
    name: str, label: str, choices: Lookups | Callable[[HttpRequest], Lookups], lookup: str | Callable = ""
) -> type[SimpleListFilter]:
    """A filter of a list: `lookup` is the field (default `name`), or a function of queryset and value."""

    class ChoiceFilter(SimpleListFilter):
        title, parameter_name = label, name

        def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
            return list(choices(request) if callable(choices) else choices)

        def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
            value = self.value()
            if not value:
                return queryset
            return lookup(queryset, value) if callable(lookup) else queryset.filter(**{lookup or name: value})

    return ChoiceFilter


class SeeOnly(ModelAdmin):
    """A list and a page of rows that nobody adds, edits or deletes by form.

    `heads` are the list's column titles, each with a class; the rows come from `row_template`. `verbs` name
    methods `verb(request, row)` and `list_verbs` methods `verb(request)`, reached by POST; a Refusal shows the page
    again, with what was typed.
    """

    heads: ClassVar[tuple[tuple[str, str], ...]] = ()
    row_template: ClassVar[str] = ""
    page_template: ClassVar[str] = ""
    list_title: ClassVar[str] = ""
    empty: ClassVar[str] = "Nothing here."
    verbs: ClassVar[tuple[str, ...]] = ()
    list_verbs: ClassVar[tuple[str, ...]] = ()

    change_list_template = "control/list.html"
    paginator = CappedPaginator
    show_full_result_count = False
    list_per_page = 50
    list_fullwidth = True
    actions = None

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """A sales rep finds their own customers' rows only."""
        rows = super().get_queryset(request)
        return rows.visible_to(request.user) if hasattr(rows, "visible_to") else rows

    def get_urls(self) -> list[URLPattern]:
        wrap, base = self.admin_site.admin_view, f"{self.opts.app_label}_{self.opts.model_name}"
        of_list = [path(f"do/{verb}/", wrap(self._list_verb(verb)), name=f"{base}_{verb}") for verb in self.list_verbs]
        of_row = [
            path(f"<path:object_id>/{verb}/", wrap(self._row_verb(verb)), name=f"{base}_{verb}") for verb in self.verbs
        ]
        return [*of_list, *of_row, *super().get_urls()]

    def row(self, request: HttpRequest, object_id: str) -> Model:
        """The row, when this person may see it. Raises PermissionDenied, Http404."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        return row

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        return self.show(request, self.row(request, object_id))

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        return HttpResponseRedirect(f"{self.address(self.row(request, object_id))}#history")

    def show(self, request: HttpRequest, row: Any, status: int = 200, **context: Any) -> HttpResponse:
        """The row's page. `sent`, `refusal` and `opened` (a verb) come with a refused POST."""
        filled = {"title": str(row), "row": row, **self.facts(request, row), **context}
        list_page = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        filled.setdefault("crumbs", [{"title": self.list_title, "link": list_page}, {"title": filled["title"]}])
        return self.page(request, self.page_template, status=status, **filled)

    def facts(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """What the page shows beside the row."""
        return {}

    def page(self, request: HttpRequest, template: str, status: int = 200, **context: Any) -> HttpResponse:
        shared = {**self.admin_site.each_context(request), "opts": self.opts, "sent": {}, "opened": ""}
        return TemplateResponse(request, template, {**shared, **context}, status=status)

    def address(self, row: Model) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[row.pk])

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        extra = {"title": self.list_title, "crumbs": [{"title": self.list_title}], "sent": {}, "opened": ""}
        extra |= {"empty": self.empty, "row_template": self.row_template, **self.list_facts(request)}
        response = super().changelist_view(request, {**extra, **(extra_context or {})})
        found = getattr(response, "context_data", None)
        if found and "cl" in found:
            found |= {"heads": self._heads(found["cl"]), "pages": _pages(found["cl"])}
        return response

    def list_facts(self, request: HttpRequest) -> dict[str, Any]:
        """What the list shows beside its rows."""
        return {}

    def _heads(self, cl: Any) -> list[dict[str, str]]:
        """Titles, with the link that sorts where the column can be sorted."""
        sorted_by, heads = cl.get_ordering_field_columns(), []
        for index, (title, css) in enumerate(self.heads):
            able = index < len(self.list_display) and cl.get_ordering_field(self.list_display[index])
            direction = sorted_by.get(index, "")
            link = cl.get_query_string({"o": f"-{index}" if direction == "asc" else str(index)}, ["p"]) if able else ""
            heads.append({"title": title, "css": css, "link": link, "sort": direction})
        return heads

    def _row_verb(self, verb: str) -> Callable[..., HttpResponse]:
        @require_POST
        def view(request: HttpRequest, object_id: str) -> HttpResponse:
            row = self.row(request, object_id)
            try:
                return getattr(self, verb)(request, row) or HttpResponseRedirect(self.address(row))
            except Refusal as refusal:
                fresh = self.row(request, object_id)
                return self.show(request, fresh, refusal.status, refusal=refusal, sent=request.POST, opened=verb)

        return view

    def _list_verb(self, verb: str) -> Callable[..., HttpResponse]:
        here = f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"

        @require_POST
        def view(request: HttpRequest) -> HttpResponse:
            if not self.has_view_permission(request):
                raise PermissionDenied
            try:
                return getattr(self, verb)(request) or HttpResponseRedirect(reverse(here))
            except Refusal as refusal:
                shown = {"refusal": refusal, "sent": request.POST, "opened": verb}
                request.method = "GET"
                response = self.changelist_view(request, shown)
                response.status_code = refusal.status
                return response

        return view


def _pages(cl: Any) -> dict[str, Any]:
    page = cl.paginator.get_page(cl.page_num)
    return {
        "number": page.number,
        "last": cl.paginator.num_pages,
        "first_row": page.start_index(),
        "last_row": page.end_index(),
        "count": min(cl.paginator.count, COUNT_CAP),
        "capped": cl.paginator.is_capped,
        "newer": cl.get_query_string({"p": page.number - 1}) if page.has_previous() else "",
        "older": cl.get_query_string({"p": page.number + 1}) if page.has_next() else "",
    }
