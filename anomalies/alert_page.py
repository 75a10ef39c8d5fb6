"""All that stands on an alert's page, gathered before it is drawn. Base currency."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from itertools import groupby
from typing import Any

from django.db.models import Count
from django.urls import reverse

from anomalies import chart, finding, group, order_acts, plans
from anomalies.definitions import METRICS
from anomalies.held_orders import REASONS, aged_invoices, over_limit
from anomalies.models import Alert
from anomalies.models.alerts import OPEN
from anomalies.order_acts import EXTENSION_DAYS
from anomalies.order_standing import OrderStanding, standings
from anomalies.rules import Point
from customers.clock import business_today
from customers.models import Customer, Employee
from holds.actions.pauses import GRACE_DAYS
from workflows.models import AutoDecision, ProposedAction
from workflows.wording import count, listing, money

A_PAGE = 20
SHOWN_POINTS = 31
SHOWN_SEGMENTS = 6
MAY_STAGE = {"grace": "holds.add_pause", "limit": "holds.add_limitextension", "calls": "anomalies.handle_alert"}
NO_RIGHT = {"grace": "AR grants pauses.", "limit": "AR or the credit committee proposes limits.", "calls": ""}


@dataclass(frozen=True)
class OrderRow:
    """One blocked order as the table shows it."""

    order: Mapping[str, Any]
    customer: Customer | None
    reason: str
    below: str
    standing: OrderStanding

    @property
    def where(self) -> str:
        return " · ".join(part for part in (self.order["tier"], self.order["region"]) if part)


def page_of(alert: Alert, user: Any, query: Mapping[str, str]) -> dict[str, Any]:
    """The template's context."""
    today, orders = business_today(), group.orders_of(alert)
    is_open = alert.status in OPEN
    blocked = group.still_blocked(orders) if orders else set()
    return {
        "title": finding.heading(alert),
        "is_open": is_open,
        "may": is_open and user.has_perm("anomalies.handle_alert"),
        "asleep": alert.snoozed_until,
        "metric": METRICS.get(alert.rule_as_was["metric"]),
        "sent_to": sent_to(alert),
        "decisions": decisions(alert),
        "staged": staged(alert),
        **picture(alert),
        **(wave_of(alert) if "wave" in alert.payload else {}),
        **(recommended(alert, orders, blocked, user, query, today) if is_open and orders else {}),
        **order_table(alert, orders, blocked, query, today),
        "acts": order_acts.offered(user, partial(_address, alert)) if is_open else {},
        **order_acts.dialog_facts(today),
    }


def _address(alert: Alert, verb: str) -> str:
    return reverse(f"admin:anomalies_alert_{verb}", args=[alert.pk])


def picture(alert: Alert) -> dict[str, Any]:
    """The drawing, the same as rows, and one line that explains the marks."""
    metric, found = alert.rule_as_was["metric"], alert.payload.get("baseline")
    points = points_of(alert)[-SHOWN_POINTS:]
    band = None
    if found and alert.rule_as_was["comparison"] == "sigma":
        half = Decimal(alert.rule_as_was["k"]) * Decimal(found["sigma"])
        band = chart.Band(Decimal(found["mean"]), half)
    said = f"{finding.heading(alert)}. {line_words(alert)[:1].upper()}{line_words(alert)[1:]}."
    return {
        "drawing": chart.draw(metric, points, line=alert.line, band=band, finding=said),
        "points": [(point.day, finding.figure(metric, point.value)) for point in reversed(points)],
        "line_words": line_words(alert),
        "marks": marks(alert),
    }


def points_of(alert: Alert) -> list[Point]:
    stored = alert.payload.get("points", [])
    return [Point(date.fromisoformat(when), Decimal(value)) for when, value in stored]


def line_words(alert: Alert) -> str:
    """`fires above mean + 2 σ = 30`."""
    rule, line = alert.rule_as_was, finding.figure(alert.rule_as_was["metric"], alert.line)
    if rule["comparison"] == "sigma" and alert.payload.get("baseline"):
        if not Decimal(alert.payload["baseline"]["sigma"]):
            return f"fires from {line}: all days before are equal"
        return f"fires above mean + {Decimal(rule['k']).normalize():f} σ = {line}"
    if rule["comparison"] == "rise":
        return f"fires above {line}: the figure {rule['window']} days before + {Decimal(rule['threshold']):g}"
    return f"fires above {line}"


