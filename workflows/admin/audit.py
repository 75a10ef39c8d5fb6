"""The audit in the console: the chain's state, its check, and its head to keep elsewhere."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from workflows import audit
from workflows.access import require_person
from workflows.fingerprint import fingerprint
from workflows.models import AuditSeal, AutoDecision, Heartbeat

MAY = "workflows.verify_audit"
CHECKED = "audit_verified"
SHOWN = 20


def chain_facts(user: Any) -> dict[str, Any]:
    """The end of the chain, what is not sealed yet, and the last check."""
    return {
        "head": audit.head(),
        "unsealed": AutoDecision.objects.unsealed().count(),
        "checked": Heartbeat.objects.filter(name=CHECKED).first(),
        "may_verify": user.has_perm(MAY),
    }


def verify(user: Any) -> None:
    """Recompute the whole chain and keep the outcome. Raises NotAllowed."""
    person = require_person(user, MAY, "verify the audit")
    head, problems = audit.head(), audit.verify()
    detail = {"problems": problems[:SHOWN], "count": len(problems), "by": person.get_username(), "seq": head.seq}
    Heartbeat.objects.update_or_create(name=CHECKED, defaults={"detail": detail})


def head_as_text(request: HttpRequest) -> HttpResponse:
    """The head as a small file; `manage.py verify_audit --since` takes its first line. Raises NotAllowed."""
    require_person(request.user, MAY, "export the audit's head")  # type: ignore[arg-type]
    head = audit.head()
    text = f"{head.seq}:{head.hash}\nHoldgate audit head of {timezone.now():%Y-%m-%d %H:%M} UTC\n"
    answer = HttpResponse(text, content_type="text/plain; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="audit-head-{head.seq}.txt"'
    return answer


def is_intact(seal: AuditSeal) -> bool:
    """Whether this one decision still gives the hash it was sealed with."""
    return fingerprint([seal.prev_hash, seal.seq, audit.content(seal.decision)]) == seal.hash
