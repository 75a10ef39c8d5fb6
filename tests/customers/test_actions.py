import pytest

from customers import actions
from tests.factories.customers import CustomerFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme():
    return CustomerFactory()


def test_flagging_a_hold_leaves_history_with_who_and_why(acme):
    assert actions.flag_hold(customer=acme, by="mike", reason="70 days overdue")
    newest = acme.history.first()
    assert (acme.entitystatus, newest.entitystatus, newest.history_change_reason) == (
        "hold",
        "hold",
        "mike: 70 days overdue",
    )


def test_flagging_twice_changes_nothing(acme):
    actions.flag_hold(customer=acme, by="mike", reason="70 days overdue")
    before = acme.history.count()
    assert not actions.flag_hold(customer=acme, by="dana", reason="again")
    assert acme.history.count() == before


def test_clearing_a_hold(acme):
    actions.flag_hold(customer=acme, by="mike", reason="70 days overdue")
    assert actions.clear_hold(customer=acme, by="mike", reason="paid")
    acme.refresh_from_db()
    assert acme.entitystatus == ""
    assert acme.last_modified is not None


def test_holding_provisioning(acme):
    assert actions.set_credit_hold(customer=acme, credit_hold=True, by="dana", reason="unpaid")
    assert not actions.set_credit_hold(customer=acme, credit_hold=True, by="dana", reason="unpaid")
    acme.refresh_from_db()
    assert acme.credit_hold


def test_a_long_reason_is_kept_whole(acme):
    reason = "because " * 60
    actions.flag_hold(customer=acme, by="mike", reason=reason)
    assert acme.history.first().history_change_reason == f"mike: {reason}"
