"""`python -m bench [NAME…] [--customers N] [--rounds N] [--db sqlite|postgresql]`: a table, JSON in bench/results/."""

import argparse
from typing import Any

from bench import BENCHES
from bench.databases import databases
from bench.measure import Size
from bench.report import print_row, save
from bench.running import run

KINDS = ("sqlite", "postgresql")


def main() -> None:
    options = _options()
    size = Size(options.customers, options.rounds)
    results: list[dict[str, Any]] = []
    for kind in options.db or KINDS:
        with databases(kind) as made:
            for name in options.names or BENCHES:
                for row in run(name, made, size):
                    print_row(row)
                    results.append(row)
    save("", size, results)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one or more of: {', '.join(BENCHES)}")
    parser.add_argument("--customers", type=int, default=Size.customers, help="ten invoices each, a tenth crosses")
    parser.add_argument("--rounds", type=int, default=Size.rounds)
    parser.add_argument("--db", action="append", choices=KINDS)
    options = parser.parse_args()
    if unknown := [name for name in options.names if name not in BENCHES]:
        parser.error(f"there is no bench {unknown[0]}; there are {', '.join(BENCHES)}")
    return options


if __name__ == "__main__":
    main()
