"""Hold blocks in the console: the list, the page with its preview, whom a change touches, saving."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from holds import blocks
from holds.actions import blocks as actions
from holds.block_impact import impact
from holds.formula import PRESETS
from holds.models import HoldBlock
from netsuite.errors import Refusal
from tests.factories.customers import CustomerFactory, EmployeeFactory
from tests.factories.holds import held, owing
from tests.signed_in import signed_in
from workflows.models import AutoDecision

pytestmark = pytest.mark.django_db
LIST = "admin:holds_holdblock_changelist"
HAS_PIN = {"custentity_brm_pincode": "argon2"}
NO_LIMIT = PRESETS[1].text


@pytest.fixture
def block(frozen_today):
    return blocks.of_page("order")


@pytest.fixture
def crowd(block):
    """Two over their limit, one within, one without a limit who owes."""
    return [
        customer("Albany Foods", "12000", "10000"),
        customer("Boston Deli", "10000", "10000"),
        customer("Camden Market", "100", "5000"),
        customer("Dover Grocers", "50", None),
    ]


def customer(name, balance, limit, **fields):
    return CustomerFactory(name=name, ar_balance=Decimal(balance), credit_limit=limit and Decimal(limit), **fields)


def newest_of(block):
    return block.history.order_by("-history_id").first()


def page(user, block):
    return signed_in(user).get(reverse("admin:holds_holdblock_change", args=[block.pk]))


def form(block, **changes):
    """What the page's form sends, with some settings typed over; a False box is not sent."""
    sent = {"seen": actions.version_of(block), **{name: getattr(block, name) for name in actions.SETTINGS}}
    sent["managers_by_role"] = [group.pk for group in block.managers_by_role.all()]
    sent["managers_by_name"] = [employee.pk for employee in block.managers_by_name.all()]
    sent |= changes
    return {name: value for name, value in sent.items() if value is not False}


def post(user, block, verb, **changes):
    return signed_in(user).post(reverse(f"admin:holds_holdblock_{verb}", args=[block.pk]), form(block, **changes))


def text(response):
    return " ".join(response.content.decode().split())


# --- list and page --------------------------------------------------------------------------------------


def test_the_list_names_the_three_pages(mike):
    rows = signed_in(mike).get(reverse(LIST)).context["cl"].result_list
    assert [row.title for row in rows] == ["Order form", "Customer page", "Catalog"]


def test_the_menu_leads_there(mike, cashier):
    assert f'href="{reverse(LIST)}"' in text(signed_in(mike).get("/admin/"))
    assert f'href="{reverse(LIST)}"' not in text(signed_in(cashier).get("/admin/"))


def test_the_page_shows_all_three_states(mike, block):
    html = text(page(mike, block))
    assert [f'id="hold-block-preview-{name}"' in html for name in ("held", "approved", "none")] == [True] * 3


@pytest.mark.parametrize("who", ["clerk", "committee", "owner", "integrator", "operator"])
def test_others_may_read_but_not_change(who, request, block):
    user = request.getfixturevalue(who)
    assert page(user, block).context["may_change"] is False
    assert post(user, block, "save", mode="off", reason="x").status_code == 403
    block.refresh_from_db()
    assert block.mode == "auto"


@pytest.mark.parametrize("who", ["rep", "cashier", "outsider"])
def test_the_wrong_role_sees_nothing(who, request, block):
    user = request.getfixturevalue(who)
    expected = 302 if who == "outsider" else 403
    assert page(user, block).status_code == expected
    for verb in ("preview", "review", "save"):
        assert post(user, block, verb, mode="off", reason="x").status_code == expected


def test_nobody_adds_or_deletes_one(mike, block):
    assert signed_in(mike).get("/admin/holds/holdblock/add/").status_code == 403
    assert signed_in(mike).post(f"/admin/holds/holdblock/{block.pk}/delete/").status_code == 403


def test_the_page_costs_the_same_for_one_manager_and_for_three(mike, block):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert page(mike, block).status_code == 200
        return len(captured)

    def one_more():
        block.managers_by_name.add(EmployeeFactory(pin_hashes=HAS_PIN))
        CustomerFactory()

    one_more()
    once = queries()
    one_more()
    one_more()
    assert queries() == once


