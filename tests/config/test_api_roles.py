"""Every route of the API against every role. A route without a row here fails."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction
from django.urls import URLPattern, URLResolver, get_resolver

from disputes.actions import subjects
from tests.config.world import World
from tests.factories.customers import EmployeeFactory
from workflows.actions import emails

pytestmark = pytest.mark.django_db

EVERY = {"mike", "clerk", "committee", "owner", "integrator", "operator", "rep", "cashier", "outsider"}
SEE_ALL = {"mike", "clerk", "committee", "owner", "integrator", "operator"}
SEE = SEE_ALL | {"rep"}
PROPOSE = {"mike", "clerk", "committee", "integrator", "rep"}


@dataclass(frozen=True)
class Route:
    """`allowed` get through. With `about` the row is one customer's: a foreign rep gets 404 instead."""

    allowed: set[str]
    path: Callable[[World], str]
    body: Callable[[World], dict[str, Any]] = lambda world: {}
    about: bool = False
    # Who may open the view at all; everybody else gets 403 before the row is looked up.
    openers: frozenset[str] = frozenset(SEE)
    prepare: Callable[[World, Any], Any] = lambda world, mike: None


def one(address: str, row: str, field: str = "pk") -> Callable[[World], str]:
    """`/api/v1/` + address with the row's key in it."""
    return lambda world: f"/api/v1/{address.format(getattr(getattr(world, row), field))}"


def reason(world: World) -> dict[str, Any]:
    return {"reason": "As agreed"}


def decision(world: World) -> dict[str, Any]:
    return {"version": world.proposal.version, "reason": "As agreed"}


def release(world: World, mike: Any) -> None:
    emails.approve(email=world.email, version=world.email.version, by=mike)


AT_TILL = {"rep", "cashier"}
AT_ORDERS = (SEE_ALL - {"operator"}) | AT_TILL
TAKE_ORDERS = {"mike", "integrator"}


def of_order(
    allowed: set[str],
    address: str,
    body: Callable[[World], dict[str, Any]] = lambda world: {},
    row: str = "order",
) -> Route:
    """An order that somebody else took, of a customer of another rep."""
    return Route(allowed, one(address, row), body, about=True, openers=frozenset(AT_ORDERS))


def of_line(body: dict[str, Any]) -> Route:
    def address(world: World) -> str:
        return f"/api/v1/orders/{world.order.pk}/lines/{world.order.lines.get().pk}/"

    return Route(TAKE_ORDERS, address, lambda world: body, about=True, openers=frozenset(AT_ORDERS))


def name_invoice(world: World, mike: Any) -> None:
    subjects.set_invoice(dispute=world.dispute, invoice=world.northside.transactions.get(), by=mike)


SELL = (SEE_ALL - {"operator"}) | {"rep"}
CHANGE_SUBSCRIPTIONS = {"mike", "clerk", "integrator"}
PROVISION = {"mike", "clerk", "integrator"}


def of_subscription(allowed: set[str], address: str, body: dict[str, Any] | None = None) -> Route:
    """A subscription of a customer of another rep."""

    def path(world: World) -> str:
        return f"/api/v1/{address.format(world.change.subscription_id)}"

    return Route(allowed, path, lambda world: body or {}, about=True, openers=frozenset(SELL))


def of_change(allowed: set[str], address: str) -> Route:
    return Route(allowed, one(address, "change"), reason, about=True, openers=frozenset(SELL))


