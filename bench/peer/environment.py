"""The peer's own environment, made once in `bench/.peer/`."""

import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
REQUIREMENTS = HERE / "requirements.txt"
PLACE = HERE.parent / ".peer"
PYTHON = PLACE / "bin" / "python"
INSTALLED = PLACE / "requirements.txt"


def install() -> None:
    """Install what `requirements.txt` says, unless that is what is there. Needs the network, once."""
    if INSTALLED.exists() and INSTALLED.read_text() == REQUIREMENTS.read_text():
        return
    print(f"Installing the peer into {PLACE.relative_to(HERE.parent.parent)}: once, about a minute.", flush=True)
    shutil.rmtree(PLACE, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", str(PLACE)], check=True)  # noqa: S603
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(REQUIREMENTS)]
    subprocess.run(pip, check=True)  # noqa: S603
    shutil.copy(REQUIREMENTS, INSTALLED)
