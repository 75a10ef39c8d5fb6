"""What the API of subscriptions says and takes."""

from decimal import Decimal
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from netsuite.api import StrictSerializer
from orders.models import BillingContract, Invoice, LicenseChange, Provider, Subscription
from workflows.api.forms import CustomerRef

MOST = 9_999_999
STANDINGS = ["waiting", "failed", "provisioned", "not_applicable", "cancelled"]
TERMS = ("starts_on", "ends_on", "renewal")


class SoldProductSerializer(serializers.Serializer):
    sku = serializers.CharField(read_only=True)
    name = serializers.CharField(read_only=True)


class ProviderRef(serializers.ModelSerializer):
    class Meta:
        model = Provider
        fields = ["slug", "name", "kind"]
        read_only_fields = fields


class LicenceProgressSerializer(serializers.Serializer):
    """How many of the agreed licences the provider has carried out."""

    licences = serializers.IntegerField(source="quantity", read_only=True)
    provisioned = serializers.IntegerField(source="provisioned_quantity", read_only=True)


class SubscriptionSerializer(serializers.ModelSerializer):
    """`price` is for one licence and billing period, before tax. `waits_because` is empty when nothing waits."""

    customer = CustomerRef(read_only=True)
    product = SoldProductSerializer(read_only=True)
    provider = ProviderRef(read_only=True)
    parent = serializers.SlugRelatedField[Subscription](slug_field="number", read_only=True, allow_null=True)  # type: ignore[assignment]
    contract = serializers.SlugRelatedField[BillingContract](slug_field="number", read_only=True)
    frequency = serializers.CharField(source="contract.frequency", read_only=True)
    order = serializers.CharField(source="order_line.order.number", read_only=True, default=None)
    status = serializers.ChoiceField(choices=STANDINGS, source="standing", read_only=True)
    waits_because = serializers.CharField(source="why", read_only=True)
    progress = LicenceProgressSerializer(source="*", read_only=True)

    class Meta:
        model = Subscription
        fields = [
            *("id", "key", "number", "status", "waits_because", "customer", "product", "provider", "parent"),
            *("quantity", "progress", "price", "currency", "frequency", "contract", "order"),
            *("starts_on", "cancelled_on", "created_at", "created_by"),
        ]
        read_only_fields = fields


class StartedSerializer(serializers.Serializer):
    """What the order made; the invoice comes also while provisioning waits (null when the contract starts later)."""

    order = serializers.CharField(read_only=True)
    contract = serializers.CharField(read_only=True)
    invoice = serializers.CharField(read_only=True, allow_null=True)
    subscriptions = SubscriptionSerializer(many=True, read_only=True)


class ChangedSubscriptionSerializer(serializers.ModelSerializer):
    class Meta:
        model = Subscription
        fields = ["id", "number"]
        read_only_fields = fields


class LicenseChangeSerializer(serializers.ModelSerializer):
    """`error` are the provider's own words; prices are for one licence and billing period, in `currency`."""

    subscription = ChangedSubscriptionSerializer(read_only=True)
    customer = CustomerRef(source="subscription.customer", read_only=True)
    provider = ProviderRef(source="subscription.provider", read_only=True)
    currency = serializers.CharField(source="subscription.currency", read_only=True)
    invoice = serializers.SlugRelatedField[Invoice](slug_field="number", read_only=True, allow_null=True)
    waits_because = serializers.CharField(source="why", read_only=True)

    class Meta:
        model = LicenseChange
        fields = [
            *("id", "key", "subscription", "customer", "provider", "sequence", "kind", "status", "waits_because"),
            *("error", "quantity_before", "quantity_after", "price_before", "price_after", "currency", "effective_on"),
            *("invoice", "push", "asked_at", "requested_at", "requested_by", "settled_at", "settled_by"),
        ]
        read_only_fields = fields


