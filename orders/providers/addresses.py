"""Where a provider may be: https on an allowed host whose addresses are all public, on an allowed port.

`check` judges the text, when a provider is saved and again before each call; `resolve` judges what its name stands
for, once, and the connection goes to the address it returns. So no name can point elsewhere after the check.
"""

import ipaddress
import re
import socket
from dataclasses import dataclass

from django.conf import settings
from django.utils.http import is_same_domain

from netsuite.errors import Refusal

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

LONGEST = 300
LOOPBACK_HOSTS = ("127.0.0.1", "localhost")
# Letters, digits and few signs: what two parsers could read differently is not in it.
_URL = re.compile(
    r"(?P<scheme>[a-z]+)://(?P<host>[a-z0-9.-]+)(?::(?P<port>[0-9]{1,5}))?(?P<path>(?:/[a-z0-9._~-]+)*)/?",
    re.ASCII | re.IGNORECASE,
)
# The last part begins with a letter: so it is a name, not a number in one of its many spellings.
_NAME = re.compile(
    r"(?=.{1,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII
)
# Public by number, and yet the machinery of a cloud or a doorway into other address spaces.
_NOT_FOR_US = [
    ipaddress.ip_network(net)
    for net in ("168.63.129.16/32", "192.0.0.0/24", "192.88.99.0/24", "64:ff9b:1::/48", "::/96")
]
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


@dataclass(frozen=True)
class Place:
    """The parts of an address that passed the check."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def base_url(self) -> str:
        """Without a slash at the end."""
        return f"{self.scheme}://{self.host}:{self.port}{self.path}"


class BadAddress(Refusal):
    code = "address_refused"
    status = 400


def check(url: str) -> Place:
    """Judge the text of a provider's address. Raises BadAddress, in words for who typed it."""
    if "@" in url.partition("://")[2].partition("/")[0]:
        raise BadAddress("The address holds a login. Requests are signed; leave it out.")
    found = _URL.fullmatch(url) if len(url) <= LONGEST else None
    if found is None or not {".", ".."}.isdisjoint(found["path"].split("/")):
        raise BadAddress("That is not an address such as https://provisioning.example.com/v1.")
    scheme, host = found["scheme"].lower(), found["host"].lower()
    place = Place(scheme, host, int(found["port"] or {"https": 443, "http": 80}.get(scheme, 0)), found["path"])
    if not is_loopback(place.host):
        _check_public(place)
    elif place.scheme not in ("http", "https") or not 0 < place.port < 65536:
        raise BadAddress("On this machine: http or https, and a port.")
    return place


def _check_public(place: Place) -> None:
    if place.scheme != "https":
        raise BadAddress("Only https: what is sent must not be read on the way.")
    if not _NAME.fullmatch(place.host):
        raise BadAddress(f"“{place.host}” is not the name of a public host.")
    if not any(is_same_domain(place.host, pattern.lower()) for pattern in settings.PROVISIONING_ALLOWED_HOSTS):
        raise BadAddress(f"{place.host} is not among the allowed hosts (PROVISIONING_ALLOWED_HOSTS).")
    if place.port not in settings.PROVISIONING_ALLOWED_PORTS:
        allowed = ", ".join(map(str, settings.PROVISIONING_ALLOWED_PORTS))
        raise BadAddress(f"Port {place.port} is not allowed; {allowed} is.")


def is_loopback(host: str) -> bool:
    """This machine, on a machine where that is allowed: never in production."""
    return settings.DEVELOPMENT and settings.PROVISIONING_ALLOW_LOOPBACK and host in LOOPBACK_HOSTS


def resolve(host: str, port: int) -> list[str]:
    """The addresses behind the name. One that is not public refuses all. Raises BadAddress; OSError for no answer."""
    wanted = "loopback" if is_loopback(host) else "public"
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    texts = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    for text in texts:
        address = ipaddress.ip_address(text)
        if not (address.is_loopback if wanted == "loopback" else is_public(address)):
            raise BadAddress(f"{host} stands for {text}, which is not a {wanted} address.")
    if not texts:
        raise BadAddress(f"{host} stands for no address.")
    return texts


def is_public(address: Address) -> bool:
    """A machine on the public internet: nothing private, shared, local, reserved, or hiding such a one inside."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped or address.sixtofour or address.teredo or address.is_site_local or address.scope_id:
            return False
        if address in _NAT64:
            return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    if any(address.version == net.version and address in net for net in _NOT_FOR_US):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved and not address.is_unspecified
