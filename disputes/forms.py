"""What people type about disputes and phone calls."""

from django import forms

from disputes.models import Dispute
from disputes.models.inbound import SUB_REASONS

SAY_WHY = "Say why: the reason goes into the audit."
AMOUNT_WORDS = {
    "invalid": "Write the amount as 1250.00.",
    "min_value": "The amount must be more than zero.",
    "required": "Write the amount as 1250.00.",
}


class OpenForm(forms.Form):
    """Amounts are in base currency; empty means all that is open on the invoice."""

    reason_text = forms.CharField(max_length=5000, error_messages={"required": "Write what the customer says."})
    invoice_ref = forms.CharField(max_length=128, required=False)
    reason = forms.ChoiceField(choices=Dispute.REASONS, error_messages={"required": "Pick what it is about."})
    amount = forms.DecimalField(
        max_digits=16,
        decimal_places=2,
        min_value=0.01,
        required=False,
        error_messages={"invalid": "Write the amount as 1250.00.", "min_value": "The amount must be more than zero."},
    )


class ResolveForm(forms.Form):
    resolution = forms.ChoiceField(
        choices=Dispute.RESOLUTIONS,
        error_messages={"required": "Say how it ended: credit issued, upheld or withdrawn."},
    )
    reason = forms.CharField(max_length=2000, error_messages={"required": SAY_WHY})


class ReasonForm(forms.Form):
    reason = forms.CharField(max_length=2000, error_messages={"required": SAY_WHY})


class CreditForm(ReasonForm):
    """Base currency; at most what is open, which the action checks."""

    amount = forms.DecimalField(max_digits=16, decimal_places=2, min_value=0.01, error_messages=AMOUNT_WORDS)


class AmountForm(ReasonForm):
    """Base currency; empty means that nothing is set apart. `until` is the last day, inclusive."""

    amount = forms.DecimalField(
        max_digits=16, decimal_places=2, min_value=0.01, required=False, error_messages=AMOUNT_WORDS
    )
    until = forms.DateField(required=False, error_messages={"invalid": "Pick a day."})


class CauseForm(forms.Form):
    root_cause = forms.CharField(max_length=200, required=False)


class SubjectForm(forms.Form):
    reason = forms.ChoiceField(choices=Dispute.REASONS, error_messages={"required": "Pick what it is about."})
    sub_reason = forms.ChoiceField(choices=SUB_REASONS, required=False)


class CallForm(forms.Form):
    """A phone call as it is written down; the customer is found by number or full name."""

    customer = forms.CharField(max_length=255, error_messages={"required": "Say which customer."})
    caller = forms.CharField(max_length=200, required=False)
    subject = forms.CharField(max_length=300, required=False)
    text = forms.CharField(max_length=20_000, error_messages={"required": "Write what was said."})
