"""The demo account's logins. They open nothing but this sandbox."""

from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import load_pem_x509_certificate

ACCOUNT = "SANDBOX1"
CLIENT_ID = "holdgate-sandbox-client"
CERTIFICATE_ID = "holdgate-sandbox-certificate"
CONSUMER_KEY = "sandbox-consumer-key"
CONSUMER_SECRET = "sandbox-consumer-secret"  # noqa: S105
TOKEN_ID = "sandbox-token-id"  # noqa: S105
TOKEN_SECRET = "sandbox-token-secret"  # noqa: S105
KEY_NAME = "netsuite-demo-key.pem"
ENV_NAME = "netsuite-demo.env"


def ensure_demo_key(path: str | Path) -> Path:
    """The EC private key file at `path` (PEM, P-256), made on the first call."""
    path = Path(path)
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    # Written aside and linked, so that two processes starting together agree on one key.
    draft = path.with_name(f"{path.name}.{id(pem)}.new")
    draft.touch(mode=0o600)
    draft.write_bytes(pem)
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path


def public_pem(private_key_file: Path) -> str:
    key = serialization.load_pem_private_key(private_key_file.read_bytes(), password=None)
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()  # fmt: skip


def public_key_of(pem: str) -> object:
    """The public key in a PEM certificate or public key. Raises ValueError."""
    data = pem.encode()
    if b"BEGIN CERTIFICATE" in data:
        return load_pem_x509_certificate(data).public_key()
    return serialization.load_pem_public_key(data)


def environment(base_url: str, key_file: Path) -> dict[str, str]:
    """The settings with which Holdgate talks to this sandbox."""
    return {
        "NETSUITE_ACCOUNT": ACCOUNT,
        "NETSUITE_BASE_URL": base_url,
        "NETSUITE_AUTH": "oauth2",
        "NETSUITE_CLIENT_ID": CLIENT_ID,
        "NETSUITE_CERTIFICATE_ID": CERTIFICATE_ID,
        "NETSUITE_PRIVATE_KEY_FILE": str(key_file),
        "NETSUITE_CONSUMER_KEY": CONSUMER_KEY,
        "NETSUITE_CONSUMER_SECRET": CONSUMER_SECRET,
        "NETSUITE_TOKEN_ID": TOKEN_ID,
        "NETSUITE_TOKEN_SECRET": TOKEN_SECRET,
    }


def write_environment(directory: Path, base_url: str, key_file: Path) -> Path:
    path = directory / ENV_NAME
    path.write_text("".join(f"{name}={value}\n" for name, value in environment(base_url, key_file).items()))
    path.chmod(0o600)
    return path
