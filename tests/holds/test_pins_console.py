"""Answer overrides, read the PIN log and reset PINs in the console."""

import csv
import io
from datetime import timedelta

import pytest
from django.utils import timezone

from config.attention import needs_a_look
from customers.models import Employee
from holds.actions import overrides
from holds.models import HoldBlock, Override, PinBudget, PinLog
from holds.pins import PinRejected
from orders.carts import cart_of
from tests.conftest import user_in
from tests.factories.holds import owe
from tests.factories.orders import draft
from tests.factories.pins import PIN, WRONG, cart, in_group, manager, order_block, over_limit
from tests.signed_in import signed_in
from tests.test_queries import queries
from workflows.exports import cell

pytestmark = pytest.mark.django_db
LIST = "/admin/holds/override/"


@pytest.fixture
def now(frozen_today):
    return timezone.now()


@pytest.fixture
def asked(cashier, now):
    return overrides.ask(cart=cart(cashier), note="Regular, pays on Friday", now=now)


def page(override, verb="change"):
    return f"{LIST}{override.pk}/{verb}/"


def state(override):
    return Override.objects.get(pk=override.pk).status


def wrong(cashier, employee, now, times=1):
    for number in range(times):
        with pytest.raises(PinRejected):
            overrides.override(
                cart=cart(cashier, over_limit(f"C{number}"), terminal=""),
                manager_id=employee.netsuite_id,
                pin=WRONG,
                now=now + number // 5 * timedelta(minutes=15),
            )


# --- the question and the answer ----------------------------------------------------------------------


def test_the_page_says_what_is_asked(mike, asked):
    text = signed_in(mike).get(page(asked)).content.decode()
    for words in (
        "Let an order of Northside Grocers through?",
        "$1,200.00",
        "Regular, pays on Friday",
        "Over the credit limit.",
    ):
        assert words in text


def test_the_page_leads_to_the_order(mike, cashier, now):
    order = draft(cashier, customer=over_limit())
    of_order = cart_of(order, cashier=cashier, block=order_block())
    own = overrides.ask(cart=of_order, note="", now=now)
    assert f'href="/admin/orders/order/{order.pk}/change/"' in signed_in(mike).get(page(own)).content.decode()


def test_approve(mike, asked):
    response = signed_in(mike).post(page(asked, "approve"), {"reason": "Known"})
    assert (response.status_code, response.url, state(asked)) == (302, page(asked), "granted")


def test_decline(mike, asked):
    signed_in(mike).post(page(asked, "decline"), {"reason": "Third time"})
    assert (state(asked), Override.objects.get().decision_reason) == ("declined", "Third time")


def test_decline_without_a_reason_opens_its_dialog_again(mike, asked):
    response = signed_in(mike).post(page(asked, "decline"), {"reason": " "})
    assert (response.status_code, response.context["opened"], state(asked)) == (400, "decline", "asked")


def test_the_second_click_hears_who_answered(mike, asked, now):
    overrides.decide(override=asked, grant=True, by=in_group(user_in("hector"), "Till manager"), now=now)
    response = signed_in(mike).post(page(asked, "approve"))
    assert (response.status_code, "Already granted by hector at 10:00." in response.content.decode()) == (409, True)


def test_a_changed_account_says_so_and_cannot_be_approved(mike, asked):
    owe(asked.customer, days=1, amount="10.00")
    assert "The account or the hold changed since this was asked." in signed_in(mike).get(page(asked)).content.decode()
    response = signed_in(mike).post(page(asked, "approve"))
    assert (response.status_code, state(asked)) == (409, "void")


def test_own_question(now):
    lead = user_in("lead", "Cashier", "Till manager")
    own = overrides.ask(cart=cart(lead), note="", now=now)
    assert "You asked for this yourself" in signed_in(lead).get(page(own)).content.decode()
    assert signed_in(lead).post(page(own, "approve")).status_code == 403


@pytest.mark.parametrize("who", ["cashier", "rep"])
def test_who_may_not_see_them(asked, who, request):
    client = signed_in(request.getfixturevalue(who))
    assert [client.get(address).status_code for address in (LIST, page(asked), f"{LIST}waiting/")] == [403, 403, 403]


