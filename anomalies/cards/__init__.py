"""The cards: seven questions about receivables, each with a figure, a state, and the rows behind it."""

from anomalies.cards.base import STATES, Card, Reading, State
from anomalies.cards.registry import CARDS, card

__all__ = ["CARDS", "STATES", "Card", "Reading", "State", "card"]
