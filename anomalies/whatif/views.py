"""The what-if pages: to look at, by GET; the change itself is proposed where it is always made."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib.admin.views.decorators import staff_member_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_safe

from anomalies.actions.rules import MAY as MAY_RULES
from anomalies.actions.rules import InvalidRule
from anomalies.models import AlertRule
from anomalies.rule_admin import FIELDS
from anomalies.whatif import formula_page, line_page, rule_page
from anomalies.whatif.comparison import SHOWN_ROWS, Comparison
from anomalies.whatif.forms import PERIODS, USUAL_PERIOD, FormulaForm, LineForm, PeriodForm, days_of
from customers.clock import business_today
from holds.actions.blocks import MAY as MAY_BLOCKS
from holds.models import HoldBlock
from holds.rules import Line
from workflows.actions.definitions import MAY as MAY_CONTRACTS
from workflows.exports import csv_answer
from workflows.views import render

SEES = ("anomalies.view_alert", MAY_RULES, MAY_BLOCKS, MAY_CONTRACTS)
EVERYBODY = "customers.view_every_customer"
TABS = (("line", "Hold line"), ("formula", "Formula of a hold block"), ("rule", "Alert rule"))
View = Callable[..., HttpResponseBase]


def guarded(view: View) -> View:
    """For staff who see alerts or may change a rule, and see every customer: a replay is about all of them."""

    @require_safe
    @staff_member_required
    def inner(request: HttpRequest, **more: Any) -> HttpResponseBase:
        user = request.user
        if not user.has_perm(EVERYBODY) or not any(user.has_perm(name) for name in SEES):
            raise PermissionDenied
        return view(request, **more)

    return inner


@guarded
def line(request: HttpRequest, *, csv: bool = False) -> HttpResponseBase:
    """Days overdue and AR balance from which on a hold is proposed."""
    contract = line_page.definition()
    now = line_page.line_in_force(contract)
    asked = _asked(request, days=now.days, amount=f"{now.amount.normalize():f}")
    form, tried = LineForm(asked), now
    if form.is_valid():
        tried = Line(form.cleaned_data["days"], form.cleaned_data["amount"])
    found = line_page.compare(now, tried, *days_of(_period(form), business_today())) if form.is_valid() else None
    if csv:
        return _csv("hold-line", found)
    fields = [
        _field(form, "days", "Days overdue, at least", f"In force: {now.days}."),
        _field(form, "amount", "AR balance, at least", f"In force: {now.amount.normalize():,f}, base currency."),
    ]
    change = _change(request, MAY_CONTRACTS, "workflows_workflowdefinition", contract.pk, asked, ("days", "amount"))
    return _page(
        request,
        "line",
        form,
        found,
        fields=fields,
        change=change,
        is_same=tried.days == now.days and tried.amount == now.amount,
    )


@guarded
def formula(request: HttpRequest, *, csv: bool = False) -> HttpResponseBase:
    """What a hold block's formula stops at the till."""
    blocks = list(HoldBlock.objects.order_by("pk"))
    block = _picked(blocks, request.GET.get("block", ""))
    asked = _asked(request, formula=block.formula, block=block.slug)
    form = FormulaForm(asked)
    text = form.cleaned_data["formula"] if form.is_valid() else ""
    found = formula_page.compare(block, text, *days_of(_period(form), business_today())) if form.is_valid() else None
    if csv:
        return _csv(f"formula-{block.slug}", found)
    change = _change(request, MAY_BLOCKS, "holds_holdblock", block.pk, asked, ("formula",))
    picks = [(one.slug, one.title) for one in blocks]
    return _page(
        request,
        "formula",
        form,
        found,
        change=change,
        picks=("block", "Hold block", picks, block.slug),
        text=_field(form, "formula", "Formula", f"In force: {block.formula}"),
        is_same=text == block.formula,
    )


