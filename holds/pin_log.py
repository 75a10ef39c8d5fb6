"""Each thing that happens with a PIN or a grant, as a line of the log and a record in NetSuite; never the PIN."""

from datetime import datetime, timedelta
from typing import Any

from customers.models import Employee
from holds.models import Override, PinLog
from holds.pins import QUARTER, Cart
from netsuite import outbox
from netsuite.models import Push
from workflows.access import Actor, label

RECORD = "customrecord_brm_pin_log"
NOBODY = "unknown"


def of_cart(
    outcome: str, cart: Cart, *, by: Actor, now: datetime, manager: Employee | None = None, **more: Any
) -> PinLog:
    """A line about a cart; call it in the transaction of what it tells."""
    return _write(
        outcome,
        manager,
        by,
        at=now,
        customer=cart.customer,
        order_ref=cart.order,
        amount=cart.amount,
        currency=cart.currency,
        cashier=cart.cashier.get_username(),
        terminal=cart.terminal,
        **more,
    )


def of_override(outcome: str, override: Override, *, by: Actor, now: datetime, detail: str = "") -> PinLog:
    """A line about an override that exists already."""
    return _write(
        outcome,
        override.manager,
        by,
        at=now,
        override=override,
        customer=override.customer,
        order_ref=override.order_ref,
        amount=override.amount,
        currency=override.currency,
        cashier=override.cashier.get_username(),
        terminal=override.terminal,
        detail=detail[:500],
    )


def of_manager(outcome: str, manager: Employee, *, by: Actor, now: datetime, action: str, detail: str = "") -> PinLog:
    return _write(outcome, manager, by, at=now, action=action, detail=detail[:500])


def _write(outcome: str, manager: Employee | None, by: Actor, **facts: Any) -> PinLog:
    nobody = NOBODY if outcome in ("rejected", "refused", "locked") else ""
    line = PinLog(outcome=outcome, manager=manager, entity_id=manager.netsuite_id if manager else nobody, **facts)
    is_news = outcome != "locked" or not _said_lately(line)
    line.save(force_insert=True)
    if is_news:
        _push(line, label(by))
    return line


def _said_lately(line: PinLog) -> bool:
    """Whoever hammers a locked pad must not fill the queue that holds wait in: one record a lock is enough."""
    same = PinLog.objects.filter(outcome="locked", entity_id=line.entity_id, cashier=line.cashier)
    return same.filter(at__gt=line.at - QUARTER + timedelta(seconds=1)).exists()


def _push(line: PinLog, by: str) -> None:
    outbox.enqueue(
        key=f"pin_log:{line.pk}",
        record_type=RECORD,
        record_id=str(line.pk),
        operation=Push.Operation.UPSERT,
        body=body_of(line),
        by=by,
        label=f"PIN log: {line.get_outcome_display().lower()}",
    )


def body_of(line: PinLog) -> dict[str, Any]:
    """The record's fields, as text; an amount is a decimal, a time ISO 8601 UTC."""
    return {
        "name": f"{line.action} {line.outcome}",
        "custrecord_brm_pin_entity_id": line.entity_id,
        "custrecord_brm_pin_action": line.action,
        "custrecord_brm_pin_outcome": line.outcome,
        "custrecord_brm_pin_customer": line.customer.netsuite_id if line.customer else "",
        "custrecord_brm_pin_order": str(line.order_ref or ""),
        "custrecord_brm_pin_amount": "" if line.amount is None else f"{line.amount:.2f}",
        "custrecord_brm_pin_currency": line.currency,
        "custrecord_brm_pin_cashier": line.cashier,
        "custrecord_brm_pin_terminal": line.terminal,
        "custrecord_brm_pin_time": f"{line.at:%Y-%m-%dT%H:%M:%SZ}",
        "custrecord_brm_pin_detail": line.detail,
    }
