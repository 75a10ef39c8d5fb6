"""Hosts of their own on this machine: network namespaces on one bridge, whose cable can be pulled."""

import ctypes
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

from bench.chaos.stage import Skipped

BRIDGE, RANGE, HERE = "holdgate0", "10.213.77.0/24", "10.213.77.1"
NEW_NETWORK = 0x40000000


@dataclass(frozen=True)
class Network:
    """Where the database listens, and whom it lets in."""

    host: str
    range: str


@dataclass(frozen=True)
class Host:
    name: str
    address: str

    @property
    def prefix(self) -> tuple[str, ...]:
        """Put before a command, it runs on this host."""
        return ("ip", "netns", "exec", self.name)

    def pull_the_cable(self) -> None:
        """Nobody is told that its connections are gone."""
        _ip("link", "set", f"{self.name}-v", "down")


@contextmanager
def network() -> Iterator[Network]:
    """A bridge. Raises Skipped where the machine forbids it."""
    if not shutil.which("ip"):
        raise Skipped("there is no `ip` command to make network namespaces with")
    try:
        _ip("link", "add", BRIDGE, "type", "bridge")
    except subprocess.CalledProcessError as problem:
        raise Skipped(f"this machine lets us make no network of our own: {problem.stderr.strip()}") from problem
    try:
        _ip("address", "add", f"{HERE}/24", "dev", BRIDGE)
        _ip("link", "set", BRIDGE, "up")
        yield Network(HERE, RANGE)
    finally:
        _ip("link", "delete", BRIDGE)


@contextmanager
def hosts(count: int, loopback_port: int) -> Iterator[list[Host]]:
    """`count` hosts; each reaches our `loopback_port` as its own, as if NetSuite were one hop away."""
    with ExitStack() as stack:
        made = [Host(f"holdgate{n}", f"10.213.77.{10 + n}") for n in range(count)]
        for host in made:
            stack.enter_context(_host(host))
            stack.enter_context(_forwarded(host, loopback_port))
        yield made


@contextmanager
def _host(host: Host) -> Iterator[None]:
    _ip("netns", "add", host.name)
    try:
        _ip("link", "add", f"{host.name}-v", "type", "veth", "peer", "name", "eth0", "netns", host.name)
        _ip("link", "set", f"{host.name}-v", "master", BRIDGE, "up")
        _ip("-n", host.name, "address", "add", f"{host.address}/24", "dev", "eth0")
        _ip("-n", host.name, "link", "set", "eth0", "up")
        _ip("-n", host.name, "link", "set", "lo", "up")
        yield
    finally:
        _ip("netns", "delete", host.name)


@contextmanager
def _forwarded(host: Host, port: int) -> Iterator[None]:
    """A listener on the host's loopback whose connections go to ours. A socket stays where it was made."""
    made: list[socket.socket] = []
    maker = threading.Thread(target=lambda: made.append(_listener_on(host, port)))
    maker.start()
    maker.join()
    threading.Thread(target=_forward, args=(made[0], port), daemon=True).start()
    try:
        yield
    finally:
        made[0].close()


def _listener_on(host: Host, port: int) -> socket.socket:
    """In a thread of its own, because it moves the calling thread to the host."""
    place = os.open(f"/run/netns/{host.name}", os.O_RDONLY)
    if ctypes.CDLL(None, use_errno=True).setns(place, NEW_NETWORK):
        raise OSError(ctypes.get_errno(), "setns")
    os.close(place)
    return socket.create_server(("127.0.0.1", port), backlog=64)


def _forward(listener: socket.socket, port: int) -> None:
    with suppress(OSError):
        while True:
            near, _ = listener.accept()
            far = socket.create_connection(("127.0.0.1", port))
            for source, target in ((near, far), (far, near)):
                threading.Thread(target=_pump, args=(source, target), daemon=True).start()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def _ip(*order: str) -> None:
    subprocess.run(["ip", *order], check=True, capture_output=True, text=True)  # noqa: S603, S607