def test_a_clerk_reads_and_does_not_answer(clerk, asked):
    assert signed_in(clerk).get(page(asked)).status_code == 200
    assert signed_in(clerk).post(page(asked, "approve")).status_code == 403


def test_a_named_manager_sees_and_answers_those_of_their_page(asked, now):
    nora = user_in("nora")
    manager("Nora Quist", user=nora)
    client = signed_in(nora)
    assert client.get(LIST).status_code == 200
    assert client.post(page(asked, "approve")).status_code == 302
    HoldBlock.objects.get(page="order").managers_by_name.clear()
    HoldBlock.objects.get(page="catalog").managers_by_name.add(Employee.objects.get(user=nora))
    assert client.get(page(asked)).status_code == 404


def test_get_decides_nothing(mike, asked):
    assert signed_in(mike).get(page(asked, "approve")).status_code == 405
    assert state(asked) == "asked"


# --- live ---------------------------------------------------------------------------------------------


def test_the_age_is_live(mike, asked):
    response = signed_in(mike).get(page(asked, "state"), {"seen": "asked"})
    assert ("HX-Refresh" in response, 'hx-trigger="every 3s"' in response.content.decode()) == (False, True)


def test_a_page_that_was_overtaken_is_loaded_anew(mike, asked, now):
    overrides.void(order=asked.order_ref, why="The order was cancelled.", by="cashier", now=now)
    response = signed_in(mike).get(page(asked, "state"), {"seen": "asked"})
    assert (response["HX-Refresh"], "hx-get" in response.content.decode()) == ("true", False)


def test_the_list_shows_who_waits(mike, asked):
    assert "Northside Grocers" in signed_in(mike).get(f"{LIST}waiting/").content.decode()


def test_the_menu_counts_who_waits(mike, asked):
    items = {
        item["title"]: item
        for group in signed_in(mike).get(LIST).context["sidebar_navigation"]
        for item in group["items"]
    }
    assert items["Overrides"]["badge"] == "1"


@pytest.mark.parametrize("name", ["override", "pinlog"])
def test_lists_cost_the_same_for_one_row_and_three(mike, cashier, now, name):
    client, address = signed_in(mike), f"/admin/holds/{name}/"
    overrides.ask(cart=cart(cashier), note="", now=now)
    client.get(address)
    one = queries(client, address)
    for number in range(2):
        overrides.ask(cart=cart(cashier, over_limit(f"C{number}")), note="", now=now)
    assert queries(client, address) == one


# --- the log ------------------------------------------------------------------------------------------


def test_the_log_is_read_only(mike, asked):
    line = PinLog.objects.get()
    client = signed_in(mike)
    assert client.get(f"/admin/holds/pinlog/{line.pk}/change/").status_code == 200
    assert client.post(f"/admin/holds/pinlog/{line.pk}/change/", {"outcome": "accepted"}).status_code == 403
    assert client.post(f"/admin/holds/pinlog/{line.pk}/delete/", {"post": "yes"}).status_code == 403


def test_the_log_is_filtered_and_searched(mike, cashier, asked, now):
    wrong(cashier, manager(), now)
    client = signed_in(mike)
    assert client.get("/admin/holds/pinlog/?outcome=rejected").context["cl"].result_count == 1
    assert client.get("/admin/holds/pinlog/?q=Brandt").context["cl"].result_count == 1


def exported(client, query=""):
    response = client.get(f"/admin/holds/pinlog/export.csv{query}")
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.reader(io.StringIO(b"".join(response.streaming_content).decode())))


def test_the_export_is_the_list_as_filtered(mike, cashier, asked, now):
    wrong(cashier, manager(), now)
    client = signed_in(mike)
    assert len(exported(client)) == 3
    heads, line = exported(client, "?outcome=rejected")
    assert dict(zip(heads, line, strict=True))["Manager"] == "Lydia Brandt"


def test_nothing_in_an_export_is_a_formula(mike, cashier, now):
    overrides.ask(cart=cart(cashier, over_limit('=HYPERLINK("http://evil")'), terminal="+1"), note="@cmd", now=now)
    [_heads, line] = exported(signed_in(mike))
    assert [text for text in line if text.startswith(("=", "+", "@"))] == []
    assert '\'=HYPERLINK("http://evil")' in line


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@a", "\t=1", "\r=1"])
def test_a_cell_that_would_be_a_formula_gets_an_apostrophe(text):
    assert cell(text) == f"'{text}"


