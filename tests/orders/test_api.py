"""Orders over the API: the same actions, strict input, nobody else's rows."""

from typing import Any

import pytest
from django.db import connection

from customers.models import Employee
from holds import blocks
from netsuite.models import Push
from orders.actions import orders
from orders.models import Order
from tests.conftest import user_in
from tests.factories.customers import CustomerFactory, EmployeeFactory
from tests.factories.orders import ProductFactory, draft, over_limit, parked

pytestmark = pytest.mark.django_db


def post(client: Any, address: str, **body: Any) -> Any:
    return client.post(f"/api/v1/orders/{address}", body, format="json")


def error(answer: Any) -> dict[str, Any]:
    return answer.json()["errors"][0]


def manager(pin_hash: str = "") -> Employee:
    """An employee who may authorise on the order form."""
    boss = EmployeeFactory(first_name="Lydia", last_name="Brandt")
    blocks.of_page("order").managers_by_name.add(boss)
    return boss


@pytest.mark.both_databases
def test_a_draft_with_its_lines(api, cashier):
    customer, product = CustomerFactory(), ProductFactory()
    line = {"product": product.sku, "quantity": "2", "discount_percent": "10"}
    answer = post(api(cashier), "", customer=customer.netsuite_id, po_number="PO-7", lines=[line])
    said = answer.json()
    assert (answer.status_code, said["status"], said["source"], said["total"]) == (201, "draft", "api", "69.30")
    assert (said["customer"]["netsuite_id"], said["lines"][0]["sku"]) == (customer.netsuite_id, product.sku)


def test_a_bad_line_makes_no_order(api, cashier):
    answer = post(api(cashier), "", customer=CustomerFactory().netsuite_id, lines=[{"product": "XX", "quantity": 1}])
    assert (answer.status_code, error(answer)["code"], Order.objects.count()) == (400, "unknown_product", 0)


@pytest.mark.parametrize(
    "body",
    [
        {"status": "submitted"},
        {"total": "1.00"},
        {"verdict": {}},
        {"tender": "barter"},
        {"lines": [{"product": "OL", "quantity": 0}]},
        {"lines": [{"product": "OL", "quantity": "1e40"}]},
        {"lines": [{"product": "OL", "quantity": 1, "price": -1}]},
        {"memo": "a\x00b"},
    ],
)
def test_stray_or_odd_input_is_refused(api, cashier, body):
    answer = post(api(cashier), "", customer=CustomerFactory().netsuite_id, **body)
    assert (answer.status_code, Order.objects.count()) == (400, 0)


def test_lines_come_change_and_go(api, cashier):
    client, order = api(cashier), draft(cashier)
    added = post(client, f"{order.pk}/lines/", product=ProductFactory().sku, quantity=1).json()
    [first, second] = added["lines"]
    changed = client.patch(f"/api/v1/orders/{order.pk}/lines/{first['id']}/", {"quantity": "5"}, format="json").json()
    gone = client.delete(f"/api/v1/orders/{order.pk}/lines/{second['id']}/").json()
    assert (changed["lines"][0]["amount"], gone["total"], len(gone["lines"])) == ("192.50", "192.50", 1)


def test_a_line_of_another_order_is_not_found(api, cashier):
    mine, other = draft(cashier), draft(user_in("priya", "Cashier"))
    address = f"/api/v1/orders/{mine.pk}/lines/{other.lines.get().pk}/"
    assert api(cashier).delete(address).status_code == 404


def test_a_draft_changes(api, cashier):
    order = draft(cashier)
    body = {"tender": "paid_now", "memo": "Back door"}
    said = api(cashier).patch(f"/api/v1/orders/{order.pk}/", body, format="json").json()
    assert (said["tender"], said["memo"]) == ("paid_now", "Back door")


@pytest.mark.both_databases
def test_submit(api, cashier):
    said = post(api(cashier), f"{draft(cashier).pk}/submit/").json()
    assert (said["status"], said["submitted_by"], said["push"]) == ("submitted", "cashier", Push.objects.get().pk)


@pytest.mark.both_databases
@pytest.mark.postgresql_only
def test_the_server_keeps_what_a_post_asks_twice(api, cashier):
    client = api(cashier)
    for _ in range(2):
        post(client, f"{draft(cashier).pk}/submit/")
    with connection.cursor() as cursor:
        # The order as it is answered; nothing but the API asks for it so.
        answered = 'SELECT "orders".%JOIN%"orders"."id" = $1%'
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE %s", [answered])
        assert cursor.fetchone() == (1,)


@pytest.mark.both_databases
def test_submit_on_hold_says_why_without_figures(api, cashier):
    answer = post(api(cashier), f"{draft(cashier, customer=over_limit()).pk}/submit/")
    said = error(answer)
    assert (answer.status_code, said["code"], said["verdict"]["source"]) == (409, "customer_on_hold", "formula")
    assert (said["verdict"]["inputs"], "5000" in answer.content.decode()) == ({}, False)


def test_the_order_shows_its_figures_to_those_who_may_see_them(api, cashier, mike):
    order = parked(cashier)
    seen = [api(who).get(f"/api/v1/orders/{order.pk}/").json()["verdict"] for who in (cashier, mike)]
    assert ("inputs" in seen[0], seen[1]["inputs"]["record"]["balance"]) == (False, 5000)


def test_the_second_submit_says_who_and_when(api, cashier):
    client, order = api(cashier), draft(cashier)
    post(client, f"{order.pk}/submit/")
    again = post(client, f"{order.pk}/submit/")
    assert (again.status_code, error(again)["code"], error(again)["submitted_by"]) == (
        409,
        "already_submitted",
        "cashier",
    )


