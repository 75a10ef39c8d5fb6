"""What people type on the console's pages of provisioning."""

from django import forms

from orders.models import Provider

WHY = {"required": "Say why: the reason is kept."}
LICENCES = {"invalid": "Type a whole number of licences.", "required": "Type a whole number of licences."}
DAY = {"invalid": "Write the day as 2026-03-31.", "required": "Say from which day."}


class ReasonForm(forms.Form):
    reason = forms.CharField(max_length=500, error_messages=WHY)


class SwitchForm(ReasonForm):
    on = forms.TypedChoiceField(choices=[("0", "Off"), ("1", "On")], coerce=lambda value: value == "1")


class AccountForm(ReasonForm):
    """Credit Hold of an account: Yes or No."""

    credit_hold = forms.TypedChoiceField(choices=[("yes", "Yes"), ("no", "No")], coerce=lambda value: value == "yes")


class QuantityForm(ReasonForm):
    quantity = forms.IntegerField(min_value=0, max_value=9_999_999, error_messages=LICENCES)
    effective_on = forms.DateField(required=False, error_messages=DAY)


class PriceForm(ReasonForm):
    """For one licence and billing period, before tax."""

    price = forms.DecimalField(
        max_digits=9, decimal_places=2, min_value=0, error_messages={"invalid": "Write the price as 38.50."}
    )
    effective_on = forms.DateField(required=False, error_messages=DAY)


class CancelForm(ReasonForm):
    """`on` is the first day without it."""

    on = forms.DateField(error_messages=DAY)


class ProviderForm(forms.Form):
    name = forms.CharField(max_length=80, error_messages={"required": "A provider has a name."})
    url = forms.CharField(max_length=300, required=False)
    secret = forms.CharField(max_length=200, required=False, strip=False)
    team_email = forms.EmailField(required=False, error_messages={"invalid": "This is no mail address."})
    slots = forms.IntegerField(required=False, error_messages={"invalid": "Type a number from 1 to 50."})
    timeout_seconds = forms.IntegerField(required=False, error_messages={"invalid": "Type a number of seconds."})
    reason = forms.CharField(max_length=500, required=False)

    def clean_slots(self) -> int:
        return self.cleaned_data["slots"] if self.cleaned_data["slots"] is not None else 5

    def clean_timeout_seconds(self) -> int:
        found = self.cleaned_data["timeout_seconds"]
        return found if found is not None else 30


class NewProviderForm(ProviderForm):
    slug = forms.SlugField(max_length=40, error_messages={"required": "A provider has a short name."})
    kind = forms.ChoiceField(choices=Provider.KINDS)


class ChangeProviderForm(ProviderForm):
    is_active = forms.BooleanField(required=False)
