"""What production refuses, and what the sign-in page does against strangers."""

from typing import Any

import pytest
from django.contrib.auth import SESSION_KEY, get_user_model
from django.db import connection
from django.test import Client

from config import checks
from tests.conftest import PASSWORD

SAFE = "k" * 50
LOGIN = "/admin/login/"


@pytest.fixture
def production(settings: Any) -> Any:
    settings.DEVELOPMENT = False
    settings.SECRET_KEY = settings.PIN_PEPPER = SAFE
    settings.ALLOWED_HOSTS = ["holdgate.example"]
    return settings


def ids(messages: Any) -> list[str]:
    return [message.id for message in messages]


def test_safe_settings_pass(production: Any):
    assert checks.production_secrets(None) + checks.production_hosts(None) == []


@pytest.mark.parametrize("name", ["SECRET_KEY", "PIN_PEPPER"])
@pytest.mark.parametrize("value", ["unsafe-development-only-" + SAFE, "short"])
def test_a_secret_of_development_or_a_short_one_is_refused(production: Any, name: str, value: str):
    setattr(production, name, value)
    assert ids(checks.production_secrets(None)) == ["holdgate.E001"]


@pytest.mark.parametrize("hosts", [[], ["*"]])
def test_any_host_name_is_refused(production: Any, hosts: list[str]):
    production.ALLOWED_HOSTS = hosts
    assert ids(checks.production_hosts(None)) == ["holdgate.E002"]


@pytest.mark.django_db
def test_demo_logins_are_refused_by_name_until_they_are_shut(production: Any):
    mike = get_user_model().objects.create(username="mike", email=f"mike{checks.DEMO_MARK}")
    found = checks.demo_logins(None, databases=["default"])
    assert [(message.id, message.msg) for message in found] == [("holdgate.E003", "Demo logins exist: mike.")]
    mike.is_active = False
    mike.save()
    assert checks.demo_logins(None, databases=["default"]) == []


@pytest.mark.both_databases
@pytest.mark.django_db
def test_postgresql_has_to_end_what_froze_in_a_transaction(production: Any):
    on_postgresql = connection.vendor == "postgresql"
    found = checks.locks_of_the_frozen(None, databases=["default"])
    assert ids(found) == (["holdgate.W001"] if on_postgresql else [])
    if on_postgresql:
        connection.cursor().execute("SET LOCAL idle_in_transaction_session_timeout = '60s'")
        assert checks.locks_of_the_frozen(None, databases=["default"]) == []


@pytest.mark.django_db
def test_after_five_wrong_passwords_the_right_one_waits_too(client: Client, mike: Any, settings: Any):
    settings.AXES_ENABLED = True
    for _ in range(5):
        client.post(LOGIN, {"username": "mike", "password": "wrong"})
    client.post(LOGIN, {"username": "mike", "password": PASSWORD})
    assert SESSION_KEY not in client.session


@pytest.mark.django_db
def test_nobody_is_sent_to_another_site_after_signing_in(client: Client, mike: Any):
    answer = client.post(LOGIN, {"username": "mike", "password": PASSWORD, "next": "https://evil.example/"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/")


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["/admin/", "/orders/new/", "/api/docs/"])
def test_no_page_can_be_framed(client: Client, mike: Any, page: str):
    client.force_login(mike)
    assert client.get(page).headers["X-Frame-Options"] == "DENY"
