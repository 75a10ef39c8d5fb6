"""Make a draft and change it. Only drafts change, and each change raises the order's version."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F

from customers.models import Customer
from netsuite.errors import Refusal
from netsuite.machine import LostRace, born
from orders.models import Order, OrderLine, Product, SalesTax
from orders.reach import customers_open_to
from orders.rules import LineAmounts, line_amounts, totals
from workflows.access import label, require_person

FIRST_NUMBER = 60_000
MOST_LINES = 500
MOST = Decimal("9999999.999")
DEAREST = Decimal("9999999.99")
HIGHEST_TOTAL = Decimal("99999999999.99")


class OrderClosed(LostRace):
    """The order is no draft any more."""

    code = "not_a_draft"

    def __init__(self, order: Order | None) -> None:
        state = order.get_status_display().lower() if order else "gone"
        super().__init__(order, f"{order or 'The order'} is {state}: it cannot be changed.")


def create(
    *,
    by: User,
    customer: Customer | None = None,
    tender: str = Order.ON_ACCOUNT,
    terminal: str = "",
    po_number: str = "",
    memo: str = "",
    source: str = "form",
    origin: Order | None = None,
    key: UUID | None = None,
) -> Order:
    """A new draft of `by`'s, without lines. `key` names it in NetSuite; by default a new one."""
    require_person(by, "orders.add_order", "take orders")
    _require_tender(tender)
    order = Order(cashier=by, tender=tender, terminal=terminal, po_number=po_number, memo=memo)
    order.source, order.origin, order.key = source, origin, key or order.key
    if customer is not None:
        _take_customer(order, customer, by)
    order.number = str(order.key)
    with transaction.atomic():
        order.save(force_insert=True)
        order.number = f"SO-{FIRST_NUMBER + order.pk}"
        order.save(update_fields=["number"])
        born(order, by=label(by), reason=source)
    return order


def set_customer(*, order: Order, customer: Customer, by: User) -> Order:
    """Order for this customer from here on, in their currency and with their sales tax."""
    require_person(by, "orders.change_order", "change orders")
    with _changing(order):
        before = order.currency
        _take_customer(order, customer, by)
        if order.currency != before and order.lines.exists():
            raise Refusal(
                f"{customer} pays in {order.currency}, the lines are in {before}. Remove them first.",
                code="currency_differs",
                status=409,
            )
        order.save(update_fields=["customer", "currency", "tax_percent"])
    return order


def set_tender(*, order: Order, tender: str, by: User) -> Order:
    """On account or paid now."""
    require_person(by, "orders.change_order", "change orders")
    _require_tender(tender)
    with _changing(order):
        order.tender = tender
        order.save(update_fields=["tender"])
    return order


def set_details(*, order: Order, by: User, po_number: str | None = None, memo: str | None = None) -> Order:
    """The customer's PO number and a note for the warehouse."""
    require_person(by, "orders.change_order", "change orders")
    with _changing(order):
        order.po_number = order.po_number if po_number is None else po_number
        order.memo = order.memo if memo is None else memo
        order.save(update_fields=["po_number", "memo"])
    return order


def add_line(
    *,
    order: Order,
    product: Product,
    by: User,
    quantity: Decimal = Decimal(1),
    price: Decimal | None = None,
    discount_percent: Decimal = Decimal(0),
) -> OrderLine:
    """One more line, or more of the line that has the same product, price and discount. `price` is for one unit."""
    require_person(by, "orders.change_order", "change orders")
    if not product.is_active:
        raise Refusal(f"{product} is no longer sold.", code="product_not_sold")
    with _changing(order):
        wanted = _price_of(product, order) if price is None else price
        line = order.lines.filter(product=product, price=wanted, discount_percent=discount_percent).first()
        if line is None and order.lines.count() >= MOST_LINES:
            raise Refusal(f"An order has at most {MOST_LINES} lines.", code="too_many_lines")
        line = line or OrderLine(order=order, product=product, quantity=0)
        _fill(line, line.quantity + quantity, wanted, discount_percent)
        line.save()
    return line


def change_line(
    *,
    line: OrderLine,
    by: User,
    quantity: Decimal | None = None,
    price: Decimal | None = None,
    discount_percent: Decimal | None = None,
) -> OrderLine:
    """Another quantity, price or discount; what is None stays."""
    require_person(by, "orders.change_order", "change orders")
    with _changing(line.order):
        line = _line_again(line)
        _fill(
            line,
            line.quantity if quantity is None else quantity,
            line.price if price is None else price,
            line.discount_percent if discount_percent is None else discount_percent,
        )
        line.save()
    return line


def remove_line(*, line: OrderLine, by: User) -> Order:
    require_person(by, "orders.change_order", "change orders")
    order = line.order
    with _changing(order):
        _line_again(line).delete()
    return order


