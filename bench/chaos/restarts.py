"""The same as `kills`, and PostgreSQL itself is stopped and started every few seconds."""

import threading

from bench.chaos import kills
from bench.chaos.stage import Found, Stage

SMALL_PAUSE, FULL_PAUSE = (3, 6), (5, 40)


def run(stage: Stage) -> Found:
    found = kills.run(stage, beside=_restart)
    restarts = stage.postgres.restarts if stage.postgres else 0
    found.done += f" and {restarts} restarts of PostgreSQL"
    found.figures["restarts"] = restarts
    if not restarts:
        found.broken.append("PostgreSQL was never restarted: nothing was shown")
    return found


def _restart(stage: Stage, over: threading.Event) -> None:
    assert stage.postgres is not None
    pause = FULL_PAUSE if stage.full else SMALL_PAUSE
    while not over.wait(stage.chance.uniform(*pause)):
        stage.postgres.restart(stage.chance.choice(["fast", "immediate"]))
        stage.say(f"PostgreSQL restarted, {stage.postgres.restarts}")
