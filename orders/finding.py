"""Find customers and items as people at a till type: names, numbers, e-mails, phones with or without blanks."""

import re
from collections.abc import Sequence
from typing import TypeVar

from django.contrib.auth.models import User
from django.db.models import Case, F, IntegerField, Model, Q, QuerySet, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Replace

from customers.models import Customer
from orders.models import Product
from orders.reach import customers_open_to

SHORTEST = 2
SHOWN = 8
PHONE = re.compile(r"[\d\s().+/-]+")
Row = TypeVar("Row", bound=Model)


def customers(text: str, *, by: User, limit: int = SHOWN) -> list[Customer]:
    """At most `limit` + 1 active customers: names that begin with the text first."""
    text = _clean(text)
    if len(text) < SHORTEST:
        return []
    open_to = customers_open_to(by).active()
    found = open_to.search(text)
    digits = re.sub(r"\D", "", text)
    if PHONE.fullmatch(text) and len(digits) >= 4:
        found = open_to.filter(Q(pk__in=found.values("pk")) | Q(pk__in=_by_phone(open_to, digits)))
    return list(_best_first(found, text)[: limit + 1])


def customer(netsuite_id: str, *, by: User) -> Customer | None:
    """By NetSuite id, among those that may order."""
    return customers_open_to(by).active().filter(netsuite_id=_clean(netsuite_id)).first()


def items(text: str, *, limit: int = SHOWN) -> list[Product]:
    """At most `limit` + 1 items on sale."""
    text = _clean(text)
    if len(text) < SHORTEST:
        return []
    return list(_best_first(Product.objects.on_sale().search(text), text)[: limit + 1])


def item(sku: str) -> Product | None:
    """By its number, in capitals or not."""
    sku = _clean(sku)
    return Product.objects.on_sale().filter(sku__iexact=sku).first() if sku else None


def the_one(found: Sequence[Row]) -> Row | None:
    """What was meant, when there is only one."""
    return found[0] if len(found) == 1 else None


def _clean(text: str) -> str:
    return " ".join(text.replace("\x00", "").split())


def _by_phone(customers: QuerySet[Customer], digits: str) -> QuerySet:
    bare: Combinable = F("phone")
    for sign in " -().+/":
        bare = Replace(bare, Value(sign), Value(""))
    return customers.annotate(phone_digits=bare).filter(phone_digits__contains=digits).values("pk")


def _best_first(found: QuerySet[Row], text: str) -> QuerySet[Row]:
    begins = Case(When(name__istartswith=text, then=0), default=1, output_field=IntegerField())
    return found.order_by(begins, "name", "pk")
