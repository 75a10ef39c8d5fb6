"""Signatures and tokens."""

import re
import threading
from datetime import timedelta
from urllib.parse import unquote

import jwt
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from django.db import connections
from django.utils import timezone

from netsuite import channels
from netsuite.answers import RawAnswer
from netsuite.auth import ClientCredentials, TokenBased, signer_from_settings
from netsuite.deadline import Deadline
from netsuite.errors import NetsuiteError
from netsuite.models import Channel
from tests.netsuite.conftest import channel

# Oracle help section_1534941088.
ORACLE = TokenBased(
    account="123456",
    consumer_key="ef40afdd8abaac111b13825dd5e5e2ddddb44f86d5a0dd6dcf38c20aae6b67e4",
    consumer_secret="d26ad321a4b2f23b0741c8d38392ce01c3e23e109df6c96eac6d099e9ab9e8b5",
    token_id="2b0ce516420110bcbd36b69e99196d1b7f6de3c6234c5afb799b73d87569f5cc",
    token_secret="c29a677df7d5439a458c063654187e3d678d73aca8e3c9d8bea1478a3eb0d295",
)
RESTLET = (
    "https://123456.restlets.api.netsuite.com/app/site/hosting/restlet.nl"
    "?script=6&deploy=1&customParam=someValue&testParam=someOtherValue"
)


def oauth_header(method: str, url: str, signer: TokenBased = ORACLE, **fixed: str) -> dict[str, str]:
    auth = signer.sign(Deadline(1), **fixed)
    prepared = requests.Request(method, url, auth=auth, json={"not": "signed"} if method == "POST" else None).prepare()
    header = prepared.headers["Authorization"]
    text = header.decode() if isinstance(header, bytes) else header
    return {name: unquote(value) for name, value in re.findall(r'(\w+)="([^"]*)"', text)}


@pytest.mark.parametrize(
    ("method", "url", "signature"),
    [
        (
            "GET",
            "https://123456.suitetalk.api.netsuite.com/services/rest/record/v1/employee/40",
            "B5OIWznZ2YP0OB7VrJrGkYsTh+8H+5T9Hag+o92q0zY=",
        ),
        ("POST", RESTLET, "+KK4SKNgz4ZiILGLwOMtfYlgcXSy1eis8ldE9X90azQ="),
    ],
)
def test_oracles_published_signatures(method, url, signature):
    header = oauth_header(method, url, nonce="fjaLirsIcCGVZWzBX0pg", timestamp="1508242306")
    assert header["oauth_signature"] == signature
    assert (header["realm"], header["oauth_signature_method"]) == ("123456", "HMAC-SHA256")


def test_a_sandbox_account_is_named_as_netsuite_wants_it():
    signer = TokenBased(account="1234567-sb1", consumer_key="a", consumer_secret="b", token_id="c", token_secret="d")
    assert oauth_header("GET", "https://x.example/", signer)["realm"] == "1234567_SB1"


def test_every_request_is_signed_anew():
    first, second = (oauth_header("GET", "https://x.example/") for _ in range(2))
    assert first["oauth_nonce"] != second["oauth_nonce"]
    assert len(first["oauth_nonce"]) >= 6


# --- OAuth 2.0 -------------------------------------------------------------------------------------

EC_KEY = ec.generate_private_key(ec.SECP256R1())
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(key) -> bytes:
    plain = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)


class TokenOffice:
    """Stands where the HTTP line is and hands out tokens t1, t2…"""

    def __init__(self) -> None:
        self.asked = 0
        self.status = 200
        self.delay = threading.Event()
        self.delay.set()
        self.lock = threading.Lock()

    def exchange(self, method: str, url: str, **call: object) -> RawAnswer:
        with self.lock:
            self.asked += 1
            number = self.asked
        self.delay.wait(2)
        body = f'{{"access_token": "t{number}", "expires_in": "3600", "token_type": "Bearer"}}'
        return RawAnswer(self.status, {"content-type": "application/json"}, body.encode())


