"""A card's figures as sentences: its heading, its change, its limits. Pure."""

from anomalies import finding
from anomalies.cards.base import Card, Reading
from anomalies.cards.readings import band_of, measured_words
from anomalies.cards.registry import CARDS
from anomalies.cards.sentiment import Band
from anomalies.models import CardBand
from workflows.wording import count


def headline(card: Card, read: Reading) -> str:
    """`84 orders on credit hold`; the card's title while there is no figure."""
    if read.value is None:
        return card.title
    said = card.said_one if card.said_one and read.value == 1 else card.said
    return said.format(finding.figure(card.metric, read.value))


def change_words(card: Card, read: Reading) -> str:
    """`+11.2 days in 30 days`."""
    if read.change is None:
        return f"no figure {count(read.change_days, 'day')} before"
    if not read.change:
        return "unchanged since the day before" if read.change_days == 1 else f"unchanged in {read.change_days} days"
    sign = "+" if read.change >= 0 else "−"
    since = "since the day before" if read.change_days == 1 else f"in {read.change_days} days"
    size = abs(read.change)
    # Shares differ by percentage points.
    said = f"{size * 100:.1f} points" if read.unit == "share" else finding.figure(card.metric, size)
    return f"{sign}{said} {since}"


def limits(card: Card, band: Band | None) -> str:
    """`Performing up to 60.0 %, needs attention above 85.0 %.`"""
    if band is None:
        return "No band set."
    upto, beyond = ("up to", "above") if band.worse == "up" else ("from", "below")
    good = measured_words(card.metric, band, band.performing)
    bad = measured_words(card.metric, band, band.attention)
    said = f"Performing {upto} {good}, needs attention {beyond} {bad}"
    basis = {"sigma": " from the mean of 30 days", "change": f" in {card.compare_days} days"}.get(band.basis, "")
    floor = "" if band.floor is None else f", never at or under {finding.figure(card.metric, band.floor)}"
    return f"{said}{basis}{floor}."


def limits_of(row: CardBand) -> str:
    """The limits of a stored band; nothing for one that no card uses."""
    card = next((card for card in CARDS.values() if card.metric == row.metric), None)
    return limits(card, band_of(row)) if card else ""
