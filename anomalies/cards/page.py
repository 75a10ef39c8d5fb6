"""All that stands on a card's page, gathered before it is drawn. Base currency."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse
from django.utils.safestring import SafeString

from anomalies import chart, finding, group, order_acts
from anomalies.cards import paging, segments
from anomalies.cards.asked import filters_of
from anomalies.cards.base import MARKS, Card, Column, Filters, Reading, Row
from anomalies.cards.readings import band_of, reading
from anomalies.cards.sentiment import ENOUGH_DAYS, SIGMA_DAYS, Band
from anomalies.cards.words import change_words, headline, limits
from anomalies.definitions import METRICS
from anomalies.measures import AGING
from anomalies.models import AlertRule, CardBand
from anomalies.order_standing import OrderStanding, standings
from anomalies.rules import baseline, before
from customers.clock import business_today
from customers.models import Customer
from customers.rules import Aging
from workflows.charts import AgeRow, age_bar, age_rows
from workflows.wording import MINUS, count, day, percent


@dataclass(frozen=True)
class Cell:
    """One figure of a row, ready to read."""

    title: str
    text: str
    css: str


@dataclass(frozen=True)
class Line:
    """One row of the table."""

    customer: Customer | None
    name: str
    below: str
    cells: list[Cell]
    standing: OrderStanding | None = None


def page_of(card: Card, query: Mapping[str, str], user: Any) -> dict[str, Any]:
    """The template's context for what this person asked."""
    today = business_today()
    filters = filters_of(card, query, user)
    read = reading(card, today, scope=filters.scope, scope_value=filters.scope_value)
    row = CardBand.objects.filter(metric=card.metric).first()
    sees_all = user.has_perm("customers.view_every_customer")
    return {
        "card": card,
        "metric": METRICS[card.metric],
        "reading": read,
        "title": headline(card, read),
        "mark": MARKS[read.state],
        "filters": filters,
        "where": where(filters, sees_all=sees_all),
        "facts": facts(card, read),
        "change": change_words(card, read),
        "dimensions": segments.dimensions(card, read.day) if sees_all else [],
        "rules": list(AlertRule.objects.filter(metric__in=card.metrics, enabled=True)),
        **picture(card, read, row),
        **ages(card, read),
        **table(card, filters, query, user, today),
        **actions(card, address(filters, **_place(query)), user, today),
    }


def actions(card: Card, here: str, user: Any, today: date) -> dict[str, Any]:
    """What this person may do with a row; each address leads back to the same page of the same list."""
    if not card.verbs:
        return {"acts": {}}
    query = here.removeprefix("?") and here
    acts = order_acts.offered(user, lambda verb: f"{reverse('card_act', args=[card.slug, verb])}{query}")
    return {"acts": acts, **order_acts.dialog_facts(today)}


def _place(query: Mapping[str, str]) -> dict[str, str]:
    return {"after": query["after"]} if query.get("after") else {}


def where(filters: Filters, *, sees_all: bool) -> str:
    """`West`, or whose customers these are."""
    if not sees_all:
        return "Your customers"
    return segments.name_of(filters.scope, filters.scope_value) if filters.scope != "all" else "All customers"


def facts(card: Card, read: Reading) -> list[tuple[str, str, str]]:
    """The further figures of the day: title, figure, what it is. Ages have a table of their own."""
    return [
        (METRICS[metric].title, finding.figure(metric, read.also.get(metric)), METRICS[metric].meaning)
        for metric in card.also
        if metric not in AGING
    ]


def picture(card: Card, read: Reading, row: CardBand | None) -> dict[str, Any]:
    """The drawing, the same as rows, one line that explains the marks, and the limits in words."""
    band = band_of(row) if row else None
    grey, line = usual(band, read), limit(band)
    edge = line if grey is None else grey.mean + grey.half
    beyond = edge is not None and bool(read.points) and read.points[-1].value > edge
    said = f"{METRICS[card.metric].title}, {count(len(read.points), 'day')}. {headline(card, read)}. {read.why}"
    drawn = chart.draw(card.metric, read.points, line=line, band=grey, finding=said, breach=beyond)
    return {
        "drawing": drawn,
        "points": [(point.day, finding.figure(card.metric, point.value)) for point in reversed(read.points)],
        "marks": marks(grey, line),
        "enough": ENOUGH_DAYS,
        "limits": limits(card, band),
        "band": row,
    }


