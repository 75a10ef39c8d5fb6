"""One bench in one process of its own, because Django's settings are read once: `python -m bench.running NAME …`."""

import importlib
import json
import subprocess
import sys
from typing import Any

from bench.databases import ROOT, Databases, environment
from bench.measure import Size


def run(name: str, databases: Databases, size: Size) -> list[dict[str, Any]]:
    """The rows of bench `name` on a fresh database. A bench that fails ends the run with its own words."""
    with databases.fresh() as url:
        command = [sys.executable, "-m", "bench.running", name, str(size.customers), str(size.rounds)]
        env = environment(url, databases.folder)
        answer = subprocess.run(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603
    rows = json.loads(answer.stdout.splitlines()[-1])
    return [{"database": databases.kind, "bench": name, "customers": size.customers, **row} for row in rows]


def _measure_here(name: str, customers: str, rounds: str) -> None:
    import django

    django.setup()
    rows = importlib.import_module(f"bench.{name}").measure(Size(int(customers), int(rounds)))
    print(json.dumps([row.as_dict() for row in rows]))


if __name__ == "__main__":
    _measure_here(*sys.argv[1:])
