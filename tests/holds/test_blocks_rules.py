"""The verdict of a hold block: precedence, tenders, overrides, words. Pure rules, no database."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import product

import pytest

from holds.rules import HoldFacts, HoldNote, Policy, field_says, may_override, source_of, verdict

AUTO = Policy(mode="auto", hold_field="creditholdoverride", formula="true")
NOTE = HoldNote(
    7, "mike", datetime(2026, 3, 16, 13, 44, tzinfo=UTC), "Invoices past due, $48,210.40 open", "Mike Ferris"
)
SAYS = ("ON", "OFF", "AUTO", None)
BY_FORMULA = (True, False, None)


def said_by_formula(by_formula):
    return {True: "formula", False: "none", None: "error"}[by_formula]


def expected(mode, says, by_formula):
    """The table of the three modes, written out; a service hold comes before it."""
    if mode == "on":
        return "mode_on"
    if mode == "off":
        return "none"
    return {"ON": "hold_field", "OFF": "none", "AUTO": said_by_formula(by_formula), None: "error"}[says]


@pytest.mark.parametrize(("mode", "says", "by_formula"), list(product(("on", "off", "auto"), SAYS, BY_FORMULA)))
def test_precedence(mode, says, by_formula):
    policy = replace(AUTO, mode=mode)
    without = HoldFacts(says=says, by_formula=by_formula)
    assert source_of(policy, without) == expected(mode, says, by_formula)
    assert source_of(policy, replace(without, service_hold=True)) == "service_hold"


SOURCES = {
    "service_hold": (AUTO, HoldFacts(service_hold=True)),
    "mode_on": (replace(AUTO, mode="on"), HoldFacts()),
    "hold_field": (AUTO, HoldFacts(says="ON")),
    "formula": (AUTO, HoldFacts(by_formula=True)),
    "error": (AUTO, HoldFacts(by_formula=None)),
    "none": (AUTO, HoldFacts()),
}


@pytest.mark.parametrize(
    ("source", "tenders", "tender"), list(product(SOURCES, ("all", "on_account"), ("on_account", "paid_now")))
)
def test_which_orders_a_hold_stops(source, tenders, tender):
    policy, facts = SOURCES[source]
    stopped = source == "service_hold" or (source != "none" and (tenders == "all" or tender == "on_account"))
    found = verdict(replace(policy, tenders=tenders), facts, tender)
    assert (found.on_hold, found.source) == (stopped, source if stopped else "none")


@pytest.mark.parametrize(("source", "allowed", "also_service"), list(product(SOURCES, (True, False), (True, False))))
def test_which_holds_a_pin_opens(source, allowed, also_service):
    policy = replace(SOURCES[source][0], allow_pin_override=allowed, override_service_hold=also_service)
    assert may_override(source, policy) is (allowed and (also_service or source != "service_hold"))


def test_an_approved_customer_has_nothing_to_override():
    assert verdict(AUTO, HoldFacts(), "on_account").overridable is False


def test_the_labels_are_the_blocks_own():
    policy = replace(AUTO, label_on_hold="Stop", label_approved="Go")
    assert verdict(policy, HoldFacts(by_formula=True), "on_account").label == "Stop"
    assert verdict(policy, HoldFacts(), "on_account").label == "Go"


def test_a_failed_formula_sends_the_cashier_to_ar():
    assert verdict(AUTO, HoldFacts(by_formula=None), "on_account").reason == "Could not evaluate the rule: ask AR."


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"balance", "creditlimit"}, "Over the credit limit."),
        ({"balance", "creditlimit", "unbilledorders"}, "Over the credit limit."),
        ({"creditlimit"}, "Held by the credit rule."),
        ({"daysoverdue"}, "Invoices are past due."),
        ({"daysoverdue", "creditlimit", "balance"}, "Held by the credit rule."),
        (set(), "Held by the credit rule."),
    ],
)
def test_the_reason_names_the_rule_only_where_it_is_sure(fields, reason):
    facts = HoldFacts(by_formula=True, formula_fields=frozenset(fields))
    assert verdict(AUTO, facts, "on_account").reason == reason


@pytest.mark.parametrize(
    ("policy", "facts", "advice"),
    [
        (AUTO, HoldFacts(by_formula=True), "Orders on account need a manager. Paying now is not blocked."),
        (
            replace(AUTO, allow_pin_override=False),
            HoldFacts(by_formula=True),
            "No orders on account. Paying now is not blocked.",
        ),
        (
            replace(AUTO, tenders="all"),
            HoldFacts(by_formula=True),
            "Every order needs a manager, also when paid now.",
        ),
        (
            replace(AUTO, tenders="all", allow_pin_override=False),
            HoldFacts(by_formula=True),
            "No orders, on account or paid now.",
        ),
        (AUTO, HoldFacts(service_hold=True), "A PIN cannot lift this hold, and paying now is blocked too."),
        (
            replace(AUTO, override_service_hold=True),
            HoldFacts(service_hold=True),
            "A manager may allow one order. Without that, paying now is blocked too.",
        ),
        (AUTO, HoldFacts(), "This order may be placed on account."),
    ],
)
def test_the_cashier_learns_what_to_do(policy, facts, advice):
    assert verdict(policy, facts, "on_account").advice == advice


def test_paid_now_says_why_the_hold_does_not_count():
    found = verdict(AUTO, HoldFacts(by_formula=True), "paid_now")
    assert (found.on_hold, found.reason) == (False, "Paid now: the hold on orders on account does not stop it.")


@pytest.mark.parametrize(
    ("value", "meaning"),
    [("ON", "ON"), ("Off", "OFF"), ("auto", "AUTO"), (" on ", "ON"), ("", "AUTO"), (None, "AUTO")],
)
def test_a_hold_field_says_on_off_or_auto(value, meaning):
    assert field_says("custentity_hold", value) == meaning


@pytest.mark.parametrize(("override", "manual", "meaning"), [("F", "F", "AUTO"), ("F", "T", "ON"), ("T", "F", "OFF")])
def test_netsuites_two_booleans(override, manual, meaning):
    """A true override switches holds off: the trap of saved searches."""
    assert field_says("creditholdoverride", override, manual) == meaning


def test_an_accounts_own_copy_of_the_override_reads_the_same():
    assert field_says("custentity_creditholdoverride", True) == "OFF"


@pytest.mark.parametrize(("value", "meaning"), [("T", "ON"), ("F", "AUTO"), (True, "ON"), (False, "AUTO")])
def test_another_boolean_holds_when_true_and_never_approves(value, meaning):
    assert field_says("oncredithold", value) == meaning


@pytest.mark.parametrize(("value", "manual"), [("2", None), ("Maybe", None), ("T", "T")])
def test_what_cannot_be_read_is_no_approval(value, manual):
    with pytest.raises(ValueError, match="creditholdoverride"):
        field_says("creditholdoverride", value, manual)


@pytest.mark.parametrize(
    ("why", "told"),
    [
        ("Invoices past due, $48,210.40 open", "Invoices past due, … open"),
        ("CAD 1,200.00 bounced", "… bounced"),
        ("owes 12000 since 2026", "owes … since 2026"),
        ("94 days late", "94 days late"),
        ("3 invoices 90+", "3 invoices 90+"),
    ],
)
def test_a_reason_without_its_amounts(why, told):
    assert replace(NOTE, why=why).why_without_amounts == told


def test_the_fingerprint_follows_the_hold_the_facts_and_the_rule():
    found = replace(
        verdict(AUTO, HoldFacts(service_hold=True, note=NOTE), "on_account"), inputs={"record": {"balance": 1}}
    )
    others = [
        replace(found, inputs={"record": {"balance": 2}}),
        replace(found, note=replace(NOTE, hold_id=8)),
        replace(found, source="mode_on"),
        replace(found, overridable=True),
        replace(found, tender="paid_now"),
        replace(found, policy=replace(AUTO, formula="false")),
    ]
    assert len({one.fingerprint for one in [found, *others]}) == 7


def test_the_fingerprint_ignores_time_and_words():
    found = verdict(AUTO, HoldFacts(by_formula=True), "on_account")
    later = replace(found, evaluated_at=NOTE.since, warning="old", stale=True, label="Stop")
    assert later.fingerprint == found.fingerprint
