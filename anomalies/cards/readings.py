"""What every card says of a day, from the stored figures: three queries, however many cards."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.utils import timezone

from anomalies import finding
from anomalies.cards.base import Card, Reading, State
from anomalies.cards.registry import CARDS
from anomalies.cards.sentiment import ENOUGH_DAYS, Band, Verdict, judge
from anomalies.definitions import METRICS, Unit
from anomalies.models import Alert, CardBand, DailyMetric
from anomalies.rules import RISE_TOLERANCE, Point

SHOWN_DAYS = 31
LOOK_BACK = timedelta(days=45)


@dataclass(frozen=True)
class Figure:
    """One stored figure."""

    day: date
    value: Decimal
    is_partial: bool
    counted_at: datetime


def readings(
    day: date, *, slugs: Iterable[str] | None = None, scope: str = "all", scope_value: str = ""
) -> list[Reading]:
    """The cards `slugs` (default: all) as of `day` for one scope, in the order of CARDS. Three queries.

    A figure of a running day counts as the newest, marked partial; pictures and baselines leave it out.
    """
    wanted = None if slugs is None else set(slugs)
    cards = [card for slug, card in CARDS.items() if wanted is None or slug in wanted]
    figures = _figures(day, cards, scope, scope_value)
    bands = bands_by_metric()
    alerts = _open_alerts(scope, scope_value)
    return [_reading(card, day, figures, bands.get(card.metric), alerts) for card in cards]


def reading(card: Card, day: date, *, scope: str = "all", scope_value: str = "") -> Reading:
    """One card. Three queries."""
    return readings(day, slugs=[card.slug], scope=scope, scope_value=scope_value)[0]


def bands_by_metric() -> dict[str, Band]:
    return {band.metric: band_of(band) for band in CardBand.objects.all()}


def band_of(row: CardBand) -> Band:
    worse = METRICS[row.metric].worse if row.metric in METRICS else "up"
    return Band(row.basis, row.performing, row.attention, worse, row.floor)  # type: ignore[arg-type]


def _figures(day: date, cards: Sequence[Card], scope: str, scope_value: str) -> dict[str, list[Figure]]:
    """By metric, oldest first."""
    metrics = {metric for card in cards for metric in card.metrics}
    rows = DailyMetric.objects.between(day - LOOK_BACK, day)
    rows = rows.filter(metric__in=metrics, scope=scope, scope_value=scope_value).order_by("metric", "date")
    found: dict[str, list[Figure]] = defaultdict(list)
    for metric, *figure in rows.values_list("metric", "date", "value", "is_partial", "computed_at"):
        found[metric].append(Figure(*figure))  # type: ignore[arg-type]
    return found


def _open_alerts(scope: str, scope_value: str) -> list[Alert]:
    rows = Alert.objects.awake(timezone.now()).filter(scope=scope, scope_value=scope_value)
    return list(rows.select_related("rule"))


def _reading(
    card: Card, day: date, figures: Mapping[str, Sequence[Figure]], band: Band | None, alerts: Sequence[Alert]
) -> Reading:
    mine = tuple(alert for alert in alerts if alert.rule.metric in card.metrics)
    known = figures.get(card.metric, ())
    if not known:
        why = f"Not enough data: 0 of {ENOUGH_DAYS} days."
        return Reading(card.slug, card.title, None, card.unit, None, "unknown", why, None, False, ())
    newest = known[-1]
    points = tuple(Point(figure.day, figure.value) for figure in known if not figure.is_partial)
    change = change_of(known, newest, card.compare_days, card.unit)
    verdict = judge(band, points, newest.day, newest.value, change)
    state, why = _with_alerts(card, verdict, band, mine)
    return Reading(
        slug=card.slug,
        title=card.title,
        value=newest.value,
        unit=card.unit,
        change=change,
        state=state,
        why=why,
        day=newest.day,
        is_partial=newest.is_partial,
        points=points[-SHOWN_DAYS:],
        change_days=card.compare_days,
        also=_also(card, newest.day, figures),
        alerts=mine,
        counted_at=newest.counted_at,
    )


def _also(card: Card, day: date, figures: Mapping[str, Sequence[Figure]]) -> dict[str, Decimal]:
    """The card's further figures of the same day."""
    return {metric: figure.value for metric in card.also for figure in figures.get(metric, ()) if figure.day == day}


def change_of(known: Sequence[Figure], newest: Figure, days: int, unit: Unit) -> Decimal | None:
    """Newest minus the figure `days` before, or of the nearest day of the week before that; None without one.

    Days are subtracted as they are shown, with one decimal: 58.4 and 47.2 are 11.2 apart.
    """
    then = newest.day - timedelta(days=days)
    earlier = [figure for figure in known if then - RISE_TOLERANCE <= figure.day <= then and not figure.is_partial]
    if not earlier:
        return None
    now, before = newest.value, earlier[-1].value
    return round(now, 1) - round(before, 1) if unit == "days" else now - before


def _with_alerts(card: Card, verdict: Verdict, band: Band | None, alerts: Sequence[Alert]) -> tuple[State, str]:
    """An open alert on the headline figure wants somebody, whatever the band says."""
    own = next((alert for alert in alerts if alert.rule.metric == card.metric), None)
    if own is not None and verdict.state != "needs_attention":
        return "needs_attention", f"Alert: {finding.heading(own)}."
    return verdict.state, why_of(card, verdict, band)


def why_of(card: Card, verdict: Verdict, band: Band | None) -> str:
    """`91.3 % is above 85.0 %.`"""
    if band is None or verdict.measured is None:
        return verdict.words
    said = measured_words(card.metric, band, verdict.measured)
    above, below = ("above", "at most") if band.worse == "up" else ("below", "at least")
    if verdict.state == "needs_attention":
        return f"{said} is {above} {measured_words(card.metric, band, band.attention)}."
    if verdict.state == "performing":
        return f"{said} is {below} {measured_words(card.metric, band, band.performing)}."
    return f"{said} is between {measured_words(card.metric, band, band.performing)} and {_limit(card, band)}."


def _limit(card: Card, band: Band) -> str:
    return measured_words(card.metric, band, band.attention)


def measured_words(metric: str, band: Band, value: Decimal) -> str:
    """`85.0 %`, `+11.2 days`, `+11 σ`."""
    if band.basis == "sigma":
        return finding.sigma_words(value) if value else "0 σ"
    said = finding.figure(metric, abs(value) if band.basis == "change" else value)
    return f"{'+' if value >= 0 else '−'}{said}" if band.basis == "change" else said
