"""Subscriptions, licence changes, the account's hold and the switch over the API."""

from typing import Any

import pytest

from customers.models import Customer
from orders.actions import provisioning
from orders.models import Invoice, LicenseChange, Order, ProvisioningSettings, Subscription
from tests.factories.customers import CustomerFactory, EmployeeFactory
from tests.factories.orders import over_limit
from tests.factories.subscriptions import answered, held_account, of, open_accounts, product, states, subscribed

pytestmark = pytest.mark.django_db
SUBSCRIPTIONS, CHANGES = "/api/v1/subscriptions/", "/api/v1/license-changes/"
SETTINGS = "/api/v1/provisioning-settings/"


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["errors"][0]["code"]


def account(customer: Customer) -> str:
    return f"/api/v1/customers/{customer.netsuite_id}/"


def test_one_item_makes_one_subscription(api, mike):
    customer = CustomerFactory(name="Harbor Deli", terms="Net 30")
    item = product("automatic")
    body = {"customer": customer.netsuite_id, "product": item.sku, "quantity": 5, "price": "8.00"}
    answer = api(mike).post(SUBSCRIPTIONS, body)
    made = answer.json()
    assert (answer.status_code, made["status"], made["price"], made["quantity"]) == (201, "waiting", "8.00", 5)
    assert made["waits_because"] == "The customer's account with the provider is not open yet."
    assert made["provider"] == {"slug": "automatic", "name": "The automatic one", "kind": "automatic"}
    assert made["progress"] == {"licences": 5, "provisioned": 0}
    assert made["order"] == Order.objects.get().number
    assert api(mike).get(f"{SUBSCRIPTIONS}{made['id']}/").json() == made


def test_items_make_an_order_with_its_invoice_although_provisioning_waits(api, mike):
    customer = held_account(mike, CustomerFactory(name="Harbor Deli", terms="Net 30"))
    parent = product("automatic")
    skus = [parent.sku, product("linked", follows=parent).sku, product("manual").sku]
    body = {"customer": customer.netsuite_id, "items": [{"product": sku, "quantity": 2} for sku in skus]}
    answer = api(mike).post(SUBSCRIPTIONS, body).json()
    assert answer["invoice"] == Invoice.objects.get().number
    assert {one["waits_because"] for one in answer["subscriptions"]} == {"The account's credit hold is Yes."}
    assert answer["subscriptions"][1]["parent"] == answer["subscriptions"][0]["number"]


def test_the_same_key_subscribes_once(api, mike):
    body = {"customer": CustomerFactory().netsuite_id, "product": product("nothing").sku, "quantity": 1}
    first = api(mike).post(SUBSCRIPTIONS, body, headers={"Idempotency-Key": "one"})
    second = api(mike).post(SUBSCRIPTIONS, body, headers={"Idempotency-Key": "one"})
    assert (first.json(), Subscription.objects.count()) == (second.json(), 1)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"quantity": "2.5"}, (400, "invalid")),
        ({"quantity": 0}, (400, "min_value")),
        ({"quantity": None}, (400, "null")),
        ({"product": "NONE-1"}, (400, "unknown_product")),
        ({"product": "A\x00B"}, (400, "null_characters_not_allowed")),
        ({"items": []}, (400, "min_length")),
        ({"status": "provisioned"}, (400, "unknown_field")),
        ({"customer": "404"}, (404, "not_found")),
        ({"provider": "manual"}, (422, "provider_differs")),
        ({"parent": "SUB-1"}, (422, "parent_differs")),
        ({"starts_on": "2001-01-01"}, (422, "starts_in_the_past")),
    ],
)
def test_what_is_refused_leaves_nothing_behind(api, mike, change, expected):
    body = {"customer": CustomerFactory().netsuite_id, "product": product("nothing").sku, "quantity": 1, **change}
    assert code(api(mike).post(SUBSCRIPTIONS, body)) == expected
    assert (Order.objects.count(), Subscription.objects.count(), Invoice.objects.count()) == (0, 0, 0)


def test_a_customer_on_hold_gets_none(api, mike):
    body = {"customer": over_limit().netsuite_id, "product": product("nothing").sku, "quantity": 1}
    answer = api(mike).post(SUBSCRIPTIONS, body)
    assert code(answer) == (409, "customer_on_hold")
    assert (answer.json()["errors"][0]["verdict"]["on_hold"], Order.objects.count()) == (True, 0)


def test_lists_are_the_reps_own(api, rep, mike):
    own = subscribed(mike, "nothing", customer=CustomerFactory(sales_rep=EmployeeFactory(user=rep)))
    subscribed(mike, "nothing", customer=CustomerFactory())
    found = api(rep).get(SUBSCRIPTIONS).json()["results"]
    assert [one["number"] for one in found] == [of(own)[0].number]
    assert len(api(rep).get(CHANGES).json()["results"]) == 1


@pytest.mark.parametrize(
    ("query", "count"),
    [("status=waiting", 1), ("status=running", 1), ("provider=manual", 1), ("customer=404", 0)],
)
def test_filters_of_subscriptions(api, mike, query, count):
    subscribed(mike, "nothing", "manual")
    provisioning.advance(by="test")
    assert len(api(mike).get(f"{SUBSCRIPTIONS}?{query}").json()["results"]) == count