HIGH_RISK = {"mike", "committee", "owner"}
HANDLE = {"mike", "clerk", "committee", "owner"}
ROUTES: dict[tuple[str, str], Route] = {
    ("GET", "customer-list"): Route(SEE | {"cashier"}, lambda w: "/api/v1/customers/"),
    ("GET", "customer-detail"): Route(
        SEE_ALL, one("customers/{}/", "northside", "netsuite_id"), about=True, openers=frozenset(SEE | {"cashier"})
    ),
    ("GET", "hold-status"): Route(
        SEE_ALL | {"cashier"},
        one("customers/{}/hold-status/", "northside", "netsuite_id"),
        about=True,
        openers=frozenset(SEE | {"cashier"}),
    ),
    ("GET", "service-hold-list"): Route(SEE, lambda w: "/api/v1/service-holds/"),
    ("POST", "service-hold-list"): Route(
        PROPOSE - {"rep"},
        lambda w: "/api/v1/service-holds/",
        lambda w: {"customer": w.northside.netsuite_id, "reason": "Late again"},
        about=True,
    ),
    ("GET", "service-hold-detail"): Route(SEE_ALL, one("service-holds/{}/", "hold"), about=True),
    ("POST", "service-hold-lift"): Route(PROPOSE - {"rep"}, one("service-holds/{}/lift/", "hold"), reason, about=True),
    ("GET", "pause-list"): Route(SEE, lambda w: "/api/v1/pauses/"),
    ("POST", "pause-list"): Route(
        {"mike", "clerk"},
        lambda w: "/api/v1/pauses/",
        lambda w: {"customer": w.harbor.netsuite_id, "kind": "grace_period", "reason": "Promised"},
        about=True,
    ),
    ("GET", "pause-detail"): Route(SEE_ALL, one("pauses/{}/", "pause"), about=True),
    ("POST", "pause-end"): Route({"mike", "clerk"}, one("pauses/{}/end/", "pause"), reason, about=True),
    ("GET", "proposal-list"): Route(SEE, lambda w: "/api/v1/proposals/"),
    ("GET", "proposal-detail"): Route(SEE_ALL, one("proposals/{}/", "proposal"), about=True),
    ("POST", "proposal-approve"): Route(HIGH_RISK, one("proposals/{}/approve/", "proposal"), decision, about=True),
    ("POST", "proposal-reject"): Route(HIGH_RISK, one("proposals/{}/reject/", "proposal"), decision, about=True),
    ("POST", "proposal-defer"): Route(
        HIGH_RISK,
        one("proposals/{}/defer/", "proposal"),
        lambda w: {**decision(w), "until": "2026-03-20"},
        about=True,
    ),
    ("GET", "run-list"): Route(SEE, lambda w: "/api/v1/runs/"),
    ("GET", "run-detail"): Route(SEE_ALL, lambda w: f"/api/v1/runs/{w.hold.run.run_id}/", about=True),
    ("GET", "email-list"): Route(SEE, lambda w: "/api/v1/emails/"),
    ("GET", "email-detail"): Route(SEE_ALL, one("emails/{}/", "email"), about=True),
    ("PATCH", "email-detail"): Route(
        {"mike"},
        one("emails/{}/", "email"),
        lambda w: {"version": w.email.version, "subject": "Your account"},
        about=True,
    ),
    ("POST", "email-approve"): Route(
        {"mike"}, one("emails/{}/approve/", "email"), lambda w: {"version": w.email.version}, about=True
    ),
    ("POST", "email-undo"): Route({"mike"}, one("emails/{}/undo/", "email"), about=True, prepare=release),
    ("POST", "email-discard"): Route({"mike"}, one("emails/{}/discard/", "email"), reason, about=True),
    ("GET", "ns-push-list"): Route(SEE_ALL, lambda w: "/api/v1/ns-pushes/"),
    ("GET", "ns-push-detail"): Route(SEE_ALL, one("ns-pushes/{}/", "push")),
    ("POST", "ns-push-retry"): Route(
        {"mike", "integrator", "operator"}, lambda w: "/admin/ns-push/retry", lambda w: {"all_failed": True}
    ),
    ("GET", "kill-switch-list"): Route(SEE_ALL, lambda w: "/api/v1/kill-switches/"),
    ("POST", "kill-switch-flip"): Route(
        {"mike", "operator"},
        lambda w: "/api/v1/kill-switches/email_send/flip/",
        lambda w: {"state": "armed", "reason": "Test"},
    ),
    ("GET", "inbound-email-list"): Route(SEE, lambda w: "/api/v1/inbound-emails/"),
    ("POST", "inbound-email-list"): Route(
        {"mike", "clerk", "integrator"},
        lambda w: "/api/v1/inbound-emails/",
        lambda w: {"from": "ap@northside.example", "subject": "Invoice 20418", "text": "The price is wrong."},
    ),
    ("GET", "inbound-email-detail"): Route(SEE_ALL, one("inbound-emails/{}/", "inbound", "email_uuid"), about=True),
    ("GET", "alert-list"): Route(SEE_ALL, lambda w: "/api/v1/alerts/", openers=frozenset(SEE_ALL)),
    ("GET", "alert-detail"): Route(SEE_ALL, one("alerts/{}/", "alert"), openers=frozenset(SEE_ALL)),
    ("POST", "alert-acknowledge"): Route(HANDLE, one("alerts/{}/acknowledge/", "alert")),
    ("POST", "alert-resolve"): Route(HANDLE, one("alerts/{}/resolve/", "alert"), reason),
    ("POST", "alert-snooze"): Route(
        HANDLE, one("alerts/{}/snooze/", "alert"), lambda w: {**reason(w), "until": "2026-03-20T12:00:00Z"}
    ),
    ("GET", "api-cards"): Route(SEE, lambda w: "/api/v1/cards/"),
    ("GET", "api-card"): Route(SEE, lambda w: "/api/v1/cards/aging-buckets/"),
    ("GET", "metric"): Route(SEE_ALL, lambda w: "/api/v1/metrics/dso/?from=2026-03-01&to=2026-03-15"),
    ("GET", "dispute-list"): Route(SEE, lambda w: "/api/v1/disputes/"),
    ("POST", "dispute-list"): Route(
        {"mike", "clerk", "integrator"},
        lambda w: "/api/v1/disputes/",
        lambda w: {"customer": w.harbor.netsuite_id, "reason_text": "Wrong price"},
        about=True,
    ),
    ("GET", "dispute-detail"): Route(SEE_ALL, one("disputes/{}/", "dispute"), about=True),
    ("POST", "dispute-resolve"): Route(
        {"mike"},
        one("disputes/{}/resolve/", "dispute"),
        lambda w: {"resolution": "upheld", "reason": "Signed delivery note"},
        about=True,
    ),
    ("GET", "product-list"): Route(AT_ORDERS, lambda w: "/api/v1/products/"),
    ("GET", "product-detail"): Route(AT_ORDERS, lambda w: f"/api/v1/products/{w.order.lines.get().product_id}/"),
    ("GET", "order-list"): Route(AT_ORDERS, lambda w: "/api/v1/orders/"),
    ("POST", "order-list"): Route(
        {*TAKE_ORDERS, "cashier"},
        lambda w: "/api/v1/orders/",
        lambda w: {"customer": w.harbor.netsuite_id},
        about=True,
        openers=frozenset(AT_ORDERS),
    ),
    ("GET", "order-detail"): of_order(AT_ORDERS - AT_TILL, "orders/{}/"),
    ("PATCH", "order-detail"): of_order(TAKE_ORDERS, "orders/{}/", lambda w: {"memo": "Back door"}),
    ("POST", "order-lines"): of_order(
        TAKE_ORDERS, "orders/{}/lines/", lambda w: {"product": w.order.lines.get().product.sku, "quantity": 1}
    ),
    ("PATCH", "order-line"): of_line({"quantity": 3}),
    ("DELETE", "order-line"): of_line({}),
    ("POST", "order-submit"): of_order(TAKE_ORDERS, "orders/{}/submit/"),
    ("POST", "order-override"): of_order(
        TAKE_ORDERS, "orders/{}/override/", lambda w: {"manager": "1", "pin": "493827"}
    ),
    ("POST", "order-ask"): of_order(TAKE_ORDERS, "orders/{}/ask/"),
    ("POST", "order-collect"): of_order(TAKE_ORDERS, "orders/{}/collect/"),
    ("POST", "order-hold"): of_order(TAKE_ORDERS, "orders/{}/hold/"),
    ("POST", "order-release"): of_order({"mike", "committee"}, "orders/{}/release/", reason, row="parked"),
    ("POST", "order-take-back"): of_order(TAKE_ORDERS, "orders/{}/take-back/", row="parked"),
    ("POST", "order-cancel"): of_order(TAKE_ORDERS, "orders/{}/cancel/", reason),
    ("POST", "order-duplicate"): of_order(TAKE_ORDERS, "orders/{}/duplicate/"),
    ("POST", "order-reopen"): of_order(TAKE_ORDERS, "orders/{}/reopen/", row="cancelled"),
    ("POST", "dispute-escalate"): Route(
        {"mike", "clerk", "integrator"}, one("disputes/{}/escalate/", "dispute"), reason, about=True
    ),
    ("POST", "dispute-withdraw"): Route(
        {"mike", "clerk", "integrator"}, one("disputes/{}/withdraw/", "dispute"), reason, about=True
    ),
    ("POST", "dispute-credit-memo"): Route(
        {"mike", "clerk"},
        one("disputes/{}/credit-memo/", "dispute"),
        lambda w: {"amount": "10.00", "reason": "Wet boxes"},
        about=True,
        prepare=name_invoice,
    ),
    ("PATCH", "customer-detail"): Route(
        {"mike", "clerk", "integrator"},
        one("customers/{}/", "northside", "netsuite_id"),
        lambda w: {"credit_hold": True, "reason": "Late"},
    ),
    ("GET", "subscription-list"): Route(SELL, lambda w: "/api/v1/subscriptions/"),
    ("POST", "subscription-list"): Route(
        {"mike", "integrator"},
        lambda w: "/api/v1/subscriptions/",
        lambda w: {
            "customer": w.change.subscription.customer.netsuite_id,
            "product": w.change.subscription.product.sku,
            "quantity": 1,
        },
        about=True,
        openers=frozenset(SELL),
    ),
    ("GET", "subscription-detail"): of_subscription(SELL - {"rep"}, "subscriptions/{}/"),
    ("POST", "subscription-change-quantity"): of_subscription(
        CHANGE_SUBSCRIPTIONS, "subscriptions/{}/change-quantity/", {"quantity": 9, "reason": "More desks"}
    ),
    ("POST", "subscription-change-price"): of_subscription(
        CHANGE_SUBSCRIPTIONS, "subscriptions/{}/change-price/", {"price": "9.00", "reason": "As agreed"}
    ),
    ("POST", "subscription-cancel"): of_subscription(
        CHANGE_SUBSCRIPTIONS, "subscriptions/{}/cancel/", {"reason": "Moved away"}
    ),
    ("GET", "license-change-list"): Route(SELL, lambda w: "/api/v1/license-changes/"),
    ("GET", "license-change-detail"): of_change(SELL - {"rep"}, "license-changes/{}/"),
    ("POST", "license-change-mark-provisioned"): of_change(PROVISION, "license-changes/{}/mark-provisioned/"),
    ("POST", "license-change-retry"): of_change(PROVISION, "license-changes/{}/retry/"),
    ("GET", "provisioning-settings"): Route(SELL - {"rep"}, lambda w: "/api/v1/provisioning-settings/"),
    ("PATCH", "provisioning-settings"): Route(
        {"mike", "owner"},
        lambda w: "/api/v1/provisioning-settings/",
        lambda w: {"enable_credit_hold": True, "reason": "Quarter end"},
    ),
    ("GET", "schema"): Route(EVERY, lambda w: "/api/v1/schema/"),
    ("POST", "token-revoke"): Route(EVERY, lambda w: "/api/v1/tokens/revoke/"),
    ("POST", "token-revoke-all"): Route(EVERY, lambda w: "/api/v1/tokens/revoke-all/"),
}
# Posts that the world refuses for a reason of its own: Northside is on hold already.
REFUSED_BY_RULE = {("POST", "service-hold-list")}
# The change waits for its team: it did not fail.
REFUSED_BY_RULE |= {("POST", "license-change-retry")}
# The customer of this order is not on hold, so there is nothing to override, ask, collect or park.
REFUSED_BY_RULE |= {("POST", f"order-{verb}") for verb in ("override", "ask", "collect", "hold")}


