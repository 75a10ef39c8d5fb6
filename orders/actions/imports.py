"""Import orders from a file: each one through the gate, all of them or none."""

from dataclasses import dataclass, field
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from netsuite.errors import Refusal
from orders.actions.drafts import add_line, create
from orders.actions.orders import submit
from orders.actions.parking import hold
from orders.gate import CustomerOnHold
from orders.imports import RowError, WantedOrder, read
from orders.models import Order
from orders.reach import customers_open_to
from workflows.access import require_person


@dataclass
class Imported:
    """What became of a file. In a preview the numbers of the orders are not kept."""

    rows: int
    errors: list[RowError] = field(default_factory=list)
    submitted: list[Order] = field(default_factory=list)
    held: list[Order] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.errors


def import_orders(*, text: str, by: User, dry_run: bool = False, now: datetime | None = None) -> Imported:
    """Take every order of the file, or with any error none. Orders of customers on hold are parked with an owner.

    `dry_run` does the same and takes it all back, so that a preview shows what the gate would say now.
    """
    require_person(by, "orders.import_orders", "import orders")
    sheet = read(text, customers_open_to(by))
    imported = Imported(sheet.rows, list(sheet.errors))
    if not imported.ok:
        return imported
    with transaction.atomic():
        for wanted in sheet.orders:
            _take(wanted, imported, by, now or timezone.now())
        transaction.set_rollback(dry_run or not imported.ok)
    return imported


def _take(wanted: WantedOrder, imported: Imported, by: User, now: datetime) -> None:
    """One order, in its own savepoint; a refusal becomes an error of its row."""
    try:
        with transaction.atomic():
            order = _draft(wanted, by)
            try:
                with transaction.atomic():
                    imported.submitted.append(submit(order=order, by=by, now=now))
            except CustomerOnHold:
                imported.held.append(hold(order=order, by=by, reason=f"Imported as {wanted.reference}", now=now))
    except Refusal as refusal:
        imported.errors.append(RowError(wanted.row, "order", refusal.detail))


def _draft(wanted: WantedOrder, by: User) -> Order:
    order = create(
        by=by,
        customer=wanted.customer,
        tender=wanted.tender,
        po_number=wanted.po_number,
        memo=wanted.memo,
        source="import",
        key=wanted.key,
    )
    for line in wanted.lines:
        discount = line.discount
        add_line(
            order=order,
            product=line.product,
            quantity=line.quantity,
            price=line.price,
            discount_percent=discount,
            by=by,
        )
    return order