def marks(alert: Alert) -> str:
    found, metric = alert.payload.get("baseline"), alert.rule_as_was["metric"]
    if not found or alert.rule_as_was["comparison"] != "sigma":
        return "Dashed: the line. Red: the day that crossed it."
    mean, sigma = Decimal(found["mean"]), Decimal(found["sigma"])
    said = [f"Grey: mean {finding.figure(metric, mean)} ± {Decimal(alert.rule_as_was['k']).normalize():f} σ,"]
    said.append(f"σ = {sigma:,.1f}, over {count(found['days'], 'day')}.")
    beside = []
    if alert.payload.get("robust_z"):
        beside.append(f"median/MAD z {Decimal(alert.payload['robust_z']):.1f}")
    if alert.payload.get("weekday_mean") and sigma:
        apart = (alert.value - Decimal(alert.payload["weekday_mean"])) / sigma
        beside.append(f"by weekday {finding.sigma_words(apart)}")
    return " ".join([*said, *([f"Beside it: {', '.join(beside)}."] if beside else [])])


def wave_of(alert: Alert) -> dict[str, Any]:
    """What only a credit hold spike has."""
    wave = alert.payload["wave"]
    return {
        "compared": compared(alert, wave),
        "flow": wave["flow"],
        "policy": [{**row, "day": row["at"][:10]} for row in wave["policy"]],
        "window_start": alert.date - timedelta(days=30),
        "dso": _dso(wave["dso"]),
        "segments": segments(wave["concentration"]),
        "concentrates": concentrates(wave["concentration"]),
    }


def compared(alert: Alert, wave: Mapping[str, Any]) -> list[dict[str, str]]:
    """Each measure today, usually, and the change: in σ for what the rule judges, in per cent otherwise."""
    rows = []
    for row in wave["compared"]:
        metric = row["metric"]
        own = metric == alert.rule_as_was["metric"] and alert.payload.get("sigmas")
        usual = finding.figure(metric, row["mean"])
        if own and alert.payload.get("baseline"):
            usual = f"{usual} ± {Decimal(alert.payload['baseline']['sigma']):,.0f}"
        rows.append(
            {
                "title": row["title"],
                "below": f"7-day mean {finding.figure(metric, row['week'], decimals=1)}",
                "today": finding.figure(metric, row["today"]),
                "usual": usual,
                "change": finding.sigma_words(alert.payload["sigmas"]) if own else finding.change_words(row["change"]),
            }
        )
    return rows


def _dso(effect: Mapping[str, Any] | None) -> str:
    if effect is None or effect["rise"] is None:
        return "not enough data"
    rise, extra = Decimal(effect["rise"]), Decimal(effect["extra"])
    if not extra:
        return "none: no more is blocked than usual"
    return f"+{rise:.1f} days, if {money(extra, cents=False)} above the usual is not billed in 30 days"


