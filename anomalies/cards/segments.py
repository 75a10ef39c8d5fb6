"""The segments of a card with their figure of the day, as links lead to them."""

from dataclasses import dataclass
from datetime import date

from anomalies.cards.base import Card
from anomalies.finding import figure
from anomalies.models import DailyMetric
from anomalies.models.metrics import SCOPES
from customers.models import Employee

# A dimension with more values than this shows the worst of them; any other is reached by its address.
A_DIMENSION = 12


@dataclass(frozen=True)
class Segment:
    """One value of a dimension: the words shown, and the figure in the card's unit."""

    scope: str
    value: str
    name: str
    figure: str


@dataclass(frozen=True)
class Dimension:
    scope: str
    title: str
    segments: list[Segment]
    left_out: int


def dimensions(card: Card, day: date | None) -> list[Dimension]:
    """Each dimension with its values, the largest figure first. Two queries."""
    if day is None:
        return []
    rows = DailyMetric.objects.filter(date=day, metric=card.metric).exclude(scope="all").order_by("-value")
    found = list(rows.values_list("scope", "scope_value", "value"))
    names = _names([value for scope, value, _ in found if scope == "rep"])
    return [
        _dimension(
            scope,
            title,
            [
                Segment(scope, value, names.get(value, value) if scope == "rep" else value, figure(card.metric, amount))
                for kind, value, amount in found
                if kind == scope
            ],
        )
        for scope, title in SCOPES
        if scope != "all" and any(kind == scope for kind, *_ in found)
    ]


def _dimension(scope: str, title: str, segments: list[Segment]) -> Dimension:
    return Dimension(scope, title, segments[:A_DIMENSION], max(0, len(segments) - A_DIMENSION))


def _names(reps: list[str]) -> dict[str, str]:
    return {rep.netsuite_id: rep.name for rep in Employee.objects.filter(netsuite_id__in=reps)} if reps else {}


def name_of(scope: str, value: str) -> str:
    """`West`, or a sales rep's name."""
    return _names([value]).get(value, value) if scope == "rep" else value
