"""The alert rules in the console: a list, and a page to edit one, with its history."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group
from django.http import HttpRequest

from anomalies.actions import rules
from anomalies.definitions import METRICS
from anomalies.finding import fires
from anomalies.models import AlertRule
from netsuite.console import SeeOnly, choice_filter, choices_of

# Field, title, what it means; which comparisons ask for it.
FIELDS = (
    ("k", "k", "Fires above mean + k · σ.", ("sigma",)),
    ("window", "Days before", "The days the baseline is made of; the day itself is not.", ("sigma", "rise")),
    ("minimum_days", "Days needed", "With fewer days the rule says: not enough data.", ("sigma",)),
    ("threshold", "Line", "In the metric’s unit; a share as 0.85 for 85 %.", ("above", "rise")),
    ("floor", "Floor", "Never fires at or below this figure. Empty: no floor.", ("sigma", "above", "rise")),
    ("step", "Step where σ is 0", "Rise needed when all days before are equal.", ("sigma",)),
    ("step_second", "Step of the second metric", "It must rise by this as well.", ("sigma",)),
    ("for_days", "Days in a row", "So many days above the line before it fires.", ("sigma", "above", "rise")),
    ("keep_firing_days", "Quiet days", "So many days below before it closes by itself.", ("sigma", "above", "rise")),
)


@admin.register(AlertRule)
class RuleAdmin(SeeOnly):
    list_title = "Alert rules"
    empty = "No rules. They are declared in code and appear after a migration."
    heads = (("Rule", ""), ("State", ""), ("Fires", "hide"), ("Told", "hide"))
    row_template, page_template = "control/_alert_rule_row.html", "control/alert_rule.html"
    list_display = ("title", "enabled")
    list_filter = (choice_filter("comparison", "Kind", choices_of(AlertRule, "comparison")),)
    verbs = ("save",)

    def facts(self, request: HttpRequest, row: AlertRule) -> dict[str, Any]:
        sent = request.POST
        return {
            "seen": rules.version_of(row),
            "metric": METRICS.get(row.metric),
            "fires": fires(row),
            "fields": [_field(row, sent or request.GET, *field[:3]) for field in FIELDS if row.comparison in field[3]],
            "prefilled": not sent and any(field[0] in request.GET for field in FIELDS),
            "roles": _roles(row, sent),
            "enabled": "enabled" in sent if sent else row.enabled,
            "may_change": request.user.has_perm(rules.MAY),
            "history": row.history.select_related("history_user").order_by("-history_date", "-history_id")[:30],
            "explains": list(row.inhibits.all()),
        }

    def save(self, request: HttpRequest, row: AlertRule) -> None:
        sent = request.POST
        rules.change_rule(
            rule=row,
            seen=sent.get("seen", ""),
            values={name: sent.get(name, "") for name, *_ in FIELDS if name in sent},
            roles=sent.getlist("roles"),
            enabled="enabled" in sent,
            by=request.user,  # type: ignore[arg-type]
            reason=sent.get("reason", ""),
        )


def _field(row: AlertRule, sent: Any, name: str, title: str, hint: str) -> dict[str, Any]:
    value = getattr(row, name)
    shown = "" if value is None else f"{value.normalize():f}" if hasattr(value, "normalize") else value
    return {"name": name, "title": title, "hint": hint, "value": sent.get(name, shown)}


def _roles(row: AlertRule, sent: Any) -> list[tuple[str, bool]]:
    chosen = sent.getlist("roles") if sent else row.roles
    return [(name, name in chosen) for name in Group.objects.order_by("name").values_list("name", flat=True)]
