"""TLS to a provider: the connection goes to the judged address, the certificate must be that of the name."""

import datetime as dt
import json
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from netsuite.deadline import Deadline
from netsuite.errors import NetsuiteError
from orders.providers import addresses
from orders.providers.client import ProviderClient

NAME = "provisioning.example.com"


class Answers(BaseHTTPRequestHandler):
    """Says what name it was asked for."""

    def do_GET(self) -> None:
        body = json.dumps({"id": "1", "reference": self.headers["Host"]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


def certificate(name: str, folder: Path) -> Path:
    """One that signs itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / f"{name}.pem"
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def speaks_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[Any]:
    """`speaks_for(name)`: a line to a TLS server on this machine whose certificate is for `name`."""
    settings.PROVISIONING_ALLOWED_HOSTS = [NAME]
    monkeypatch.setattr(addresses, "resolve", lambda host, port: ["127.0.0.1"])
    servers: list[HTTPServer] = []

    def start(name: str) -> ProviderClient:
        pem = certificate(name, tmp_path)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        server = HTTPServer(("127.0.0.1", 0), Answers)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        settings.PROVISIONING_ALLOWED_PORTS = [server.server_port]
        client = ProviderClient(f"https://{NAME}:{server.server_port}", "a key of sixteen signs", 5)
        client._wire._session.verify = str(pem)
        return client

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_the_certificate_of_the_name_is_taken(speaks_for):
    status, held = speaks_for(NAME).get("/changes/1", request_id="r", deadline=Deadline(5))
    assert (status, held["reference"].partition(":")[0]) == (200, NAME)


def test_the_certificate_of_another_name_is_refused(speaks_for):
    with pytest.raises(NetsuiteError, match="Hostname mismatch"):
        speaks_for("evil.example.com").get("/changes/1", request_id="r", deadline=Deadline(5))
