"""What `deploy/` tells operators agrees with the code: names, commands, ports, figures, and what a migration may do."""

import configparser
import json
import re
import subprocess
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.apps import apps
from django.core.management import get_commands
from django.db.migrations import CreateModel
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.models import NOT_PROVIDED

from bench.web import DEPLOYED
from config.health import HoldgateCollector

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())
SCRIPTS = sorted(DEPLOY.glob("*.sh"))
SETTINGS = set(re.findall(r"^#([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
# Read by Python, PostgreSQL's image and our own scripts, not by the application.
FOREIGN = re.compile(r"PYTHON\w*|POSTGRES_\w+|JOBS|KEEP")
COMMAND = re.compile(r"manage\.py[,\"]*\s+([a-z_]+)")
METRIC = re.compile(r"holdgate_\w+")
PORT = "8000"


def unit(path: Path) -> configparser.ConfigParser:
    parsed = configparser.ConfigParser(strict=False, interpolation=None, comment_prefixes=("#", ";"))
    parsed.optionxform = str  # type: ignore[assignment,method-assign]
    parsed.read_string(path.read_text())
    return parsed


def compose() -> dict[str, Any]:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load((DEPLOY / "holdgate-alerts.yaml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def environment_names() -> set[str]:
    names = set(re.findall(r"^([A-Z_]+)=", (DEPLOY / "environment.example").read_text(), re.MULTILINE))
    for service in compose()["services"].values():
        names |= set(service.get("environment", {}))
    for path in UNITS:
        for line in re.findall(r"^Environment=(.*)$", path.read_text(), re.MULTILINE):
            names |= {pair.split("=")[0] for pair in line.split()}
    for path in [*SCRIPTS, DEPLOY / "Dockerfile"]:
        names |= set(re.findall(r"(?<![\w{$])([A-Z][A-Z_]+)=", path.read_text()))
    return names


def test_every_name_in_the_environment_is_a_setting():
    plain = {name if name in SETTINGS else name.removesuffix("_FILE") for name in environment_names()}
    assert {name for name in plain - SETTINGS if not FOREIGN.fullmatch(name)} == set()


def test_the_web_server_that_is_measured_is_the_deployed_one():
    image = " ".join(re.findall(r'"([^"]+)"', (DEPLOY / "Dockerfile").read_text().split("CMD", 1)[1]))
    service = unit(DEPLOY / "systemd" / "holdgate-web.service")["Service"]["ExecStart"].replace("\\\n", " ")
    manual = (ROOT / "docs" / "operate.md").read_text()
    started = " ".join(DEPLOYED)
    assert [started in " ".join(said.split()) for said in (image, service)] == [True, True]
    assert f"`gunicorn config.wsgi {started.split(' --worker-tmp-dir')[0]}`" in manual


def test_every_command_exists():
    files = [*UNITS, *SCRIPTS, DEPLOY / "Dockerfile", DEPLOY / "prometheus.yaml", DEPLOY / "compose.yaml"]
    named = {name for path in files for name in COMMAND.findall(path.read_text())}
    named |= set(re.findall(r"^.*\bmanage ([a-z_]+)", (DEPLOY / "restore_drill.sh").read_text(), re.MULTILINE))
    assert {"worker", "migrate", "ns_drain", "verify_audit", "verify_invariants"} <= named
    assert named - set(get_commands()) == set()


def test_every_command_of_the_manual_exists():
    named = set(re.findall(r"manage\.py ([a-z]+(?:_[a-z]+)*)", (ROOT / "docs" / "operate.md").read_text()))
    assert named - set(get_commands()) == {"help"}


def test_every_metric_that_an_alert_asks_for_is_exposed(db: None):
    shown = {family.name: family for family in HoldgateCollector().collect()}
    assert {name for rule in rules() for name in METRIC.findall(rule["expr"])} - set(shown) == set()
    asked = [found for rule in rules() for found in re.findall(r'(holdgate_\w+)\{status="(\w+)"\}', rule["expr"])]
    known = {(name, s.labels["status"]) for name, family in shown.items() for s in family.samples if s.labels}
    assert set(asked) - known == set()


def test_every_alert_has_a_row_in_the_runbook():
    rows = re.findall(r"^\| ([^|]+?) \|", (ROOT / "docs" / "operate.md").read_text(), re.MULTILINE)
    assert {rule["annotations"]["runbook"] for rule in rules()} - set(rows) == set()
    assert {rule["labels"]["severity"] for rule in rules()} == {"page", "look"}


def test_the_ports_agree():
    web = (DEPLOY / "Dockerfile").read_text()
    assert re.findall(r"EXPOSE (\d+)|--bind\", \"[\d.]+:(\d+)", web) == [(PORT, ""), ("", PORT)]
    assert re.findall(r"server web:(\d+);", (DEPLOY / "nginx.conf").read_text()) == [PORT]
    assert f"--bind 127.0.0.1:{PORT}" in (DEPLOY / "systemd" / "holdgate-web.service").read_text()
    assert f"127.0.0.1:{PORT}/healthz" in json.dumps(compose()["services"]["web"]["healthcheck"])


def test_the_pooler_is_where_the_application_looks_for_it():
    pooler = unit(DEPLOY / "pgbouncer.ini")["pgbouncer"]
    assert pooler["pool_mode"] == "transaction"
    address = re.search(r"^DATABASE_URL=(.*)$", (DEPLOY / "environment.example").read_text(), re.MULTILINE)[1]
    assert f"@{pooler['listen_addr']}:{pooler['listen_port']}/" in address
    assert address.endswith("?DISABLE_SERVER_SIDE_CURSORS=True&CONN_MAX_AGE=0")


def test_the_composition_holds_together():
    whole = compose()
    for name, service in whole["services"].items():
        assert set(service.get("depends_on", {})) <= set(whole["services"]), name
        assert set(service.get("secrets", [])) <= set(whole["secrets"]), name
        volumes = {volume.split(":")[0] for volume in service.get("volumes", [])}
        missing = [each for each in volumes if each.startswith("./") and not (DEPLOY / each).exists()]
        assert missing in ([], ["./certificates"]), name
        assert {each for each in volumes if not each.startswith("./")} <= set(whole["volumes"]), name


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_is_whole(path: Path):
    parsed = unit(path)
    kind = {".service": "Service", ".timer": "Timer", ".target": "Unit"}[path.suffix]
    assert parsed[kind]
    assert parsed["Unit"]["Description"]
    for program in re.findall(r"^ExecStart=\S*/srv/holdgate/((?!\.venv)\S+)", path.read_text(), re.MULTILINE):
        assert (ROOT / program).exists()
    if path.suffix == ".timer":
        assert path.with_suffix(".service") in UNITS


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_script_parses_and_says_how_it_is_called(path: Path):
    assert subprocess.run(["bash", "-n", path], check=False).returncode == 0
    asked = subprocess.run([path], capture_output=True, check=False, text=True)
    assert (asked.returncode, path.name in asked.stdout) == (2, True)


# --- migrations: the release before runs on the new schema while hosts are replaced one by one -------------------


def breaks_the_release_before(operation: Operation) -> str:
    """Why code that does not know of the change could not go on; empty: it can."""
    kind = type(operation).__name__
    if kind in {"RemoveField", "RenameField", "DeleteModel", "RenameModel", "AlterModelTable"}:
        return f"{kind}: drop or rename one release later, and name it in CONTRACTED"
    field = getattr(operation, "field", None)
    if kind != "AddField" or field is None or field.many_to_many:
        return ""
    if field.null or field.db_default is not NOT_PROVIDED:
        return ""
    return "AddField: give it null=True or db_default, or the release before cannot insert rows"


def new_migrations() -> dict[str, Any]:
    """Those that the last release did not have."""
    released = set((DEPLOY / "released-migrations.txt").read_text().split())
    ours = {config.label for config in apps.get_app_configs() if Path(config.path).parent == ROOT}
    found = MigrationLoader(None, ignore_no_migrations=True).disk_migrations
    names = {f"{app}.{name}": migration for (app, name), migration in found.items() if app in ours}
    assert released <= set(names), "a migration that was released is gone"
    return {name: migration for name, migration in names.items() if name not in released}


# Migrations that take away what the last release no longer used.
CONTRACTED: set[str] = set()


def test_the_release_before_runs_on_the_new_schema():
    steps = [(name, step) for name, migration in new_migrations().items() for step in migration.operations]
    # The release before does not know these tables.
    new_tables = {(name.split(".")[0], step.name.lower()) for name, step in steps if isinstance(step, CreateModel)}
    broken = {
        name: words
        for name, step in steps
        if name not in CONTRACTED
        and (name.split(".")[0], getattr(step, "model_name", "")) not in new_tables
        and (words := breaks_the_release_before(step))
    }
    assert broken == {}


@pytest.mark.parametrize("name", ["0002_proposal_choice"])
def test_a_column_without_a_default_would_have_been_found(name: str):
    migration = import_module(f"workflows.migrations.{name}").Migration
    assert [bool(breaks_the_release_before(operation)) for operation in migration.operations] == [True]
