"""A sandbox in its own process, for tests and for `make run`."""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Self

from . import credentials

PROJECT = Path(__file__).resolve().parents[2]


class ServerProcess:
    """A server for tests, in its own process. Control calls raise ValueError when it refuses."""

    def __init__(self, process: subprocess.Popen[str], base_url: str, store: Path, log: Path) -> None:
        self.process = process
        self.base_url = base_url
        self.port = int(base_url.rpartition(":")[2])
        self.store_path = store
        self.log_path = log

    def fault(self, **faults: Any) -> dict[str, Any]:
        """`fault(server_error={"rate": 0.2})`, `fault(latency=0.5)`, `fault(wrong_id=None)` to take one back."""
        return self._call("POST", "faults", faults)

    def clear_faults(self) -> None:
        self._call("DELETE", "faults")

    def seed(self, seed: int) -> None:
        self._call("POST", "faults", {"seed": seed})

    def requests(self) -> list[dict[str, Any]]:
        """The request log so far."""
        return [json.loads(line) for line in self.log_path.read_text().splitlines()]

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.base_url}/sandbox/{path}", data, method=method)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=600) as answer:  # noqa: S310
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise ValueError(json.load(error)["error"]) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class SandboxProcess(ServerProcess):
    """A running sandbox."""

    @property
    def key_path(self) -> Path:
        return self.store_path.parent / credentials.KEY_NAME

    def environment(self) -> dict[str, str]:
        """The NETSUITE_* settings that reach it."""
        return credentials.environment(self.base_url, self.key_path)

    def preferences(self, **values: Any) -> dict[str, Any]:
        """Change account settings (credit_handling, grace_days, today, …); answers all of them."""
        return self._call("POST", "preferences", values)

    def get(self, record_type: str, record_id: str | int) -> dict[str, Any] | None:
        """One record as REST shows it, past every fault; `record_id` may be `eid:…`. None when absent."""
        return self._call("GET", f"state?type={record_type}&id={record_id}")["record"]

    def counts(self) -> dict[str, int]:
        return self._call("GET", "state")

    def load(self, **batch: list[dict[str, Any]]) -> dict[str, int]:
        """`load(customers=[…], employees=[…], transactions=[…])`: all or nothing."""
        return self._call("POST", "load", batch)

    def register_certificate(self, client_id: str, certificate_id: str, pem: str) -> None:
        self._call("POST", "certificates", {"client_id": client_id, "certificate_id": certificate_id, "pem": pem})


def start_sandbox(store: str | Path, log: str | Path, port: int = 0, *, seed: int = 0) -> SandboxProcess:
    """Start one and wait until it listens; port 0 takes a free one. Raises RuntimeError when it does not start."""
    store, log = Path(store).resolve(), Path(log).resolve()
    command = [sys.executable, "-m", "netsuite.sandbox", "--port", str(port), "--store", str(store), "--log", str(log),
               "--seed", str(seed)]  # fmt: skip
    process, base_url = listening(command)
    return SandboxProcess(process, base_url, store, log)


def listening(command: list[str], env: dict[str, str] | None = None) -> tuple[subprocess.Popen[str], str]:
    """Start a server and wait for the line that says where it listens. Raises RuntimeError when it ends instead."""
    process = subprocess.Popen(command, cwd=PROJECT, env=env, stdout=subprocess.PIPE, text=True)  # noqa: S603
    line = process.stdout.readline() if process.stdout else ""
    if not line:
        raise RuntimeError(f"{command[1]} did not start, exit code {process.wait()}")
    return process, json.loads(line)["listening"]
