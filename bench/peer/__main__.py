"""`python -m bench.peer [NAME…] [--customers N] [--rounds N]`: beside Tryton; a table, JSON in bench/results/."""

import argparse

from bench.databases import databases
from bench.measure import Size
from bench.peer import COMPARISONS, environment, process
from bench.report import print_row, save
from bench.running import run


def main() -> None:
    options = _options()
    size = Size(options.customers, options.rounds)
    environment.install()
    results = []
    with databases("postgresql") as made:
        process.make_template(str(made.server.get_uri()))
        for name in options.names or COMPARISONS:
            for row in run(f"peer.{name}", made, size):
                print_row(row)
                results.append(row)
    save("peer-", size, results)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.peer", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one or more of: {', '.join(COMPARISONS)}")
    parser.add_argument("--customers", type=int, default=Size.customers, help="ten open invoices each, a tenth crosses")
    parser.add_argument("--rounds", type=int, default=Size.rounds)
    options = parser.parse_args()
    if unknown := [name for name in options.names if name not in COMPARISONS]:
        parser.error(f"there is no comparison {unknown[0]}; there are {', '.join(COMPARISONS)}")
    return options


if __name__ == "__main__":
    main()
