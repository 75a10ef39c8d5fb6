"""What people type on the console's pages of orders and of the catalog."""

from django import forms
from django.conf import settings

from orders.models import FREQUENCIES, Product, Provider, Release

WHY = {"required": "Say why: the reason stays with the order."}


class ReleaseForm(forms.Form):
    """`until` is the last business day."""

    scope = forms.ChoiceField(choices=Release.SCOPES)
    until = forms.DateField(error_messages={"required": "Say until when.", "invalid": "Write the day as 2026-03-31."})
    reason = forms.CharField(max_length=500, error_messages=WHY)
    submit = forms.BooleanField(required=False)


class ReasonForm(forms.Form):
    reason = forms.CharField(max_length=500, error_messages=WHY)


class ProductForm(forms.Form):
    """`price` is for one unit, in `currency`, before tax."""

    sku = forms.CharField(max_length=40, error_messages={"required": "An item has a number."})
    name = forms.CharField(max_length=200, error_messages={"required": "An item has a name."})
    price = forms.DecimalField(
        max_digits=9, decimal_places=2, min_value=0, error_messages={"invalid": "Write the price as 38.50."}
    )
    currency = forms.RegexField(
        r"\A[A-Z]{3}\Z", initial=settings.BASE_CURRENCY, error_messages={"invalid": "A currency has three capitals."}
    )
    unit = forms.CharField(max_length=20, initial="each")
    netsuite_id = forms.RegexField(r"\A[0-9]{0,32}\Z", required=False, error_messages={"invalid": "Only digits."})
    provider = forms.ModelChoiceField(Provider.objects.all(), required=False)
    follows = forms.ModelChoiceField(Product.objects.exclude(provider=None), required=False)
    frequency = forms.ChoiceField(choices=[("", "–"), *FREQUENCIES], required=False)
    reason = forms.CharField(max_length=500, required=False)


class SalesTaxForm(forms.Form):
    region = forms.CharField(max_length=64, required=False)
    percent = forms.DecimalField(max_digits=6, decimal_places=3, min_value=0, max_value=100)
    reason = forms.CharField(max_length=500, error_messages={"required": "Say why: the reason is kept."})
