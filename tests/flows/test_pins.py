"""Guesses at the same moment, the log in a real NetSuite, and the PIN's text looked for everywhere."""

import csv
import io
import json
import logging
from collections import Counter
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.utils import timezone
from django.utils.module_loading import autodiscover_modules

from customers.clock import business_today
from customers.models import Employee
from customers.sync import sync
from holds.actions import overrides
from holds.models import Override, PinBudget, PinLog
from holds.pins import Cart, Granted, GrantRefused, PinLocked, PinRejected
from netsuite import outbox
from netsuite.client import Client
from netsuite.errors import Refusal
from netsuite.invariants import INVARIANTS, Evidence
from netsuite.models import Push
from tests.conftest import user_in
from tests.factories.pins import PIN, WRONG, cart, manager, order_block, over_limit
from tests.flows.crowd import crowd
from tests.signed_in import signed_in
from workflows import audit

pytestmark = pytest.mark.django_db(transaction=True)

autodiscover_modules("invariants")
AT_ONCE = 32


def broken() -> list[str]:
    return [problem for each in INVARIANTS for problem in each.broken(Evidence())]


def outcomes() -> Counter[str]:
    return Counter(PinLog.objects.values_list("outcome", flat=True))


def enter(a_cart: Cart, employee: Employee, pin: str) -> Granted:
    return overrides.override(cart=a_cart, manager_id=employee.netsuite_id, pin=pin, now=timezone.now())


# --- at the same moment -------------------------------------------------------------------------------


def test_of_32_guesses_at_once_exactly_five_are_checked():
    """Each guesser has a till and a login of their own: only the manager's budget is between them and the PIN."""
    lydia = manager()
    carts = [cart(user_in(f"cashier{n}", "Cashier"), over_limit(f"C{n}"), terminal=f"Till {n}") for n in range(AT_ONCE)]
    answers = crowd(AT_ONCE, lambda number: enter(carts[number], lydia, f"77192{number:02}"))
    assert Counter(type(answer) for answer in answers) == {PinRejected: 5, PinLocked: 27}
    assert sorted(each.extra["tries_left"] for each in answers if isinstance(each, PinRejected)) == [0, 1, 2, 3, 4]
    assert outcomes() == {"rejected": 5, "locked": 27}
    assert PinBudget.objects.get(scope="manager").tries == 5
    assert PinBudget.objects.get(scope="site").tries == 5
    assert broken() == []


def test_a_right_pin_among_locked_out_guesses_opens_nothing():
    lydia, a_cart = manager(), cart(user_in("cashier", "Cashier"))
    for _ in range(5):
        with pytest.raises(PinRejected):
            enter(a_cart, lydia, WRONG)
    answers = crowd(8, lambda number: enter(a_cart, lydia, PIN))
    assert {type(answer) for answer in answers} == {PinLocked}
    assert Override.objects.count() == 0


def test_guesses_spread_over_managers_stop_at_the_till():
    cashier = user_in("cashier", "Cashier")
    people, a_cart = [manager(f"Manager {number}") for number in range(AT_ONCE)], cart(cashier)
    answers = crowd(AT_ONCE, lambda number: enter(a_cart, people[number], WRONG))
    assert Counter(type(answer) for answer in answers) == {PinRejected: 10, PinLocked: 22}


def test_one_grant_spent_by_many_at_once_goes_through_once():
    lydia, a_cart = manager(), cart(user_in("cashier", "Cashier"))
    granted = enter(a_cart, lydia, PIN)

    def spend(number: int) -> Override:
        with transaction.atomic():
            return overrides.spend(secret=granted.secret, cart=a_cart, now=timezone.now())

    answers = crowd(12, spend)
    assert Counter(type(answer) for answer in answers) == {Override: 1, GrantRefused: 11}
    assert {answer.extra["why"] for answer in answers if isinstance(answer, GrantRefused)} == {"used"}
    assert broken() == []


def test_two_managers_answer_at_once_and_one_wins():
    asked = overrides.ask(cart=cart(user_in("cashier", "Cashier")), note="", now=timezone.now())
    people = [user_in(f"mike{number}", "AR manager") for number in range(6)]

    def answer(number: int) -> Override:
        mine = Override.objects.get(pk=asked.pk)
        return overrides.decide(
            override=mine, grant=number % 2 == 0, by=people[number], reason="So", now=timezone.now()
        )

    answers = crowd(6, answer)
    lost = [each for each in answers if isinstance(each, Refusal)]
    assert (len(lost), {each.code for each in lost}) == (5, {"already_decided"})
    assert broken() == []


def test_right_pins_for_one_order_at_once_leave_one_live_grant():
    lydia, a_cart = manager(), cart(user_in("cashier", "Cashier"))
    answers = crowd(4, lambda number: enter(a_cart, lydia, PIN))
    assert {type(each) for each in answers} <= {Granted, Refusal}
    assert Override.objects.unspent().count() == 1


# --- in NetSuite --------------------------------------------------------------------------------------


