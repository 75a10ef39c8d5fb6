"""What an order adds up to: pure rules; amounts in the order's currency, rounded half-even to cents."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

CENT = Decimal("0.01")
HUNDRED = Decimal(100)


def cents(amount: Decimal) -> Decimal:
    """Rounded half-even to two places."""
    return amount.quantize(CENT, rounding=ROUND_HALF_EVEN)


@dataclass(frozen=True)
class LineAmounts:
    """`gross` before and `net` after the discount."""

    gross: Decimal
    net: Decimal


def line_amounts(quantity: Decimal, price: Decimal, discount_percent: Decimal = Decimal(0)) -> LineAmounts:
    """One line: quantity × price, less the discount; each figure is rounded once, from the exact product."""
    exact = quantity * price
    return LineAmounts(cents(exact), cents(exact * (HUNDRED - discount_percent) / HUNDRED))


@dataclass(frozen=True)
class Totals:
    """`goods` before discount, `discount` as a positive amount, `total` = goods − discount + tax."""

    goods: Decimal
    discount: Decimal
    tax: Decimal
    total: Decimal


def totals(lines: Iterable[LineAmounts], tax_percent: Decimal) -> Totals:
    """The sums of an order; tax is taken once, on the discounted sum of all lines."""
    amounts = list(lines)
    goods = sum((line.gross for line in amounts), Decimal("0.00"))
    net = sum((line.net for line in amounts), Decimal("0.00"))
    tax = cents(net * tax_percent / HUNDRED)
    return Totals(goods, goods - net, tax, net + tax)
