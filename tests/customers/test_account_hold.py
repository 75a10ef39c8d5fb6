"""The checkbox in NetSuite that holds provisioning: a change of it counts, and nothing else."""

from datetime import date

import pytest

from customers.actions import set_credit_hold
from customers.models import Customer
from customers.sync import refresh_open_ar, sync
from tests.customers.fake_netsuite import FakeNetsuite

pytestmark = pytest.mark.django_db
FIELD = "custentity_hold_provisioning"
TODAY = date(2026, 5, 5)


@pytest.fixture
def netsuite(settings):
    settings.NETSUITE_PROVISIONING_HOLD_FIELD = FIELD
    return FakeNetsuite()


def synced(netsuite: FakeNetsuite, **ticks: str | None) -> dict[str, bool]:
    """`c107="T"` is what NetSuite has now; answers the flags here."""
    netsuite.tables["customer"].clear()
    for name, value in ticks.items():
        netsuite.customer(int(name[1:]), **{FIELD: value})
    assert sync(client=netsuite, today=TODAY).ok
    return dict(Customer.objects.order_by("pk").values_list("netsuite_id", "credit_hold"))


def test_a_ticked_box_holds_and_an_unticked_one_releases(netsuite):
    assert synced(netsuite, c107="T", c108="F") == {"107": True, "108": False}
    assert synced(netsuite, c107="F", c108="T") == {"107": False, "108": True}


def test_the_history_names_netsuite(netsuite):
    synced(netsuite, c107="T")
    synced(netsuite, c107="F")
    past = Customer.objects.get().history.order_by("history_id").values_list("credit_hold", "history_change_reason")
    reason = f"NetSuite: {FIELD} was changed"
    assert list(past) == [(True, reason), (False, reason)]


@pytest.mark.parametrize("box", ["F", "T"])
def test_what_was_set_here_stands_until_the_box_is_changed_there(netsuite, box):
    synced(netsuite, c107=box)
    ours = box == "F"
    set_credit_hold(customer=Customer.objects.get(), credit_hold=ours, by="mike", reason="Known better")
    assert synced(netsuite, c107=box) == {"107": ours}


def test_an_empty_box_says_no(netsuite):
    synced(netsuite, c107="T", c108="F")
    assert synced(netsuite, c107=None, c108="F") == {"107": False, "108": False}


def test_named_for_the_first_time_the_ticks_count(netsuite, settings):
    settings.NETSUITE_PROVISIONING_HOLD_FIELD = ""
    assert synced(netsuite, c107="T", c108="F") == {"107": False, "108": False}
    set_credit_hold(customer=Customer.objects.get(netsuite_id="108"), credit_hold=True, by="mike", reason="Ours")
    settings.NETSUITE_PROVISIONING_HOLD_FIELD = FIELD
    assert synced(netsuite, c107="T", c108="F") == {"107": True, "108": True}
    set_credit_hold(customer=Customer.objects.get(netsuite_id="107"), credit_hold=False, by="mike", reason="Paid")
    assert synced(netsuite, c107="T", c108="F") == {"107": False, "108": True}


def test_a_box_that_the_role_may_not_see_changes_nothing(netsuite):
    synced(netsuite, c107="T")
    netsuite.hidden, netsuite.star_refused = {FIELD}, True
    assert synced(netsuite, c107="F") == {"107": True}


def test_the_balances_before_a_tick_bring_it_too(netsuite):
    synced(netsuite, c107="F")
    Customer.objects.update(on_credit_hold=True)
    netsuite.tables["customer"].clear()
    netsuite.customer(107, **{FIELD: "T"})
    refresh_open_ar(client=netsuite, today=TODAY)
    assert Customer.objects.get().credit_hold is True


def test_without_the_setting_the_hold_is_ours_alone(netsuite, settings):
    settings.NETSUITE_PROVISIONING_HOLD_FIELD = ""
    assert synced(netsuite, c107="T") == {"107": False}
