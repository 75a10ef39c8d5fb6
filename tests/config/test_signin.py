"""Signing in with and without a second factor."""

import pytest
from django.contrib.auth import SESSION_KEY
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db
LOGIN = "/admin/login/"


def sign_in(client, code="", password=PASSWORD):
    return client.post(LOGIN, {"username": "mike", "password": password, "code": code, "next": "/admin/"})


def is_in(client):
    return SESSION_KEY in client.session


@pytest.fixture
def app(mike):
    """The authenticator app on mike's phone."""
    return TOTPDevice.objects.create(user=mike, name="phone")


def code_of(device):
    return f"{totp(device.bin_key, step=device.step, t0=device.t0, digits=device.digits):06}"


def test_a_password_is_enough_without_a_second_factor(client, mike):
    sign_in(client)
    assert is_in(client)


def test_with_a_second_factor_a_password_is_not_enough(client, app):
    answer = sign_in(client)
    assert not is_in(client)
    assert "Enter the code that your authenticator app shows now." in answer.content.decode()


def test_the_code_lets_mike_in(client, app):
    sign_in(client, code_of(app))
    assert is_in(client)


def test_a_code_is_good_once(client, app):
    code = code_of(app)
    sign_in(client, code)
    client.logout()
    sign_in(client, code)
    assert not is_in(client)


def test_an_old_code_is_refused(client, app):
    old = f"{totp(app.bin_key, step=app.step, t0=app.t0 + 600, digits=app.digits):06}"
    sign_in(client, old)
    assert not is_in(client)


def test_a_wrong_password_with_the_right_code_stays_outside(client, app):
    sign_in(client, code_of(app), password="wrong")
    assert not is_in(client)


def test_an_operator_enrols_a_second_factor(client, operator, mike):
    client.force_login(operator, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.get("/admin/otp_totp/totpdevice/add/")
    assert answer.status_code == 200


def test_a_clerk_does_not(client, clerk):
    client.force_login(clerk, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/admin/otp_totp/totpdevice/").status_code == 403
