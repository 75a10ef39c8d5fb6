"""The comparison with another program can be read, pinned and started without that program."""

import re
import sys
from datetime import date
from pathlib import Path

import pytest

from bench.peer import environment, process

ROOT = Path(__file__).resolve().parent.parent


def test_every_package_is_pinned_and_says_why():
    lines = environment.REQUIREMENTS.read_text().splitlines()
    packages = [line for line in lines if line and not line.startswith("#")]
    assert packages
    assert [line for line in packages if not re.fullmatch(r"[a-z_]+(\[[a-z,]+\])?==[0-9.]+", line)] == []
    assert lines[0].startswith("#")


def test_its_environment_is_kept_out_of_git_and_of_ours():
    assert "bench/.peer/" in (ROOT / ".gitignore").read_text().splitlines()
    assert environment.PLACE == ROOT / "bench" / ".peer"
    assert "trytond" not in (ROOT / "requirements-dev.txt").read_text()


def test_only_what_runs_in_its_process_imports_it():
    importing = {
        path for path in (ROOT / "bench").rglob("*.py") if re.search(r"^(from|import) trytond", path.read_text(), re.M)
    }
    assert {path.parent for path in importing if environment.PLACE not in path.parents} == {process.PROGRAM}


def test_the_command_of_the_page_is_that_of_the_makefile():
    page, makefile = (ROOT / "docs/peer.md").read_text(), (ROOT / "Makefile").read_text()
    assert "make peer" in page
    assert "-m bench.peer --customers" in makefile
    assert "bench.peer" not in makefile[makefile.index("\ntest:") : makefile.index("\nchaos:")]


def test_a_peer_that_fails_is_told(monkeypatch, tmp_path):
    """No answer is no figure."""
    monkeypatch.setattr(process, "PYTHON", sys.executable)
    monkeypatch.setattr(process, "PROGRAM", tmp_path / "__main__.py")
    (tmp_path / "__main__.py").write_text("raise SystemExit(1)")
    with pytest.raises(RuntimeError, match="failed at populating"):
        process.Peer("postgresql:///", "peer", 10, date(2026, 1, 1))
