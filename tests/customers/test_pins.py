import pytest

from customers.pins import hash_pin, is_weak, pin_fault, pin_matches


def test_the_right_pin_matches():
    assert pin_matches(hash_pin("4821"), "4821")


def test_another_pin_does_not():
    assert not pin_matches(hash_pin("4821"), "4822")


def test_no_hash_matches_nothing():
    assert not pin_matches("", "")
    assert not pin_matches("", "nobody has this PIN")


def test_two_hashes_of_one_pin_differ_and_hide_it():
    one, two = hash_pin("4821"), hash_pin("4821")
    assert one != two
    assert "4821" not in one + two


def test_a_stolen_hash_is_worthless_without_the_pepper(settings):
    stolen = hash_pin("4821")
    settings.PIN_PEPPER = "another pepper"
    assert not pin_matches(stolen, "4821")


def test_a_broken_hash_matches_nothing():
    assert not pin_matches("4821", "4821")


@pytest.mark.parametrize("pin", ["4821", "902143", "482153907516"])
def test_four_to_twelve_mixed_digits_are_a_pin(pin):
    assert pin_fault(pin) == ""


@pytest.mark.parametrize(
    "pin", ["", "482", "4821539075161", "48x1", "４８２１", "4821\n", "4821\x00", "-4821", "4" * 10_240]
)
def test_anything_else_is_none(pin):
    assert pin_fault(pin) == "A PIN has 4 to 12 digits and nothing else."


@pytest.mark.parametrize("pin", ["0000", "1212", "1110", "1234", "9876", "01234567"])
def test_what_people_try_first_is_too_easy(pin):
    assert (is_weak(pin), pin_fault(pin)) == (True, "This PIN is too easy to guess.")