@pytest.mark.parametrize("query", ["status=odd", "colour=red"])
def test_an_unknown_filter_is_refused(api, mike, query):
    assert api(mike).get(f"{SUBSCRIPTIONS}?{query}").status_code == 400


def test_filters_of_changes(api, mike):
    order = subscribed(mike, "nothing", "manual")
    provisioning.advance(by="test")
    number = of(order)[1].number
    [found] = api(mike).get(f"{CHANGES}?subscription={number}&status=awaiting&provider=manual").json()["results"]
    assert found["waits_because"] == "The team was asked. Mark it provisioned once they say so."
    assert api(mike).get(f"{CHANGES}?status=failed").json()["results"] == []


def test_changes_of_a_subscription(api, mike):
    row, client = of(subscribed(mike, "nothing"))[0], api(mike)
    more = client.post(f"{SUBSCRIPTIONS}{row.pk}/change-quantity/", {"quantity": 7, "reason": "Two desks"})
    price = client.post(f"{SUBSCRIPTIONS}{row.pk}/change-price/", {"price": "9.50", "reason": "As agreed"})
    ended = client.post(f"{SUBSCRIPTIONS}{row.pk}/cancel/", {"reason": "Moved away"})
    assert [one.status_code for one in (more, price, ended)] == [201, 201, 201]
    assert [one.json()["kind"] for one in (more, price, ended)] == ["quantity", "price", "cancel"]
    assert ended.json()["waits_because"] == "An earlier change is not carried out yet."
    again = client.post(f"{SUBSCRIPTIONS}{row.pk}/cancel/", {"reason": "Once more"})
    assert code(again) == (409, "cancelled")


def test_a_team_did_it_once(api, clerk, mike):
    subscribed(mike, "manual")
    provisioning.advance(by="test")
    address = f"{CHANGES}{LicenseChange.objects.get().pk}/mark-provisioned/"
    done = api(clerk).post(address, {"reason": "Ticket 812"})
    assert (done.json()["status"], done.json()["settled_by"]) == ("provisioned", "clerk")
    assert api(clerk).post(address, {"reason": "Again"}).status_code == 409


def test_a_failed_change_is_tried_again(api, integrator, mike):
    subscribed(mike, "automatic")
    open_accounts()
    provisioning.advance(by="test")
    change = LicenseChange.objects.get()
    answered(change.push, refusal="No seats left.")
    shown = api(integrator).get(f"{CHANGES}{change.pk}/").json()
    assert (shown["status"], shown["error"]) == ("failed", "No seats left.")
    assert api(integrator).post(f"{CHANGES}{change.pk}/retry/", {"reason": "Bought"}).json()["status"] == "awaiting"
    assert states() == ["awaiting"]


def test_the_accounts_hold_is_the_only_field_that_can_be_set(api, mike):
    customer = CustomerFactory()
    answer = api(mike).patch(account(customer), {"credit_hold": True, "reason": "Late"})
    assert (answer.status_code, answer.json()["credit_hold"]) == (200, True)
    assert api(mike).patch(account(customer), {"credit_hold": True}).status_code == 200
    assert code(api(mike).patch(account(customer), {"name": "Mine"})) == (400, "unknown_field")
    assert code(api(mike).patch(account(customer), {})) == (400, "required")
    customer.refresh_from_db()
    assert customer.credit_hold is True
    assert api(mike).get(account(customer)).json()["credit_hold"] is True


def test_no_releases_what_waited(api, mike):
    customer = held_account(mike, CustomerFactory(name="Harbor Deli"))
    subscribed(mike, "nothing", customer=customer)
    provisioning.advance(by="test")
    assert states() == ["awaiting"]
    api(mike).patch(account(customer), {"credit_hold": False, "reason": "Paid"})
    provisioning.advance(by="test")
    assert states() == ["not_applicable"]


@pytest.mark.parametrize("who", ["rep", "committee"])
def test_who_may_not_set_the_accounts_hold(api, request, who):
    customer = CustomerFactory()
    answer = api(request.getfixturevalue(who)).patch(account(customer), {"credit_hold": True})
    customer.refresh_from_db()
    assert (answer.status_code, customer.credit_hold) == (403, False)


def test_the_switch(api, owner, clerk, mike):
    held_account(mike, CustomerFactory())
    turned = api(owner).patch(SETTINGS, {"enable_credit_hold": False, "reason": "Quarter is over"})
    assert (turned.json()["enable_credit_hold"], turned.json()["accounts_on_hold"]) == (False, 1)
    assert api(owner).patch(SETTINGS, {"enable_credit_hold": False}).status_code == 200
    assert api(clerk).get(SETTINGS).json()["reason"] == "Quarter is over"
    assert api(clerk).patch(SETTINGS, {"enable_credit_hold": True}).status_code == 403
    assert code(api(owner).patch(SETTINGS, {"enable_credit_hold": "perhaps"})) == (400, "invalid")
    assert code(api(owner).patch(SETTINGS, {"at": None, "enable_credit_hold": True})) == (400, "unknown_field")
    assert ProvisioningSettings.current().enable_credit_hold is False
