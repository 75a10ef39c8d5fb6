"""Provisioning, subscriptions, licence changes and billing in the console."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.attention import needs_a_look
from config.menu import find
from netsuite.errors import Refusal
from orders import blast_radius
from orders.actions import catalog, orders, providers, provisioning
from orders.billing.rules import monthly
from orders.models import Invoice, LicenseChange, Product, Provider, ProvisioningSettings, Subscription
from tests.conftest import user_in
from tests.factories.customers import CustomerFactory, EmployeeFactory
from tests.factories.holds import proposed
from tests.factories.orders import ProductFactory, draft
from tests.factories.subscriptions import answered, held_account, of, open_accounts, provider, states, subscribed
from tests.signed_in import signed_in

pytestmark = pytest.mark.django_db
LISTS = ["subscription", "licensechange", "invoice", "billingcontract", "provisioningsettings"]
SECRET = "a-secret-of-sixteen-or-more"


def at(row: Any, verb: str = "change") -> str:
    return reverse(f"admin:orders_{row._meta.model_name}_{verb}", args=[row.pk])


def listed(name: str, query: str = "") -> str:
    return reverse(f"admin:orders_{name}_changelist") + query


def text(response: Any) -> str:
    return response.content.decode()


def failed(mike: Any) -> LicenseChange:
    """A change that its provider refused."""
    order = subscribed(mike, "automatic", customer=CustomerFactory(name="Oak Market"))
    open_accounts()
    provisioning.advance(by="test")
    change = LicenseChange.objects.get(subscription__order_line__order=order)
    answered(change.push, refusal="The tenant is closed.")
    change.refresh_from_db()
    return change


def by_hand(mike: Any) -> LicenseChange:
    """A change that a team was asked for."""
    order = subscribed(mike, "manual", customer=CustomerFactory(name="Elm Deli"))
    provisioning.advance(by="test")
    return LicenseChange.objects.get(subscription__order_line__order=order)


# --- lists ----------------------------------------------------------------------------------------


def test_lists_cost_the_same_for_one_row_and_three(mike):
    client, costs = signed_in(mike), {}
    ProvisioningSettings.current()
    for number in (1, 3):
        while LicenseChange.objects.filter(status="failed").count() < number:
            failed(mike)
            by_hand(mike)
        for name in LISTS:
            with CaptureQueriesContext(connection) as seen:
                assert client.get(listed(name)).status_code == 200
            costs.setdefault(name, []).append(len(seen))
    assert {name: cost for name, cost in costs.items() if cost[0] != cost[1]} == {}


def test_a_rep_finds_their_own_customers_only(rep, mike):
    own = subscribed(mike, "nothing", customer=CustomerFactory(sales_rep=EmployeeFactory(user=rep)))
    foreign = subscribed(mike, "nothing", customer=CustomerFactory(name="Foreign Foods"))
    client = signed_in(rep)
    shown = text(client.get(listed("subscription")))
    assert (of(own)[0].number in shown, of(foreign)[0].number in shown) == (True, False)
    assert client.get(at(of(foreign)[0])).status_code == 404
    assert client.get(at(Invoice.objects.get(customer__name="Foreign Foods"))).status_code == 404


def test_the_lists_say_why_something_waits(mike):
    subscribed(mike, "automatic", customer=held_account(mike, CustomerFactory(name="Harbor Deli")))
    client = signed_in(mike)
    for page in (listed("subscription", "?state=waiting"), listed("licensechange", "?show=waiting")):
        assert "credit hold is Yes." in text(client.get(page))
    assert "Nothing to do" in text(client.get(listed("licensechange")))


@pytest.mark.parametrize("query", ["?state=failed", "?q=SUB-", "?after=bad", "?state=x&provider=%00"])
def test_odd_questions_to_the_list_are_answered(mike, query):
    assert signed_in(mike).get(listed("subscription", query)).status_code == 200


def test_the_menu_finds_a_subscription_by_number(rf, mike):
    row = of(subscribed(mike, "nothing"))[0]
    request = rf.get("/")
    request.user = mike
    assert [(one.title, one.link) for one in find(request, row.number.lower())] == [(str(row), at(row))]


# --- one subscription -----------------------------------------------------------------------------


def test_licences_price_and_end_are_changed_with_a_reason(mike):
    row, client = of(subscribed(mike, "nothing"))[0], signed_in(mike)
    assert client.post(at(row, "change_quantity"), {"quantity": "7", "reason": "Two more desks"}).status_code == 302
    assert client.post(at(row, "change_price"), {"price": "9.50", "reason": "As agreed"}).status_code == 302
    row.refresh_from_db()
    day = row.starts_on.isoformat()
    assert client.post(at(row, "cancel"), {"on": day, "reason": "Moved away"}).status_code == 302
    row.refresh_from_db()
    assert (row.quantity, row.price, row.cancelled_on) == (0, Decimal("9.50"), row.starts_on)
    assert [change.kind for change in row.changes.order_by("sequence")] == ["new", "quantity", "price", "cancel"]


@pytest.mark.parametrize("typed", ["2.5", "0", "", "many", "99999999999"])
def test_licences_are_whole(mike, typed):
    row = of(subscribed(mike, "nothing"))[0]
    answer = signed_in(mike).post(at(row, "change_quantity"), {"quantity": typed, "reason": "Kept words"})
    assert (answer.status_code, "Kept words" in text(answer)) == (400, True)
    assert row.changes.count() == 1


def test_who_may_only_read_changes_nothing(committee, mike):
    row, client = of(subscribed(mike, "nothing"))[0], signed_in(committee)
    assert "You may read this page." in text(client.get(at(row)))
    assert client.post(at(row, "change_quantity"), {"quantity": "7", "reason": "More"}).status_code == 403
    assert row.changes.count() == 1


def test_the_page_shows_log_parent_and_children(mike):
    parent, child = of(subscribed(mike, "automatic", "linked"))
    client = signed_in(mike)
    assert child.number in text(client.get(at(parent)))
    assert parent.number in text(client.get(at(child)))
    assert "The subscription it follows is not provisioned yet." in text(client.get(at(child)))


# --- what people do about changes -----------------------------------------------------------------


def test_marked_by_hand(mike):
    change, client = by_hand(mike), signed_in(mike)
    assert "Mark picked provisioned" in text(client.get(listed("licensechange")))
    answer = client.post(at(change, "mark"), {"reason": "Ticket 812", "back": "subscription"})
    assert answer.headers["Location"] == at(change.subscription)
    change.refresh_from_db()
    assert (change.status, change.settled_by) == ("provisioned", "mike")


def test_the_second_click_is_told(mike):
    change, client = by_hand(mike), signed_in(mike)
    client.post(at(change, "mark"), {"reason": "Ticket 812"})
    answer = client.post(at(change, "mark"), {"reason": "Again"})
    assert (answer.status_code, "is provisioned already." in text(answer)) == (409, True)


def test_a_failed_one_shows_the_providers_words_and_is_tried_again(mike):
    change, client = failed(mike), signed_in(mike)
    assert "“The tenant is closed.”" in text(client.get(at(change)))
    assert "“The tenant is closed.”" in text(client.get(listed("licensechange")))
    client.post(at(change, "retry"), {"reason": "Tenant opened again"})
    change.refresh_from_db()
    assert (change.status, change.error) == ("awaiting", "")


def test_many_are_shown_first_and_then_tried_again(mike):
    changes, client = [failed(mike), failed(mike)], signed_in(mike)
    page = reverse("admin:orders_licensechange_many")
    picked = {"verb": "retry", "item": [change.pk for change in changes]}
    shown = text(client.post(page, picked))
    assert (shown.count("The tenant is closed."), states()) == (2, ["failed", "failed"])
    assert client.post(page, {**picked, "confirm": "1", "reason": ""}).status_code == 400
    done = client.post(page, {**picked, "confirm": "1", "reason": "Tenant opened again"})
    assert (text(done).count("Waits again"), states()) == (2, ["awaiting", "awaiting"])


def test_many_take_only_what_the_person_may_do(rep, mike):
    change = failed(mike)
    EmployeeFactory(user=rep)
    picked = {"verb": "retry", "item": [change.pk, "x"], "confirm": "1", "reason": "Please"}
    assert "Nothing picked" in text(signed_in(rep).post(reverse("admin:orders_licensechange_many"), picked))
    assert states() == ["failed"]


def test_the_home_page_says_what_failed_and_what_waits_for_people(mike):
    failed(mike)
    by_hand(mike)
    found = [look.state for look in needs_a_look(mike) if look.title == "Provisioning"]
    assert found == ["1 failed", "1 by hand"]


# --- the switch and the account -------------------------------------------------------------------


def test_the_switch_is_turned_with_a_reason(owner):
    client = signed_in(owner)
    answer = client.post(reverse("admin:orders_provisioningsettings_switch"), {"on": "1", "reason": "Quarter end"})
    assert (answer.status_code, ProvisioningSettings.current().enable_credit_hold) == (302, True)
    assert "enabled: Quarter end" in text(client.get(listed("provisioningsettings")))


def test_the_clerk_reads_the_switch_only(clerk):
    client = signed_in(clerk)
    assert "An AR manager or finance turns the switch." in text(client.get(listed("provisioningsettings")))
    turned = client.post(reverse("admin:orders_provisioningsettings_switch"), {"on": "1", "reason": "Quarter end"})
    assert (turned.status_code, ProvisioningSettings.current().enable_credit_hold) == (403, False)


def test_the_accounts_hold_is_set_on_the_customers_page(mike):
    customer = CustomerFactory(name="Harbor Deli")
    page = reverse("admin:customers_customer_change", args=[customer.pk])
    client = signed_in(mike)
    assert "Credit hold No" in text(client.get(page))
    client.post(reverse("accounts:hold", args=[customer.pk]), {"credit_hold": "yes", "reason": "Late again"})
    assert "Credit hold Yes" in text(client.get(page))
    refused = client.post(reverse("accounts:hold", args=[customer.pk]), {"credit_hold": "yes", "reason": "Once more"})
    assert (refused.status_code, "is Yes already" in text(refused), "Once more" in text(refused)) == (409, True, True)


def test_the_wrong_role_sets_no_hold(rep):
    customer = CustomerFactory(sales_rep=EmployeeFactory(user=rep))
    address = reverse("accounts:hold", args=[customer.pk])
    assert signed_in(rep).post(address, {"credit_hold": "yes", "reason": "Late"}).status_code == 403
    customer.refresh_from_db()
    assert customer.credit_hold is False


def test_progress_while_a_release_runs(mike):
    customer = held_account(mike, CustomerFactory(name="Harbor Deli"))
    subscribed(mike, "nothing", "automatic", "manual", customer=customer)
    client, address = signed_in(mike), reverse("accounts:progress", args=[customer.pk])
    held = text(client.get(address))
    assert ("0 of 3 provisioned, 3 held" in held, "hx-get" in held) == (True, False)
    provisioning.set_account_hold(customer=customer, credit_hold=False, by=mike, reason="Paid")
    open_accounts()
    provisioning.advance(by="test")
    running = text(client.get(address))
    assert ("1 of 3 provisioned, 2 with the provider" in running, "every 2s" in running) == (True, True)
    answered(LicenseChange.objects.get(subscription__provider__kind="automatic").push, refusal="No seats left.")
    failing = text(client.get(address))
    assert ("“No seats left.”" in failing, "Try again…" in failing, "every 30s" in failing) == (True, True, True)


def test_progress_is_not_for_the_till():
    customer, manager = CustomerFactory(), user_in("aisha", "Till manager")
    assert signed_in(manager).get(reverse("accounts:progress", args=[customer.pk])).status_code == 403


# --- providers and the catalog --------------------------------------------------------------------


def new_provider(**changed: str) -> dict[str, str]:
    given = {"slug": "cloud", "name": "Cloud", "kind": "automatic", "secret": SECRET}
    return {**given, "url": "https://licences.example/api", **changed}


def test_a_secret_goes_in_and_never_comes_out(mike, settings):
    settings.PROVISIONING_ALLOWED_HOSTS = ["licences.example"]
    client = signed_in(mike)
    answer = client.post(reverse("admin:orders_provisioningsettings_take_in"), new_provider())
    made = Provider.objects.get()
    assert (answer.headers["Location"], made.secret) == (at(made), SECRET)
    page = text(client.get(at(made)))
    assert (SECRET in page, made.stored_secret in page) == (False, False)
    changed = {"name": "Cloud", "url": made.url, "is_active": "on", "reason": "New name", "secret": ""}
    client.post(at(made, "save"), changed)
    made.refresh_from_db()
    assert made.secret == SECRET


@pytest.mark.parametrize("url", ["http://licences.example", "https://169.254.169.254/", "https://other.example", ""])
def test_an_address_that_must_not_be_called_is_refused(mike, settings, url):
    settings.PROVISIONING_ALLOWED_HOSTS = ["licences.example"]
    answer = signed_in(mike).post(reverse("admin:orders_provisioningsettings_take_in"), new_provider(url=url))
    assert (answer.status_code, Provider.objects.exists()) == (400, False)


def test_who_may_not_keep_providers(owner, settings):
    settings.PROVISIONING_ALLOWED_HOSTS = ["licences.example"]
    address = reverse("admin:orders_provisioningsettings_take_in")
    assert signed_in(owner).post(address, new_provider()).status_code == 403
    with pytest.raises(Refusal, match="You may not change providers"):
        providers.change_provider(provider=provider(), by=owner, reason="Mine now")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"frequency": ""}, "how often"),
        ({"provider": None}, "Name its provider"),
        ({"kind": "linked"}, "follows another item"),
        ({"follows_goods": True}, "is no subscription"),
    ],
)
def test_what_makes_an_item_a_subscription(mike, fields, words):
    given: dict[str, Any] = {"provider": provider(fields.pop("kind", "automatic")), "frequency": "monthly"}
    if fields.pop("follows_goods", False):
        fields["follows"] = ProductFactory()
    with pytest.raises(Refusal, match=words):
        catalog.add_product(sku="X-1", name="Seats", price=Decimal(5), by=mike, **{**given, **fields})


def test_items_do_not_follow_each_other_in_a_circle(mike):
    one = ProductFactory(provider=provider("linked"), frequency="monthly")
    two = ProductFactory(provider=provider("linked"), frequency="monthly", follows=one)
    with pytest.raises(Refusal, match="in a circle"):
        catalog.change_product(product=one, by=mike, reason="Odd", follows=two)


def test_half_a_licence_is_refused_on_the_order(mike):
    order = draft(mike)
    seats = ProductFactory(provider=provider("nothing"), frequency="monthly", name="Recipe library")
    with pytest.raises(Refusal, match=r"Recipe library is sold by the licence: type a whole number, not 1\.5"):
        orders.add_line(order=order, product=seats, quantity=Decimal("1.5"), by=mike)


def test_the_orders_page_names_what_it_made(mike):
    order = subscribed(mike, "nothing")
    assert of(order)[0].number in text(signed_in(mike).get(at(order)))
    assert Product.objects.get().per == "monthly, per licence"


# --- what a hold would stop -----------------------------------------------------------------------


def test_a_hold_says_what_would_wait(mike):
    customer = CustomerFactory(name="Harbor Deli")
    subscribed(mike, "automatic", customer=customer)
    made = of(subscribed(mike, "nothing", customer=customer))[0]
    made.contract.__class__.objects.filter(pk=made.contract_id).update(frequency="yearly")
    provisioning.advance(by="test")
    proposal = proposed(customer)
    page = reverse("admin:workflows_proposedaction_change", args=[proposal.pk])
    client = signed_in(mike)
    assert blast_radius.GOES_ON in text(client.get(page)).replace("&#x27;", "'")
    provisioning.enable_credit_hold(on=True, by=mike, reason="Quarter end")
    shown = text(client.get(page))
    assert "One subscription waits to be provisioned, $50.00 a month." in shown
    assert "One subscription goes on ($4.17 a month); changes of it wait." in shown


def test_without_subscriptions_nothing_is_said():
    assert blast_radius.reach(CustomerFactory()) is None


@pytest.mark.parametrize(("frequency", "value"), [("monthly", "30.00"), ("quarterly", "10.00"), ("yearly", "2.50")])
def test_the_value_of_a_month(frequency, value):
    assert monthly(3, Decimal(10), frequency) == Decimal(value)


def test_invoice_and_contract_pages(mike):
    order, client = subscribed(mike, "nothing"), signed_in(mike)
    invoice = Invoice.objects.get()
    assert invoice.number in text(client.get(at(order.billing_contract)))
    assert Subscription.objects.get().number in text(client.get(at(invoice)))
