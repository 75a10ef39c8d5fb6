"""What a model was made from, as a name: the same mails and the same code give the same version."""

import hashlib
import json
import platform
from collections.abc import Iterable
from dataclasses import asdict
from functools import cache
from importlib.metadata import version as installed
from pathlib import Path

from disputes.classifier.corpus import Example

_CODE = ("lexicon.toml", "reading.py", "language.py", "concepts.py", "signals.py", "features.py", "model.py")


@cache
def of_code() -> str:
    """Changes when another model would come out of the same mails, or an old file could not be read."""
    digest = hashlib.sha256(f"{platform.python_version_tuple()[:2]} {installed('scikit-learn')}".encode())
    for name in _CODE:
        digest.update((Path(__file__).parent / name).read_bytes())
    return digest.hexdigest()[:8]


def of(examples: Iterable[Example]) -> str:
    """The version that training on these examples makes."""
    mails = json.dumps([asdict(example) for example in examples], sort_keys=True)
    return f"{hashlib.sha256(mails.encode()).hexdigest()[:8]}-{of_code()}"


def is_readable(version: str) -> bool:
    return version.endswith(f"-{of_code()}")
