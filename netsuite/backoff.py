"""How long to wait before trying again: pure functions, seconds in and out."""

import random
from collections.abc import Callable, Sequence

JITTER = 0.2
FIRST_THROTTLE_SECONDS = 2.0
LONGEST_THROTTLE_SECONDS = 60.0
FIRST_READ_SECONDS = 0.5
LONGEST_READ_SECONDS = 20.0

Spread = Callable[[float, float], float]


def retry_delay(attempts: int, schedule: Sequence[float], spread: Spread = random.uniform) -> float:
    """Seconds after the `attempts`-th failed attempt of a cycle, ±20 % so that a crowd does not return at once."""
    planned = schedule[min(attempts, len(schedule)) - 1]
    return planned * spread(1 - JITTER, 1 + JITTER)


def throttle_delay(throttled_before: int, retry_after: float | None = None, spread: Spread = random.uniform) -> float:
    """Account-wide seconds after a 429: what the server asks for, else doubling from 2 s to 60 s."""
    if retry_after is not None:
        return max(retry_after, 0.0)
    planned = min(FIRST_THROTTLE_SECONDS * 2 ** min(throttled_before, 10), LONGEST_THROTTLE_SECONDS)
    return planned * spread(1 - JITTER, 1 + JITTER)


def read_delay(tries: int, retry_after: float | None = None, spread: Spread = random.uniform) -> float:
    """Seconds before a read is repeated; a read has no effect, so it may be repeated quickly."""
    planned = min(FIRST_READ_SECONDS * 2**tries, LONGEST_READ_SECONDS) * spread(1 - JITTER, 1 + JITTER)
    return max(planned, retry_after or 0.0)
