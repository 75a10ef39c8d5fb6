"""Command line: serve the sandbox, or tell a running one to misbehave."""

import argparse
import json
import signal
import sys
import threading
import urllib.error
import urllib.request
from typing import Any

from . import credentials
from .api import Sandbox
from .faults import FAULTS
from .journal import Journal
from .server import SandboxServer, ready_line
from .store import Store

DEFAULT_PORT = 8001


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="0 takes a free one (default %(default)s)")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--store", default="data/netsuite-sandbox.sqlite3", help="the account's SQLite file")
    parser.add_argument("--log", default="data/netsuite-sandbox.log", help="the request log, JSON lines")
    parser.add_argument("--seed", type=int, default=0, help="seed of the faults that strike by rate")
    parser.add_argument("--list-faults", action="store_true", help="print the faults and leave")
    parser.add_argument(
        "order",
        nargs="*",
        metavar="ORDER",
        help="nothing: serve. To a running one on --port: fault NAME VALUE | preference NAME VALUE | faults | clear",
    )


def run(arguments: argparse.Namespace) -> int:
    """Exit code 0, or 1 when a running sandbox refuses or does not answer."""
    if arguments.list_faults:
        print("\n".join(f"{name:20} {text}" for name, text in FAULTS.items()))
        return 0
    if arguments.order:
        return _tell(arguments.port, arguments.order)
    return serve(arguments)


def serve(arguments: argparse.Namespace) -> int:
    store = Store(arguments.store)
    journal = Journal(arguments.log)
    sandbox = Sandbox(store, journal, seed=arguments.seed)
    server = SandboxServer((arguments.host, arguments.port), sandbox)
    _publish_credentials(store, sandbox, server)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    print(ready_line(server), flush=True)
    server.serve_forever()
    sandbox.faults.clear()
    server.socket.close()
    journal.close()
    store.close()
    return 0


def _publish_credentials(store: Store, sandbox: Sandbox, server: SandboxServer) -> None:
    directory = store.path.resolve().parent
    key_file = credentials.ensure_demo_key(directory / credentials.KEY_NAME)
    sandbox.gate.register(credentials.CLIENT_ID, credentials.CERTIFICATE_ID, credentials.public_pem(key_file))
    base_url = json.loads(ready_line(server))["listening"]
    credentials.write_environment(directory, base_url, key_file)


def _tell(port: int, order: list[str]) -> int:
    request = _order_request(port, order)
    if request is None:
        print("orders: fault NAME VALUE | preference NAME VALUE | faults | clear", file=sys.stderr)
        return 1
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            print(answer.read().decode())
    except urllib.error.HTTPError as error:
        print(error.read().decode(), file=sys.stderr)
        return 1
    except OSError as error:
        print(f"no sandbox on port {port}: {error}", file=sys.stderr)
        return 1
    return 0


def _order_request(port: int, order: list[str]) -> urllib.request.Request | None:
    match order:
        case ["fault", name, value]:
            return _post(port, "faults", {name: _value(value)})
        case ["preference", name, value]:
            return _post(port, "preferences", {name: _value(value)})
        case ["faults"]:
            return urllib.request.Request(f"http://127.0.0.1:{port}/sandbox/faults")
        case ["clear"]:
            return urllib.request.Request(f"http://127.0.0.1:{port}/sandbox/faults", method="DELETE")
    return None


def _post(port: int, path: str, body: dict[str, Any]) -> urllib.request.Request:
    url = f"http://127.0.0.1:{port}/sandbox/{path}"
    return urllib.request.Request(url, json.dumps(body).encode(), method="POST")


def _value(text: str) -> Any:
    """JSON where it is JSON, on and off as switches, otherwise plain text."""
    if text in ("on", "off"):
        return text == "on"
    try:
        return json.loads(text)
    except ValueError:
        return text


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(prog="netsuite_sandbox", description=__doc__)
    add_arguments(found)
    return found


def main() -> int:
    return run(parser().parse_args())
