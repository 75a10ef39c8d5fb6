"""Made-up requests, right and wrong ones, to every operation of a running server: each answer is as documented."""

import sys
from collections import Counter
from typing import Any

from bench.chaos.stage import Found, Stage

# The rows that requests are about wear out: orders are cancelled, holds lifted.
FRESH_ROWS = 20
TOLD = 200


class Asker:
    """Sends cases as somebody who may do everything; what is not as documented goes into `broken`."""

    def __init__(self, url: str) -> None:
        self.url, self.answers, self.asked = url, Counter[int](), 0
        self.broken: dict[str, str] = {}
        self.renew()

    def renew(self) -> None:
        from bench.chaos.world import person, token
        from tests.config.world import world_of

        boss = person("boss")
        boss.is_superuser = True
        boss.save()
        self.headers, self.world = {"Authorization": f"Token {token(boss)}"}, world_of(boss)

    def send(self, case: Any, real: bool) -> None:
        from tests.config.api_cases import CHECKS, use_rows

        self.asked += 1
        if self.asked % FRESH_ROWS == 0:
            self.renew()
        if real:
            use_rows(case, self.world)
        answer = case.call(base_url=self.url, headers=self.headers)
        self.answers[answer.status_code] += 1
        try:
            case.validate_response(answer, checks=CHECKS, headers=self.headers)
        except BaseExceptionGroup as failures:
            for failure in failures.exceptions:
                self.broken.setdefault(f"{case.operation.label}: {failure}"[:TOLD], str(failures))


def run(stage: Stage) -> Found:
    from bench.chaos import promises
    from bench.chaos.processes import Web, running
    from tests.config.api_cases import each_case, load_schema, operations

    examples = stage.many(5, 200)
    with running(Web(stage)) as web:
        web.wait_until_up()
        asker, asked = Asker(web.url), operations(load_schema())
        for number, operation in enumerate(asked, 1):
            each_case(operation, examples, asker.send)
            if number % 10 == 0:
                stage.say(f"{number} operations, {asker.asked} requests, {len(asker.broken)} not as documented")
    _settle()
    broken = [*asker.broken] + promises.invariants_hold(stage)
    by_status = ", ".join(f"{count} × {status}" for status, count in sorted(asker.answers.items()))
    for words in asker.broken.values():
        print(words, file=sys.stderr)
    figures = {"operations": len(asked), "requests": asker.asked, "answers": dict(asker.answers)}
    return Found(f"{asker.asked} made-up requests to {len(asked)} operations", by_status, broken, figures)


def _settle() -> None:
    """What the requests asked for is carried out, as far as NetSuite lets it."""
    from netsuite import outbox
    from workflows import tasks

    outbox.drain()
    tasks.apply_waiting()
