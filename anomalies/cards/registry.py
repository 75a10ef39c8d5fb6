"""All cards, in the order in which they are shown."""

from anomalies.cards import aging, churn, dso, health, on_hold, orders_on_hold, utilisation
from anomalies.cards.base import Card

CARDS: dict[str, Card] = {
    card.slug: card
    for card in (
        orders_on_hold.CARD,
        utilisation.CARD,
        dso.CARD,
        churn.CARD,
        aging.CARD,
        on_hold.CARD,
        health.CARD,
    )
}


def card(slug: str) -> Card:
    """Raises KeyError for a card that does not exist."""
    return CARDS[slug]
