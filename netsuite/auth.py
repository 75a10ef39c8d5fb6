"""Signing requests: OAuth 2.0 client credentials (first choice) or token-based authentication (OAuth 1.0a)."""

import time
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

import jwt
import requests
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db.models import DateTimeField, ExpressionWrapper, Q
from django.db.models.functions import Now
from django.utils import timezone
from requests.auth import AuthBase
from requests_oauthlib import OAuth1

from netsuite.answers import raise_for_error
from netsuite.deadline import Deadline
from netsuite.errors import NetsuiteError
from netsuite.models import Channel
from netsuite.wire import Wire

TOKEN_PATH = "/services/rest/auth/oauth2/v1/token"  # noqa: S105  an address
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_SECONDS = 300
# A token is not used in its last minute: the request may take longer than it lives.
TOKEN_MARGIN = timedelta(seconds=60)
REFRESH_LEASE = timedelta(seconds=30)
POLL_SECONDS = 0.2


class Signer(Protocol):
    """Signs one request; `refused` is told that a signed request came back with 401."""

    def sign(self, deadline: Deadline) -> AuthBase: ...

    def refused(self, auth: AuthBase) -> None: ...


class Bearer(AuthBase):
    def __init__(self, token: str) -> None:
        self.token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request


class ClientCredentials:
    """OAuth 2.0 with a certificate; the access token is shared by all workers through the Channel row.

    One worker refreshes under a lease, the others wait for its token.
    """

    def __init__(
        self, *, base_url: str, client_id: str, certificate_id: str, private_key: bytes, channel: str = "netsuite"
    ) -> None:
        self.token_url = base_url + TOKEN_PATH
        self.client_id, self.certificate_id, self.channel = client_id, certificate_id, channel
        self._key, self._algorithm = _signing_key(private_key)
        self._wire = Wire()

    def sign(self, deadline: Deadline) -> Bearer:
        """A live token, waiting for another worker's refresh if one is under way. Raises NetsuiteError."""
        while True:
            channel = Channel.named(self.channel)
            if _is_live(channel):
                return Bearer(channel.token)
            if channel.paused_at:
                raise NetsuiteError(channel.paused_reason, kind="auth", code="channel_paused")
            if self._take_refresh_lease():
                return Bearer(self._refresh(deadline))
            if deadline.passed():
                raise NetsuiteError("No access token in time.", kind="timeout", code="token_timeout")
            time.sleep(POLL_SECONDS)

    def refused(self, auth: AuthBase) -> None:
        """Forget the token that was refused, unless another worker has replaced it already."""
        channel = Channel.named(self.channel)
        if isinstance(auth, Bearer) and channel.token == auth.token:
            stale = Channel.objects.filter(name=self.channel, access_token=channel.access_token)
            stale.update(access_token="", token_expires_at=None)

    def assertion(self) -> str:
        """The signed JWT (RFC 7523); PS256 or ES256 after the key, because NetSuite refuses RS256."""
        now = int(time.time())
        claims = {
            "iss": self.client_id,
            "scope": ["rest_webservices"],
            "aud": self.token_url,
            "iat": now,
            "exp": now + ASSERTION_SECONDS,
            "jti": uuid.uuid4().hex,
        }
        return jwt.encode(claims, self._key, algorithm=self._algorithm, headers={"kid": self.certificate_id})

    def _take_refresh_lease(self) -> bool:
        free = Q(refresh_lease_until=None) | Q(refresh_lease_until__lte=Now())
        until = ExpressionWrapper(Now() + REFRESH_LEASE, output_field=DateTimeField())
        return bool(Channel.objects.filter(free, name=self.channel).update(refresh_lease_until=until))

    def _refresh(self, deadline: Deadline) -> str:
        try:
            # Another worker may have finished between our look and our lease.
            channel = Channel.named(self.channel)
            return channel.token if _is_live(channel) else self._fetch(deadline)
        finally:
            Channel.objects.filter(name=self.channel).update(refresh_lease_until=None)

    def _fetch(self, deadline: Deadline) -> str:
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": self.assertion(),
        }
        answer = self._wire.exchange("POST", self.token_url, deadline=deadline, form=form)
        if answer.status in (400, 401, 403):
            text = answer.body.decode("utf-8", "replace")
            raise NetsuiteError(text, kind="auth", code="token_refused", http_status=answer.status)
        raise_for_error(answer)
        return self._store(answer.json())

    def _store(self, grant: Any) -> str:
        if not isinstance(grant, dict) or not grant.get("access_token"):
            raise NetsuiteError("The token answer holds no access_token.", kind="malformed", code="malformed_answer")
        holder = Channel(name=self.channel)
        holder.token = str(grant["access_token"])
        expires = timezone.now() + timedelta(seconds=float(grant.get("expires_in", 3600)))
        Channel.objects.filter(name=self.channel).update(access_token=holder.access_token, token_expires_at=expires)
        return holder.token


class TokenBased:
    """OAuth 1.0a, HMAC-SHA256; every request, a retry too, gets a nonce and a signature of its own."""

    def __init__(
        self, *, account: str, consumer_key: str, consumer_secret: str, token_id: str, token_secret: str
    ) -> None:
        self._parts = {
            "client_key": consumer_key,
            "client_secret": consumer_secret,
            "resource_owner_key": token_id,
            "resource_owner_secret": token_secret,
            "realm": account.upper().replace("-", "_"),
        }

    def sign(self, deadline: Deadline, **fixed: str) -> OAuth1:
        """`fixed` nonce and timestamp are for checking against a published signature."""
        return OAuth1(**self._parts, signature_method="HMAC-SHA256", **fixed)

    def refused(self, auth: AuthBase) -> None:
        """Nothing is kept between requests; the next one is signed anew anyway."""


def signer_from_settings(base_url: str) -> Signer:
    """The signer that NETSUITE_AUTH names. Raises ImproperlyConfigured."""
    if settings.NETSUITE_AUTH == "tba":
        return TokenBased(
            account=settings.NETSUITE_ACCOUNT,
            consumer_key=settings.NETSUITE_CONSUMER_KEY,
            consumer_secret=settings.NETSUITE_CONSUMER_SECRET,
            token_id=settings.NETSUITE_TOKEN_ID,
            token_secret=settings.NETSUITE_TOKEN_SECRET,
        )
    if settings.NETSUITE_AUTH != "oauth2":
        raise ImproperlyConfigured(f"NETSUITE_AUTH must be oauth2 or tba, not {settings.NETSUITE_AUTH!r}.")
    try:
        return ClientCredentials(
            base_url=base_url,
            client_id=settings.NETSUITE_CLIENT_ID,
            certificate_id=settings.NETSUITE_CERTIFICATE_ID,
            private_key=Path(settings.NETSUITE_PRIVATE_KEY_FILE).read_bytes(),
        )
    except (OSError, ValueError) as error:
        raise ImproperlyConfigured(f"NETSUITE_PRIVATE_KEY_FILE cannot be used: {error}") from error


def _signing_key(pem: bytes) -> tuple[ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, str]:
    """The key and its algorithm. Raises ValueError for another kind of key."""
    key = load_pem_private_key(pem, password=None)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key, "ES256"
    if isinstance(key, rsa.RSAPrivateKey):
        return key, "PS256"
    raise ValueError("it must hold an EC or RSA key")


def _is_live(channel: Channel) -> bool:
    expires = channel.token_expires_at
    return bool(channel.token) and expires is not None and expires - TOKEN_MARGIN > timezone.now()
