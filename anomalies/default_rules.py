"""The rules as delivered; what is edited in the console stays."""

from typing import Any

from anomalies.models import AlertRule

FINANCE, CLERK, COMMITTEE = "Finance", "AR clerk", "Credit committee"
SPIKE = "credit-hold-spike"

DEFAULTS: dict[str, dict[str, Any]] = {
    SPIKE: {
        "title": "Credit hold spike",
        "metric": "orders_on_hold",
        "comparison": "sigma",
        "k": 2,
        "window": 30,
        "minimum_days": 20,
        "step": 5,
        "step_metric": "orders_on_hold_customers",
        "step_second": 3,
        "roles": [FINANCE, CLERK, COMMITTEE],
    },
    "large-order-on-hold": {
        "title": "Large order on credit hold",
        "metric": "orders_on_hold_largest",
        "comparison": "above",
        "threshold": 10_000,
        "roles": [CLERK],
    },
    "credit-utilisation": {
        "title": "Credit utilisation",
        "metric": "utilisation",
        "comparison": "above",
        "threshold": "0.85",
        "roles": [FINANCE, COMMITTEE],
    },
    "dso-increase": {
        "title": "DSO increase",
        "metric": "dso",
        "comparison": "rise",
        "window": 30,
        "threshold": 10,
        "floor": 30,
        "roles": [FINANCE],
    },
    "old-receivables": {
        "title": "Old receivables",
        "metric": "share_60_plus",
        "comparison": "above",
        "threshold": "0.30",
        "roles": [FINANCE, CLERK],
    },
    "churn": {
        "title": "Customers who stopped ordering",
        "metric": "churn_signals",
        "comparison": "above",
        "threshold": 0,
        "roles": [FINANCE],
    },
    "customers-on-hold": {
        "title": "Customers on hold",
        "metric": "customers_on_hold",
        "comparison": "above",
        "threshold": 5,
        "roles": [FINANCE, CLERK],
    },
}
# The first explains the second: while it is open, the second stays silent.
INHIBITS = {SPIKE: ["dso-increase"]}


def sync_rules() -> None:
    """Write the rules that are missing; runs after every migrate."""
    known = set(AlertRule.objects.values_list("slug", flat=True))
    for slug, fields in DEFAULTS.items():
        if slug not in known:
            AlertRule.objects.create(slug=slug, **fields)
    for slug, others in INHIBITS.items():
        if slug not in known:
            AlertRule.objects.get(slug=slug).inhibits.set(AlertRule.objects.filter(slug__in=others))
