"""The hold check as tills and integrators ask it, thousands of times an hour: one customer, one statement.

Only a customer under a service hold costs a second one: who holds it, since when and why.
"""

from collections.abc import Callable
from dataclasses import fields
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from django.db import connection, models
from django.db.models.expressions import Col

from customers.models import Customer, SyncState
from holds import blocks
from holds.facts import hold_note
from holds.models import HoldBlock
from holds.rules import HoldVerdict, Policy, Tender
from netsuite.prepared import prepared

STATEMENT = Path(__file__).with_suffix(".sql").read_text()
CUSTOMER = (
    *("id", "netsuite_id", "entity_id", "name", "email", "phone", "is_inactive", "terms", "currency", "entitystatus"),
    *("credit_hold_override", "on_credit_hold", "credit_limit", "credit_limit_kind", "ar_balance", "oldest_due"),
    *("open_orders_total", "record"),
)
POLICY = tuple(field.name for field in fields(Policy))


class Checked(NamedTuple):
    """`customer` has the columns that the check reads; any other is read on demand."""

    customer: Customer
    verdict: HoldVerdict


def check(netsuite_id: str, block: str, *, tender: Tender = "on_account", now: datetime) -> Checked | None:
    """What `blocks.verdict` says of the customer; None for an unknown customer or an unknown block's name."""
    sql, converters = _prepared(connection.vendor)
    with prepared(), connection.cursor() as cursor:
        cursor.execute(sql, [netsuite_id.replace("\x00", ""), block.replace("\x00", "")])
        row = cursor.fetchone()
    if row is None:
        return None
    values = list(row)
    for place, (convert, expression) in converters:
        values[place] = convert(values[place], expression, connection)
    customer = Customer.from_db(connection.alias, CUSTOMER, values[: len(CUSTOMER)])
    policy = Policy(*values[len(CUSTOMER) : -1])
    note = hold_note(customer) if customer.entitystatus == Customer.HOLD else None
    judged = blocks.judge(customer, policy, note=note, read_at=values[-1], tender=tender, now=now, name=block)
    return Checked(customer, judged)


@cache
def _prepared(_vendor: str) -> tuple[str, list[tuple[int, tuple[Callable[..., Any], Any]]]]:
    """The statement, and what makes a database's values into Python's, by place in the row."""
    columns = [_column(Customer, name) for name in CUSTOMER] + [_column(HoldBlock, name) for name in POLICY]
    columns.append(_column(SyncState, "last_success_at"))
    compiler = Customer.objects.all().query.get_compiler(connection.alias)
    found = compiler.get_converters(columns).items()
    converters = [(place, (convert, column)) for place, (many, column) in found for convert in many]
    sql = STATEMENT.format(
        customer=", ".join(f"customer.{column.target.column}" for column in columns[: len(CUSTOMER)]),
        policy=", ".join(f"block.{name}" for name in POLICY),
    )
    return sql, converters


def _column(model: type[models.Model], name: str) -> Col:
    field = model._meta.get_field(name)
    assert isinstance(field, models.Field)
    return Col(model._meta.db_table, field)
