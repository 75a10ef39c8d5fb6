"""`python -m bench.chaos [NAME …] [--size small|full] [--db sqlite|postgresql]`: a table, and JSON in bench/results/.

Exit code 1 when a promise was broken.
"""

import argparse
import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.chaos import report
from bench.chaos.stage import ROOT, Found, Skipped, stage

BOTH = ("sqlite", "postgresql")
# In this order; each on the databases that it concerns.
EXPERIMENTS: dict[str, tuple[str, ...]] = {
    "kills": BOTH,
    "restarts": ("postgresql",),
    "frozen": BOTH,
    "mail": BOTH,
    "twins": BOTH,
    "races": BOTH,
    "barriers": BOTH,
    "provisioning": BOTH,
    "clock": BOTH,
    "disk": ("sqlite",),
    "hosts": ("postgresql",),
    "api": BOTH,
}


def main() -> None:
    options = _options()
    # Ended from outside, an experiment still ends everything it started.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if options.child:
        _experiment_here(*options.child, options.size == "full")
        return
    wanted = [name for name in EXPERIMENTS if name in options.names or not options.names]
    pairs = [(name, db) for name in wanted for db in EXPERIMENTS[name] if db in (options.db or BOTH)]
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="holdgate-chaos-") as templates:
        Path(templates).chmod(0o755)
        os.environ["CHAOS_TEMPLATES"] = templates
        for name, database in pairs:
            rows.append(_experiment(name, database, options.size))
            report.tell(rows[-1])
    report.show(rows)
    path = report.save(rows, options.size)
    print(f"Written to {path.relative_to(ROOT)}")
    sys.exit(any(row["broken"] for row in rows))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.chaos", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"default: all of {', '.join(EXPERIMENTS)}")
    parser.add_argument("--size", choices=["small", "full"], default="small")
    parser.add_argument("--db", action="append", choices=BOTH)
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if unknown := set(options.names) - set(EXPERIMENTS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(EXPERIMENTS)}")
    return options


def _experiment(name: str, database: str, size: str) -> dict[str, Any]:
    """One process an experiment, because Django's settings are read once."""
    started = time.monotonic()
    command = [sys.executable, "-m", "bench.chaos", "--child", name, database, "--size", size]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        try:
            said, _ = process.communicate()
        except KeyboardInterrupt:
            process.terminate()
            raise
    facts: dict[str, Any] = {"name": name, "database": database, "seconds": time.monotonic() - started}
    if said.strip():
        return {**facts, **json.loads(said.splitlines()[-1])}
    return {**facts, **asdict(Found("", "", [f"ended with {process.returncode} and no answer"]))}


def _experiment_here(name: str, database: str, full: bool) -> None:
    """The module's `run(stage)`, under its own `SETTINGS`."""
    try:
        module = importlib.import_module(f"bench.chaos.{name}")
        if hasattr(module, "begin"):
            module.begin()
        with stage(name, database, full, module=module) as here:
            found = module.run(here)
    except Skipped as why:
        found = Found("", "", skipped=str(why))
    except Exception as problem:
        traceback.print_exc()
        found = Found("", "", [f"{type(problem).__name__}: {problem}"])
    print(json.dumps(asdict(found)), flush=True)


if __name__ == "__main__":
    main()
