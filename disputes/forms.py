"""What people type to open a dispute by phone, and to settle one."""

from django import forms

from disputes.models import Dispute


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
    reason = forms.CharField(max_length=2000, error_messages={"required": "Say why: the reason goes into the audit."})