@guarded
def rule(request: HttpRequest, *, csv: bool = False) -> HttpResponseBase:
    """The numbers of an alert rule."""
    rules = list(AlertRule.objects.all())
    row = _picked(rules, request.GET.get("rule", ""))
    names = rule_page.TRIED[row.comparison]
    asked = _asked(request, rule=row.slug, **{name: _plain(getattr(row, name)) for name in names})
    form, errors, found, tried = PeriodForm(asked), {}, None, row
    try:
        tried = rule_page.tried_rule(row, asked)
    except InvalidRule as refusal:
        errors = refusal.extra["errors"]
    if form.is_valid() and not errors:
        found = rule_page.compare(row, tried, *days_of(_period(form), business_today()))
    if csv:
        return _csv(f"rule-{row.slug}", found)
    titles = {name: (title, hint) for name, title, hint, _kinds in FIELDS}
    fields = [
        {
            "name": name,
            "title": titles[name][0],
            "hint": f"{titles[name][1]} In force: {_plain(getattr(row, name)) or 'none'}.",
            "value": asked.get(name, ""),
            "error": errors.get(name, ""),
        }
        for name in names
    ]
    picks = [(one.slug, one.title) for one in rules]
    change = _change(request, MAY_RULES, "anomalies_alertrule", row.pk, asked, names)
    return _page(
        request,
        "rule",
        form,
        found,
        change=change,
        fields=fields,
        picks=("rule", "Alert rule", picks, row.slug),
        is_same=all(getattr(tried, name) == getattr(row, name) for name in names),
    )


def _asked(request: HttpRequest, **usual: Any) -> dict[str, str]:
    """What is tried: as sent, otherwise what is in force."""
    sent = {name: value.replace("\x00", "") for name, value in request.GET.dict().items()}
    return {"period": str(USUAL_PERIOD), **{name: str(value) for name, value in usual.items()}, **sent}


def _period(form: PeriodForm) -> int:
    return int(form.cleaned_data.get("period") or USUAL_PERIOD)


def _picked(rows: list[Any], slug: str) -> Any:
    """The row of that name, the first without one. Raises Http404."""
    found = next((row for row in rows if row.slug == slug), None) if slug else next(iter(rows), None)
    if found is None:
        raise Http404
    return found


def _plain(value: Any) -> str:
    return "" if value is None else f"{value.normalize():f}" if hasattr(value, "normalize") else str(value)


def _field(form: Any, name: str, title: str, hint: str) -> dict[str, str]:
    error = form.errors.get(name)
    return {
        "name": name,
        "title": title,
        "hint": hint,
        "value": form.data.get(name, ""),
        "error": error[0] if error else "",
    }


def _change(
    request: HttpRequest, permission: str, model: str, pk: int, asked: dict[str, str], names: tuple[str, ...]
) -> str:
    """The page that makes the change, with these values filled in; "" for whoever may not make it."""
    if not request.user.has_perm(permission):
        return ""
    filled = urlencode({name: asked[name] for name in names if name in asked})
    return f"{reverse(f'admin:{model}_change', args=[pk])}?{filled}"


def _csv(name: str, found: Comparison | None) -> HttpResponseBase:
    """All rows that differ. Raises Http404 where nothing could be compared."""
    if found is None:
        raise Http404
    return csv_answer(f"what-if-{name}", found.heads, ([one.name, *one.cells] for one in found.rows()))


def _page(request: HttpRequest, tab: str, form: PeriodForm, found: Comparison | None, **more: Any) -> HttpResponseBase:
    rows = []
    if found:
        for one in found.rows():
            rows.append((one, list(zip(found.heads[1:], one.cells, strict=True))))
            if len(rows) == SHOWN_ROWS:
                break
    context = {
        "title": found.heading if found and not more["is_same"] else "What if a threshold were another?",
        "tab": tab,
        "tabs": [(name, words, reverse(f"what_if:{name}")) for name, words in TABS],
        "periods": PERIODS,
        "period": form.data.get("period", ""),
        "found": found,
        "rows": rows,
        "csv": f"{reverse(f'what_if:{tab}_csv')}?{urlencode(request.GET.dict())}",
        **more,
    }
    crumbs = [{"title": "What-if", "link": reverse("what_if:line")}, {"title": dict(TABS)[tab]}]
    return render(request, "whatif/page.html", context, crumbs=crumbs, status=200 if found else 400)
