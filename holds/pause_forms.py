"""What people type to agree on a payment plan, to grant a grace period, to end a pause."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation

from django import forms
from django.http import QueryDict
from django.utils.dateparse import parse_date

from customers.clock import business_today
from holds.actions.pauses import GRACE_DAYS
from netsuite.errors import Refusal

REASON = {"required": "Say why: the reason is shown with the pause."}


class ReasonForm(forms.Form):
    reason = forms.CharField(max_length=2000, error_messages=REASON)


class GraceForm(ReasonForm):
    """`until` is the last business day; two weeks when left empty."""

    until = forms.DateField(required=False, error_messages={"invalid": "Write the day as 2026-11-24."})

    def clean_until(self) -> date:
        return self.cleaned_data["until"] or business_today() + timedelta(days=GRACE_DAYS)


def instalments(sent: QueryDict) -> Sequence[tuple[date, Decimal]]:
    """The rows of a plan as (day, amount in base currency); empty rows are left out. Raises Refusal for a bad row."""
    rows = zip(sent.getlist("due"), sent.getlist("amount"), strict=False)
    return [_instalment(number, due, amount) for number, (due, amount) in enumerate(rows, 1) if due or amount]


def _instalment(number: int, due: str, amount: str) -> tuple[date, Decimal]:
    try:
        day = parse_date(due.strip())
    except ValueError:
        day = None
    if day is None:
        raise Refusal(f"Instalment {number}: pick the day it is due.", code="invalid_date", status=400)
    try:
        money = Decimal(amount.strip().replace(",", "").removeprefix("$"))
        fits = money.is_finite() and money == money.quantize(Decimal("0.01")) and money < Decimal(10) ** 13
    except InvalidOperation:
        fits = False
    if not fits:
        raise Refusal(f"Instalment {number}: write the amount as 1250.00.", code="invalid_amount", status=400)
    return day, money
