"""The table on the terminal and the JSON on disk."""

import json
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parents[1] / "results"


def verdict(row: dict[str, Any]) -> str:
    if row["skipped"]:
        return "skipped"
    return "BROKEN" if row["broken"] else "kept"


def tell(row: dict[str, Any]) -> None:
    """One finished experiment, while the others run."""
    words = f"{row['name']} on {row['database']}: {row['done']}: {row['seen']}: {verdict(row)}, {row['seconds']:.0f} s"
    print("\n  ".join([words, *row["broken"][:10]]), file=sys.stderr, flush=True)


def show(rows: list[dict[str, Any]]) -> None:
    head = ("experiment", "database", "done", "found", "seconds", "promise")
    lines = [head, *((r["name"], r["database"], r["done"], r["seen"], f"{r['seconds']:.0f}", verdict(r)) for r in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
    for row in rows:
        for problem in row["broken"][:20]:
            print(f"{row['name']} on {row['database']}: {problem}")
        if row["skipped"]:
            print(f"{row['name']} on {row['database']} skipped: {row['skipped']}")


def save(rows: list[dict[str, Any]], size: str) -> Path:
    now = datetime.now(UTC)
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.platform()}
    facts = {"at": now.isoformat(), "machine": machine, "size": size, "results": rows}
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"chaos-{now:%Y%m%d-%H%M%S}-{os.getpid()}.json"
    path.write_text(json.dumps(facts, indent=2))
    return path
