"""Background work of the kernel: call the action, answer what it did."""

from datetime import timedelta

from django.utils import timezone

from customers.clock import business_today
from workflows import audit
from workflows.actions import emails, proposals, runs
from workflows.models import Heartbeat, IdempotentRequest

KEEP_ANSWERS = timedelta(days=7)


def canary() -> None:
    Heartbeat.objects.update_or_create(name="cluster")


def send_due() -> dict[str, int]:
    return emails.send_due(now=timezone.now())


def apply_waiting() -> int:
    """Finish what a switch or a dead worker left half way."""
    return runs.catch_up() + proposals.apply_waiting()


def seal() -> int:
    return audit.seal()


def bring_back_due() -> int:
    return proposals.bring_back_due(today=business_today())


def verify_due() -> dict[str, int]:
    return runs.verify_due(now=timezone.now())


def forget_old_answers() -> int:
    return IdempotentRequest.objects.filter(created_at__lt=timezone.now() - KEEP_ANSWERS).delete()[0]
