"""Background work of orders: provisioning, billing, and what a lost signal or a crash left behind."""

import dataclasses

from django.utils import timezone

from customers.clock import business_today
from orders import notices, outcomes
from orders.actions import billing, subscriptions
from orders.actions.provisioning import advance
from orders.models import Order
from orders.provisioning import team_mail

# Well within the time that the task runner gives a task; the next minute goes on.
TASK_SECONDS = 40
PROVISIONING, BILLING = "schedule:provisioning", "schedule:billing"


def catch_up() -> dict[str, int]:
    """Judge parked orders again, and take over outcomes of pushes; running it twice changes nothing."""
    told = notices.tell_owners(Order.objects.parked(), now=timezone.now())
    return {"told": told, "taken_over": outcomes.catch_up()}


def provision_waiting() -> dict[str, int]:
    """Carry out what may go, and ask the teams of manual providers."""
    now = timezone.now()
    progress = advance(by=PROVISIONING, now=now, for_seconds=TASK_SECONDS)
    return {**dataclasses.asdict(progress), "mails": team_mail.send_due(now=now).get("sent", 0)}


def bill_due() -> dict[str, int]:
    """Invoices of the periods that have begun; ended contracts end their subscriptions."""
    today = business_today()
    ended = subscriptions.end_expired(today=today, by=BILLING)
    return {**billing.bill_due(today=today, by=BILLING), "ended": ended}
