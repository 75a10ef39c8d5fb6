"""What the API of orders says and takes."""

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from netsuite.api import StrictSerializer
from orders.gate import SEE_WHY
from orders.models import Order, OrderLine, Product, Release
from workflows.api.forms import CustomerRef

PLAIN = ("on_hold", "source", "label", "reason", "overridable", "evaluated_at")


class ProductSerializer(serializers.ModelSerializer):
    """`price` is for one `unit`, in `currency`, before tax."""

    class Meta:
        model = Product
        fields = ["id", "sku", "name", "price", "currency", "unit", "is_active"]
        read_only_fields = fields


class LineSerializer(serializers.ModelSerializer):
    """`amount` is after discount; money in the order's currency."""

    sku = serializers.CharField(source="product.sku", read_only=True)
    name = serializers.CharField(source="product.name", read_only=True)

    class Meta:
        model = OrderLine
        fields = ["id", "sku", "name", "quantity", "price", "discount_percent", "amount"]
        read_only_fields = fields


class ReleaseSerializer(serializers.ModelSerializer):
    """`until` is the last business day on which it lets orders through."""

    class Meta:
        model = Release
        fields = ["id", "scope", "until", "reason", "by", "at", "ended_at", "ended_by", "end_reason"]
        read_only_fields = fields


class OrderSerializer(serializers.ModelSerializer):
    """Amounts in `currency`. `verdict` is what the gate found last; its figures are for those who may see holds."""

    customer = CustomerRef(read_only=True, allow_null=True)
    cashier = serializers.CharField(source="cashier.username", read_only=True)
    origin = serializers.SlugRelatedField[Order](slug_field="number", read_only=True, allow_null=True)
    verdict = serializers.SerializerMethodField()
    lines = LineSerializer(many=True, read_only=True)
    release = ReleaseSerializer(source="leave", read_only=True, allow_null=True)

    class Meta:
        model = Order
        fields = [
            *("id", "key", "number", "status", "version", "source", "origin", "customer", "cashier", "terminal"),
            *("tender", "po_number", "memo", "currency", "tax_percent", "goods", "discount", "tax", "total", "lines"),
            *("verdict", "formula", "override", "release", "owner_name", "notice", "held_at", "held_by", "hold_reason"),
            *("submitted_at", "submitted_by", "cancelled_at", "cancelled_by", "cancel_reason", "created_at"),
            *("push", "netsuite_id", "netsuite_number", "netsuite_error"),
        ]
        read_only_fields = fields

    def get_verdict(self, order: Order) -> dict[str, Any] | None:
        if not order.verdict:
            return None
        request = self.context.get("request")
        may_know = request is not None and request.user.has_perm(SEE_WHY)
        inputs = {"inputs": order.verdict["inputs"]} if may_know else {}
        return {**{name: order.verdict[name] for name in PLAIN}, **inputs}


class NewLineSerializer(StrictSerializer):
    """Without `price` it costs what the catalog says."""

    product = serializers.CharField(max_length=40, help_text="The item's number.")
    quantity = serializers.DecimalField(max_digits=10, decimal_places=3, min_value=Decimal("0.001"))
    price = serializers.DecimalField(max_digits=9, decimal_places=2, min_value=Decimal(0), required=False)
    discount_percent = serializers.DecimalField(
        max_digits=5, decimal_places=2, min_value=Decimal(0), max_value=Decimal(100), default=Decimal(0)
    )


class ChangeLineSerializer(StrictSerializer):
    quantity = serializers.DecimalField(max_digits=10, decimal_places=3, min_value=Decimal("0.001"), required=False)
    price = serializers.DecimalField(max_digits=9, decimal_places=2, min_value=Decimal(0), required=False)
    discount_percent = serializers.DecimalField(
        max_digits=5, decimal_places=2, min_value=Decimal(0), max_value=Decimal(100), required=False
    )


class NewOrderSerializer(StrictSerializer):
    """A draft; nothing is committed before it is submitted."""

    customer = serializers.CharField(max_length=32, help_text="The customer's NetSuite id.")
    tender = serializers.ChoiceField(choices=Order.TENDERS, default=Order.ON_ACCOUNT)
    terminal = serializers.CharField(max_length=64, allow_blank=True, default="")
    po_number = serializers.CharField(max_length=64, allow_blank=True, default="")
    memo = serializers.CharField(max_length=500, allow_blank=True, default="")
    lines = NewLineSerializer(many=True, required=False, max_length=500)  # type: ignore[call-arg]


class ChangeOrderSerializer(StrictSerializer):
    customer = serializers.CharField(max_length=32, required=False, help_text="The customer's NetSuite id.")
    tender = serializers.ChoiceField(choices=Order.TENDERS, required=False)
    po_number = serializers.CharField(max_length=64, allow_blank=True, required=False)
    memo = serializers.CharField(max_length=500, allow_blank=True, required=False)


class SubmitSerializer(StrictSerializer):
    """`override_grant` is what `override/` or `collect/` answered; `version` the one that was seen."""

    override_grant = serializers.CharField(max_length=200, allow_blank=True, default="")
    version = serializers.IntegerField(min_value=1, max_value=2**31 - 1, required=False)


class PinSerializer(StrictSerializer):
    manager = serializers.CharField(max_length=32, help_text="The employee's NetSuite id.")
    pin = serializers.CharField(max_length=64, trim_whitespace=False, write_only=True)
    terminal = serializers.CharField(max_length=64, allow_blank=True, default="")


class GrantSerializer(serializers.Serializer):
    """Opens this order once, for its cashier, until `expires_at`."""

    grant = serializers.CharField(read_only=True)
    expires_at = serializers.DateTimeField(read_only=True)


class AskSerializer(StrictSerializer):
    note = serializers.CharField(max_length=500, allow_blank=True, default="", help_text="For the manager.")


class AskedSerializer(serializers.Serializer):
    """`status` is asked, granted, declined, used or void."""

    override = serializers.IntegerField(source="pk", read_only=True)
    status = serializers.CharField(read_only=True)
    asked_at = serializers.DateTimeField(read_only=True)


class HoldSerializer(StrictSerializer):
    reason = serializers.CharField(max_length=500, allow_blank=True, default="")


class WhySerializer(StrictSerializer):
    reason = serializers.CharField(max_length=500)


class ReleaseOrderSerializer(WhySerializer):
    """By default for this order only, for seven days."""

    scope = serializers.ChoiceField(choices=Release.SCOPES, default=Release.ORDER)
    until = serializers.DateField(required=False, help_text="The last business day.")


class EmptySerializer(StrictSerializer):
    """No fields."""
