"""The hold status of a named block over the API, for each role, and the block as a page fragment."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from customers.models import SyncState
from customers.sync import CUSTOMERS, TRANSACTIONS
from holds import blocks
from holds.models import HoldBlock
from tests.factories.customers import CustomerFactory, EmployeeFactory
from tests.factories.holds import held, owing
from tests.signed_in import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
SEES_FIGURES = ["mike", "clerk", "committee", "owner", "integrator", "operator"]


@pytest.fixture
def over(frozen_today):
    for record_type in (CUSTOMERS, TRANSACTIONS):
        SyncState.objects.create(record_type=record_type, last_success_at=timezone.now())
    return CustomerFactory(ar_balance=Decimal("12000.00"), credit_limit=Decimal("10000.00"))


def ask(client, customer, **params):
    return client.get(f"/api/v1/customers/{customer.netsuite_id}/hold-status/", params)


def error_of(response):
    return response.status_code, response.json()["errors"][0]["code"]


@pytest.mark.parametrize("who", SEES_FIGURES)
def test_who_may_see_figures_gets_the_inputs(api, over, who, request):
    answer = ask(api(request.getfixturevalue(who)), over, block="order-form").json()
    assert answer == {
        "on_hold": True,
        "source": "formula",
        "label": "On hold",
        "reason": "Over the credit limit. Orders on account need a manager. Paying now is not blocked.",
        "overridable": True,
        "inputs": {
            "entitystatus": "",
            "hold_field": "AUTO",
            "record": {"balance": 12000.0, "creditlimit": 10000.0},
            "formula": "parseFloat(customer.balance || 0) > parseFloat(customer.creditlimit || 0)",
        },
        "evaluated_at": "2026-03-16T14:00:00.000000Z",
        "block": "order-form",
        "tender": "on_account",
        "warning": "",
        "stale_since": None,
    }


def test_the_cashier_gets_no_figures(api, over, cashier):
    answer = ask(api(cashier), over, block="order-form").json()
    assert (answer["on_hold"], answer["source"], answer["inputs"]) == (True, "formula", {"entitystatus": ""})
    assert "12000" not in str(answer)


def test_a_rep_asks_for_their_own_customers_only(api, over, rep):
    assert error_of(ask(api(rep), over, block="order-form")) == (404, "not_found")
    over.sales_rep = EmployeeFactory(user=rep)
    over.save()
    assert ask(api(rep), over, block="order-form").json()["on_hold"] is True


def test_an_outsider_is_refused(api, over, outsider):
    assert error_of(ask(api(outsider), over, block="order-form")) == (403, "permission_denied")


def test_each_block_has_its_own_settings(api, over, mike):
    HoldBlock.objects.filter(page="catalog").update(mode="off")
    found = {slug: ask(api(mike), over, block=slug).json()["on_hold"] for slug in ("order-form", "catalog")}
    assert found == {"order-form": True, "catalog": False}


def test_an_unknown_block(api, over, mike):
    response = ask(api(mike), over, block="checkout")
    assert error_of(response) == (404, "unknown_block")
    assert response.json()["errors"][0]["detail"] == (
        "There is no hold block “checkout”. There are: order-form, customer-page, catalog."
    )


@pytest.mark.parametrize("name", ["\x00", "x" * 5000])
def test_a_strange_name_is_unknown_too(api, over, mike, name):
    assert error_of(ask(api(mike), over, block=name)) == (404, "unknown_block")


@pytest.mark.parametrize("params", [{}, {"block": ""}])
def test_without_a_name_the_order_form_answers(api, over, mike, params):
    answer = ask(api(mike), over, **params).json()
    assert (answer["on_hold"], answer["source"], answer["block"]) == (True, "formula", "order-form")


def test_paid_now(api, over, mike):
    answer = ask(api(mike), over, block="order-form", tender="paid_now").json()
    assert (answer["on_hold"], answer["label"], answer["reason"]) == (False, "Approved", "")


def test_an_unknown_tender(api, over, mike):
    assert error_of(ask(api(mike), over, block="order-form", tender="cheque")) == (400, "invalid_choice")


def test_a_block_without_label_tells_none(api, over, mike):
    HoldBlock.objects.filter(page="order").update(show_label=False)
    assert ask(api(mike), over, block="order-form").json()["label"] == ""


def test_old_figures_are_said(api, over, cashier):
    SyncState.objects.update(last_success_at=timezone.now() - timedelta(hours=3))
    answer = ask(api(cashier), over, block="order-form").json()
    assert answer["stale_since"] == "2026-03-16T11:00:00.000000Z"
    assert answer["warning"] == "Customer data is of 16 Mar 2026, 07:00: a payment since then is not in it."


def test_a_service_hold_says_whose(api, over, mike):
    customer = held(owing(), mike, reason="94 days late").customer
    answer = ask(api(mike), customer, block="order-form").json()
    assert (answer["source"], answer["inputs"]["held_by"]) == ("service_hold", "mike")
    assert answer["reason"] == "Held by mike on 16 Mar 2026, 10:00: 94 days late"


def test_a_check_is_one_statement_beside_the_token_and_the_rights(api, over, cashier):
    client = api(cashier)
    with CaptureQueriesContext(connection) as captured:
        ask(client, over, block="order-form")
    assert len(captured) == 5


class TestFragment:
    def show(self, user, slug="order-form", **params):
        return signed_in(user).get(reverse("hold_blocks:fragment", args=[slug]), params)

    def text(self, user, customer=None, **params):
        asked = {"customer": customer.netsuite_id} if customer else {}
        return " ".join(self.show(user, **asked, **params).content.decode().split())

    def test_no_customer(self, cashier, frozen_today):
        html = self.text(cashier)
        assert "No customer" in html
        assert "Pick a customer to see whether the order can go on account." in html

    def test_on_hold_with_its_buttons_and_no_figures(self, cashier, over):
        html = self.text(cashier, over)
        assert "<b>Over the credit limit.</b> Orders on account need a manager." in html
        assert 'role="status"' in html
        assert ('id="enter-pin"' in html, 'id="ask-manager"' in html, "12000" in html) == (True, True, False)

    def test_who_may_see_figures_sees_them(self, mike, over):
        assert "<dt>balance</dt><dd>12,000.00</dd>" in self.text(mike, over)

    def test_without_buttons(self, cashier, over):
        assert 'id="enter-pin"' not in self.text(cashier, over, buttons="no")

    def test_no_button_where_no_pin_helps(self, cashier, over):
        HoldBlock.objects.update(allow_pin_override=False)
        assert 'id="enter-pin"' not in self.text(cashier, over)

    def test_approved(self, cashier, over):
        html = self.text(cashier, over, tender="paid_now")
        assert ("holdblock ok" in html, 'id="enter-pin"' in html) == (True, False)

    def test_the_label_can_be_hidden(self, cashier, over):
        HoldBlock.objects.update(show_label=False)
        html = self.text(cashier, over)
        assert ('class="flag"' in html, 'aria-label="Hold status"' in html) == (False, True)

    def test_old_figures(self, cashier, over):
        SyncState.objects.update(last_success_at=timezone.now() - timedelta(hours=3))
        assert "Customer data is of 16 Mar 2026, 07:00" in self.text(cashier, over)

    def test_a_failed_rule(self, cashier, over):
        HoldBlock.objects.update(formula="customer.custentity_nowhere > 1")
        assert "<b>Could not evaluate the rule: ask AR.</b>" in self.text(cashier, over)

    def test_a_service_hold_names_person_and_time_but_no_amount(self, cashier, mike, over):
        customer = held(owing(), mike, reason="Past due, $48,210.40").customer
        html = self.text(cashier, customer)
        assert "<b>Held by accounts receivable.</b> By mike, today 10:00: Past due, … A PIN cannot lift this" in html
        assert "48,210" not in html

    def test_ar_reads_the_whole_reason(self, mike, over):
        customer = held(owing(), mike, reason="Past due, $48,210.40").customer
        assert "Past due, $48,210.40." in self.text(mike, customer)

    def test_words_of_people_are_escaped(self, cashier, mike, over):
        customer = held(owing(), mike, reason="<script>alert(1)</script>").customer
        assert "<script>" not in self.text(cashier, customer)

    def test_an_unknown_customer_or_block(self, cashier, over):
        assert self.show(cashier, customer="999999").status_code == 404
        assert self.show(cashier, customer="\x00").status_code == 404
        assert self.show(cashier, "checkout").status_code == 404

    def test_a_strangers_customer_is_not_found(self, rep, over):
        assert self.show(rep, customer=over.netsuite_id).status_code == 404

    def test_the_wrong_role(self, outsider, over):
        assert self.show(outsider, customer=over.netsuite_id).status_code == 403

    def test_it_cannot_be_posted(self, cashier, over):
        assert signed_in(cashier).post(reverse("hold_blocks:fragment", args=["order-form"])).status_code == 405


def test_the_three_pages_have_their_block(db):
    assert [blocks.of_page(page).slug for page in ("order", "customer", "catalog")] == [
        "order-form",
        "customer-page",
        "catalog",
    ]