def test_who_can_be_named_has_a_pin_or_is_named_already(mike, block):
    able, named = EmployeeFactory(pin_hashes=HAS_PIN), EmployeeFactory()
    EmployeeFactory(pin_hashes=HAS_PIN, is_inactive=True)
    EmployeeFactory()
    block.managers_by_name.add(named)
    assert set(page(mike, block).context["managers"]) == {able, named}


# --- preview --------------------------------------------------------------------------------------------


def test_the_preview_follows_what_is_typed_and_saves_nothing(mike, block):
    html = text(post(mike, block, "preview", label_on_hold="Stop", label_approved="Go", tenders="all"))
    assert ("Stop" in html, "Go" in html, "also when paid now" in html) == (True, True, True)
    assert HoldBlock.objects.get(pk=block.pk).label_on_hold == "On hold"


def test_the_preview_hides_the_label_and_the_button(mike, block):
    html = text(post(mike, block, "preview", show_label=False, allow_pin_override=False))
    assert ("On hold</div>" in html, 'id="enter-pin"' in html) == (False, False)


def test_what_is_typed_is_escaped(mike, block):
    assert "<img" not in text(post(mike, block, "preview", label_on_hold="<img src=x>", formula="<img src=x>"))


def test_a_bad_formula_is_pointed_at_while_typing(mike, block):
    response = post(mike, block, "preview", formula="customer.balance >\nfetch(customer.x)")
    assert response.status_code == 200
    error = response.context["formula_error"]
    assert (error["said"], error["pad"]) == ("fetch(customer.x)", "")
    assert error["detail"].startswith("Line 2, column 1: ")
    assert "fetch(customer.x)\n^</pre>" in response.content.decode()


# --- whom it touches ------------------------------------------------------------------------------------


def test_the_review_counts_and_lists_them(mike, block, crowd):
    response = post(mike, block, "review", formula="parseFloat(customer.balance || 0) < 200")
    found = response.context["impact"]
    assert (response.status_code, found.to_hold, found.to_approved) == (200, 1, 1)
    assert [(row.name, row.becomes_held) for row in found.rows] == [("Albany Foods", False), ("Camden Market", True)]
    html = text(response)
    assert "2 customers change state" in html
    assert "1 becomes on hold, 1 is approved, for orders on account." in html
    assert HoldBlock.objects.get(pk=block.pk).formula == block.formula


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"formula": NO_LIMIT}, ["Dover Grocers"]),
        ({"formula": PRESETS[3].text}, ["Boston Deli", "Dover Grocers"]),
        ({"mode": "on"}, ["Boston Deli", "Camden Market"]),
        ({"mode": "off"}, ["Albany Foods", "Dover Grocers"]),
        ({"formula": "customer.custentity_nowhere > 1"}, ["Boston Deli", "Camden Market"]),
        ({"hold_field": "custentity_nowhere"}, []),
        ({"label_on_hold": "Stop"}, []),
    ],
)
def test_impact_of_each_change(block, crowd, changes, names, frozen_today):
    after = HoldBlock(**{name: getattr(block, name) for name in actions.SETTINGS} | changes)
    assert [row.name for row in impact(block, after, today=frozen_today).rows] == names


def test_who_is_held_or_gone_does_not_change(block, mike, frozen_today):
    held(owing("Northside"), mike)
    customer("Gone", "12000", "10000", is_inactive=True)
    after = HoldBlock(**{name: getattr(block, name) for name in actions.SETTINGS} | {"mode": "off"})
    assert impact(block, after, today=frozen_today).changed == 0


def test_a_hold_field_of_the_account_counts(block, frozen_today):
    customer("Albany Foods", "1", "10", record={"custentity_till": "ON"})
    after = HoldBlock(**{name: getattr(block, name) for name in actions.SETTINGS} | {"hold_field": "custentity_till"})
    found = impact(block, after, today=frozen_today)
    assert ([row.name for row in found.rows], found.to_hold, found.warnings) == (["Albany Foods"], 1, [])


def test_a_name_that_no_customer_has_is_warned_of(block, crowd, frozen_today):
    values = {name: getattr(block, name) for name in actions.SETTINGS}
    after = HoldBlock(**values | {"hold_field": "custentity_tilll", "formula": "customer.custentity_nowhere == 1"})
    assert impact(block, after, today=frozen_today).warnings == [
        "No customer has the field custentity_tilll yet: until one does, the formula decides for everybody.",
        "No customer has the field custentity_nowhere: the formula cannot be evaluated, and everybody it asks is on "
        "hold.",
    ]