def test_the_same_key_gets_the_same_answer(api, cashier):
    client, order = api(cashier), draft(cashier)
    twice = [
        client.post(f"/api/v1/orders/{order.pk}/submit/", {}, format="json", headers={"Idempotency-Key": "k"})
        for _ in range(2)
    ]
    assert (twice[0].json(), Push.objects.count()) == (twice[1].json(), 1)


def test_another_version_than_the_one_seen(api, cashier):
    order = draft(cashier)
    answer = post(api(cashier), f"{order.pk}/submit/", version=order.version - 1)
    assert (answer.status_code, error(answer)["code"]) == (409, "stale_version")


def test_a_cashier_finds_their_own_orders_only(api, cashier):
    mine = draft(cashier)
    draft(user_in("priya", "Cashier"))
    found = api(cashier).get("/api/v1/orders/").json()["results"]
    assert [row["id"] for row in found] == [mine.pk]


def test_a_rep_finds_those_of_their_customers(api, rep, cashier):
    own = CustomerFactory(sales_rep=EmployeeFactory(user=rep))
    order = draft(cashier, customer=own)
    draft(cashier)
    assert [row["id"] for row in api(rep).get("/api/v1/orders/").json()["results"]] == [order.pk]


def test_a_rep_orders_for_their_own_customers_only(api, rep):
    answer = post(api(rep), "", customer=CustomerFactory().netsuite_id)
    assert (answer.status_code, Order.objects.count()) == (404, 0)


def test_hold_release_and_submit(api, cashier, mike):
    order = draft(cashier, customer=over_limit())
    held = post(api(cashier), f"{order.pk}/hold/", reason="Cheque comes").json()
    released = post(api(mike), f"{order.pk}/release/", reason="Cheque seen").json()
    gone = post(api(cashier), f"{order.pk}/submit/").json()
    assert [held["status"], released["status"], gone["status"]] == ["held", "released", "submitted"]
    assert (held["owner_name"], gone["release"]["by"]) == ("Accounts receivable", "mike")


def test_take_back_cancel_and_reopen(api, cashier):
    client, order = api(cashier), parked(cashier)
    back = post(client, f"{order.pk}/take-back/").json()
    gone = post(client, f"{order.pk}/cancel/", reason="Changed their mind").json()
    again = post(client, f"{order.pk}/reopen/")
    assert (back["status"], gone["status"], again.status_code) == ("draft", "cancelled", 201)
    assert (again.json()["source"], again.json()["origin"]) == ("reopen", order.number)


def test_the_products_are_found(api, cashier):
    ProductFactory(name="Basmati rice")
    ProductFactory(name="Olive oil")
    found = api(cashier).get("/api/v1/products/?search=rice").json()["results"]
    assert [row["name"] for row in found] == ["Basmati rice"]


def test_asking_a_manager_and_collecting_the_grant(api, cashier, mike):
    from django.utils import timezone

    from holds.actions import overrides
    from holds.models import Override

    client, order = api(cashier), draft(cashier, customer=over_limit())
    asked = post(client, f"{order.pk}/ask/", note="Regular customer")
    waiting = post(client, f"{order.pk}/collect/")
    override = Override.objects.get(pk=asked.json()["override"])
    overrides.decide(override=override, grant=True, by=mike, reason="Known", now=timezone.now())
    grant = post(client, f"{order.pk}/collect/").json()["grant"]
    gone = post(client, f"{order.pk}/submit/", override_grant=grant).json()
    assert (asked.status_code, error(waiting)["code"], gone["status"]) == (201, "not_decided", "submitted")
    assert gone["override"] == override.pk


def test_a_grant_is_good_for_one_order(api, cashier, mike):
    from django.utils import timezone

    from holds.actions import overrides
    from holds.models import Override

    client, customer = api(cashier), over_limit()
    order, other = (draft(cashier, customer=customer) for _ in range(2))
    post(client, f"{order.pk}/ask/")
    overrides.decide(override=Override.objects.get(), grant=True, by=mike, now=timezone.now())
    grant = post(client, f"{order.pk}/collect/").json()["grant"]
    refused = post(client, f"{other.pk}/submit/", override_grant=grant)
    assert (refused.status_code, error(refused)["code"]) == (409, "grant_refused")
    assert post(client, f"{order.pk}/submit/", override_grant=grant).status_code == 200


def test_a_grant_dies_with_a_change_of_the_cart(api, cashier, mike):
    from django.utils import timezone

    from holds.actions import overrides
    from holds.models import Override

    client, order = api(cashier), draft(cashier, customer=over_limit())
    post(client, f"{order.pk}/ask/")
    overrides.decide(override=Override.objects.get(), grant=True, by=mike, now=timezone.now())
    grant = post(client, f"{order.pk}/collect/").json()["grant"]
    post(client, f"{order.pk}/lines/", product=ProductFactory().sku, quantity=1)
    refused = post(client, f"{order.pk}/submit/", override_grant=grant)
    assert (refused.status_code, Order.objects.get().status) == (409, "draft")


def test_a_wrong_pin_says_how_many_tries_are_left(api, cashier):
    order, boss = draft(cashier, customer=over_limit()), manager()
    answer = post(api(cashier), f"{order.pk}/override/", manager=boss.netsuite_id, pin="493827", terminal="Till 3")
    assert (answer.status_code, error(answer)["code"], error(answer)["tries_left"]) == (403, "pin_rejected", 4)


def test_nobody_overrides_what_is_not_a_draft(api, cashier):
    answer = post(api(cashier), f"{orders.hold(order=draft(cashier, customer=over_limit()), by=cashier).pk}/ask/")
    assert (answer.status_code, error(answer)["code"]) == (409, "lost_race")
