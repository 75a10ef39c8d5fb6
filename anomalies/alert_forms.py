"""What people type on an alert's page."""

from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.http import QueryDict

from netsuite.errors import Refusal

# A snoozed alert is back before people start.
MORNING = time(7)
LARGEST_ID = 2**63


class ReasonForm(forms.Form):
    reason = forms.CharField(max_length=2000, required=False)


class UntilForm(ReasonForm):
    until = forms.DateField(error_messages={"required": "Pick a day.", "invalid": "Pick a day."})


class OrderForm(ReasonForm):
    order = forms.IntegerField(min_value=1, max_value=LARGEST_ID - 1, error_messages={"required": "Pick an order."})


class OrderUntilForm(OrderForm, UntilForm):
    pass


def morning_of(day: date) -> datetime:
    """Seven in the morning of a business day."""
    return datetime.combine(day, MORNING, ZoneInfo(settings.TIME_ZONE_BUSINESS))


def picked(sent: QueryDict) -> list[int]:
    """Primary keys of the ticked customers; nonsense is left out."""
    return [int(value) for value in sent.getlist("customer") if value.isascii() and value.isdigit() and len(value) < 19]


def amounts(sent: QueryDict) -> dict[int, Decimal]:
    """The limit typed for each ticked customer, base currency. Raises Refusal for one that is no number."""
    return {pk: amount(sent.get(f"amount-{pk}", "")) for pk in picked(sent)}


def amount(typed: str) -> Decimal:
    try:
        value = Decimal(typed.replace(",", "").removeprefix("$").strip())
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or not 0 < value < Decimal(10) ** 14:
        raise Refusal(f"“{typed[:40]}” is not an amount. Write 25000 or 25000.50.", code="invalid_amount", status=400)
    return value
