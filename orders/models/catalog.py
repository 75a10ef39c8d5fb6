"""What can be ordered, and the sales tax on it."""

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

FREQUENCIES = [("monthly", "Monthly"), ("quarterly", "Quarterly"), ("yearly", "Yearly")]


class ProductQuerySet(models.QuerySet["Product"]):
    def on_sale(self) -> "ProductQuerySet":
        return self.filter(is_active=True)

    def search(self, text: str) -> "ProductQuerySet":
        """Every word must occur in the name or the number."""
        found = self
        for word in text.replace("\x00", "").split():
            found = found.filter(Q(name__icontains=word) | Q(sku__icontains=word))
        return found


class Product(models.Model):
    """An item of the catalog. `price` is for one `unit`, in `currency`, before tax."""

    sku = models.CharField("number", max_length=40, unique=True)
    name = models.CharField(max_length=200)
    price = models.DecimalField(max_digits=12, decimal_places=2)
    currency = models.CharField(max_length=3, default=settings.BASE_CURRENCY)
    unit = models.CharField(max_length=20, default="each")
    is_active = models.BooleanField("on sale", default=True)
    netsuite_id = models.CharField(
        "NetSuite item", max_length=32, blank=True, help_text="The item's internal id; orders name the item by it."
    )
    provider = models.ForeignKey(
        "orders.Provider",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="products",
        help_text="Who provisions it. With one, the item is a subscription.",
    )
    follows = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="followers",
        help_text="The item whose subscription a linked one follows.",
    )
    frequency = models.CharField(
        "billed",
        max_length=9,
        choices=FREQUENCIES,
        blank=True,
        default="",
        db_default="",
        help_text="How often a subscription is billed.",
    )

    objects = ProductQuerySet.as_manager()
    history = HistoricalRecords(table_name="products_history", history_change_reason_field=models.TextField(null=True))

    class Meta:
        db_table = "products"
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(name="product_price_not_negative", condition=Q(price__gte=0)),
            models.UniqueConstraint(name="one_product_an_item", fields=["netsuite_id"], condition=~Q(netsuite_id="")),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def per(self) -> str:
        """What the price is for: `can`, or for a subscription `monthly, per licence`."""
        return f"{self.get_frequency_display().lower()}, per licence" if self.provider_id else self.unit


class SalesTaxQuerySet(models.QuerySet["SalesTax"]):
    def percent_for(self, region: str) -> Decimal:
        """Of the customer's region, otherwise of everywhere else; 0 where neither is set."""
        rates = dict(self.filter(region__in=["", region]).values_list("region", "percent"))
        return rates[region] if region in rates else rates.get("", Decimal(0))


class SalesTax(models.Model):
    """The sales tax of one region, in percent; the one without a region is for everywhere else."""

    region = models.CharField(max_length=64, unique=True, blank=True, help_text="Empty: everywhere else.")
    percent = models.DecimalField(max_digits=6, decimal_places=3)

    objects = SalesTaxQuerySet.as_manager()
    history = HistoricalRecords(
        table_name="sales_taxes_history", history_change_reason_field=models.TextField(null=True)
    )

    class Meta:
        db_table = "sales_taxes"
        verbose_name_plural = "sales taxes"
        ordering = ["region"]
        constraints = [
            models.CheckConstraint(name="sales_tax_is_a_percentage", condition=Q(percent__gte=0, percent__lte=100))
        ]

    def __str__(self) -> str:
        return self.region or "Everywhere else"
