"""Signing in: name and password, and a code for those who set up a second factor."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django_otp import match_token, user_has_device
from unfold.forms import AuthenticationForm
from unfold.widgets import UnfoldAdminTextInputWidget


class SignInForm(AuthenticationForm):
    """The console's sign-in. Without a second factor the code is ignored; with one it is needed, once a sign-in."""

    code = forms.CharField(
        required=False,
        max_length=10,
        help_text="Only with a second factor.",
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        user: Any = self.get_user()
        if user is not None and user_has_device(user):
            user.otp_device = match_token(user, cleaned.get("code", ""))
            if user.otp_device is None:
                raise ValidationError("Enter the code that your authenticator app shows now.", code="second_factor")
        return cleaned
