"""What people try on a what-if page; all of it comes by GET and nothing is saved."""

from datetime import date, timedelta
from decimal import Decimal

from django import forms

from holds.formula import FormulaError, parse

PERIODS = [(30, "30 days"), (90, "90 days"), (180, "180 days"), (365, "365 days")]
USUAL_PERIOD = 180
LONGEST_FORMULA = 4000


class PeriodForm(forms.Form):
    """The days to replay, up to yesterday: today is not over."""

    period = forms.TypedChoiceField(choices=PERIODS, coerce=int, initial=USUAL_PERIOD, required=False)

    def clean_period(self) -> int:
        return self.cleaned_data["period"] or USUAL_PERIOD


class LineForm(PeriodForm):
    days = forms.IntegerField(
        min_value=0,
        max_value=3650,
        error_messages={
            "required": "Write a number of days.",
            "invalid": "Write a whole number such as 60.",
            "min_value": "Write 0 or more.",
            "max_value": "Write at most 3650.",
        },
    )
    amount = forms.DecimalField(
        min_value=Decimal(0),
        max_value=Decimal(10) ** 12,
        decimal_places=2,
        error_messages={"required": "Write an amount.", "invalid": "Write an amount such as 10000 or 10000.50."},
    )


class FormulaForm(PeriodForm):
    formula = forms.CharField(max_length=LONGEST_FORMULA, error_messages={"required": "Write a formula."})

    def clean_formula(self) -> str:
        text = self.cleaned_data["formula"].replace("\r\n", "\n").strip()
        try:
            parse(text)
        except FormulaError as error:
            raise forms.ValidationError(f"Line {error.line}, column {error.column}: {error.detail}") from None
        return text


def days_of(period: int, today: date) -> tuple[date, date]:
    """The first and the last day of a period that ends yesterday."""
    last = today - timedelta(days=1)
    return last - timedelta(days=period - 1), last
