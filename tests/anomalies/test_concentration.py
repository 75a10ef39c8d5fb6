"""Which segment a wave comes from."""

from math import comb

import pytest

from anomalies.concentration import at_least, segments


def test_the_chance_is_the_hypergeometric_tail():
    exact = sum(comb(30, k) * comb(170, 38 - k) for k in range(22, 31)) / comb(200, 38)
    assert at_least(22, 38, 30, 200) == pytest.approx(exact, rel=1e-9)


@pytest.mark.parametrize(("hit", "chance"), [(0, 1.0), (1, 1.0), (5, 0.0)])
def test_at_the_ends(hit: int, chance: float):
    assert at_least(hit, 4, 7, 10) == pytest.approx(chance)


def test_twenty_two_of_thirty_eight_in_one_region_is_named():
    hit = {"West": 22, "East": 9, "North": 7}
    base = {"West": 40, "East": 80, "North": 80}
    [west, *others] = segments("region", hit, base)
    assert (west.value, west.hit, west.drawn, round(west.share, 3), west.expected) == ("West", 22, 38, 0.579, 0.2)
    assert west.stands_out
    assert not any(other.stands_out for other in others)


def test_a_wave_like_the_customer_base_names_nobody():
    assert not any(s.stands_out for s in segments("tier", {"A": 19, "B": 19}, {"A": 100, "B": 100}))


def test_many_segments_make_one_odd_one_less_odd():
    few = segments("rep", {"1": 4, "2": 1}, {"1": 10, "2": 40})[0].chance
    many = segments("rep", {"1": 4, "2": 1}, {"1": 10, "2": 40} | {str(n): 0 for n in range(3, 40)})[0].chance
    assert many > few


def test_nobody_affected_is_no_segment():
    assert segments("region", {}, {"West": 4}) == []
