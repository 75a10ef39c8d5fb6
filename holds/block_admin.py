"""Hold blocks in the console: what the till's pages check and say, with a preview and whom a change touches."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from customers.clock import business_today
from customers.models import Employee
from holds import block_preview
from holds.actions import blocks as actions
from holds.block_impact import Impact, impact
from holds.formula import PRESETS, FormulaError, parse
from holds.models import HoldBlock
from netsuite.console import SeeOnly

MANAGERS = 300
BOOLEANS = ("allow_pin_override", "override_service_hold", "show_label")


@admin.register(HoldBlock)
class HoldBlockAdmin(SeeOnly):
    list_title = "Hold blocks"
    empty = "No hold blocks. They appear after a migration."
    heads = (("Page", ""), ("Mode", ""), ("Formula", "hide"), ("Applies to", "hide"), ("PIN override", ""))
    row_template, page_template = "control/_hold_block_row.html", "control/hold_block.html"
    list_display = ("title", "mode")
    verbs = ("preview", "review", "save")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).prefetch_related("managers_by_role", "managers_by_name")

    def facts(self, request: HttpRequest, row: HoldBlock) -> dict[str, Any]:
        values = typed(request, row)
        return {
            "values": values,
            "prefilled": not request.POST and values["formula"] != row.formula,
            "seen": actions.version_of(row),
            "may_change": request.user.has_perm(actions.MAY),
            "formula_error": formula_error(values["formula"]),
            "presets": PRESETS,
            "choices": {"mode": HoldBlock.MODES, "tenders": HoldBlock.TENDERS, "entity": HoldBlock.ENTITY_TYPES},
            "roles": Group.objects.order_by("name"),
            "managers": managers(row),
            "states": block_preview.states(draft(values, row), request.user),  # type: ignore[arg-type]
            "history": history(row),
        }

    def preview(self, request: HttpRequest, row: HoldBlock) -> HttpResponse:
        """What the block would say with what is typed now; nothing is saved."""
        values = typed(request, row)
        shown = {
            "states": block_preview.states(draft(values, row), request.user),  # type: ignore[arg-type]
            "formula_error": formula_error(values["formula"]),
            "values": values,
        }
        return TemplateResponse(request, "control/_hold_block_preview.html", {**shown, "is_live": True})

    def review(self, request: HttpRequest, row: HoldBlock) -> HttpResponse:
        """Before saving: how many customers change state, and which."""
        actions.require_seen(row, request.POST.get("seen", ""))
        return self.show(request, row, impact=_impact(request, row), opened="review", sent=request.POST)

    def show(self, request: HttpRequest, row: HoldBlock, status: int = 200, **context: Any) -> HttpResponse:
        """A missing reason is asked for in the dialog, which names again whom the change touches."""
        refusal = context.get("refusal")
        if refusal and refusal.code == "reason_required":
            context["impact"] = _impact(request, row)
        return super().show(request, row, status, **context)

    def save(self, request: HttpRequest, row: HoldBlock) -> None:
        sent = request.POST
        actions.change(
            block=row,
            seen=sent.get("seen", ""),
            values=typed(request, row),
            by=request.user,  # type: ignore[arg-type]
            reason=sent.get("reason", ""),
        )


def _impact(request: HttpRequest, row: HoldBlock) -> Impact:
    """Raises FormulaError and InvalidBlock."""
    return impact(row, draft(actions.check(typed(request, row)), row), today=business_today())


def typed(request: HttpRequest, row: HoldBlock) -> dict[str, Any]:
    """The settings as typed, or as saved where nothing was sent; an address may fill in the formula."""
    sent = request.POST
    if not sent:
        people: dict[str, Any] = {"managers_by_role": list(row.managers_by_role.all())}
        people["managers_by_name"] = list(row.managers_by_name.all())
        saved = {**{name: getattr(row, name) for name in actions.SETTINGS}, **people}
        return {**saved, "formula": request.GET.get("formula", row.formula)}
    values: dict[str, Any] = {name: sent.get(name, "").replace("\r\n", "\n").strip() for name in actions.SETTINGS}
    values |= {name: name in sent for name in BOOLEANS}
    roles, names = (sent.getlist(name) for name in ("managers_by_role", "managers_by_name"))
    values["managers_by_role"] = list(Group.objects.filter(pk__in=_numbers(roles)))
    values["managers_by_name"] = list(Employee.objects.filter(pk__in=_numbers(names)))
    return values


def _numbers(texts: list[str]) -> list[int]:
    return [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 19]


def draft(values: dict[str, Any], row: HoldBlock) -> HoldBlock:
    """The block as it would be; never saved."""
    return HoldBlock(pk=row.pk, slug=row.slug, page=row.page, **{name: values[name] for name in actions.SETTINGS})


def formula_error(text: str) -> dict[str, Any] | None:
    """What is wrong with a formula, with the line it stands on and how far in."""
    try:
        parse(text)
    except FormulaError as error:
        lines = text.split("\n")
        said = lines[error.line - 1] if error.line <= len(lines) else ""
        return {"detail": error.detail, "said": said, "pad": " " * (error.column - 1)}
    return None


def managers(row: HoldBlock) -> QuerySet[Employee]:
    """Who can be named: everybody with a PIN, and who is named already."""
    able = Q(is_inactive=False) & ~Q(pin_hashes={})
    return Employee.objects.filter(able | Q(pk__in=row.managers_by_name.all())).distinct()[:MANAGERS]


def history(row: HoldBlock) -> list[dict[str, Any]]:
    """Each change with what was before and after, newest first."""
    records = list(row.history.select_related("history_user").order_by("-history_id")[:20])
    managers, pairs = _managers_of(records), zip(records, [*records[1:], None], strict=True)
    found = [{"record": new, "changes": _changes(old, new, managers) if old else []} for new, old in pairs]
    return [one for one in found if one["changes"] or one["record"].history_type == "+"]


def _changes(older: Any, newer: Any, managers: Mapping[int, list[str]]) -> list[tuple[str, Any, Any]]:
    named = [(name, str(HoldBlock._meta.get_field(name).verbose_name)) for name in actions.SETTINGS]  # type: ignore[union-attr]
    pairs = [(title[:1].upper() + title[1:], getattr(older, name), getattr(newer, name)) for name, title in named]
    before, after = (", ".join(sorted(managers[one.pk])) for one in (older, newer))
    pairs.append(("Managers", before, after))
    return [(title, _word(before), _word(after)) for title, before, after in pairs if before != after]


def _managers_of(records: list[Any]) -> dict[int, list[str]]:
    """Roles and people who may authorise, by row of history."""
    found: dict[int, list[str]] = {record.pk: [] for record in records}
    for relation, name in (("managers_by_role", "group"), ("managers_by_name", "employee")):
        rows = getattr(HoldBlock.history.model, relation).model.objects.filter(history__in=records)
        for one in rows.select_related(name):
            found[one.history_id].append(str(getattr(one, name)))
    return found


def _word(value: Any) -> str:
    return {True: "yes", False: "no", "": "none"}.get(value, str(value))
