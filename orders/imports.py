"""Orders out of a CSV file: every row is checked first, and with one bad row nothing is imported.

Columns: order, customer, item, quantity; optional: price, discount, po, memo, terms. Rows with the same
`order` and customer are one order. Amounts are in the customer's currency, discounts in percent.
"""

import csv
import io
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from django.db.models import Q

from customers.models import Customer, CustomerQuerySet
from orders.models import Order, Product

REQUIRED = ("order", "customer", "item", "quantity")
OPTIONAL = ("price", "discount", "po", "memo", "terms")
TERMS = {"": Order.ON_ACCOUNT, "on account": Order.ON_ACCOUNT, "paid now": Order.PAID_NOW}
TERMS |= {tender: tender for tender, _title in Order.TENDERS}
MOST_ROWS = 10_000
LONGEST = {"order": 64, "po": 64, "memo": 500}
# Names orders by what the file calls them, so that the same file twice makes no second order.
NAMESPACE = uuid.UUID("6f1c1b0e-5e0f-4f43-9d8b-0b2f6b1a7c55")


@dataclass(frozen=True)
class RowError:
    """`row` counts from 1 with the header as row 1."""

    row: int
    column: str
    detail: str


@dataclass
class WantedLine:
    product: Product
    quantity: Decimal
    price: Decimal | None
    discount: Decimal


@dataclass
class WantedOrder:
    """One order of the file; `key` is the same each time the file is read."""

    reference: str
    customer: Customer
    row: int
    tender: str
    po_number: str
    memo: str
    lines: list[WantedLine] = field(default_factory=list)

    @property
    def key(self) -> uuid.UUID:
        return key_of(self.customer, self.reference)


@dataclass(frozen=True)
class Sheet:
    """What a file asks for; with any `errors` nothing of it may be imported."""

    orders: list[WantedOrder]
    errors: list[RowError]
    rows: int


def key_of(customer: Customer, reference: str) -> uuid.UUID:
    return uuid.uuid5(NAMESPACE, f"{customer.netsuite_id}/{reference}")


def read(text: str, customers: CustomerQuerySet) -> Sheet:
    """The file as orders, with every error in it. `customers` are those that the importer may order for."""
    errors: list[RowError] = []
    rows = _rows(text, errors)
    named = {row.get("customer", "").strip() for _number, row in rows}
    asked = customers.filter(Q(netsuite_id__in=named) | Q(entity_id__in=named))
    reader = _Reader(asked, {product.sku.lower(): product for product in Product.objects.all()}, errors)
    for number, row in rows:
        reader.take(number, row)
    _refuse_known(reader.orders.values(), errors)
    return Sheet(list(reader.orders.values()), sorted(errors, key=lambda error: error.row), len(rows))


def _rows(text: str, errors: list[RowError]) -> list[tuple[int, Mapping[str, str]]]:
    if "\x00" in text:
        errors.append(RowError(1, "", "The file is not text."))
        return []
    sheet = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), restkey="", restval="")
    try:
        sheet.fieldnames = [name.strip().lower() for name in sheet.fieldnames or ()]
        missing = [name for name in REQUIRED if name not in sheet.fieldnames]
        stray = [name for name in sheet.fieldnames if name not in (*REQUIRED, *OPTIONAL)]
        rows: list[tuple[int, Mapping[str, str]]] = [(sheet.line_num, row) for row in sheet]
    except csv.Error as error:
        errors.append(RowError(sheet.line_num, "", f"This is not CSV: {error}."))
        return []
    if missing or stray:
        said = [f"Column {name} is missing." for name in missing] + [f"Column {name} is not known." for name in stray]
        errors += [RowError(1, "", sentence) for sentence in said]
        return []
    if not rows or len(rows) > MOST_ROWS:
        errors.append(RowError(1, "", f"{len(rows):,} rows; a file has from 1 to {MOST_ROWS:,}."))
        return []
    return rows


