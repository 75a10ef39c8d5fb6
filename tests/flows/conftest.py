"""Real neighbours for the flows: a NetSuite sandbox process and an SMTP server, each with its faults."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from netsuite.sandbox.process import SandboxProcess, start_sandbox
from tests.conftest import LOOPBACK
from tests.flows.mail_server import SmtpServer, free_port

__all__ = ["SmtpServer", "free_port"]


@pytest.fixture
def smtp(settings: Any) -> Iterator[SmtpServer]:
    """A mail server on this machine, which the settings point at."""
    handler = SmtpServer()
    controller = Controller(handler, hostname=LOOPBACK[0], port=free_port())
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = controller.hostname, controller.port
    yield handler
    controller.stop()


@pytest.fixture
def sandbox(settings: Any, tmp_path: Path) -> Iterator[SandboxProcess]:
    """An empty NetSuite account of this test's own, which the settings point at."""
    with start_sandbox(tmp_path / "netsuite.sqlite3", tmp_path / "netsuite-requests.jsonl") as process:
        for name, value in process.environment().items():
            setattr(settings, name, value)
        yield process
