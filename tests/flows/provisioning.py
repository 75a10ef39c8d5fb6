"""Automatic provisioning against a real endpoint: who is asked, and what it did."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from orders.models import LicenseChange, Provider, ProviderAccount
from orders.providers.endpoint.process import EndpointProcess, start_endpoint
from tests.factories import providers


@pytest.fixture(scope="module")
def running_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EndpointProcess]:
    folder = tmp_path_factory.mktemp("endpoint")
    with start_endpoint(folder / "held.sqlite3", folder / "requests.jsonl") as process:
        yield process


@pytest.fixture
def endpoint(running_endpoint: EndpointProcess, settings: Any) -> Iterator[EndpointProcess]:
    """A provisioning endpoint on this machine, which behaves until told otherwise."""
    settings.PROVISIONING_ALLOW_LOOPBACK = True
    yield running_endpoint
    running_endpoint.clear_faults()


def cloud(endpoint: EndpointProcess, slug: str = "cloud", **fields: Any) -> Provider:
    return providers.automatic(f"{endpoint.base_url}/{slug}", slug, **fields)


def waiting(count: int, provider: Provider) -> list[LicenseChange]:
    """Changes of one customer who has an account with the provider."""
    made = providers.changes(count, provider)
    customer = made[0].subscription.customer
    ProviderAccount.objects.create(customer=customer, provider=provider, opened_at=timezone.now())
    return made