class _Reader:
    """Takes row after row and collects orders and errors."""

    def __init__(self, customers: Iterable[Customer], products: Mapping[str, Product], errors: list[RowError]) -> None:
        self.customers = {name: one for one in customers for name in (one.entity_id, one.netsuite_id) if name}
        self.products, self.errors = products, errors
        self.orders: dict[tuple[int, str], WantedOrder] = {}

    def take(self, number: int, row: Mapping[str, str]) -> None:
        known = len(self.errors)
        cells = {name: str(row.get(name) or "").strip() for name in (*REQUIRED, *OPTIONAL)}
        self._check_texts(number, row, cells)
        customer, product = self._customer(number, cells["customer"]), self._product(number, cells["item"])
        quantity = self._number(number, "quantity", cells, Decimal("0.001"), Decimal("9999999.999"), places=3)
        price = self._number(number, "price", cells, Decimal(0), Decimal("9999999.99"), places=2)
        discount = self._number(number, "discount", cells, Decimal(0), Decimal(100), places=2)
        if len(self.errors) > known or customer is None or product is None or quantity is None:
            return
        order = self._order(number, customer, cells)
        currency = customer.currency or product.currency
        if price is None and product.currency != currency:
            self._say(number, "price", f"{product} is priced in {product.currency}; give a price in {currency}.")
        order.lines.append(WantedLine(product, quantity, price, discount or Decimal(0)))

    def _order(self, number: int, customer: Customer, cells: Mapping[str, str]) -> WantedOrder:
        said = (TERMS[cells["terms"].lower()], cells["po"], cells["memo"])
        order = self.orders.setdefault(
            (customer.pk, cells["order"]), WantedOrder(cells["order"], customer, number, *said)
        )
        if (order.tender, order.po_number, order.memo) != said:
            self._say(number, "order", f"Row {order.row} of the same order says other terms, PO or memo.")
        return order

    def _check_texts(self, number: int, row: Mapping[str, str], cells: Mapping[str, str]) -> None:
        if row.get(""):
            self._say(number, "", "More cells than columns.")
        if not cells["order"]:
            self._say(number, "order", "Say which order the row belongs to.")
        for name, most in LONGEST.items():
            if len(cells[name]) > most:
                self._say(number, name, f"At most {most} characters.")
        if cells["terms"].lower() not in TERMS:
            self._say(number, "terms", "On account or paid now.")

    def _customer(self, number: int, name: str) -> Customer | None:
        found = self.customers.get(name)
        if found is None:
            self._say(number, "customer", f"No customer {name}." if name else "Say which customer.")
        elif found.is_inactive:
            self._say(number, "customer", f"{found} is inactive in NetSuite.")
        return found

    def _product(self, number: int, sku: str) -> Product | None:
        found = self.products.get(sku.lower())
        if found is None:
            self._say(number, "item", f"No item {sku}." if sku else "Say which item.")
        elif not found.is_active:
            self._say(number, "item", f"{found} is no longer sold.")
        return found

    def _number(
        self, row: int, name: str, cells: Mapping[str, str], least: Decimal, most: Decimal, *, places: int
    ) -> Decimal | None:
        if not cells[name]:
            if name in REQUIRED:
                self._say(row, name, "Say how many.")
            return None
        try:
            value = Decimal(cells[name])
            fits = value.is_finite() and least <= value <= most and round(value, places) == value
        except InvalidOperation:
            fits = False
        if not fits:
            self._say(row, name, f"{cells[name][:30]}: a number from {least} to {most:,}, at most {places} decimals.")
            return None
        return value

    def _say(self, row: int, column: str, detail: str) -> None:
        self.errors.append(RowError(row, column, detail))


def _refuse_known(orders: Iterable[WantedOrder], errors: list[RowError]) -> None:
    wanted = {order.key: order for order in orders}
    for key, number in Order.objects.filter(key__in=list(wanted)).values_list("key", "number"):
        errors.append(RowError(wanted[key].row, "order", f"Imported already as {number}."))