@pytest.mark.both_databases
@pytest.mark.parametrize(
    "text",
    [
        *(preset.text for preset in PRESETS),
        "parseFloat(customer.phone) > 1",
        "customer.balance",
        "customer.daysoverdue > 30 || customer.overduebalance > 100",
        "customer.custentity_score == 'C'",
        "customer.entityid.startsWith('C10')",
    ],
)
def test_the_list_agrees_with_the_till(block, crowd, frozen_today, text):
    """What the set-based evaluation says of each customer is what the till says."""
    for number, says in enumerate(("ON", "OFF", "")):
        customer(f"Elmira {number}", "700", "500", credit_hold_override=says)
        customer(f"Fulton {number}", "300", "500", credit_hold_override=says, open_orders_total=Decimal(250))
    customer("Geneva", "300", "500", phone="555", record={"custentity_score": "C"})
    owing("Hudson", days=40, credit_limit=Decimal(100_000))
    nobody = HoldBlock(**{name: getattr(block, name) for name in actions.SETTINGS} | {"mode": "off"})
    after = HoldBlock(**{name: getattr(block, name) for name in actions.SETTINGS} | {"formula": text})
    listed = {row.number for row in impact(nobody, after, today=frozen_today).rows}
    policy, found = blocks.policy_of(after), CustomerFactory._meta.model.objects.all()
    assert listed == {one.entity_id for one in found if blocks.is_stopped(one, policy, frozen_today)}


def test_the_review_costs_no_query_a_customer(mike, block, crowd):
    with CaptureQueriesContext(connection) as few:
        post(mike, block, "review", mode="off")
    for number in range(5):
        customer(f"Elmira {number}", "700", "500")
    with CaptureQueriesContext(connection) as many:
        post(mike, block, "review", mode="off")
    assert len(many) == len(few)


# --- saving ---------------------------------------------------------------------------------------------


def test_save_with_history_and_an_audit_record(mike, block):
    response = post(mike, block, "save", formula=NO_LIMIT, mode="auto", reason="Blank limits are trusted")
    block.refresh_from_db()
    assert (response.status_code, block.formula) == (302, NO_LIMIT)
    newest = newest_of(block)
    assert (newest.history_change_reason, newest.history_user) == ("Blank limits are trusted", mike)
    [decision] = AutoDecision.objects.filter(decision_type="hold_block_changed")
    assert (decision.by, decision.entity_ref) == ("mike", "hold_block:order-form")
    assert decision.reason == "Blank limits are trusted"
    assert (decision.before["formula"] != NO_LIMIT, decision.after["formula"]) == (True, NO_LIMIT)


def test_every_setting_is_saved(mike, block):
    typed = {
        **{"title": "Counter", "hold_field": "custentity_till", "mode": "off", "tenders": "all"},
        **{"pin_field": "custentity_pin", "label_on_hold": "Stop", "label_approved": "Go"},
        **{"allow_pin_override": False, "override_service_hold": True, "show_label": False},
        **{"default_customer": CustomerFactory().netsuite_id, "formula": "customer.daysoverdue > 30"},
    }
    named = EmployeeFactory(pin_hashes=HAS_PIN)
    sent = {**typed, "override_service_hold": "on", "managers_by_role": [], "managers_by_name": [named.pk]}
    post(mike, block, "save", **sent, reason="New till")
    block.refresh_from_db()
    assert {name: getattr(block, name) for name in typed} == typed
    assert (list(block.managers_by_role.all()), list(block.managers_by_name.all())) == ([], [named])


def test_one_change_is_one_row_of_history(mike, block):
    before = block.history.count()
    named = EmployeeFactory(pin_hashes=HAS_PIN)
    post(mike, block, "save", managers_by_name=[named.pk], mode="off", reason="New manager")
    assert block.history.count() == before + 1
    assert [row.employee for row in newest_of(block).managers_by_name.all()] == [named]


def test_nothing_changed_writes_nothing(mike, block):
    before = block.history.count()
    assert post(mike, block, "save", reason="No change").status_code == 302
    assert (block.history.count(), AutoDecision.objects.count()) == (before, 0)


