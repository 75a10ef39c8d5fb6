"""How our rows, products and numbers stand in the records that NetSuite gets."""

from decimal import Decimal
from uuid import UUID

from orders.models import Product


def external_id(key: UUID) -> str:
    """The same for every try, so that NetSuite never makes a second record."""
    return f"holdgate-{key}"


def item(product: Product) -> dict[str, str]:
    """A reference: by id where NetSuite's is known, else by name."""
    return {"id": product.netsuite_id} if product.netsuite_id else {"refName": product.sku}


def number(value: Decimal) -> float:
    """REST takes JSON numbers; what fits our columns survives the way as a double."""
    return float(round(value, 4))
