"""Every fault and attack that the documentation names points to the test that shows the behaviour."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TABLES = {"reliability.md": "## What happens when", "security.md": "## Attacks"}
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def rows(page: str) -> list[str]:
    """The rows of the page's table, without its head."""
    part = (ROOT / "docs" / page).read_text().split(TABLES[page], 1)[1].split("\n## ", 1)[0]
    return [line for line in part.splitlines() if line.startswith("| ")][1:]


ROWS = [(page, row) for page in TABLES for row in rows(page)]


@pytest.mark.parametrize(("page", "row"), ROWS, ids=[row.split("|")[1].strip()[:60] for _, row in ROWS])
def test_a_row_names_tests_that_exist(page: str, row: str):
    named = NAMED.findall(row)
    assert named, f"{page}: no test is named for {row}"
    missing = [f"{path}::{name}" for path, name in named if f"def {name}(" not in (ROOT / path).read_text()]
    assert missing == []


def test_nothing_promised_was_dropped():
    assert {page: len(rows(page)) for page in TABLES} == {"reliability.md": 31, "security.md": 40}
