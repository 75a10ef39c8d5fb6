"""The port of the demo's provisioning endpoint, and the provider that follows it."""

import socket

import pytest

from config.demo import endpoint, subscriptions
from orders.models import Provider


@pytest.fixture(autouse=True)
def _own_folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path


@pytest.fixture
def taken(monkeypatch):
    monkeypatch.setattr(endpoint, "is_free", lambda port: port != 18001)


def test_it_stands_apart_from_the_sandbox(monkeypatch):
    monkeypatch.setattr(endpoint, "is_free", lambda port: True)
    assert endpoint.choose_port(8001) == 18_001


def test_it_stays_where_it_was(monkeypatch):
    monkeypatch.setattr(endpoint, "is_free", lambda port: True)
    endpoint.port_file().write_text("23456\n")
    assert endpoint.choose_port(8001) == 23_456


def test_what_was_asked_for_counts(taken):
    assert endpoint.choose_port(8001, 18_001) == 18_001


@pytest.mark.parametrize("sandbox_port", [8001, 60_000])
def test_a_taken_or_impossible_port_becomes_a_free_one(taken, monkeypatch, sandbox_port):
    monkeypatch.setattr(endpoint, "free_port", lambda: 40_123)
    assert endpoint.choose_port(sandbox_port) == 40_123


@pytest.mark.enable_socket
def test_a_port_that_somebody_listens_on_is_not_free():
    with socket.socket() as other:
        other.bind((endpoint.HOST, 0))
        other.listen()
        assert endpoint.is_free(other.getsockname()[1]) is False


def test_the_provider_follows_the_endpoint(mike, settings):
    settings.PROVISIONING_ALLOW_LOOPBACK = True
    provider = Provider(slug=subscriptions.CLOUD, name="Larder Cloud", kind="automatic", url=endpoint.address(18_001))
    provider.secret = "a-secret-of-sixteen-or-more"
    provider.save()
    subscriptions.follow(23_456)
    subscriptions.follow(23_456)
    provider.refresh_from_db()
    assert (provider.url, provider.history.count()) == ("http://127.0.0.1:23456/v1", 2)
