"""Wrong configuration is found at start-up."""

import pytest

from netsuite.checks import check_configuration


@pytest.fixture
def right(settings, tmp_path):
    """A configuration with nothing to complain about."""
    key = tmp_path / "key.pem"
    key.write_text("x")
    settings.NETSUITE_ACCOUNT, settings.NETSUITE_BASE_URL = "1234567", ""
    settings.NETSUITE_AUTH, settings.NETSUITE_PRIVATE_KEY_FILE = "oauth2", str(key)
    settings.NETSUITE_CLIENT_ID = settings.NETSUITE_CERTIFICATE_ID = "x"
    return settings


def found() -> list[str]:
    return [problem.id for problem in check_configuration()]


def test_a_right_configuration(right):
    assert found() == []


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("NETSUITE_ACCOUNT", "", "netsuite.W001"),
        ("NETSUITE_BASE_URL", "https://7654321.suitetalk.api.netsuite.com", "netsuite.E001"),
        ("NETSUITE_AUTH", "basic", "netsuite.E002"),
        ("NETSUITE_CLIENT_ID", "", "netsuite.E003"),
        ("NETSUITE_PRIVATE_KEY_FILE", "/nowhere/key.pem", "netsuite.E004"),
        ("PUSH_LEASE_SECONDS", 40, "netsuite.E005"),
        ("PUSH_DRAIN_SECONDS", 60, "netsuite.E005"),
        ("NETSUITE_CONCURRENCY", 0, "netsuite.E006"),
        ("PUSH_BACKOFF_SECONDS", [], "netsuite.E006"),
        ("NETSUITE_HOLD_FIELD", "x:MAYBE=1", "netsuite.E007"),
        ("NETSUITE_PROVISIONING_HOLD_FIELD", "credithold", "netsuite.E009"),
    ],
)
def test_each_mistake_has_its_id_and_a_hint(right, name, value, problem):
    setattr(right, name, value)
    assert found() == [problem]
    assert all(message.hint for message in check_configuration())


def test_tba_needs_its_own_four(right):
    right.NETSUITE_AUTH = "tba"
    right.NETSUITE_CONSUMER_KEY = right.NETSUITE_CONSUMER_SECRET = "x"
    right.NETSUITE_TOKEN_ID = right.NETSUITE_TOKEN_SECRET = ""
    (problem,) = check_configuration()
    assert (problem.id, problem.msg) == ("netsuite.E003", "Missing: NETSUITE_TOKEN_ID, NETSUITE_TOKEN_SECRET.")
