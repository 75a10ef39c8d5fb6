"""The table of metrics: what each figure is, which way is worse, and how to get it in NetSuite."""

from dataclasses import dataclass
from typing import Literal

Unit = Literal["count", "money", "share", "days"]


@dataclass(frozen=True)
class Metric:
    """One figure of a day: money in base currency, a share as 0.5 for 50 %, days with decimals."""

    slug: str
    title: str
    unit: Unit
    worse: Literal["up", "down"]
    meaning: str
    netsuite: str


_OPEN_AR = "Reports › A/R Aging › as of the day, base currency; unapplied payments and credits subtracted."
_HELD = (
    "Transactions › Sales Orders › status Pending Approval, customer on credit hold = yes (as the setting defines it)."
)
_NOT_THERE = "Not in NetSuite."

_TABLE = (
    Metric("orders_on_hold", "Orders on credit hold", "count", "up", "Open sales orders on credit hold.", _HELD),
    Metric("orders_on_hold_value", "Value blocked", "money", "up", "Their total in base currency.", _HELD),
    Metric("orders_on_hold_largest", "Largest blocked order", "money", "up", "The largest of them.", _HELD),
    Metric("orders_on_hold_customers", "Customers with blocked orders", "count", "up", "Customers behind them.", _HELD),
    Metric("ar_balance", "AR balance", "money", "up", "Open invoices net of unapplied credits.", _OPEN_AR),
    Metric("overdue_balance", "Overdue", "money", "up", "Open invoices past their due date.", _OPEN_AR),
    Metric(
        "share_60_plus",
        "Share 61 days and older",
        "share",
        "up",
        "Open invoices more than 60 days overdue ÷ all open invoices.",
        "Reports › A/R Aging: columns 61–90, 91–120, 121+ ÷ total before unapplied.",
    ),
    Metric(
        "dso",
        "DSO",
        "days",
        "up",
        "AR ÷ credit sales of 30 days × 30.",
        "A/R Aging total ÷ Sales by Customer of the last 30 days × 30.",
    ),
    Metric(
        "dso_countback",
        "DSO, countback",
        "days",
        "up",
        "Whole months of sales that AR covers, the last one pro rata.",
        "A/R Aging total, minus each month of Sales by Month from the newest back.",
    ),
    Metric(
        "dso_best_possible",
        "DSO, best possible",
        "days",
        "up",
        "AR that is not overdue ÷ credit sales of 30 days × 30.",
        "A/R Aging column Current ÷ Sales by Customer of the last 30 days × 30.",
    ),
    Metric("add", "Average days delinquent", "days", "up", "DSO − best possible DSO.", "The difference of the two."),
    Metric(
        "cei",
        "Collection effectiveness",
        "share",
        "down",
        "(AR 30 days ago + sales − AR) ÷ (AR 30 days ago + sales − AR not overdue).",
        "A/R Aging at both dates, Sales by Customer between them.",
    ),
    Metric(
        "utilisation",
        "Credit utilisation",
        "share",
        "up",
        "(Balance + open orders) ÷ limit, weighted over customers with a limit.",
        "Customer search: balance, unbilled orders, credit limit; sums divided.",
    ),
    Metric(
        "utilisation_p90",
        "Credit utilisation, 90th percentile",
        "share",
        "up",
        "Nine of ten customers with a limit use less.",
        "Customer search exported; 90th percentile of (balance + unbilled orders) ÷ limit.",
    ),
    Metric(
        "customers_on_hold",
        "Customers on hold",
        "count",
        "up",
        "Customers under a service hold or on NetSuite's own hold.",
        "Customer search: credit hold On, or on credit hold = yes.",
    ),
    Metric("new_holds", "New service holds", "count", "up", "Service holds placed on the day.", "Not in NetSuite."),
    Metric(
        "disputes_open",
        "Open disputes",
        "count",
        "up",
        "Disputes not settled at the end of the day.",
        "Not in NetSuite.",
    ),
    Metric("new_disputes", "New disputes", "count", "up", "Disputes opened on the day.", "Not in NetSuite."),
    Metric(
        "churn_signals",
        "Customers who stopped ordering",
        "count",
        "up",
        "Silent for more than twice their usual interval, over $5,000 revenue in twelve months.",
        "Sales orders by customer of 365 days, cancelled excluded; intervals compared.",
    ),
    Metric(
        "health_at_risk",
        "Customers with poor health",
        "count",
        "up",
        "Customers whose health score is orange or red (50 and more of 100).",
        _NOT_THERE,
    ),
    Metric("health_red", "Health red", "count", "up", "Customers with a score of 75 and more.", _NOT_THERE),
    Metric("health_orange", "Health orange", "count", "up", "Customers with a score of 50 to 75.", _NOT_THERE),
    Metric("health_yellow", "Health yellow", "count", "up", "Customers with a score of 25 to 50.", _NOT_THERE),
    Metric("health_green", "Health green", "count", "down", "Customers with a score under 25.", _NOT_THERE),
    Metric("aging_current", "Not due", "money", "up", "Open invoices not yet due.", _OPEN_AR),
    Metric("aging_1_30", "1–30 days overdue", "money", "up", "Open invoices 1 to 30 days overdue.", _OPEN_AR),
    Metric("aging_31_60", "31–60 days overdue", "money", "up", "Open invoices 31 to 60 days overdue.", _OPEN_AR),
    Metric("aging_61_90", "61–90 days overdue", "money", "up", "Open invoices 61 to 90 days overdue.", _OPEN_AR),
    Metric("aging_91_120", "91–120 days overdue", "money", "up", "Open invoices 91 to 120 days overdue.", _OPEN_AR),
    Metric("aging_120_plus", "Over 120 days overdue", "money", "up", "Open invoices older than that.", _OPEN_AR),
    Metric("unapplied", "Unapplied credits", "money", "up", "Credits and payments not applied.", _OPEN_AR),
)
METRICS: dict[str, Metric] = {metric.slug: metric for metric in _TABLE}