class ItemSerializer(StrictSerializer):
    """So many licences of an item of the catalog; without `price` it costs what the catalog says."""

    product = serializers.CharField(max_length=40, help_text="The item's number.")
    quantity = serializers.IntegerField(min_value=1, max_value=MOST)
    price = serializers.DecimalField(max_digits=9, decimal_places=2, min_value=Decimal(0), required=False)


class SubscribeSerializer(StrictSerializer):
    """Either `items`, or one item as `product` and `quantity` beside the customer.

    `provider` and `parent` (both only with one item) say what the caller expects: an order that would start another
    subscription is refused.
    """

    customer = serializers.CharField(max_length=32, help_text="The customer's NetSuite id.")
    items = ItemSerializer(many=True, required=False, min_length=1, max_length=100)  # type: ignore[call-arg]
    product = serializers.CharField(max_length=40, required=False, help_text="The item's number.")
    quantity = serializers.IntegerField(min_value=1, max_value=MOST, required=False)
    price = serializers.DecimalField(max_digits=9, decimal_places=2, min_value=Decimal(0), required=False)
    provider = serializers.CharField(max_length=40, required=False, help_text="The provider's short name.")
    parent = serializers.CharField(max_length=40, required=False, help_text="Number of the subscription it follows.")  # type: ignore[assignment]
    po_number = serializers.CharField(max_length=64, allow_blank=True, default="")
    starts_on = serializers.DateField(required=False, help_text="First day; today without it.")
    ends_on = serializers.DateField(required=False, help_text="Last day; until cancelled without it.")
    renewal = serializers.ChoiceField(choices=BillingContract.RENEWALS, default="auto")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        one = {name for name in ("product", "quantity", "price", "provider", "parent") if name in attrs}
        if "items" in attrs and one:
            words = "Send either items, or one product with its quantity."
            raise ValidationError({name: ErrorDetail(words, code="items_or_product") for name in sorted(one)})
        if "items" not in attrs:
            missing = [name for name in ("product", "quantity") if name not in attrs]
            if missing:
                raise ValidationError(
                    {name: ErrorDetail("This field is required.", code="required") for name in missing}
                )
        return attrs


class ChangeQuantitySerializer(StrictSerializer):
    """`effective_on` is a business date, today without it."""

    quantity = serializers.IntegerField(min_value=1, max_value=MOST)
    effective_on = serializers.DateField(required=False)
    reason = serializers.CharField(max_length=500)


class ChangePriceSerializer(StrictSerializer):
    price = serializers.DecimalField(max_digits=9, decimal_places=2, min_value=Decimal(0))
    effective_on = serializers.DateField(required=False)
    reason = serializers.CharField(max_length=500)


class CancelSubscriptionSerializer(StrictSerializer):
    """`on` is the first day without it, today without it."""

    on = serializers.DateField(required=False)
    reason = serializers.CharField(max_length=500)


class ChangeReasonSerializer(StrictSerializer):
    reason = serializers.CharField(max_length=500)


class AccountSerializer(StrictSerializer):
    """Only the account's credit hold is ours; everything else of a customer comes from NetSuite."""

    credit_hold = serializers.BooleanField()
    reason = serializers.CharField(max_length=500, default="Set over the API")


class ChangeSettingsSerializer(StrictSerializer):
    enable_credit_hold = serializers.BooleanField()
    reason = serializers.CharField(max_length=500, default="Set over the API")


class ProvisioningSettingsSerializer(serializers.Serializer):
    """`waiting` are subscriptions with a change that is not carried out, `failed` changes that a provider refused."""

    enable_credit_hold = serializers.BooleanField(read_only=True)
    reason = serializers.CharField(read_only=True)
    by = serializers.CharField(read_only=True)
    at = serializers.DateTimeField(read_only=True, allow_null=True)
    accounts_on_hold = serializers.IntegerField(read_only=True)
    waiting = serializers.IntegerField(read_only=True)
    failed = serializers.IntegerField(read_only=True)
