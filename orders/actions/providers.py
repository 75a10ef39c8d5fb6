"""Keep the providers: who provisions subscriptions, where, and signed with which key."""

from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from netsuite.errors import Refusal
from orders.models import Provider
from orders.providers import addresses
from workflows import audit
from workflows.access import require_person

FIELDS = ("slug", "name", "kind", "url", "team_email", "slots", "timeout_seconds", "is_active")
SHORTEST_SECRET = 16


def add_provider(*, by: User, reason: str = "", secret: str = "", **fields: Any) -> Provider:
    """A new provider. Raises Refusal for an address that must not be called, or a name that another one has."""
    require_person(by, "orders.add_provider", "add providers")
    return _save(Provider(), by, reason or "Added", secret, fields)


def change_provider(*, provider: Provider, by: User, reason: str, secret: str = "", **fields: Any) -> Provider:
    """Another endpoint, key or state; calls that are on their way keep the old one. An empty `secret` stays as it is.

    The kind stays: subscriptions were sold on it. The slug stays too, because it names the queue of its calls.
    """
    require_person(by, "orders.change_provider", "change providers")
    if not reason.strip():
        raise Refusal("Say why: the reason is kept with the change.", code="reason_required", status=400)
    for name in ("slug", "kind"):
        if fields.get(name, getattr(provider, name)) != getattr(provider, name):
            raise Refusal("Name and kind of a provider stay. Add another one.", code="provider_fixed", status=400)
    return _save(provider, by, reason, secret, fields)


def _save(provider: Provider, by: User, reason: str, secret: str, fields: dict[str, Any]) -> Provider:
    unknown = set(fields) - set(FIELDS)
    if unknown:
        raise TypeError(f"a provider has no {', '.join(sorted(unknown))}")
    before = {name: getattr(provider, name) for name in FIELDS} if provider.pk else {}
    for name, value in fields.items():
        setattr(provider, name, value.strip() if isinstance(value, str) else value)
    if secret:
        provider.secret = _long_enough(secret)
    _require_complete(provider)
    provider._history_user, provider._change_reason = by, reason.strip()  # type: ignore[attr-defined]
    try:
        with transaction.atomic():
            provider.save()
            _record(provider, by, reason, before, renewed=bool(secret))
    except IntegrityError:
        raise Refusal("Another provider has this name.", code="not_unique", status=409) from None
    return provider


def _require_complete(provider: Provider) -> None:
    """What each kind needs; an endpoint is one that may be called."""
    if provider.kind == Provider.AUTOMATIC:
        if not provider.url:
            raise Refusal("An automatic provider has an endpoint.", code="url_required", status=400)
        addresses.check(provider.url)
        if not provider.stored_secret:
            raise Refusal("An automatic provider signs with a secret.", code="secret_required", status=400)
    if provider.kind == Provider.MANUAL and not provider.team_email:
        raise Refusal("A manual provider has a team's mail address.", code="team_email_required", status=400)
    if not 1 <= provider.slots <= 50:
        raise Refusal("1 to 50 calls at a time.", code="invalid_slots", status=400)
    if not 1 <= provider.timeout_seconds <= 300:
        raise Refusal("1 to 300 seconds to answer.", code="invalid_timeout", status=400)


def _long_enough(secret: str) -> str:
    if len(secret) < SHORTEST_SECRET:
        words = f"A secret has at least {SHORTEST_SECRET} characters."
        raise Refusal(words, code="secret_too_short", status=400)
    return secret


def _record(provider: Provider, by: User, reason: str, before: dict[str, Any], *, renewed: bool) -> None:
    """The secret itself is never written; only that it was replaced."""
    now = {name: getattr(provider, name) for name in FIELDS}
    changed = {name: value for name, value in now.items() if before.get(name) != value}
    audit.record(
        "provider_changed" if before else "provider_added",
        by=by,
        reason=reason.strip(),
        entity_ref=f"provider:{provider.slug}",
        after={**changed, **({"secret": "replaced"} if renewed else {})},
    )
