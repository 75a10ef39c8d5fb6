"""Cost against size, `python -m bench.curve [--invoices N…]`: measured on PostgreSQL, drawn in docs/pictures."""

import argparse
from typing import Any

from bench.curve_picture import draw
from bench.databases import ROOT, databases
from bench.measure import INVOICES, Size
from bench.report import print_row, save
from bench.running import run

SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
PICTURE = ROOT / "docs" / "pictures" / "cost.svg"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.curve", description=__doc__)
    parser.add_argument("--invoices", type=int, nargs="+", default=SIZES, help="open invoices, ten a customer")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    results: list[dict[str, Any]] = []
    with databases("postgresql") as made:
        for invoices in sorted(options.invoices):
            for row in run("curve_point", made, Size(invoices // INVOICES, options.rounds)):
                print_row(row)
                results.append({**row, "invoices": invoices})
    save("curve-", Size(max(options.invoices) // INVOICES, options.rounds), results)
    PICTURE.write_text(draw(results))
    print(f"Drawn: {PICTURE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