def test_no_reason_asks_again_and_keeps_what_was_typed(mike, block, crowd):
    response = post(mike, block, "save", mode="on", label_on_hold="Stop", reason=" ")
    assert (response.status_code, response.context["impact"].changed) == (400, 2)
    assert (response.context["values"]["label_on_hold"], response.context["values"]["mode"]) == ("Stop", "on")
    assert "Say why: the reason is kept with the change." in text(response)
    assert HoldBlock.objects.get(pk=block.pk).mode == "auto"


@pytest.mark.parametrize("verb", ["review", "save"])
def test_a_bad_formula_is_refused_with_its_place_and_kept(mike, block, verb):
    typed = "customer.constructor > 1"
    response = post(mike, block, verb, formula=typed, label_on_hold="Stop", reason="x")
    assert (response.status_code, response.context["refusal"].code) == (400, "bad_formula")
    assert (response.context["refusal"].line, response.context["refusal"].column) == (1, 10)
    assert (response.context["values"]["formula"], response.context["values"]["label_on_hold"]) == (typed, "Stop")
    assert HoldBlock.objects.get(pk=block.pk).formula == block.formula


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"hold_field": "not a field"}, "hold_field"),
        ({"hold_field": ""}, "hold_field"),
        ({"pin_field": "x;drop"}, "pin_field"),
        ({"mode": "maybe"}, "mode"),
        ({"tenders": "none"}, "tenders"),
        ({"pin_entity_type": "vendor"}, "pin_entity_type"),
        ({"label_on_hold": " "}, "label_on_hold"),
        ({"label_approved": "x" * 41}, "label_approved"),
        ({"title": ""}, "title"),
        ({"default_customer": "999999"}, "default_customer"),
        ({"default_customer": "\x00"}, None),
    ],
)
def test_a_setting_without_sense(mike, block, changes, field):
    response = post(mike, block, "save", **changes, reason="x")
    if field is None:
        assert response.status_code == 302
        return
    assert (response.status_code, list(response.context["refusal"].extra["errors"])) == (400, [field])
    assert 'class="field-error"' in text(response)


def test_two_people_the_second_is_told_and_keeps_the_input(mike, block):
    stale = actions.version_of(block)
    post(mike, block, "save", mode="off", reason="First")
    block.refresh_from_db()
    response = post(mike, block, "save", seen=stale, mode="on", label_on_hold="Stop", reason="Second")
    assert (response.status_code, response.context["refusal"].code) == (409, "stale")
    assert response.context["values"]["label_on_hold"] == "Stop"
    block.refresh_from_db()
    assert (block.mode, block.label_on_hold) == ("off", "On hold")
    assert post(mike, block, "review", seen=stale).status_code == 409


def test_a_second_click_changes_nothing_more(mike, block):
    sent = form(block, mode="off", reason="Month end")
    address = reverse("admin:holds_holdblock_save", args=[block.pk])
    assert [signed_in(mike).post(address, sent).status_code for _ in range(2)] == [302, 409]
    assert AutoDecision.objects.count() == 1


def test_only_a_person_changes_one(block):
    values = {name: getattr(block, name) for name in actions.SETTINGS}
    values |= {"managers_by_role": [], "managers_by_name": []}
    with pytest.raises(Refusal) as refused:
        actions.change(block=block, seen=actions.version_of(block), values=values, by="schedule:x", reason="x")
    assert refused.value.status == 403


def test_a_saved_setting_is_in_force_at_once(mike, block, crowd, frozen_today):
    over = crowd[0]
    assert blocks.is_stopped(over, blocks.policy_of(blocks.of_page("order")), frozen_today) is True
    post(mike, block, "save", mode="off", reason="Fair day")
    assert blocks.is_stopped(over, blocks.policy_of(blocks.of_page("order")), frozen_today) is False


def test_the_history_names_what_changed(mike, block):
    named = EmployeeFactory(last_name="Okafor", pin_hashes=HAS_PIN)
    changes = {"mode": "off", "allow_pin_override": False, "managers_by_name": [named.pk]}
    post(mike, block, "save", **changes, reason="Fair day")
    block.refresh_from_db()
    newest = page(mike, block).context["history"][0]
    assert newest["changes"] == [
        ("Hold mode", "auto", "off"),
        ("Allow PIN override", "yes", "no"),
        ("Managers", "Till manager", "Dana Okafor, Till manager"),
    ]
