"""Whose mail is it: the customer behind an address, by address, by contact, then by domain."""

from collections.abc import Iterable
from dataclasses import dataclass

from customers.models import Customer, Employee

MOST = 25
# Anybody may have an address there: such a domain says nothing about the customer.
_FREE = """
    gmail.com googlemail.com outlook.com outlook.de outlook.fr outlook.es hotmail.com hotmail.de hotmail.fr
    hotmail.es hotmail.co.uk live.com live.de live.fr msn.com
    yahoo.com yahoo.de yahoo.fr yahoo.es yahoo.co.uk ymail.com aol.com
    icloud.com me.com mac.com gmx.de gmx.net gmx.at gmx.ch gmx.com web.de t-online.de freenet.de arcor.de posteo.de
    mailbox.org orange.fr wanadoo.fr free.fr laposte.net sfr.fr neuf.fr bbox.fr bluewin.ch hispeed.ch sunrise.ch
    proton.me protonmail.com pm.me tutanota.com fastmail.com zoho.com mail.com mail.ru yandex.com yandex.ru qq.com
    163.com     comcast.net verizon.net att.net sbcglobal.net bellsouth.net cox.net charter.net btinternet.com sky.com
    telefonica.net terra.es hey.com
"""
FREE_MAIL = frozenset(_FREE.split())


@dataclass(frozen=True)
class Sender:
    """`customer` is set when exactly one fits; `among` are all that do. `how` is address, contact, domain or ""."""

    customer: Customer | None = None
    among: tuple[int, ...] = ()
    how: str = ""
    is_staff: bool = False

    @property
    def known(self) -> bool:
        return bool(self.among) or self.is_staff


def sender_of(address: str) -> Sender:
    """Who writes from `address`; upper and lower case do not matter. At most four queries."""
    address = address.replace("\x00", "").strip().lower()
    domain = address.rpartition("@")[2]
    if not domain or "@" not in address:
        return Sender()
    if found := _by_address(address):
        return _decide(found, "address")
    if Employee.objects.filter(email__iexact=address, is_inactive=False).exists():
        return Sender(is_staff=True)
    if found := _by_contact(address):
        return _decide(found, "contact")
    return _decide(_by_domain(domain), "domain")


def _by_address(address: str) -> list[Customer]:
    rows = Customer.objects.filter(email__icontains=address).order_by("is_inactive", "pk")[:MOST]
    return [customer for customer in rows if address in _addresses(customer.email)]


def _by_contact(address: str) -> list[Customer]:
    """Addresses of contacts and departments stand in further fields of the record."""
    rows = Customer.objects.filter(record__icontains=address).order_by("is_inactive", "pk")[:MOST]
    return [customer for customer in rows if any(address in _addresses(text) for text in _texts(customer.record))]


def _by_domain(domain: str) -> list[Customer]:
    if domain in FREE_MAIL:
        return []
    rows = Customer.objects.filter(email__icontains=f"@{domain}").order_by("is_inactive", "pk")[:MOST]
    return [customer for customer in rows if any(a.rpartition("@")[2] == domain for a in _addresses(customer.email))]


def _addresses(text: str) -> set[str]:
    """A field may hold several, with any sign between them."""
    return set(text.lower().replace(";", " ").replace(",", " ").replace("<", " ").replace(">", " ").split())


def _texts(record: object) -> Iterable[str]:
    values = record.values() if isinstance(record, dict) else record if isinstance(record, list) else ()
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict | list):
            yield from _texts(value)


def _decide(found: list[Customer], how: str) -> Sender:
    """One customer, or the one active among several; otherwise only that it is one of them."""
    if not found:
        return Sender()
    active = [customer for customer in found if not customer.is_inactive] or found
    return Sender(active[0] if len(active) == 1 else None, tuple(customer.pk for customer in active), how)
