"""The bands of the cards in the console: a list, and a page to edit one, with its history."""

from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from anomalies.actions import bands
from anomalies.cards import CARDS
from anomalies.cards.words import limits_of
from anomalies.definitions import METRICS
from anomalies.models import CardBand
from netsuite.console import SeeOnly

UNITS = {"count": "A number", "money": "Base currency", "share": "A share, 0.85 for 85 %", "days": "Days"}


@admin.register(CardBand)
class BandAdmin(SeeOnly):
    list_title = "Card bands"
    empty = "No bands. They are declared in code and appear after a migration."
    heads = (("Card", ""), ("Limits", ""))
    row_template, page_template = "cards/_band_row.html", "cards/band.html"
    list_display = ("metric", "basis")
    verbs = ("save",)

    def facts(self, request: HttpRequest, row: CardBand) -> dict[str, Any]:
        return {
            "title": f"Band of {METRICS[row.metric].title}",
            "cards_of": [card for card in CARDS.values() if card.metric == row.metric],
            "metric": METRICS[row.metric],
            "limits": limits_of(row),
            "seen": bands.version_of(row),
            "fields": _fields(row, request.POST),
            "may_change": request.user.has_perm(bands.MAY),
            "history": row.history.select_related("history_user").order_by("-history_date", "-history_id")[:30],
        }

    def save(self, request: HttpRequest, row: CardBand) -> None:
        typed = {name: request.POST.get(name, "") for name in bands.LIMITS}
        seen, reason = request.POST.get("seen", ""), request.POST.get("reason", "")
        bands.set_band(band=row, seen=seen, by=request.user, reason=reason, **typed)  # type: ignore[arg-type]


def _fields(row: CardBand, sent: Any) -> list[dict[str, str]]:
    """The three limits: name, title, what it means, and what is typed or stored."""
    metric = METRICS[row.metric]
    unit = {"sigma": "σ above the mean", "change": f"{UNITS[metric.unit]} of change"}.get(row.basis, UNITS[metric.unit])
    upto, beyond = ("up to", "above") if metric.worse == "up" else ("from", "below")
    words = (
        ("performing", f"Performing {upto}", f"{unit}: at it or better."),
        ("attention", f"Needs attention {beyond}", f"{unit}. Between the two the card is stable."),
        (
            "floor",
            "Floor",
            f"{UNITS[metric.unit]}, of the figure itself: at it or better nobody is needed. Empty: none.",
        ),
    )
    return [
        {"name": name, "title": title, "hint": hint, "value": sent.get(name, _shown(getattr(row, name)))}
        for name, title, hint in words
    ]


def _shown(value: Decimal | None) -> str:
    return "" if value is None else f"{value.normalize():f}"
