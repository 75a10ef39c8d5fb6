"""`python -m bench.peer [--customers N] [--rounds N]`: beside Tryton; a table, JSON in bench/results/."""

import argparse

from bench.databases import databases
from bench.measure import Size
from bench.peer import environment
from bench.report import print_row, save
from bench.running import run


def main() -> None:
    size = _size()
    environment.install()
    with databases("postgresql") as made:
        rows = run("peer.comparison", made, size)
    for row in rows:
        print_row(row)
    save("peer-", size, rows)


def _size() -> Size:
    parser = argparse.ArgumentParser(prog="python -m bench.peer", description=__doc__)
    parser.add_argument("--customers", type=int, default=Size.customers, help="ten open invoices each, a tenth crosses")
    parser.add_argument("--rounds", type=int, default=Size.rounds)
    options = parser.parse_args()
    return Size(options.customers, options.rounds)


if __name__ == "__main__":
    main()
