"""Every operation of the API answers made-up requests as its schema says. `API_EXAMPLES=200` makes it long."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from knox.models import AuthToken
from schemathesis import Case

from config.api import router
from tests.config.api_cases import CHECKS, each_case, load_schema, operations, use_rows
from tests.conftest import user_in

pytestmark = pytest.mark.django_db
EXAMPLES = int(os.environ.get("API_EXAMPLES", "4"))
COLLECTIONS = [prefix for prefix, _viewset, _name in router.registry]
SIGNALS = (request_started, request_finished)


@pytest.fixture(scope="module")
def schema() -> Any:
    schema = load_schema()
    schema.app = WSGIHandler()
    return schema


@pytest.fixture
def boss() -> Iterator[dict[str, str]]:
    """Headers of somebody who may do everything. Requests stay in the test's own transaction."""
    for signal in SIGNALS:
        signal.disconnect(close_old_connections)
    everybody = user_in("boss", "AR manager", "Integrator", "Operator", is_superuser=True)
    yield {"Authorization": f"Token {AuthToken.objects.create(everybody)[1]}"}
    for signal in SIGNALS:
        signal.connect(close_old_connections)


def collection_of(path: str) -> str:
    found = path.removeprefix("/api/v1/").split("/")[0]
    return found if found in COLLECTIONS else "others"


@pytest.mark.parametrize("collection", [*COLLECTIONS, "others"])
def test_every_answer_is_as_documented(schema, world, boss, collection):
    def send(case: Case, real: bool) -> None:
        if real:
            use_rows(case, world)
        with transaction.atomic():
            answer = case.call(headers=boss)
            transaction.set_rollback(True)
        case.validate_response(answer, checks=CHECKS, headers=boss)

    for operation in operations(schema):
        if collection_of(operation.path) == collection:
            each_case(operation, EXAMPLES, send)


def test_every_strict_body_is_shown_as_strict(schema):
    bodies = [
        body["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[-1]
        for operation in operations(schema)
        if (body := operation.definition.raw.get("requestBody"))
    ]
    shown = schema.raw_schema["components"]["schemas"]
    assert [name for name in bodies if shown[name].get("additionalProperties") is not False] == []
