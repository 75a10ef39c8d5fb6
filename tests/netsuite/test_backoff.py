"""How long to wait."""

import pytest

from netsuite.backoff import read_delay, retry_delay, throttle_delay

SCHEDULE = [30, 120, 480]


def least(low, high):
    return low


def most(low, high):
    return high


@pytest.mark.parametrize(("attempts", "low", "high"), [(1, 24, 36), (2, 96, 144), (3, 384, 576), (9, 384, 576)])
def test_the_schedule_spreads_by_a_fifth(attempts, low, high):
    assert retry_delay(attempts, SCHEDULE, least) == pytest.approx(low)
    assert retry_delay(attempts, SCHEDULE, most) == pytest.approx(high)


def test_throttling_doubles_up_to_a_minute():
    waits = [throttle_delay(count, spread=lambda low, high: 1) for count in (0, 1, 2, 5, 50)]
    assert waits == [2, 4, 8, 60, 60]


def test_throttling_honours_retry_after():
    assert throttle_delay(0, retry_after=7) == 7


def test_a_read_is_repeated_soon():
    assert [read_delay(tries, spread=lambda low, high: 1) for tries in (0, 1, 9)] == [0.5, 1, 20]
