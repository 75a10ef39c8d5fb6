from customers.pins import hash_pin, pin_matches


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
