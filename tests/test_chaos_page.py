"""Every experiment of `make chaos` can be run and is described."""

import re
from pathlib import Path

from bench.chaos.__main__ import BOTH, EXPERIMENTS

ROOT = Path(__file__).resolve().parent.parent


def test_each_experiment_is_a_module_with_its_row():
    rows = re.findall(r"^\| ([a-z]+) \| .* \| .* \| .* \| .* \|$", (ROOT / "docs/chaos.md").read_text(), re.MULTILINE)
    listed = [name for name in rows if name in EXPERIMENTS]
    assert list(dict.fromkeys(listed)) == list(EXPERIMENTS)
    modules = {path.stem for path in (ROOT / "bench/chaos").glob("*.py") if "\ndef run(" in path.read_text()}
    assert modules == set(EXPERIMENTS)


def test_each_experiment_names_its_databases():
    assert {database for databases in EXPERIMENTS.values() for database in databases} == set(BOTH)
