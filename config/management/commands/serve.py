"""`make run`: NetSuite sandbox, web server and worker of one copy, under one Ctrl-C."""

import fcntl
import os
import secrets
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from honcho.manager import Manager
from honcho.printer import Message, Printer

from config.demo import endpoint
from netsuite.sandbox import credentials
from netsuite.sandbox.process import start_sandbox
from orders.providers.endpoint import process as endpoint_process

HOST = "127.0.0.1"
STOPPED_BY_USER = {130, 143}
STEPS_DONE = "first-start.done"
FIRST_START = (("demo_data",), ("sync_netsuite",), ("demo_data", "--after-sync"), ("aging_tick",))
DEMO_LOGINS = (
    "  Demo logins: mike, rep, clerk, committee, owner, cashier. Their password was shown at the\n"
    "  first start; `manage.py changepassword mike` sets a new one."
)
OWN_LOGINS = "  Your own NetSuite account: no demo data. `manage.py createsuperuser` makes the first login."
SECRETS = ("SECRET_KEY", "PIN_PEPPER")


class Command(BaseCommand):
    help = "Run everything on this machine: the NetSuite sandbox, the web server and the worker."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="of the web server (8000)")
        parser.add_argument("--sandbox-port", type=int, default=8001, help="of the NetSuite sandbox (8001)")

    def handle(self, *, port: int, sandbox_port: int, **options: Any) -> None:
        if not settings.DEVELOPMENT:
            raise CommandError("serve is for a machine of your own: set DEVELOPMENT=1, or see docs/operate.md.")
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
        # An account named by the environment takes the sandbox's place.
        own_sandbox = None if settings.NETSUITE_BASE_URL else sandbox_port
        wanted = int(os.environ.get("PROVISIONING_PORT") or 0)
        with only_copy_in(settings.DATA_DIR):
            for needed in filter(None, (port, own_sandbox, wanted)):
                require_free(needed)
            env = environment(own_sandbox)
            provisioning = endpoint.choose_port(own_sandbox, wanted) if own_sandbox else None
            try:
                prepare(env, own_sandbox, provisioning)
                logins = DEMO_LOGINS if own_sandbox else OWN_LOGINS
                code = run_together(processes(port, own_sandbox, provisioning), env, port, logins)
            except KeyboardInterrupt:
                code = 130
        if code not in STOPPED_BY_USER:
            sys.exit(code or 1)


