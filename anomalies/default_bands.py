"""The bands of the cards as delivered, at the limits of the alert rules; what is edited in the console stays."""

from decimal import Decimal

from anomalies.models import CardBand

# Metric: basis, performing up to, needs attention beyond, floor.
DEFAULTS: dict[str, tuple[str, str, str, str | None]] = {
    "orders_on_hold": ("sigma", "0", "2", None),
    "utilisation": ("value", "0.6", "0.85", None),
    "dso": ("change", "0", "10", "30"),
    "churn_signals": ("value", "0", "0", None),
    "share_60_plus": ("value", "0.1", "0.3", None),
    "customers_on_hold": ("value", "2", "5", None),
    "health_at_risk": ("value", "0", "5", None),
}


def sync_bands() -> None:
    """Write the bands that are missing; runs after every migrate."""
    known = set(CardBand.objects.values_list("metric", flat=True))
    for metric, (basis, performing, attention, floor) in DEFAULTS.items():
        if metric not in known:
            CardBand.objects.create(
                metric=metric,
                basis=basis,
                performing=Decimal(performing),
                attention=Decimal(attention),
                floor=None if floor is None else Decimal(floor),
            )