def segments(stored: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Groups of the affected customers, the least likely first, with their share of everybody."""
    shown = stored[:SHOWN_SEGMENTS]
    reps = {row["value"] for row in shown if row["dimension"] == "rep"}
    names = {rep.netsuite_id: rep.name for rep in Employee.objects.filter(netsuite_id__in=reps)} if reps else {}
    return [
        {
            **row,
            "group": f"{plans.DIMENSION_WORDS[row['dimension']]}: {names.get(row['value'], row['value'])}",
            "width": round(row["share"] * 100),
            "mark": round(row["expected"] * 100),
            "words": finding.chance_words(row["chance"], stands_out=row["stands_out"]),
        }
        for row in shown
    ]


def concentrates(stored: Sequence[Mapping[str, Any]]) -> str:
    """The heading: which group stands out, or that none does."""
    named = plans.standing_out(stored)  # type: ignore[arg-type]
    if named is None:
        return "It does not concentrate: no group stands out"
    return f"Where it concentrates: {named['hit']} of {named['drawn']} customers are {named['value']}"


def recommended(
    alert: Alert,
    orders: Sequence[dict[str, Any]],
    blocked: set[int],
    user: Any,
    query: Mapping[str, str],
    today: date,
) -> dict[str, Any]:
    """The plans, and the one that is previewed with each customer."""
    mine = [order for order in orders if order["id"] in blocked]
    found = group.members(mine, today=today, before=alert.date)
    named = plans.standing_out(alert.payload["wave"]["concentration"]) if "wave" in alert.payload else None
    offered = plans.recommend(found, named, group.tiers_by_limit())
    chosen = next((plan for plan in offered if plan.kind == query.get("plan")), offered[0] if offered else None)
    return {
        "plans": [(plan, summary(plan), user.has_perm(MAY_STAGE[plan.kind])) for plan in offered],
        "chosen": chosen,
        "may_stage": bool(chosen and user.has_perm(MAY_STAGE[chosen.kind])),
        "no_right": NO_RIGHT[chosen.kind] if chosen else "",
        "outlook": outlook(chosen) if chosen else "",
        "last_day": today + timedelta(days=GRACE_DAYS if chosen and chosen.kind == "grace" else EXTENSION_DAYS),
        "already": already(found, chosen) if chosen else set(),
    }


def summary(plan: plans.Plan) -> str:
    """`22 customers, $836,700.` and what happens."""
    said = f"{count(len(plan.members), 'customer').capitalize()}, {money(plan.value, cents=False)}."
    return f"{said} {plan.words}".strip() if plan.words else f"{said} {outlook(plan)}"


def outlook(plan: plans.Plan) -> str:
    """How many of the group would pay in time, by their own habits."""
    if plan.kind != "grace":
        return ""
    said = f"{plan.prompt} of the {len(plan.members)} paid within 5 days of due in earlier months"
    return f"{said}, so about {plan.remaining} would stay on hold."


def already(found: Sequence[group.Member], plan: plans.Plan) -> set[int]:
    """Who has such a proposal open. One query."""
    types = {"grace": "grace_period", "limit": "limit_extension", "calls": "priority_collection"}
    rows = ProposedAction.objects.open().filter(action_type=types[plan.kind])
    return set(rows.filter(customer__in=[m.customer for m in found]).values_list("customer", flat=True))


def order_table(
    alert: Alert, orders: Sequence[dict[str, Any]], blocked: set[int], query: Mapping[str, str], today: date
) -> dict[str, Any]:
    """One page of the orders, largest first."""
    typed = query.get("page", "1")
    pages = max(1, -(-len(orders) // A_PAGE))
    number = min(max(int(typed) if typed.isdecimal() and len(typed) < 6 else 1, 1), pages)
    shown = orders[(number - 1) * A_PAGE : number * A_PAGE]
    total = sum((Decimal(order["value"]) for order in orders), Decimal(0))
    part = sum((Decimal(order["value"]) for order in shown), Decimal(0))
    return {
        "orders": order_rows(shown, blocked, today),
        "orders_count": len(orders),
        "orders_words": f"{len(shown)} of {len(orders)} shown, {_of(part, total)}.",
        "previous_page": number - 1,
        "next_page": number + 1 if number < pages else 0,
    }


def _of(part: Decimal, total: Decimal) -> str:
    return f"{money(part, cents=False)} of {money(total, cents=False)}"


def order_rows(shown: Sequence[dict[str, Any]], blocked: set[int], today: date) -> list[OrderRow]:
    customers = Customer.objects.in_bulk({order["customer"] for order in shown})
    aged = aged_invoices(list(customers), today) if shown else {}
    found = standings(shown, blocked, today)
    return [
        OrderRow(
            order,
            customers.get(order["customer"]),
            REASONS.get(order["reason"], order["reason"]),
            _below(order, customers.get(order["customer"]), aged),
            found[order["id"]],
        )
        for order in shown
    ]


def _below(order: Mapping[str, Any], customer: Customer | None, aged: Mapping[int, int]) -> str:
    if customer is None:
        return ""
    over = over_limit(customer)
    if order["reason"] == "over-limit" and over is not None and over > 0:
        return f"by {money(over, cents=False)} of {money(customer.credit_limit or 0, cents=False)}"
    if order["reason"] == "past-due-aged" and aged.get(customer.pk):
        return f"{count(aged[customer.pk], 'invoice')} over 60 days"
    return ""


def sent_to(alert: Alert) -> str:
    """Who was told, and who was not."""
    rows = list(alert.notices.select_related("user").order_by("pk"))
    if not rows:
        return "nobody: no one with an address has these roles"
    told = [row.user.get_username() for row in rows if row.sent_at]
    waiting = [row.user.get_username() for row in rows if not row.sent_at and not row.claimed_at]
    lost = [row.user.get_username() for row in rows if not row.sent_at and row.claimed_at]
    parts = [listing(told)] if told else []
    parts += [f"{listing(waiting)} with the next mail"] if waiting else []
    parts += [f"not known for {listing(lost)}"] if lost else []
    return "; ".join(parts)


def decisions(alert: Alert) -> list[AutoDecision]:
    """What people did with it, newest first."""
    return list(AutoDecision.objects.filter(entity_ref=f"alert:{alert.pk}").order_by("-pk")[:30])


def staged(alert: Alert) -> list[dict[str, Any]]:
    """Proposals made from this alert: how many of each kind, and how they stand."""
    rows = ProposedAction.objects.filter(evidence__alert=alert.pk).order_by("action_type", "status")
    found = rows.values("action_type", "status").annotate(n=Count("pk"))
    return [
        {"type": kind, "title": kind.replace("_", " ").capitalize(), "states": list(states)}
        for kind, states in groupby(found, key=lambda row: row["action_type"])
    ]
