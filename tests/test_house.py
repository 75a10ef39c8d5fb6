"""Rules of the house: what no tracked file may hold, and what the project's own files must say."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from netsuite.sandbox import credentials

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ["requirements.txt", "requirements-dev.txt"]
# Spelled in pieces, so that this file passes its own test.
REGISTRIES = [("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("debian", "org/debian")]
UNFINISHED = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|WI" + r"P)\b")
MACHINE_PATH = re.compile(r"(?<![\w.:/])/(?:work|home|root|Users)/\w")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s#]+)[^)]*\)")


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True)
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def tracked_texts() -> dict[str, str]:
    texts = {}
    for path in tracked():
        content = path.read_bytes()
        if b"\0" not in content:
            texts[str(path.relative_to(ROOT))] = content.decode(errors="replace")
    return texts


def documents() -> list[Path]:
    return [path for path in tracked() if path.suffix == ".md"]


def dependency_lines() -> list[str]:
    lines = (ROOT / "pyproject.toml").read_text().splitlines()
    return [line for line in lines if re.match(r'  "[a-z]', line) and re.search(r"[=>]=[\d.]", line)]


def locked(name: str) -> list[str]:
    """One entry a package: its pin and its hashes."""
    return (ROOT / name).read_text().replace("\\\n", " ").splitlines()


def test_no_file_names_a_package_registry():
    hosts = [".".join(parts) for parts in REGISTRIES]
    found = {name: host for name, text in tracked_texts().items() for host in hosts if host in text}
    assert found == {}


def test_no_file_holds_a_path_of_one_machine():
    found = {name: match[0] for name, text in tracked_texts().items() if (match := MACHINE_PATH.search(text))}
    assert found == {}


def test_nothing_is_left_for_later():
    found = {name: match[0] for name, text in tracked_texts().items() if (match := UNFINISHED.search(text))}
    assert found == {}


def test_every_dependency_states_its_reason():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = len(project["dependencies"]) + len(project["optional-dependencies"]["dev"])
    reasoned = [line for line in dependency_lines() if re.search(r'",\s+# \w', line)]
    assert len(reasoned) == declared


@pytest.mark.parametrize("name", LOCKS)
def test_lock_pins_every_package_by_hash(name):
    loose = [line for line in locked(name) if not re.match(r"[a-z0-9._-]+(\[\w+\])?==\S+ .*--hash=sha256:", line)]
    assert loose == []


@pytest.mark.parametrize("name", LOCKS)
def test_lock_names_no_address(name):
    assert "://" not in (ROOT / name).read_text()


def test_both_locks_agree():
    run, dev = ({line.split()[0] for line in locked(name)} for name in LOCKS)
    assert run - dev == set()


def test_state_machines_come_from_the_maintained_fork():
    names = {line.split("==")[0] for line in locked("requirements-dev.txt")}
    assert names & {"django-fsm", "django-fsm-2"} == {"django-fsm-2"}


def test_links_between_documents_resolve():
    broken = []
    for document in documents():
        for target in LINK.findall(document.read_text()):
            if "://" not in target and not target.startswith("mailto:") and not (document.parent / target).exists():
                broken.append(f"{document.relative_to(ROOT)} -> {target}")
    assert broken == []


def example_environment() -> dict[str, str]:
    return dict(re.findall(r"^#([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE))


def test_the_example_environment_names_every_setting():
    read = set(re.findall(r'\benv(?:\.\w+)?\(\s*"([A-Z_]+)"', (ROOT / "config" / "settings.py").read_text()))
    assert read - set(example_environment()) == set()


def test_the_example_environment_opens_the_sandbox():
    demo = credentials.environment("http://127.0.0.1:8001", Path("data") / credentials.KEY_NAME)
    example = example_environment()
    assert {name: example[name] for name in demo} == demo