def signer(office: TokenOffice, key=EC_KEY) -> ClientCredentials:
    made = ClientCredentials(
        base_url="https://1.suitetalk.api.netsuite.com", client_id="me", certificate_id="cert", private_key=pem(key)
    )
    made._wire = office
    return made


@pytest.fixture
def office():
    return TokenOffice()


@pytest.mark.parametrize(("key", "algorithm"), [(EC_KEY, "ES256"), (RSA_KEY, "PS256")])
def test_the_assertion(office, key, algorithm):
    url = "https://1.suitetalk.api.netsuite.com/services/rest/auth/oauth2/v1/token"
    assertion = signer(office, key).assertion()
    claims = jwt.decode(assertion, key.public_key(), algorithms=[algorithm], audience=url)
    assert (claims["iss"], claims["scope"]) == ("me", ["rest_webservices"])
    assert 0 < claims["exp"] - claims["iat"] < 3600
    assert jwt.get_unverified_header(assertion) == {"alg": algorithm, "kid": "cert", "typ": "JWT"}


@pytest.mark.django_db
def test_a_token_is_fetched_once_and_shared(office):
    assert signer(office).sign(Deadline(1)).token == "t1"
    assert signer(office).sign(Deadline(1)).token == "t1"
    assert office.asked == 1


@pytest.mark.django_db
def test_a_token_in_its_last_minute_is_replaced(office):
    signer(office).sign(Deadline(1))
    Channel.objects.update(token_expires_at=timezone.now() + timedelta(seconds=59))
    assert signer(office).sign(Deadline(1)).token == "t2"


@pytest.mark.django_db
def test_a_refused_token_is_replaced_once(office):
    mikes, danas = signer(office), signer(office)
    refused = mikes.sign(Deadline(1))
    mikes.refused(refused)
    assert mikes.sign(Deadline(1)).token == "t2"
    danas.refused(refused)
    assert danas.sign(Deadline(1)).token == "t2"


@pytest.mark.django_db
def test_a_refused_login_is_told_and_frees_the_lease(office):
    office.status = 401
    with pytest.raises(NetsuiteError) as error:
        signer(office).sign(Deadline(1))
    assert (error.value.kind, channel().refresh_lease_until) == ("auth", None)


@pytest.mark.django_db
def test_a_paused_channel_asks_for_no_token(office):
    channels.pause("netsuite", "Invalid login attempt.")
    with pytest.raises(NetsuiteError) as error:
        signer(office).sign(Deadline(1))
    assert (error.value.code, office.asked) == ("channel_paused", 0)


@pytest.mark.django_db(transaction=True)
def test_many_workers_share_one_refresh(office):
    office.delay.clear()
    threading.Timer(0.5, office.delay.set).start()
    tokens: list[str] = []

    def work() -> None:
        try:
            tokens.append(signer(office).sign(Deadline(5)).token)
        finally:
            connections.close_all()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert (tokens, office.asked) == (["t1"] * 4, 1)


@pytest.mark.django_db
def test_a_worker_does_not_wait_for_a_token_for_ever(office):
    channel()
    Channel.objects.update(refresh_lease_until=timezone.now() + timedelta(hours=1))
    with pytest.raises(NetsuiteError) as error:
        signer(office).sign(Deadline(0.1))
    assert error.value.code == "token_timeout"


def test_the_settings_choose_the_signer(settings, tmp_path):
    key = tmp_path / "key.pem"
    key.write_bytes(pem(EC_KEY))
    settings.NETSUITE_PRIVATE_KEY_FILE = str(key)
    settings.NETSUITE_AUTH = "oauth2"
    assert isinstance(signer_from_settings("http://127.0.0.1"), ClientCredentials)
    settings.NETSUITE_AUTH = "tba"
    assert isinstance(signer_from_settings("http://127.0.0.1"), TokenBased)
