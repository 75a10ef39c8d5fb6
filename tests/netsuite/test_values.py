"""What NetSuite says and what we mean."""

import pytest

from netsuite.values import agrees, hold_field, plain, same


@pytest.mark.parametrize(
    ("wanted", "found", "equal"),
    [
        ("ON", "ON", True),
        ("ON", "AUTO", False),
        ("50000.00", 50000.0, True),
        ("50000.01", 50000.0, False),
        (None, "", True),
        (None, None, True),
        (None, "x", False),
        ("x", None, False),
        (True, True, True),
        (True, "T", True),
        (True, "F", False),
        (False, None, False),
        ("2026-05-05T14:03:00Z", "2026-05-05T14:03:00+00:00", True),
        ("2026-05-05T14:03:00Z", "2026-05-05T14:04:00Z", False),
        ("nan", "nan", True),
        ("nan", "inf", False),
    ],
)
def test_same(wanted, found, equal):
    assert same(wanted, found) is equal


def test_references_and_plain_values_are_the_same():
    assert plain({"id": "ON", "refName": "On"}) == plain("ON")
    assert plain({"refName": "Net 30"}) == "Net 30"


def test_a_missing_field_does_not_agree():
    assert not agrees({"credit_hold": "ON"}, {})


def test_the_hold_field_of_a_standard_account(settings):
    settings.NETSUITE_HOLD_FIELD = "creditHoldOverride"
    field = hold_field()
    assert (field.name, field.column) == ("creditHoldOverride", "creditholdoverride")
    assert (field.to_wire(True), field.to_wire("OFF")) == ({"id": "ON"}, {"id": "OFF"})
    assert (field.from_wire({"id": "ON", "refName": "On"}), field.from_wire(None)) == ("ON", "AUTO")


def test_lifting_never_switches_the_limits_off(settings):
    assert hold_field().to_wire(False) == {"id": "AUTO"}


def test_a_custom_hold_field_has_its_own_values(settings):
    settings.NETSUITE_HOLD_FIELD = "custentity_hold:AUTO=1,ON=2,OFF=3"
    assert hold_field().to_wire("ON") == {"id": "2"}
    assert hold_field().from_wire({"id": "3"}) == "OFF"


def test_another_state_is_refused():
    with pytest.raises(ValueError, match="SOMETIMES"):
        hold_field().to_wire("sometimes".upper())
