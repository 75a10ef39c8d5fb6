"""Where a provider may be: every way in that is not a public host of the list is shut."""

import ipaddress
import socket
from typing import Any

import pytest

from orders.providers import addresses
from orders.providers.addresses import BadAddress, check, is_public, resolve
from orders.providers.checks import provisioning_addresses


@pytest.fixture(autouse=True)
def listed(settings: Any) -> None:
    settings.PROVISIONING_ALLOWED_HOSTS = ["provisioning.example.com", ".cloud.example", "127.0.0.1", "*"]
    settings.PROVISIONING_ALLOWED_PORTS = [443, 8443]
    settings.PROVISIONING_ALLOW_LOOPBACK = False


def answers(monkeypatch: pytest.MonkeyPatch, *texts: str) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (text, 443)) for text in texts]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: found)


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("https://provisioning.example.com", "https://provisioning.example.com:443"),
        ("https://provisioning.example.com/v1/", "https://provisioning.example.com:443/v1"),
        ("HTTPS://Provisioning.Example.com:8443/Api", "https://provisioning.example.com:8443/Api"),
        ("https://eu.cloud.example/holdgate/v2", "https://eu.cloud.example:443/holdgate/v2"),
    ],
)
def test_an_address_on_the_list_is_taken(url, base):
    assert check(url).base_url == base


@pytest.mark.parametrize(
    "url",
    [
        "",
        "provisioning.example.com",
        "//provisioning.example.com",
        "http://provisioning.example.com",
        "ftp://provisioning.example.com",
        "file:///etc/passwd",
        "gopher://provisioning.example.com:443/_x",
        "https:provisioning.example.com",
        "https:///provisioning.example.com",
        "https:\\\\provisioning.example.com",
        "https://other.example.com",
        "https://example.com",
        "https://cloud.example.evil.com",
        "https://evilcloud.example",
        "https://provisioning.example.com.evil.com",
        "https://provisioning.example.com.",
        "https://evil.com#@provisioning.example.com",
        "https://evil.com\\@provisioning.example.com",
        "https://provisioning.example.com@evil.com/",
        "https://user:password@provisioning.example.com/",
        "https://user@provisioning.example.com/",
        "https://provisioning.example.com:22",
        "https://provisioning.example.com:0",
        "https://provisioning.example.com:",
        "https://provisioning.example.com:443:80",
        "https://provisioning.example.com:99999",
        "https://provisioning.example.com/a?b=c",
        "https://provisioning.example.com/#x",
        "https://provisioning.example.com/../admin",
        "https://provisioning.example.com/a/./b",
        "https://provisioning.example.com//a",
        "https://provisioning.example.com/%2e%2e/",
        "https://provisioning.example.com/a b",
        "https://provisioning.example.com/\r\nHost: evil.com",
        "https://provisioning.example.com/\x00",
        " https://provisioning.example.com",
        "https://provisioning.example.com\n",
        "https://provisioning%2eexample.com",
        "https://provisioning。example.com",
        "https://ⓟrovisioning.example.com",
        "https://-.cloud.example",
        "https://" + "a" * 64 + ".cloud.example",
        "https://localhost",
        "https://127.0.0.1",
        "https://127.1",
        "https://2130706433",
        "https://0177.0.0.1",
        "https://0x7f.0.0.1",
        "https://0x7f000001",
        "https://0",
        "https://0.0.0.0",
        "https://10.0.0.5",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]",
        "https://[::ffff:127.0.0.1]",
        "https://[::ffff:7f00:1]",
        "https://[fe80::1%25eth0]",
        "https://metadata.google.internal",
        "https://provisioning.example.com/" + "a" * 300,
    ],
)
def test_every_other_address_is_refused(url):
    with pytest.raises(BadAddress) as refusal:
        check(url)
    assert (refusal.value.status, refusal.value.code) == (400, "address_refused")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://provisioning.example.com", "Only https: what is sent must not be read on the way."),
        ("https://169.254.169.254", "“169.254.169.254” is not the name of a public host."),
        ("https://a.example.com", "a.example.com is not among the allowed hosts (PROVISIONING_ALLOWED_HOSTS)."),
        ("https://eu.cloud.example:22", "Port 22 is not allowed; 443, 8443 is."),
        ("https://me:pw@eu.cloud.example", "The address holds a login. Requests are signed; leave it out."),
    ],
)
def test_a_refusal_says_why(url, words):
    with pytest.raises(BadAddress) as refusal:
        check(url)
    assert refusal.value.detail == words


@pytest.mark.parametrize("url", ["http://127.0.0.1:8002/cloud", "http://localhost:8002", "https://127.0.0.1"])
def test_this_machine_only_where_development_allows_it(settings, url):
    settings.PROVISIONING_ALLOW_LOOPBACK = True
    assert check(url).host in addresses.LOOPBACK_HOSTS
    settings.DEVELOPMENT = False
    with pytest.raises(BadAddress):
        check(url)


@pytest.mark.parametrize("url", ["http://127.0.0.2:8002", "http://0.0.0.0:8002", "http://10.0.0.1", "ftp://localhost"])
def test_this_machine_is_meant_by_two_names_only(settings, url):
    settings.PROVISIONING_ALLOW_LOOPBACK = True
    with pytest.raises(BadAddress):
        check(url)


@pytest.mark.parametrize("text", ["93.184.216.34", "8.8.8.8", "2606:2800:220:1:248:1893:25c8:1946", "64:ff9b::808:808"])
def test_public_addresses(text):
    assert is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize(
    "text",
    [
        "0.0.0.0",
        "0.1.2.3",
        "10.1.2.3",
        "100.64.0.1",
        "100.100.100.200",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.192",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "168.63.129.16",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:a9fe:a9fe::",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
        "ff0e::1",
    ],
)
def test_addresses_that_are_not_public(text):
    assert not is_public(ipaddress.ip_address(text))


def test_production_does_not_start_with_endpoints_on_its_own_machine(settings):
    settings.DEVELOPMENT, settings.PROVISIONING_ALLOW_LOOPBACK = False, True
    settings.PROVISIONING_ALLOWED_HOSTS = ["provisioning.example.com"]
    assert [found.id for found in provisioning_addresses()] == ["orders.E001"]


@pytest.mark.parametrize("hosts", [["*"], ["*.example.com"], ["."]])
def test_a_list_of_every_host_is_no_list(settings, hosts):
    settings.PROVISIONING_ALLOWED_HOSTS = hosts
    assert [found.id for found in provisioning_addresses()] == ["orders.E002"]


def test_one_inner_address_among_public_ones_refuses_the_name(monkeypatch):
    answers(monkeypatch, "93.184.216.34", "10.0.0.5")
    with pytest.raises(BadAddress) as refusal:
        resolve("provisioning.example.com", 443)
    assert refusal.value.detail == "provisioning.example.com stands for 10.0.0.5, which is not a public address."


def test_a_name_for_this_machine_is_refused_unless_it_says_so(monkeypatch, settings):
    settings.PROVISIONING_ALLOW_LOOPBACK = True
    answers(monkeypatch, "127.0.0.1")
    assert resolve("localhost", 8002) == ["127.0.0.1"]
    with pytest.raises(BadAddress):
        resolve("provisioning.example.com", 443)


def test_localhost_that_points_elsewhere_is_refused(monkeypatch, settings):
    settings.PROVISIONING_ALLOW_LOOPBACK = True
    answers(monkeypatch, "10.0.0.5")
    with pytest.raises(BadAddress):
        resolve("localhost", 8002)