def routes_of(patterns: list[Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """(method, name) of every API view in the project's own address table."""
    for pattern in patterns:
        address = prefix + re.sub(r"[\^$\\]", "", str(pattern.pattern))
        if isinstance(pattern, URLResolver) and not pattern.app_name:
            yield from routes_of(pattern.url_patterns, address)
        elif isinstance(pattern, URLPattern) and pattern.name and hasattr(pattern.callback, "cls"):
            yield from ((method, pattern.name) for method in methods_of(pattern.callback))


def methods_of(view: Any) -> list[str]:
    actions = getattr(view, "actions", None)
    names = actions or [name for name in ("get", "post", "put", "patch", "delete") if hasattr(view.cls, name)]
    return [name.upper() for name in names if name != "head"]


def test_every_route_has_a_row():
    walked = set(routes_of(get_resolver().url_patterns)) - {("GET", "api-docs")}
    assert sorted(walked) == sorted(ROUTES)


@pytest.fixture
def people(request, world) -> dict[str, Any]:
    """Everybody; rep is the sales rep of customers, but of none in this world."""
    people = {name: request.getfixturevalue(name) for name in EVERY}
    EmployeeFactory(user=people["rep"])
    return people


def expected(key: tuple[str, str], route: Route, who: str) -> set[int]:
    if who in route.allowed:
        return {409} if key in REFUSED_BY_RULE else {200, 201, 202, 204}
    if route.about and who not in SEE_ALL and who in route.openers:
        return {404}
    return {403}


@pytest.mark.parametrize("key", ROUTES, ids=" ".join)
def test_each_role_gets_what_it_may(api, frozen_today, world, people, mike, key):
    route, (method, _name) = ROUTES[key], key
    route.prepare(world, mike)
    answers = {}
    for who, user in people.items():
        with transaction.atomic():
            response = api(user).generic(
                method, route.path(world), data=json.dumps(route.body(world)), content_type="application/json"
            )
            answers[who] = response.status_code
            transaction.set_rollback(True)
    surprising = {who: code for who, code in answers.items() if code not in expected(key, route, who)}
    assert surprising == {}


@pytest.mark.parametrize("key", ROUTES, ids=" ".join)
def test_a_stranger_is_asked_who_they_are(api, world, key):
    route, (method, _name) = ROUTES[key], key
    response = api().generic(
        method, route.path(world), data=json.dumps(route.body(world)), content_type="application/json"
    )
    assert response.status_code == 401


def test_a_rep_sees_their_own_customers_rows_only(api, world, rep):
    employee = world.harbor.sales_rep
    employee.user = rep
    employee.save()
    found = api(rep).get("/api/v1/proposals/").json()["results"]
    assert [row["customer"]["name"] for row in found] == ["Harbor Foods"]