def test_each_line_of_the_log_is_a_record_in_netsuite(sandbox):
    lydia, a_cart = manager(), cart(user_in("cashier", "Cashier"))
    with pytest.raises(PinRejected):
        enter(a_cart, lydia, WRONG)
    granted = enter(a_cart, lydia, PIN)
    with transaction.atomic():
        overrides.spend(secret=granted.secret, cart=a_cart, now=timezone.now())
    outbox.drain()
    records = {line.outcome: sandbox.get("customrecord_brm_pin_log", f"eid:{line.pk}") for line in PinLog.objects.all()}
    assert {outcome: record["custrecord_brm_pin_outcome"] for outcome, record in records.items()} == {
        "rejected": "rejected",
        "accepted": "accepted",
        "used": "used",
    }
    used = records["used"]
    assert (used["custrecord_brm_pin_entity_id"], used["custrecord_brm_pin_action"]) == (
        lydia.netsuite_id,
        "hold_override",
    )
    assert (used["custrecord_brm_pin_customer"], used["custrecord_brm_pin_order"]) == (
        a_cart.customer.netsuite_id,
        str(a_cart.order),
    )
    assert (float(used["custrecord_brm_pin_amount"]), used["custrecord_brm_pin_terminal"]) == (1200.0, "Till 3")
    assert set(Push.objects.values_list("status", flat=True)) == {"applied"}


def test_a_lost_answer_makes_no_second_record(sandbox):
    """The write lands, its answer does not: the next attempt reads it back under the same external id."""
    with pytest.raises(PinRejected):
        enter(cart(user_in("cashier", "Cashier")), manager(), WRONG)
    sandbox.fault(drop_connection={"when": "after", "times": 1, "methods": ["PUT"]})
    outbox.drain()
    assert Push.objects.get().status == "uncertain"
    Push.objects.update(next_attempt_at=None)
    outbox.drain()
    assert (Push.objects.get().status, sandbox.counts()["custom_record"]) == ("applied", 1)


# --- the PIN's text -----------------------------------------------------------------------------------

SECRET_PIN, TYPED_WRONG, WEAK = "902146", "718305", "222222"


def whole_story(sandbox: Any, mike: Any) -> None:
    """PINs arrive, are typed wrong and right, looked at, reset, logged and pushed."""
    block = order_block(pin_field="custentity_till_code")
    sandbox.load(
        employees=[
            {"id": 12, "firstname": "Lydia", "lastname": "Brandt", "custentity_till_code": SECRET_PIN},
            {"id": 13, "firstname": "Nora", "lastname": "Quist", "custentity_brm_pincode": WEAK},
        ],
        customers=[{"id": 107, "entityid": "ACME", "companyname": "Acme", "custentity_till_code": SECRET_PIN}],
    )
    assert sync(client=Client.from_settings(), today=business_today()).errors == {}
    lydia = Employee.objects.get(netsuite_id="12")
    block.managers_by_name.add(lydia)
    a_cart = cart(user_in("cashier", "Cashier"), block=block)
    for _ in range(5):
        with pytest.raises(PinRejected):
            enter(a_cart, lydia, TYPED_WRONG)
    overrides.reset_pin(employee=lydia, by=mike, reason="Spoke to her")
    granted = enter(a_cart, lydia, SECRET_PIN)
    with pytest.raises(GrantRefused):
        overrides.spend(secret=granted.secret, cart=replace(a_cart, order=uuid4()), now=timezone.now())
    with transaction.atomic():
        overrides.spend(secret=granted.secret, cart=a_cart, now=timezone.now())
    outbox.drain()
    audit.seal()


def everything_stored() -> str:
    """Every table, every column, as text."""
    cells = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            cells += [_as_text(cell) for row in cursor.fetchall() for cell in row]
    return "\n".join(cells)


def _as_text(cell: Any) -> str:
    return bytes(cell).decode("latin-1") if isinstance(cell, bytes | memoryview) else str(cell)


def test_the_pin_stands_nowhere(sandbox, caplog, mike):
    caplog.set_level(logging.DEBUG)
    whole_story(sandbox, mike)
    client = signed_in(mike)
    pages = [client.get(f"/admin/holds/{page}/").content.decode() for page in ("pinlog", "pinbudget", "override")]
    export = b"".join(client.get("/admin/holds/pinlog/export.csv").streaming_content).decode()
    assert len(list(csv.reader(io.StringIO(export)))) == 1 + PinLog.objects.count()
    history = str([list(model.objects.values()) for model in apps.get_models() if model.__name__.startswith("Histor")])
    searched = {
        "tables": everything_stored(),
        "log": caplog.text,
        "pages": "".join(pages),
        "export": export,
        "history": history,
        "requests": json.dumps(sandbox.requests()),
        "pushes": str(list(Push.objects.values())),
    }
    assert "Northside Grocers" in searched["tables"]
    found = [(where, pin) for where, text in searched.items() for pin in (SECRET_PIN, TYPED_WRONG, WEAK) if pin in text]
    assert found == []
    assert broken() == []
