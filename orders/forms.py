"""What people type at the till; limits of quantity, price and discount are those of the actions."""

from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms

FIELD = {"autocomplete": "off"}


class TypedNumber(forms.DecimalField):
    """`1,5` and `1.5` alike; words that say what is expected."""

    default_error_messages = {"invalid": "Type a number, for example 12 or 1.5."}

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]
        text = str(value or "").strip().replace(",", ".")
        if len(text) > 16:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        try:
            return super().to_python(text)
        except InvalidOperation:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from None


class TillNameForm(forms.Form):
    name = forms.CharField(max_length=40, widget=forms.TextInput(attrs={**FIELD, "autofocus": True}))


class LineForm(forms.Form):
    """Empty fields stay as they are, an empty discount is none; `step` is one more or one less."""

    quantity = TypedNumber(required=False)
    price = TypedNumber(required=False)
    discount = TypedNumber(required=False)
    step = forms.ChoiceField(required=False, choices=[("1", "One more"), ("-1", "One less")])
    remove = forms.BooleanField(required=False)

    def change(self) -> dict[str, Decimal | None]:
        """What `change_line` takes."""
        given = self.cleaned_data
        quantity = given["quantity"]
        if quantity is not None and given["step"]:
            quantity += Decimal(given["step"])
        discount = given["discount"]
        if discount is None and "discount" in self.data:
            discount = Decimal(0)
        return {"quantity": quantity, "price": given["price"], "discount_percent": discount}


class AddLineForm(forms.Form):
    """A scanned number, or words of a name; `sku` when it was picked from the list."""

    typed = forms.CharField(required=False, max_length=100)
    sku = forms.CharField(required=False, max_length=40)
    quantity = TypedNumber(required=False)
    price = TypedNumber(required=False)


class NoteForm(forms.Form):
    """What the cashier tells the manager, or AR."""

    note = forms.CharField(
        required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 3, "maxlength": 500, **FIELD})
    )


class PinForm(forms.Form):
    """Who authorises, and the PIN; whether it is well formed is for the action to say."""

    manager = forms.CharField(required=False, max_length=32)
    pin = forms.CharField(required=False, max_length=20_000, strip=False)
