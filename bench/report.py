"""What a run found: lines on the terminal, JSON in bench/results/."""

import json
import os
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bench.databases import ROOT
from bench.measure import Size

RESULTS = ROOT / "bench" / "results"


def print_row(row: Mapping[str, Any]) -> None:
    """One line a comparison: median (least–most), and what was asked."""
    times = ", ".join(f"{side} {_seconds(spread)}" for side, spread in row["seconds"].items())
    figures = "".join(f", {what} {number:,.6g}" for what, number in row["figures"].items())
    print(f"{row['database']:<11}{row['name']}: {times}{figures}")
    for other, ratio in row["ratio"].items():
        spread = f"{ratio['median']:.3g} ({ratio['min']:.3g}–{ratio['max']:.3g})"
        asked = f"asked ≤ {ratio['at_most']:.3g}: {'kept' if ratio['kept'] else 'MISSED'}" if "at_most" in ratio else ""
        print(f"{'':<13}of {other:<34}{spread:<28}{asked}", flush=True)


def save(prefix: str, size: Size, results: list[dict[str, Any]]) -> None:
    """Everything with the machine it was measured on."""
    now = datetime.now(UTC)
    RESULTS.mkdir(exist_ok=True)
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.platform()}
    facts = {"at": now.isoformat(), "machine": machine, "customers": size.customers, "results": results}
    path = RESULTS / f"{prefix}{now:%Y%m%d-%H%M%S}.json"
    path.write_text(json.dumps(facts, indent=2))
    print(f"Written to {path.relative_to(ROOT)}")


def _seconds(spread: Mapping[str, float]) -> str:
    return " ".join([_rounded(spread["median"]), f"({_rounded(spread['min'])}–{_rounded(spread['max'])})"])


def _rounded(seconds: float) -> str:
    return f"{seconds:.3g} s" if seconds >= 1 else f"{1000 * seconds:.3g} ms"
