"""What somebody asked a card for: only what the card offers counts."""

from collections.abc import Mapping
from typing import Any

from anomalies.cards.base import Card, Filters
from anomalies.cards.scoping import scope_for

LONGEST = 64
PLAIN = ("scope", "value", "q")


def names(card: Card) -> set[str]:
    """Every filter of this card's drill-down."""
    return {*PLAIN, *(choice.name for choice in card.choices)}


def filters_of(card: Card, query: Mapping[str, str], user: Any) -> Filters:
    """The segment is the person's own for a sales rep; a value that is no choice is left out."""
    scope, value = scope_for(user, query.get("scope", "all"), _plain(query.get("value", "")))
    picked = {
        choice.name: query[choice.name]
        for choice in card.choices
        if query.get(choice.name) in {value for value, _ in choice.choices}
    }
    return Filters(scope, value, _plain(query.get("q", "")), picked)


def _plain(text: str) -> str:
    return text.replace("\x00", "").strip()[:LONGEST]


def wrong(card: Card, query: Mapping[str, str]) -> dict[str, str]:
    """A sentence for each value that is no choice, for callers that want to be told."""
    found = {}
    for choice in card.choices:
        given, known = query.get(choice.name), [value for value, _ in choice.choices]
        if given and given not in known:
            found[choice.name] = f"One of {', '.join(known)}."
    return found