def test_other_cells_stay(mike):
    assert [cell(value) for value in (None, 5, "a=b", "")] == ["", "5", "a=b", ""]


@pytest.mark.parametrize("who", ["cashier", "rep"])
def test_who_may_not_read_the_log(asked, who, request):
    client = signed_in(request.getfixturevalue(who))
    addresses = ("/admin/holds/pinlog/", "/admin/holds/pinlog/export.csv", "/admin/holds/pinbudget/")
    assert [client.get(address).status_code for address in addresses] == [403] * 3


# --- managers and resets ------------------------------------------------------------------------------


def states(client):
    return {row.employee.name: row.state for row in client.get("/admin/holds/pinbudget/").context["managers"]}


def test_managers_with_their_state(mike, cashier, now, time_machine):
    wrong(cashier, manager("Ada Locked"), now, times=5)
    manager("Ben Ready")
    manager("Cleo Without", pin="")
    manager("Dan Weak", pin="", pin_faults={"custentity_brm_pincode": "This PIN is too easy to guess."})
    order_block()
    assert states(signed_in(mike)) == {
        "Ada Locked": "locked",
        "Ben Ready": "ready",
        "Cleo Without": "no_pin",
        "Dan Weak": "bad_pin",
    }


def test_reset(mike, cashier, now):
    wrong(cashier, manager(), now, times=10)
    client, budget = signed_in(mike), PinBudget.objects.get(scope="manager")
    assert states(client) == {"Lydia Brandt": "disabled"}
    client.post(f"/admin/holds/pinbudget/{budget.pk}/reset/", {"reason": "Spoke to her"})
    assert (states(client), PinLog.objects.filter(outcome="reset").count()) == ({"Lydia Brandt": "ready"}, 1)


def test_a_reset_without_a_reason_opens_its_dialog_again(mike, cashier, now):
    wrong(cashier, manager(), now)
    budget = PinBudget.objects.get(scope="manager")
    response = signed_in(mike).post(f"/admin/holds/pinbudget/{budget.pk}/reset/", {"reason": ""})
    assert (response.status_code, response.context["chosen"]) == (400, budget.pk)


def test_a_clerk_does_not_reset(clerk, cashier, now):
    wrong(cashier, manager(), now)
    budget = PinBudget.objects.get(scope="manager")
    assert signed_in(clerk).post(f"/admin/holds/pinbudget/{budget.pk}/reset/", {"reason": "So"}).status_code == 403


def test_a_till_is_not_reset(mike, cashier, now):
    wrong(cashier, manager(), now)
    budget = PinBudget.objects.get(scope="site")
    assert signed_in(mike).post(f"/admin/holds/pinbudget/{budget.pk}/reset/", {"reason": "So"}).status_code == 409


# --- the home page ------------------------------------------------------------------------------------


def signs(user):
    return [(look.title, look.state) for look in needs_a_look(user)]


def test_home_shows_who_waits_at_the_till(mike, asked):
    assert ("Northside Grocers", "Asked at the till") in signs(mike)


def test_home_raises_the_alarm_about_guessing(mike, cashier, now):
    assert not [state for _, state in signs(mike) if state == "Guessed at"]
    for number in range(10):
        wrong(cashier, manager(f"Manager {number}"), now)
    assert ("PINs of a cashier", "Guessed at") in signs(mike)


def test_home_names_disabled_pins(mike, cashier, now):
    wrong(cashier, manager(), now, times=10)
    assert ("Manager PINs", "Disabled") in signs(mike)


def test_a_cashier_sees_none_of_it(cashier, asked, now):
    assert signs(cashier) == []


def test_a_right_pin_still_opens_after_the_console_was_used(mike, cashier, now):
    lydia = manager()
    signed_in(mike).get("/admin/holds/pinbudget/")
    granted = overrides.override(cart=cart(cashier), manager_id=lydia.netsuite_id, pin=PIN, now=now)
    assert granted.override.status == "granted"
