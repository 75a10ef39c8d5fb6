"""The trained model as a file in DATA_DIR: written here only, loaded only when its SHA-256 is the one we noted."""

import hashlib
import hmac
import io
import os
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from disputes.classifier.model import Model


class NotOurFile(Exception):
    """The file is missing, or another one than we wrote."""


def path_of(version: str) -> Path:
    return Path(settings.DATA_DIR) / "classifier" / f"{version}.joblib"


def save(model: "Model", version: str) -> str:
    """Write the file whole or not at all; answers its SHA-256."""
    import joblib

    buffer = io.BytesIO()
    joblib.dump(model, buffer, compress=1)
    path = path_of(version)
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(f".{os.getpid()}.part")
    half.touch(mode=0o600)
    half.write_bytes(buffer.getvalue())
    half.replace(path)
    return hashlib.sha256(buffer.getvalue()).hexdigest()


def load(version: str, sha256: str) -> "Model":
    """The model of `version`. Raises NotOurFile before anything in the file is run."""
    import joblib

    try:
        content = path_of(version).read_bytes()
    except OSError as problem:
        raise NotOurFile(f"The classifier's file cannot be read: {problem.strerror}.") from problem
    if not hmac.compare_digest(hashlib.sha256(content).hexdigest(), sha256):
        raise NotOurFile(f"The classifier's file {path_of(version).name} is not the one that was written.")
    model: Model = joblib.load(io.BytesIO(content))
    return model


def forget_all_but(versions: set[str]) -> None:
    """Delete the files of older versions."""
    for path in path_of("any").parent.glob("*.joblib"):
        if path.stem not in versions:
            path.unlink(missing_ok=True)
