"""OAuth 2.0 client credentials, and the gate every request passes."""

import secrets
import threading
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jwt

from . import credentials, errors, tba
from .faults import Faults
from .http import TOKEN_PATH, Answer, Request, json_answer
from .store import Store

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS = ("PS256", "ES256")
TOKEN_SECONDS = 3600
LONGEST_ASSERTION = 3600


class TokenRefused(Exception):
    """An RFC 6749 error code and a sentence."""

    def __init__(self, code: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.answer = json_answer(status, {"error": code, "error_description": description})


@dataclass
class _Failures:
    count: int = 0
    locked_until: float = 0


class Gate:
    """Checks logins against the store's certificates and the demo token."""

    def __init__(self, store: Store, faults: Faults) -> None:
        self._store = store
        self._faults = faults
        self._lock = threading.Lock()
        self._tokens: dict[str, float] = {}
        self._nonces = tba.Nonces()
        self._failures = _Failures()

    def register(self, client_id: str, certificate_id: str, pem: str) -> None:
        """Raises ValueError for an unreadable certificate or key."""
        credentials.public_key_of(pem)
        with self._store.write() as connection:
            connection.execute("INSERT OR REPLACE INTO certificate VALUES (?, ?, ?)", (client_id, certificate_id, pem))

    def now(self) -> float:
        skew = self._faults.option("clock_skew") or {}
        return time.time() + skew.get("seconds", 0)

    # --- every request ------------------------------------------------------------------------------

    def check(self, request: Request) -> None:
        """Raises ApiError 401 INVALID_LOGIN."""
        self._refuse_locked()
        scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
        if self._faults.hit("expired_token", request):
            self._forget(rest)
        passed = self._known_token(rest) if scheme.lower() == "bearer" else self._signed(scheme, rest, request)
        if not passed or self._faults.hit("invalid_login", request):
            self._failed()
            raise errors.invalid_login()
        self._failures.count = 0

    def _known_token(self, token: str) -> bool:
        with self._lock:
            return self._tokens.get(token, 0) > self.now()

    def _forget(self, token: str) -> None:
        with self._lock:
            self._tokens.pop(token, None)

    def _signed(self, scheme: str, rest: str, request: Request) -> bool:
        if scheme.lower() != "oauth" or self._faults.hit("nonce_reuse", request):
            return False
        return tba.verified(request, rest, now=self.now(), nonces=self._nonces)

    def _refuse_locked(self) -> None:
        if self._faults.option("lockout") and self._failures.locked_until > time.time():
            raise errors.invalid_login()

    def _failed(self) -> None:
        options = self._faults.option("lockout")
        if options is None:
            return
        self._failures.count += 1
        if self._failures.count >= options.get("after", 5):
            self._failures = _Failures(0, time.time() + options.get("minutes", 30) * 60)

    # --- the token endpoint ---------------------------------------------------------------------------

    def token(self, request: Request) -> Answer:
        form = dict(parse_qsl(request.body.decode("utf-8", "replace")))
        try:
            self._refuse_locked()
            self._check_assertion(form, request)
        except TokenRefused as refusal:
            self._failed()
            return refusal.answer
        except errors.ApiError:
            return TokenRefused("invalid_client", "The login is locked.", 401).answer
        token = secrets.token_urlsafe(48)
        with self._lock:
            self._tokens[token] = self.now() + TOKEN_SECONDS
        return json_answer(200, {"access_token": token, "expires_in": TOKEN_SECONDS, "token_type": "Bearer"})

    def _check_assertion(self, form: dict[str, str], request: Request) -> None:
        if form.get("grant_type") != "client_credentials":
            raise TokenRefused("unsupported_grant_type", "grant_type must be client_credentials")
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            raise TokenRefused("invalid_request", "client_assertion_type must be jwt-bearer")
        claims = self._verified_claims(form.get("client_assertion", ""))
        self._check_claims(claims, request)

    def _verified_claims(self, assertion: str) -> dict[str, Any]:
        try:
            header = jwt.get_unverified_header(assertion)
            unverified = jwt.decode(assertion, options={"verify_signature": False})
        except jwt.PyJWTError as error:
            raise TokenRefused("invalid_request", "The client assertion is not a JWT.") from error
        if header.get("alg") not in ALGORITHMS:
            raise TokenRefused("invalid_request", f"alg must be one of {', '.join(ALGORITHMS)}")
        key = self._public_key(str(unverified.get("iss")), str(header.get("kid")))
        try:
            return jwt.decode(
                assertion,
                key,
                algorithms=[header["alg"]],
                options={"verify_aud": False, "verify_exp": False, "verify_iat": False, "verify_nbf": False},
            )
        except (jwt.PyJWTError, TypeError, ValueError) as error:
            raise TokenRefused("invalid_client", "The client assertion's signature does not verify.", 401) from error

    def _public_key(self, client_id: str, certificate_id: str) -> Any:
        with self._store.read() as connection:
            row = connection.execute(
                "SELECT pem FROM certificate WHERE client_id = ? AND certificate_id = ?", (client_id, certificate_id)
            ).fetchone()
        if row is None:
            raise TokenRefused("invalid_client", "Unknown client or certificate.", 401)
        return credentials.public_key_of(row["pem"])

    def _check_claims(self, claims: dict[str, Any], request: Request) -> None:
        now = self.now()
        issued, expires = claims.get("iat"), claims.get("exp")
        if not isinstance(issued, (int, float)) or not isinstance(expires, (int, float)):
            raise TokenRefused("invalid_request", "iat and exp are required.")
        if expires <= now or issued > now + tba.WINDOW_SECONDS or expires - issued > LONGEST_ASSERTION:
            raise TokenRefused("invalid_grant", "The client assertion is expired or lives longer than 60 minutes.")
        scope = claims.get("scope")
        if "rest_webservices" not in (scope.replace(",", " ").split() if isinstance(scope, str) else scope or []):
            raise TokenRefused("invalid_scope", "scope must hold rest_webservices")
        if not _is_token_url(str(claims.get("aud")), request):
            raise TokenRefused("invalid_request", "aud must be the token URL")


def _is_token_url(audience: str, request: Request) -> bool:
    url = urlsplit(audience)
    hosts = {request.headers.get("Host", ""), f"{credentials.ACCOUNT.lower()}.suitetalk.api.netsuite.com"}
    return url.path == TOKEN_PATH and url.netloc in hosts
