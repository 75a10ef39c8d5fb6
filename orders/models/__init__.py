"""The catalog, orders with their lines, and releases of held orders."""

from orders.models.catalog import Product, SalesTax
from orders.models.orders import LINES, OPEN, PARKED, Order, OrderLine
from orders.models.releases import Release

__all__ = ["LINES", "OPEN", "PARKED", "Order", "OrderLine", "Product", "Release", "SalesTax"]
