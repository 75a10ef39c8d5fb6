"""What came with a mail, handed out so that it can do no harm: HTML in a locked frame, files as downloads."""

import base64
import hashlib

from django.http import Http404, HttpResponse

from disputes.intake.html import safe_html
from disputes.models import InboundEmail

STYLE = (
    "body{font:14px/22px system-ui,sans-serif;color:#16202b;background:#fff;margin:12px;overflow-wrap:anywhere}"
    "table{border-collapse:collapse;max-width:100%}td,th{padding:2px 6px;vertical-align:top}"
    "blockquote{margin:8px 0;padding-left:10px;border-left:3px solid #e2e6ea;color:#465160}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
# No script, no request to anywhere: neither to us nor to a sender who counts who opened the mail.
FRAME_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox"
)
FILE_POLICY = "default-src 'none'; sandbox"


def framed(email: InboundEmail) -> HttpResponse:
    """The HTML of a mail, cleaned, for the sandboxed frame of its page."""
    if not email.body_html:
        raise Http404
    page = (
        f'<!doctype html><html lang="{email.language or "en"}"><head><meta charset="utf-8"><title>Mail</title>'
        f"<style>{STYLE}</style></head><body>{safe_html(email.body_html)}</body></html>"
    )
    answer = _locked(HttpResponse(page, content_type="text/html; charset=utf-8"), FRAME_POLICY)
    answer["X-Frame-Options"] = "SAMEORIGIN"
    return answer


def attachment(email: InboundEmail, number: int) -> HttpResponse:
    """One file under our own name, as bytes that no browser opens by itself. Raises Http404 for one not kept."""
    row = email.attachments.filter(pk=number).first()
    if row is None or row.content is None:
        raise Http404
    return _download(bytes(row.content), row.name)


def original(email: InboundEmail) -> HttpResponse:
    """The mail as it came, for a mail program."""
    if email.raw is None:
        raise Http404
    return _download(bytes(email.raw), f"mail-{email.pk}.eml")


def _download(content: bytes, name: str) -> HttpResponse:
    answer = _locked(HttpResponse(content, content_type="application/octet-stream"), FILE_POLICY)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _locked(answer: HttpResponse, policy: str) -> HttpResponse:
    answer["Content-Security-Policy"] = policy
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Referrer-Policy"] = "no-referrer"
    answer["Cache-Control"] = "private, no-store"
    return answer
