"""Both logins: what is let in, and everything that is not."""

import json
import time

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from oauthlib.oauth1 import SIGNATURE_HMAC_SHA256, Client

from netsuite.sandbox import credentials, tba
from netsuite.sandbox.http import TOKEN_PATH
from tests.netsuite.sandbox_clients.account import HOST, RECORDS, assertion, open_account, request, token_form

LOGIN_REFUSED = (
    "Invalid login attempt. For more details, see the Login Audit Trail in the NetSuite UI at "
    "Setup > Users/Roles > User Management > View Login Audit Trail."
)
ORACLE_PARAMETERS = [
    ("oauth_consumer_key", "ef40afdd8abaac111b13825dd5e5e2ddddb44f86d5a0dd6dcf38c20aae6b67e4"),
    ("oauth_token", "2b0ce516420110bcbd36b69e99196d1b7f6de3c6234c5afb799b73d87569f5cc"),
    ("oauth_signature_method", "HMAC-SHA256"),
    ("oauth_timestamp", "1508242306"),
    ("oauth_nonce", "fjaLirsIcCGVZWzBX0pg"),
    ("oauth_version", "1.0"),
]
ORACLE_SECRETS = (
    "d26ad321a4b2f23b0741c8d38392ce01c3e23e109df6c96eac6d099e9ab9e8b5",
    "c29a677df7d5439a458c063654187e3d678d73aca8e3c9d8bea1478a3eb0d295",
)


@pytest.fixture
def account(tmp_path):
    with open_account(tmp_path) as opened:
        opened.load(customers=[{"id": 107, "companyname": "Acme"}])
        yield opened


def log_in(account, **options):
    signed = assertion(account.key_file, **options)
    answer = account.sandbox.answer(request("POST", TOKEN_PATH, token_form(signed)))
    return answer.status, json.loads(answer.body)


def test_a_token_lasts_an_hour_and_opens_the_account(account):
    status, body = log_in(account)
    assert (status, body["expires_in"], body["token_type"]) == (200, 3600, "Bearer")
    assert account.call("GET", "customer/107", Authorization=f"Bearer {body['access_token']}").status == 200


def test_ps256_is_accepted_for_a_registered_certificate(account):
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    body = {"client_id": credentials.CLIENT_ID, "certificate_id": "rsa", "pem": public.decode()}
    account.control("POST", "certificates", body)
    assert log_in(account, algorithm="PS256", key=key, kid="rsa")[0] == 200
    status, refused = log_in(account, algorithm="RS256", key=key, kid="rsa")
    assert (status, refused["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"kid": "another"}, "invalid_client"),
        ({"iss": "another"}, "invalid_client"),
        ({"scope": ["restlets"]}, "invalid_scope"),
        ({"aud": "https://evil.test/services/rest/auth/oauth2/v1/token"}, "invalid_request"),
        ({"exp": int(time.time()) - 1}, "invalid_grant"),
        ({"exp": int(time.time()) + 7300}, "invalid_grant"),
        ({"key": ec.generate_private_key(ec.SECP256R1())}, "invalid_client"),
    ],
)
def test_a_wrong_assertion_is_refused(account, options, error):
    status, body = log_in(account, **options)
    assert (status in (400, 401), body["error"]) == (True, error)


def test_an_unsigned_assertion_is_refused(account):
    unsigned = jwt.encode({"iss": credentials.CLIENT_ID}, None, algorithm="none")
    answer = account.sandbox.answer(request("POST", TOKEN_PATH, token_form(unsigned)))
    assert json.loads(answer.body)["error"] == "invalid_request"


@pytest.mark.parametrize("authorization", ["", "Bearer nonsense", "Basic YTpi", "OAuth"])
def test_without_a_login_there_is_only_netsuites_refusal(account, authorization):
    reply = account.call("GET", "customer/107", Authorization=authorization)
    assert (reply.status, reply.code, reply.detail) == (401, "INVALID_LOGIN", LOGIN_REFUSED)


def test_a_token_expires(account):
    account.fault(clock_skew={"seconds": 3601})
    assert account.call("GET", "customer/107").status == 401


# --- token-based ----------------------------------------------------------------------------------


def signer(**options):
    defaults = {
        "client_secret": credentials.CONSUMER_SECRET,
        "resource_owner_key": credentials.TOKEN_ID,
        "resource_owner_secret": credentials.TOKEN_SECRET,
        "signature_method": SIGNATURE_HMAC_SHA256,
        "realm": credentials.ACCOUNT,
    }
    return Client(credentials.CONSUMER_KEY, **(defaults | options))


def authorization(method="GET", path="customer/107", **options):
    _, headers, _ = signer(**options).sign(f"http://{HOST}{RECORDS}/{path}", http_method=method)
    return headers["Authorization"]


def test_oauthlibs_signature_is_let_in(account):
    assert account.call("GET", "customer/107", Authorization=authorization()).status == 200


def test_query_parameters_are_signed(account):
    signed = authorization(path="customer?limit=5&q=companyName%20IS%20%22A%20B%22")
    query = {"limit": 5, "q": 'companyName IS "A B"'}
    assert account.call("GET", "customer", query=query, Authorization=signed).status == 200


def test_a_changed_query_breaks_the_signature(account):
    assert (
        account.call("GET", "customer", query={"limit": 6}, Authorization=authorization(path="customer")).status == 401
    )


@pytest.mark.parametrize(
    "options",
    [
        {"realm": "ANOTHER"},
        {"client_secret": "wrong"},
        {"resource_owner_secret": "wrong"},
        {"resource_owner_key": "wrong"},
        {"signature_method": "HMAC-SHA1"},
        {"nonce": "abc"},
        {"seconds_off": -301},
        {"seconds_off": 400},
    ],
)
def test_a_wrong_signature_is_refused(account, options):
    options = dict(options)
    if seconds := options.pop("seconds_off", 0):
        options["timestamp"] = str(int(time.time()) + seconds)
    assert account.call("GET", "customer/107", Authorization=authorization(**options)).status == 401


def test_a_nonce_is_good_once(account):
    signed = authorization()
    assert account.call("GET", "customer/107", Authorization=signed).status == 200
    assert account.call("GET", "customer/107", Authorization=signed).status == 401


def test_an_added_oauth_parameter_is_part_of_the_signature(account):
    tampered = authorization() + ', oauth_body_hash="abc"'
    assert account.call("GET", "customer/107", Authorization=tampered).status == 401


@pytest.mark.parametrize(
    ("method", "url", "signature"),
    [
        (
            "GET",
            "https://123456.suitetalk.api.netsuite.com/services/rest/record/v1/employee/40",
            "B5OIWznZ2YP0OB7VrJrGkYsTh+8H+5T9Hag+o92q0zY=",
        ),
        (
            "POST",
            "https://123456.restlets.api.netsuite.com/app/site/hosting/restlet.nl"
            "?script=6&deploy=1&customParam=someValue&testParam=someOtherValue",
            "+KK4SKNgz4ZiILGLwOMtfYlgcXSy1eis8ldE9X90azQ=",
        ),
    ],
)
def test_oracles_published_signature(method, url, signature):
    assert tba.sign(method, url, ORACLE_PARAMETERS, *ORACLE_SECRETS) == signature


def test_the_demo_key_is_made_once_and_private(tmp_path):
    path = credentials.ensure_demo_key(tmp_path / "key.pem")
    first = path.read_bytes()
    assert credentials.ensure_demo_key(path).read_bytes() == first
    assert path.stat().st_mode & 0o077 == 0
