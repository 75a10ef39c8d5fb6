"""Signing in: name and password, and a code for those who set up a second factor."""

from typing import Any

from django import forms
from django.contrib.auth import forms as auth_forms
from django.contrib.auth import views
from django.core.exceptions import ValidationError
from django_otp import match_token, user_has_device
from unfold.forms import AuthenticationForm
from unfold.widgets import UnfoldAdminTextInputWidget

CODE = {"autocomplete": "one-time-code", "inputmode": "numeric"}
ONLY_WITH = "Only with a second factor."


class SecondFactor(forms.Form):
    """Without a second factor the code is ignored; with one it is needed, once a sign-in."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        user: Any = self.get_user()  # type: ignore[attr-defined]
        if user is not None and user_has_device(user):
            user.otp_device = match_token(user, cleaned.get("code", ""))
            if user.otp_device is None:
                raise ValidationError("Enter the code that your authenticator app shows now.", code="second_factor")
        return cleaned


class SignInForm(SecondFactor, AuthenticationForm):
    """The console's sign-in, for staff."""

    code = forms.CharField(
        required=False, max_length=10, help_text=ONLY_WITH, widget=UnfoldAdminTextInputWidget(attrs=CODE)
    )


class TillSignInForm(SecondFactor, auth_forms.AuthenticationForm):
    """The till's sign-in, for everybody who takes orders, staff or not."""

    code = forms.CharField(
        required=False, max_length=10, help_text=ONLY_WITH, widget=forms.TextInput(attrs=CODE), label_suffix=""
    )


sign_in = views.LoginView.as_view(
    template_name="till/sign_in.html", authentication_form=TillSignInForm, next_page="order_new"
)
sign_out = views.LogoutView.as_view(next_page="sign_in")
