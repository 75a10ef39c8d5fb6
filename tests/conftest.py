"""Fixtures for every test: the people, the API, the day. The database is chosen in `plugin_db`."""

import datetime as dt
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from argon2 import PasswordHasher
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.db import connection

from customers import pins
from tests import starting_rows
from tests.plugin_db import wait_until_migrated
from workflows import audit

LOOPBACK = ["127.0.0.1", "::1", "localhost"]
PASSWORD = "correct horse battery staple"
NOW = dt.datetime(2026, 3, 16, 14, 0, tzinfo=dt.UTC)
TRANSACTIONAL_FIXTURES = {"transactional_db", "live_server"}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "both_databases: runs on SQLite and, in `make test`, on PostgreSQL too")
    config.addinivalue_line("markers", "postgresql_only: shows what only PostgreSQL can do; part of that run alone")
    # Argon2 is slow on purpose; only a test of the hashing itself wants it.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]
    pins._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("db") != "postgresql":
        left_out = [item for item in items if item.get_closest_marker("postgresql_only")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker("postgresql_only")]
    for item in items:
        folder = item.path.relative_to(Path(__file__).parent).parts[0]
        if folder in {"flows", "browser"}:
            item.add_marker(pytest.mark.allow_hosts(LOOPBACK))
        if folder == "flows":
            item.add_marker(pytest.mark.both_databases)
        if _is_transactional(item):
            item.add_marker(pytest.mark.django_db(transaction=True, serialized_rollback=True), append=False)
            if folder != "browser":
                item.add_marker(pytest.mark.both_databases)


def _is_transactional(item: pytest.Item) -> bool:
    """Whether the test commits: then the rows that migrations made are put back before it starts."""
    marker = item.get_closest_marker("django_db")
    commits = marker is not None and bool(marker.kwargs.get("transaction"))
    return commits or not TRANSACTIONAL_FIXTURES.isdisjoint(getattr(item, "fixturenames", ()))


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None,
    django_db_blocker: Any,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """A copy for each worker; on SQLite a file, so that threads and child processes see the same rows."""
    database = settings.DATABASES["default"]
    wait_until_migrated()
    if database["ENGINE"].endswith("sqlite3"):
        name = str(tmp_path_factory.mktemp("db") / "test.sqlite3")
        shutil.copy(database["NAME"], name)
        database.setdefault("TEST", {})["NAME"] = name
        pragmas = database["OPTIONS"]["init_command"]
        database["OPTIONS"]["init_command"] = pragmas.replace("synchronous=NORMAL", "synchronous=OFF")
        return
    with django_db_blocker.unblock(), connection._nodb_cursor() as cursor:  # type: ignore[attr-defined]
        copy = connection.creation._get_test_db_name()  # type: ignore[attr-defined]
        cursor.execute(f'CREATE DATABASE "{copy}" TEMPLATE "{database["NAME"]}"')


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """The copy is used as it is; it goes with the folder or the server that holds it."""
    return True


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    with django_db_blocker.unblock():
        starting_rows.keep()


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    """What one test's rows put into the cache, or sealed a moment ago, is not true of the next one's."""
    cache.clear()
    audit.forget_pause()


def user_in(username: str, *groups: str, **fields: Any) -> Any:
    """A staff member with the rights of `groups`, which the migrations of `workflows` create."""
    user = get_user_model().objects.create(
        username=username,
        password=make_password(PASSWORD),
        email=f"{username}@holdgate.example",
        **{"is_staff": True, **fields},
    )
    for name in groups:
        group = Group.objects.filter(name=name).first()
        if group is None:
            raise LookupError(f"group {name!r} does not exist: is the data migration of workflows in place?")
        user.groups.add(group)
    return user


@pytest.fixture
def mike(db: None) -> Any:
    return user_in("mike", "AR manager")


@pytest.fixture
def rep(db: None) -> Any:
    return user_in("rep", "Sales rep")


@pytest.fixture
def clerk(db: None) -> Any:
    return user_in("clerk", "AR clerk")


@pytest.fixture
def committee(db: None) -> Any:
    return user_in("committee", "Credit committee")


@pytest.fixture
def owner(db: None) -> Any:
    return user_in("owner", "Finance")


@pytest.fixture
def cashier(db: None) -> Any:
    return user_in("cashier", "Cashier")


@pytest.fixture
def integrator(db: None) -> Any:
    return user_in("integrator", "Integrator")


@pytest.fixture
def operator(db: None) -> Any:
    return user_in("operator", "Operator")


@pytest.fixture
def outsider(db: None) -> Any:
    """Signed in, but in no group: the wrong person for everything."""
    return user_in("outsider", is_staff=False)


@pytest.fixture
def api(db: None) -> Callable[..., Any]:
    """`api(mike)` is an API client with a real token of mike's; `api()` is a stranger."""
    from knox.models import AuthToken
    from rest_framework.test import APIClient

    def client_of(user: Any = None) -> APIClient:
        client = APIClient()
        if user is not None:
            _, token = AuthToken.objects.create(user)
            client.credentials(HTTP_AUTHORIZATION=f"Token {token}")
        return client

    return client_of


@pytest.fixture
def frozen_today() -> Iterator[dt.date]:
    """Stops the clock on a Monday, 10:00 in New York; the date is that of the business time zone."""
    with time_machine.travel(NOW, tick=False):
        yield dt.date(2026, 3, 16)