def duplicate(*, order: Order, by: User, terminal: str = "") -> Order:
    """A new draft with the same customer and lines at today's prices; it passes the gate like any other."""
    return _copy(order, by, source="duplicate", terminal=terminal)


def reopen(*, order: Order, by: User, terminal: str = "") -> Order:
    """A cancelled order comes back as a new draft; the cancelled one stays as it is."""
    if order.status != "cancelled":
        raise Refusal(f"{order} is not cancelled.", code="not_cancelled", status=409)
    return _copy(order, by, source="reopen", terminal=terminal)


def _copy(order: Order, by: User, *, source: str, terminal: str) -> Order:
    """Typed-in discounts are kept; prices are those of today, except where the item has none in that currency."""
    customer = order.customer
    if customer is not None and not customers_open_to(by).filter(pk=customer.pk).exists():
        raise Refusal("There is no such customer.", code="not_found", status=404)
    with transaction.atomic():
        copied = create(
            by=by,
            customer=customer,
            tender=order.tender,
            terminal=terminal or order.terminal,
            memo=order.memo,
            source=source,
            origin=order,
        )
        for line in order.lines.select_related("product"):
            if line.product.is_active:
                price = line.price if line.product.currency != copied.currency else None
                discount = line.discount_percent
                add_line(
                    order=copied,
                    product=line.product,
                    quantity=line.quantity,
                    price=price,
                    discount_percent=discount,
                    by=by,
                )
    return copied


@contextmanager
def _changing(order: Order) -> Iterator[None]:
    """The order is locked, proven to be a draft, and added up again at the end; `order` follows.

    Raises OrderClosed. On a refusal inside nothing is changed.
    """
    with transaction.atomic():
        draft = Order.objects.filter(pk=order.pk, status="draft")
        if draft.update(version=F("version") + 1) != 1:
            raise OrderClosed(Order.objects.filter(pk=order.pk).first())
        order.refresh_from_db()
        yield
        _add_up(order)


def _add_up(order: Order) -> None:
    amounts = [LineAmounts(*pair) for pair in order.lines.values_list("gross", "amount")]
    sums = totals(amounts, order.tax_percent)
    if sums.total > HIGHEST_TOTAL:
        raise Refusal("This is more than one order can hold.", code="too_much", status=400)
    order.goods, order.discount, order.tax, order.total = sums.goods, sums.discount, sums.tax, sums.total
    order.save(update_fields=["goods", "discount", "tax", "total"])


def _fill(line: OrderLine, quantity: Decimal, price: Decimal, discount_percent: Decimal) -> None:
    _require_range("Quantity", quantity, Decimal("0.001"), MOST)
    _require_whole(line.product, quantity)
    _require_range("Price", price, Decimal(0), DEAREST)
    _require_range("Discount", discount_percent, Decimal(0), Decimal(100))
    amounts = line_amounts(quantity, price, discount_percent)
    line.quantity, line.price, line.discount_percent = quantity, price, discount_percent
    line.gross, line.amount = amounts.gross, amounts.net


def _require_range(what: str, value: Decimal, least: Decimal, most: Decimal) -> None:
    if not value.is_finite() or not least <= value <= most:
        raise Refusal(f"{what} must be from {least} to {most:,}.", code=f"invalid_{what.lower()}", status=400)


def _require_whole(product: Product, quantity: Decimal) -> None:
    if product.provider_id is not None and quantity != quantity.to_integral_value():
        words = f"{product} is sold by the licence: type a whole number, not {quantity.normalize():f}."
        raise Refusal(words, code="invalid_quantity", status=400)


def _require_tender(tender: str) -> None:
    if tender not in dict(Order.TENDERS):
        raise Refusal("Terms are on account or paid now.", code="invalid_tender", status=400)


def _price_of(product: Product, order: Order) -> Decimal:
    if product.currency != order.currency:
        raise Refusal(
            f"{product} is priced in {product.currency}. Type its price in {order.currency}.", code="price_needed"
        )
    return product.price


def _take_customer(order: Order, customer: Customer, by: User) -> None:
    if not customers_open_to(by).filter(pk=customer.pk).exists():
        raise Refusal("There is no such customer.", code="not_found", status=404)
    order.customer = customer
    order.currency = customer.currency or settings.BASE_CURRENCY
    order.tax_percent = SalesTax.objects.percent_for(customer.region)


def _line_again(line: OrderLine) -> OrderLine:
    """The line as it is now; it may have gone while its page was open."""
    found = OrderLine.objects.select_related("order", "product").filter(pk=line.pk).first()
    if found is None:
        raise Refusal("This line is gone already.", code="line_gone", status=409)
    return found
