"""What people type to propose a hold or to lift one."""

from datetime import timedelta

from django import forms

from customers.clock import business_today
from holds.actions.holds import respect_for

LONGEST = timedelta(days=366)


class ProposeForm(forms.Form):
    reason = forms.CharField(
        max_length=2000,
        error_messages={"required": "Say why: the reason goes to whoever decides."},
        widget=forms.Textarea,
    )


class LiftForm(forms.Form):
    reason = forms.CharField(
        max_length=2000, error_messages={"required": "Say why: the reason goes into the audit."}, widget=forms.Textarea
    )
    respect_until = forms.DateField(required=False, error_messages={"invalid": "Write the day as 2026-11-24."})

    def clean_respect_until(self):
        until, today = self.cleaned_data["respect_until"], business_today()
        if until is None:
            return today + respect_for()
        if not today <= until <= today + LONGEST:
            raise forms.ValidationError("Pick a day between today and a year from now.", code="invalid_date")
        return until
