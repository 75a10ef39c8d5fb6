"""Opening and resolving disputes; while one is open its amount is set apart."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from customers.clock import business_today
from customers.models import Customer, Transaction
from disputes.actions import open_dispute, resolve
from disputes.models import Dispute
from netsuite.errors import Refusal
from netsuite.machine import Transition
from tests.factories.holds import owing
from workflows.access import NotAllowed
from workflows.models import AutoDecision

pytestmark = pytest.mark.django_db


@pytest.fixture
def customer() -> Customer:
    return owing(amount="14820.00")


@pytest.fixture
def invoice(customer) -> Transaction:
    return customer.transactions.get()


def dispute(customer: Customer, by: Any, **fields: Any) -> Dispute:
    return open_dispute(customer=customer, by=by, **{"reason_text": "Three boxes were wet", **fields})


def apart(customer: Customer, ahead: int = 0) -> Decimal:
    day = business_today() + timedelta(days=ahead)
    return Dispute.objects.set_apart([customer.pk], day).get(customer.pk, Decimal(0))


def test_a_dispute_finds_its_invoice(customer, invoice, mike):
    found = dispute(customer, mike, invoice_ref=invoice.tranid, reason="quality")
    assert (found.invoice, found.status, found.reason, found.opened_by) == (invoice, "open", "quality", "mike")


def test_without_an_amount_the_whole_invoice_is_set_apart(customer, invoice, mike):
    dispute(customer, mike, invoice_ref=invoice.tranid)
    assert apart(customer) == Decimal("14820.00")


def test_a_part_of_it_is_set_apart(customer, invoice, mike):
    dispute(customer, mike, invoice_ref=invoice.tranid, amount=Decimal("900.00"))
    assert apart(customer) == Decimal("900.00")


def test_more_than_is_open_is_refused(customer, invoice, mike):
    with pytest.raises(Refusal, match=rf"Only \$14,820.00 is open on {invoice.tranid}"):
        dispute(customer, mike, invoice_ref=invoice.tranid, amount=Decimal("14820.01"))
    assert Dispute.objects.count() == 0


@pytest.mark.parametrize("amount", ["0.00", "-5.00"])
def test_an_amount_that_is_none_is_refused(customer, mike, amount):
    with pytest.raises(Refusal, match="more than zero"):
        dispute(customer, mike, amount=Decimal(amount))


def test_an_unknown_reason_is_refused(customer, mike):
    with pytest.raises(Refusal, match="pricing, qty, quality, delivery or other"):
        dispute(customer, mike, reason="mood")


def test_an_invoice_nobody_knows_is_kept_as_said(customer, mike):
    found = dispute(customer, mike, invoice_ref="PO 4711")
    assert (found.invoice, found.invoice_ref, found.amount) == (None, "PO 4711", None)


def test_another_customers_invoice_is_not_found(customer, mike):
    other = owing("Harbor Foods").transactions.get()
    assert dispute(customer, mike, invoice_ref=other.tranid).invoice is None


def test_the_amount_is_set_apart_for_thirty_days(customer, mike):
    dispute(customer, mike, amount=Decimal("900.00"))
    assert (apart(customer, 30), apart(customer, 31)) == (Decimal("900.00"), Decimal(0))


def test_or_until_a_given_day(customer, mike):
    dispute(customer, mike, amount=Decimal("900.00"), set_apart_until=business_today())
    assert (apart(customer), apart(customer, 1)) == (Decimal("900.00"), Decimal(0))


def test_two_disputes_add_up(customer, mike):
    dispute(customer, mike, amount=Decimal("900.00"))
    dispute(customer, mike, amount=Decimal("100.00"))
    assert apart(customer) == Decimal("1000.00")


def test_what_the_customer_says_is_needed(customer, mike):
    with pytest.raises(Refusal, match="what the customer says"):
        dispute(customer, mike, reason_text=" ")


def test_the_sales_rep_owns_it(customer, mike):
    assert dispute(customer, mike).owner == customer.sales_rep


def test_opening_is_a_decision_and_a_transition(customer, mike):
    found = dispute(customer, mike, amount=Decimal("900.00"))
    assert AutoDecision.objects.get().evidence == {"invoice_ref": "", "amount": "900.00"}
    assert list(Transition.objects.for_row(found).values_list("verb", "by")) == [("create", "mike")]


@pytest.mark.parametrize("role", ["mike", "clerk", "integrator"])
def test_who_may_open_one(customer, role, request):
    assert dispute(customer, request.getfixturevalue(role)).opened_by == role


@pytest.mark.parametrize("role", ["rep", "committee", "owner", "cashier", "operator"])
def test_the_wrong_role_may_not_open_one(customer, role, request):
    with pytest.raises(NotAllowed):
        dispute(customer, request.getfixturevalue(role))
    assert Dispute.objects.count() == 0


# --- resolving ----------------------------------------------------------------------------------------


def end(found: Dispute, by: Any, resolution: str = "upheld", reason: str = "Delivery note signed") -> Dispute:
    return resolve(dispute=found, resolution=resolution, by=by, reason=reason)


def test_a_resolved_dispute_counts_again(customer, mike):
    end(dispute(customer, mike, amount=Decimal("900.00")), mike)
    found = Dispute.objects.get()
    assert (found.status, found.resolution, found.resolved_at is not None) == ("resolved", "upheld", True)
    assert apart(customer) == Decimal(0)


def test_resolving_is_a_decision(customer, mike):
    end(dispute(customer, mike), mike)
    decision = AutoDecision.objects.get(decision_type="dispute_resolved")
    assert (decision.reason, decision.after) == ("Delivery note signed", {"resolution": "upheld"})


def test_it_says_how_it_ended(customer, mike):
    with pytest.raises(Refusal, match="how it ended"):
        end(dispute(customer, mike), mike, resolution="forgotten")


def test_resolving_needs_a_reason(customer, mike):
    with pytest.raises(Refusal, match="Say why"):
        end(dispute(customer, mike), mike, reason=" ")
    assert Dispute.objects.get().status == "open"


def test_a_second_click_is_told_so(customer, mike):
    found = dispute(customer, mike)
    stale = Dispute.objects.get()
    end(found, mike)
    with pytest.raises(Refusal, match="resolved already") as refused:
        end(stale, mike, resolution="withdrawn")
    assert (refused.value.status, Dispute.objects.get().resolution) == (409, "upheld")


@pytest.mark.parametrize("role", ["rep", "clerk", "committee", "owner", "cashier", "integrator", "operator"])
def test_the_wrong_role_may_not_resolve_it(customer, mike, role, request):
    found = dispute(customer, mike)
    with pytest.raises(NotAllowed):
        end(found, request.getfixturevalue(role))
    assert Dispute.objects.get().status == "open"
