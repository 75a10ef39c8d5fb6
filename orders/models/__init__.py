"""The catalog, orders with their lines, releases of held orders; subscriptions, their changes and invoices."""

from orders.models.billing import Invoice, InvoiceLine
from orders.models.catalog import FREQUENCIES, Product, SalesTax
from orders.models.orders import LINES, OPEN, PARKED, Order, OrderLine
from orders.models.provisioning import Provider, ProviderAccount, ProvisioningSettings
from orders.models.releases import Release
from orders.models.subscriptions import BillingContract, LicenseChange, ProvisioningNotice, Subscription

__all__ = [
    "FREQUENCIES",
    "LINES",
    "OPEN",
    "PARKED",
    "BillingContract",
    "Invoice",
    "InvoiceLine",
    "LicenseChange",
    "Order",
    "OrderLine",
    "Product",
    "Provider",
    "ProviderAccount",
    "ProvisioningNotice",
    "ProvisioningSettings",
    "Release",
    "SalesTax",
    "Subscription",
]
