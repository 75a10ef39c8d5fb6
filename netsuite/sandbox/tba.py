"""Token-based authentication: OAuth 1.0a signatures, HMAC-SHA256.

Source: RFC 5849 section 3.4; NetSuite online help, section_1534941088 (with its test vector).
"""

import base64
import hashlib
import hmac
import re
import threading
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

from . import credentials
from .http import Request

WINDOW_SECONDS = 300
PARAMETER = re.compile(r'\s*([\w.-]+)="([^"]*)"\s*(?:,|$)')


class Nonces:
    """Nonces seen within the time window; each is good once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: dict[str, float] = {}

    def use(self, nonce: str, now: float) -> bool:
        with self._lock:
            if len(self._seen) > 10_000:
                self._seen = {n: at for n, at in self._seen.items() if at > now - 2 * WINDOW_SECONDS}
            if nonce in self._seen:
                return False
            self._seen[nonce] = now
            return True


def parse_header(text: str) -> dict[str, str]:
    return {name: unquote(value) for name, value in PARAMETER.findall(text)}


def verified(request: Request, header: str, *, now: float, nonces: Nonces) -> bool:
    """Every oauth_* parameter of the header is signed and counts; the realm is not signed but must be ours."""
    oauth = parse_header(header)
    signature = oauth.pop("oauth_signature", "")
    realm = oauth.pop("realm", "")
    return (
        realm == credentials.ACCOUNT
        and oauth.get("oauth_consumer_key") == credentials.CONSUMER_KEY
        and oauth.get("oauth_token") == credentials.TOKEN_ID
        and oauth.get("oauth_signature_method") == "HMAC-SHA256"
        and oauth.get("oauth_version", "1.0") == "1.0"
        and len(oauth.get("oauth_nonce", "")) >= 6
        and _within_window(oauth.get("oauth_timestamp", ""), now)
        and hmac.compare_digest(signature, _expected(request, oauth))
        and nonces.use(oauth["oauth_nonce"], now)
    )


def _within_window(timestamp: str, now: float) -> bool:
    return timestamp.isdigit() and abs(int(timestamp) - now) <= WINDOW_SECONDS


def _expected(request: Request, oauth: dict[str, str]) -> str:
    pairs = [*oauth.items(), *parse_qsl(request.query, keep_blank_values=True)]
    if request.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded"):
        pairs += parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)
    url = request.base_url + request.path
    return sign(request.method, url, pairs, credentials.CONSUMER_SECRET, credentials.TOKEN_SECRET)


def sign(method: str, url: str, pairs: list[tuple[str, str]], consumer_secret: str, token_secret: str) -> str:
    """The signature over method, URL (its query not repeated in `pairs`) and parameters."""
    text = base_string(method, url, pairs)
    key = f"{_escape(consumer_secret)}&{_escape(token_secret)}"
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()).decode()


def base_string(method: str, url: str, pairs: list[tuple[str, str]]) -> str:
    parts = urlsplit(url)
    pairs = pairs + parse_qsl(parts.query, keep_blank_values=True)
    escaped = sorted((_escape(name), _escape(value)) for name, value in pairs)
    query = "&".join(f"{name}={value}" for name, value in escaped)
    return "&".join(_escape(part) for part in (method.upper(), _normal_url(parts), query))


def _normal_url(parts: SplitResult) -> str:
    port = f":{parts.port}" if parts.port and (parts.scheme, parts.port) not in (("http", 80), ("https", 443)) else ""
    return f"{parts.scheme.lower()}://{parts.hostname}{port}{parts.path or '/'}"


def _escape(text: str) -> str:
    return quote(text, safe="-._~")