def usual(band: Band | None, read: Reading) -> chart.Band | None:
    """The mean of the days before and the distance that needs attention, where the band counts in σ."""
    if band is None or band.basis != "sigma" or read.day is None:
        return None
    found = baseline(before(read.points, read.day, SIGMA_DAYS))
    return chart.Band(found.mean, band.attention * found.sigma) if found else None


def limit(band: Band | None) -> Decimal | None:
    return band.attention if band is not None and band.basis == "value" else None


def marks(grey: chart.Band | None, line: Decimal | None) -> str:
    if grey is not None:
        return "One point a day, once it is over. Grey: what is usual; beyond it somebody is needed."
    if line is not None:
        return "One point a day, once it is over. Dashed: beyond it somebody is needed."
    return "One point a day, once it is over."


def ages(card: Card, read: Reading) -> dict[str, Any]:
    """The stacked bar of the aging card, with amounts and shares; nothing on other cards."""
    if "aging_current" not in card.also or "aging_current" not in read.also:
        return {}
    amounts = {column: read.also.get(metric, Decimal(0)) for metric, column in AGING.items()}
    aging = Aging(**amounts, unapplied=read.also.get("unapplied", Decimal(0)))
    rows: list[AgeRow] = age_rows(aging)
    bar: SafeString = age_bar(rows)
    return {"age_bar": bar, "age_rows": rows, "aging": aging}


def table(card: Card, filters: Filters, query: Mapping[str, str], user: Any, today: date) -> dict[str, Any]:
    """One page of the drill-down with the addresses of the next, of the export, and of each list."""
    found = paging.page(card, card.rows(day=today, filters=filters, user=user), cursor=query.get("after", ""))
    return {
        "choices": [(choice, filters.picked.get(choice.name, "")) for choice in card.choices],
        "heads": [(column.title, css_of(column)) for column in titled(card.columns)],
        "lines": lines(card, found.rows, today),
        "next_page": address(filters, after=found.next) if found.next else "",
        "first_page": "" if found.is_first else address(filters),
        "here": address(filters),
        "everybody": address(replace(filters, scope="all", scope_value="")),
        "is_narrowed": bool(filters.search or filters.picked),
        "unnarrowed": address(replace(filters, search="", picked={})),
    }


def titled(columns: Sequence[Column]) -> list[Column]:
    """Money columns name the currency."""
    return [
        replace(column, title=f"{column.title}, {settings.BASE_CURRENCY}") if column.kind == "money" else column
        for column in columns
    ]


def css_of(column: Column) -> str:
    return "" if column.kind in ("text", "date") else "num"


def lines(card: Card, rows: Sequence[Any], today: date) -> list[Line]:
    found = standings(rows, group.still_blocked(rows), today) if card.verbs else {}
    return [line_of(card, row, found.get(row.order or 0)) for row in card.shown(rows, today)]


def line_of(card: Card, row: Row, standing: OrderStanding | None) -> Line:
    cells = [Cell(column.title, words_of(column, row.values[column.key]), css_of(column)) for column in card.columns]
    return Line(row.customer, row.name, row.below, cells, standing)


def words_of(column: Column, value: Any) -> str:
    """The figure as a person reads it in a column."""
    if value is None or value == "":
        return "–"
    spell = {
        "money": whole,
        "share": lambda share: percent(share, decimals=1),
        "days": lambda days: f"{days:.1f}",
        "date": day,
        "number": lambda number: f"{number:.1f}",
        "count": lambda number: f"{number:,}",
    }
    return str(spell.get(column.kind, str)(value))


def whole(value: Decimal) -> str:
    """`48,210`, `−1,500`: cards show whole units, the head of the column names the currency."""
    rounded = round(value)
    return f"{MINUS if rounded < 0 else ''}{abs(rounded):,}"


def address(filters: Filters, **more: str) -> str:
    """The query of a page with these filters, `?` for none."""
    wanted = {"scope": filters.scope, "value": filters.scope_value} if filters.scope != "all" else {}
    query = {**wanted, **({"q": filters.search} if filters.search else {}), **filters.picked, **more}
    return f"?{urlencode(query)}" if query else "?"
