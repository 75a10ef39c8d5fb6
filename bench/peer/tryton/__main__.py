"""Runs in Tryton's environment: `python -O bench/peer/tryton URL DATABASE [CUSTOMERS TODAY]`.

Without customers it makes the tables. With them it populates, answers `{}`, and then each line of JSON with one.
"""

import json
import sys
from datetime import date
from time import perf_counter
from typing import Any

import trytond.config as config

URL, DATABASE, *POPULATION = sys.argv[1:]
# Tryton picks its database when it is imported.
config.set("database", "uri", URL)

from population import make_database, populate  # noqa: E402
from trytond.pool import Pool  # noqa: E402
from work import Work  # noqa: E402


def main() -> None:
    if not POPULATION:
        make_database(DATABASE)
        return
    customers, today = POPULATION
    Pool(DATABASE).init()
    work = Work(DATABASE, populate(DATABASE, int(customers), date.fromisoformat(today)))
    _answer({})
    for line in sys.stdin:
        order = json.loads(line)
        verb = getattr(work, order.pop("verb"))
        started = perf_counter()
        found = verb(**order)
        _answer({"seconds": perf_counter() - started, **found})


def _answer(found: dict[str, Any]) -> None:
    print(json.dumps(found), flush=True)


main()
