"""What NetSuite says to a submitted order."""

from typing import Any

import pytest

from netsuite import outbox
from netsuite.errors import NetsuiteError
from netsuite.models import Push
from netsuite.transport import Answer
from orders import outcomes, tasks
from orders.models import Order
from tests.factories.orders import submitted

pytestmark = pytest.mark.django_db
ON_CREDIT_HOLD = (
    "This transaction cannot be saved because the customer is on credit hold or has exceeded its credit limit."
)


class Books:
    """A NetSuite that numbers the sales orders it takes, or refuses with `refusal`."""

    slots = 5
    proves_writes = False

    def __init__(self) -> None:
        self.found: dict[str, Any] | None = None
        self.refusal = ""

    def wanted(self, body: Any) -> dict[str, Any]:
        return {"memo": body["memo"]}

    def read(self, push: Push, request_id: str, deadline: Any) -> Answer:
        return Answer(self.found, 200 if self.found else 404)

    def write(self, push: Push, request_id: str, deadline: Any) -> Answer:
        if self.refusal:
            raise NetsuiteError(self.refusal, kind="refused", code="USER_ERROR", permanent=True, http_status=400)
        self.found = {"id": "9001", "tranId": "SO000042", "memo": push.body["memo"]}
        return Answer({}, 204)


@pytest.fixture
def books(monkeypatch: pytest.MonkeyPatch) -> Books:
    books = Books()
    monkeypatch.setitem(outbox.TRANSPORTS, "netsuite", lambda: books)
    return books


def test_netsuites_number_comes_back(books, cashier):
    order = submitted(cashier)
    outbox.drain()
    order.refresh_from_db()
    assert (order.netsuite_id, order.netsuite_number, order.netsuite_error) == ("9001", "SO000042", "")


def test_a_refusal_is_shown_in_netsuites_words(books, cashier):
    books.refusal = ON_CREDIT_HOLD
    order = submitted(cashier)
    outbox.drain()
    order.refresh_from_db()
    assert (order.status, order.netsuite_error) == ("submitted", ON_CREDIT_HOLD)
    assert Order.objects.not_taken_by_netsuite().get() == order


def test_a_retry_that_works_takes_the_refusal_away(books, cashier):
    books.refusal = ON_CREDIT_HOLD
    order = submitted(cashier)
    outbox.drain()
    books.refusal = ""
    outbox.retry(push_ids=[order.push.pk], by="mike")
    outbox.drain()
    order.refresh_from_db()
    assert (order.netsuite_number, order.netsuite_error) == ("SO000042", "")


@pytest.mark.parametrize("refusal", ["", ON_CREDIT_HOLD])
def test_the_catch_up_finds_what_a_crash_lost(books, cashier, monkeypatch, refusal):
    monkeypatch.setattr(outbox, "ON_OUTCOME", [])
    monkeypatch.setattr(outbox, "ON_OUTCOMES", [])
    from netsuite import claims

    monkeypatch.setattr(claims, "ON_OUTCOME", [])
    monkeypatch.setattr(claims, "ON_OUTCOMES", [])
    books.refusal = refusal
    order = submitted(cashier)
    outbox.drain()
    order.refresh_from_db()
    assert (order.netsuite_id, order.netsuite_error) == ("", "")
    assert tasks.catch_up()["taken_over"] == 1
    order.refresh_from_db()
    assert (order.netsuite_id, order.netsuite_error) == ("" if refusal else "9001", refusal)


def test_other_pushes_are_none_of_its_business(cashier):
    order = submitted(cashier)
    outcomes.push_settled(Push(record_type="customer", status="applied", evidence={"read_back": {"id": "7"}}))
    order.refresh_from_db()
    assert order.netsuite_id == ""