@contextmanager
def only_copy_in(data_dir: Path) -> Iterator[None]:
    """Two copies on the same files would fight over them; the lock goes when the process does."""
    with (data_dir / "serve.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CommandError(f"Another copy already runs in {data_dir}: give this one its own DATA_DIR.") from None
        yield


def require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            raise CommandError(f"Port {port} is taken: choose others with PORT and SANDBOX_PORT.") from None


def environment(sandbox_port: int | None) -> dict[str, str]:
    """What the processes of this copy see: its own secrets and the sandbox as their NetSuite."""
    env = {**own_secrets(settings.DATA_DIR / "dev.env"), **os.environ}
    env.update(DEVELOPMENT="1", DATA_DIR=str(settings.DATA_DIR), PYTHONUNBUFFERED="1")
    env.setdefault("PROVISIONING_ALLOW_LOOPBACK", "1")
    # Static files come from the sources here; whitenoise would warn that none were collected.
    env.setdefault("PYTHONWARNINGS", "ignore:No directory at:UserWarning")
    if sandbox_port is not None:
        key = credentials.ensure_demo_key(settings.DATA_DIR / credentials.KEY_NAME)
        env.update(credentials.environment(f"http://{HOST}:{sandbox_port}", key))
    return env


def own_secrets(path: Path) -> dict[str, str]:
    """Secrets of this copy, made at its first start and readable by its user only."""
    if not path.exists():
        lines = "DEVELOPMENT=1\n" + "".join(f"{name}={secrets.token_urlsafe(48)}\n" for name in SECRETS)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(lines)
    return dict(line.split("=", 1) for line in path.read_text().splitlines())


def manage(*arguments: str) -> list[str]:
    return [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments]


def sandbox_files() -> tuple[Path, Path]:
    """Its account and its request log."""
    return settings.DATA_DIR / "netsuite.sqlite3", settings.DATA_DIR / "netsuite-requests.jsonl"


def sandbox_command(port: int) -> list[str]:
    store, log = sandbox_files()
    return manage("netsuite_sandbox", "--port", str(port), "--store", str(store), "--log", str(log))


def endpoint_files() -> tuple[Path, Path]:
    """What the provisioning endpoint holds, and its request log."""
    return settings.DATA_DIR / "provisioning.sqlite3", settings.DATA_DIR / "provisioning-requests.jsonl"


def prepare(env: dict[str, str], sandbox_port: int | None, provisioning_port: int | None) -> None:
    """Migrates; on the first start of a copy with a sandbox, fills both sides with the demo.

    An account of the user's own is never written to.
    """
    run_step(env, "migrate", "--noinput", "--verbosity", "0")
    if sandbox_port is None or provisioning_port is None:
        return
    steps, before = steps_to_do(), endpoint.known_port()
    endpoint.port_file().write_text(f"{provisioning_port}\n")
    if not steps and before not in (None, provisioning_port):
        run_step(env, "demo_data", "--move-endpoint")
    if not steps:
        return
    with (
        start_sandbox(*sandbox_files(), sandbox_port),
        endpoint_process.start_endpoint(*endpoint_files(), provisioning_port),
    ):
        for step in steps:
            run_step(env, *step)
            with (settings.DATA_DIR / STEPS_DONE).open("a") as done:
                print(*step, file=done)


def steps_to_do() -> list[tuple[str, ...]]:
    """Steps of the first start that are not done: one that was cut short is begun again, the others are not."""
    path = settings.DATA_DIR / STEPS_DONE
    done = path.read_text().splitlines() if path.exists() else []
    return [step for step in FIRST_START if " ".join(step) not in done]


def run_step(env: dict[str, str], *arguments: str) -> None:
    print(f"{arguments[0]} …", flush=True)
    if subprocess.run(manage(*arguments), env=env, check=False).returncode:
        raise CommandError(f"{arguments[0]} failed; its output stands above.")


def processes(port: int, sandbox_port: int | None, provisioning_port: int | None = None) -> dict[str, list[str]]:
    gunicorn = [sys.executable, "-m", "gunicorn", "config.wsgi", "--bind", f"{HOST}:{port}"]
    sandbox = {} if sandbox_port is None else {"netsuite": sandbox_command(sandbox_port)}
    provisioning: dict[str, list[str]] = {}
    if provisioning_port is not None:
        provisioning["endpoint"] = endpoint_process.command(provisioning_port, *endpoint_files())
    return {
        **sandbox,
        **provisioning,
        "web": [*gunicorn, "--workers", "1", "--threads", "8", "--graceful-timeout", "3", "--no-control-socket"],
        "worker": manage("worker"),
    }


class Announcer(Printer):
    """Says where Holdgate is once the web server takes requests, below the noise of the start."""

    def __init__(self, port: int, logins: str) -> None:
        super().__init__(sys.stdout)
        self._port, self._logins = port, logins

    def write(self, message: Message) -> None:
        super().write(message)
        if message.name == "web" and b"Booting worker" in bytes(message.data):
            print(
                f"\n  Holdgate is at http://localhost:{self._port}/admin/\n"
                f"{self._logins}\n  Ctrl-C stops everything.\n",
                flush=True,
            )


def run_together(commands: dict[str, list[str]], env: dict[str, str], port: int, logins: str) -> int:
    """Runs until one process ends or the user stops them; returns the exit code of the first to end."""
    manager = Manager(Announcer(port, logins))
    for name, command in commands.items():
        manager.add_process(name, f"exec {shlex.join(command)}", env=env, cwd=str(settings.BASE_DIR))
    manager.loop()
    return manager.returncode or 0
