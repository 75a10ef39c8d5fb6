"""Contracts: their numbers and texts can be changed, their steps are read here."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from netsuite.console import SeeOnly
from workflows import contracts
from workflows.actions import definitions
from workflows.models import WorkflowDefinition

WORDS = {
    "days": ("Days overdue, at least", "From here on the aging tick proposes a hold."),
    "amount": ("AR balance, at least", "In base currency; both lines must be crossed."),
    "strong_days": ("Strong: days overdue, more than", "The proposal says “strong recommendation”."),
    "strong_amount": ("Strong: AR balance, more than", "In base currency."),
    "quiet_days_after_reject": ("Days of quiet after a rejected hold", "The tick proposes nothing in this time."),
    "unsure_from": ("Unsure from", "A dispute's score, 0 to 1. From here a person sorts the mail."),
    "unsure_to": ("Unsure up to", "From this score on the mail goes to the dispute's workflow by itself."),
    "unsure_kind": ("Unsure: other kinds below", "Score of the best kind; 0 never asks."),
    "sender_cap": ("Mails of one sender in an hour, at most", "Further ones are put aside."),
    "copies_cap": ("The same text in a day, at most", "Further ones are put aside."),
    "respond_hours": ("Office hours to answer a dispute", "Monday to Friday, 9 to 17."),
    "resolve_days": ("Working days to settle a dispute", "Late ones stand on the home page."),
    "set_apart_days": ("Days a disputed amount is set apart", "Afterwards it counts for a hold again."),
    "review_from_prior": ("Earlier disputes that bring a review of the hold", "Those that are not settled."),
    "second_approval_above": ("Credit memos above need a second approver", "In base currency."),
    "respect_days": ("Days a lifted hold is respected", "The tick proposes no new hold in this time."),
}

KINDS = {
    "local_write": "Change here",
    "hitl_email_draft": "Mail draft for a person",
    "ns_push": "Change in NetSuite",
    "stage_proposed_action": "Proposal for a person",
    "dispatch_workflow": "Starts another contract",
}


@admin.register(WorkflowDefinition)
class DefinitionAdmin(SeeOnly):
    list_title = "Contracts"
    empty = "No contracts. They are declared in code and appear after a migration."
    heads = (("Contract", ""), ("Risk", "num"), ("State", ""), ("Changed here", "hide"), ("Version", "num hide"))
    row_template, page_template = "control/_contract_row.html", "control/contract.html"
    list_display = ("title", "risk_level", "enabled", "updated_at", "version")
    verbs = ("save",)

    def facts(self, request: HttpRequest, row: WorkflowDefinition) -> dict[str, Any]:
        declared, sent = contracts.contract(row.workflow_type), request.POST
        may = request.user.has_perm(definitions.MAY) and declared is not None
        return {
            "declared": declared,
            "seen": definitions.version_of(row),
            "numbers": _numbers(row, declared, sent or request.GET),
            "prefilled": not sent and any(name in request.GET for name in (declared.thresholds if declared else ())),
            "texts": _texts(row, declared, sent),
            "enabled": "enabled" in sent if sent else row.enabled,
            "may_change": may,
            "placeholders": sorted(declared.placeholders) if declared else [],
            "steps": [
                {**step, "kind": KINDS.get(step["kind"], step["kind"])} for step in row.contract.get("steps", ())
            ],
            "history": _history(row),
        }

    def save(self, request: HttpRequest, row: WorkflowDefinition) -> None:
        sent, declared = request.POST, contracts.contract(row.workflow_type)
        texts = {
            name: {part: sent[f"{name}.{part}"] for part in ("subject", "body") if f"{name}.{part}" in sent}
            for name in (declared.texts if declared else ())
        }
        definitions.change(
            definition=row,
            seen=sent.get("seen", ""),
            thresholds={name: sent.get(name, "") for name in (declared.thresholds if declared else ())},
            texts=texts,
            enabled="enabled" in sent,
            by=request.user,  # type: ignore[arg-type]
            reason=sent.get("reason", ""),
        )


def _numbers(row: WorkflowDefinition, declared: Any, sent: Any) -> list[dict[str, Any]]:
    """One field a number: what is typed or filled in by the address, saved, or the contract's own."""
    found = []
    for name, own in (declared.thresholds if declared else {}).items():
        title, hint = WORDS.get(name, (name.replace("_", " ").capitalize(), ""))
        value = sent.get(name, row.thresholds.get(name, own))
        found.append({"name": name, "title": title, "hint": hint, "value": value, "own": own})
    return found


def _texts(row: WorkflowDefinition, declared: Any, sent: Any) -> list[dict[str, Any]]:
    """Subject and body of each draft: what is typed, saved, or the contract's own."""
    found = []
    for name, own in (declared.texts if declared else {}).items():
        kept = {**own, **row.texts.get(name, {})}
        found.append(
            {
                "name": name,
                "title": name.replace("_", " ").capitalize(),
                "subject": sent.get(f"{name}.subject", kept["subject"]),
                "body": sent.get(f"{name}.body", kept["body"]),
                "edited": name in row.texts,
            }
        )
    return found


def _history(row: WorkflowDefinition) -> list[dict[str, Any]]:
    """Each change with what was before and after, newest first."""
    records = list(row.history.select_related("history_user").order_by("-history_date", "-history_id")[:30])
    found = []
    for record, older in zip(records, [*records[1:], None], strict=True):
        found.append({"record": record, "changes": _changes(older, record) if older else []})
    return found


def _changes(older: Any, newer: Any) -> list[tuple[str, Any, Any]]:
    changed = [("Version in code", older.version, newer.version)] if older.version != newer.version else []
    if older.enabled != newer.enabled:
        changed.append(("Enabled", older.enabled, newer.enabled))
    for name in sorted({*older.thresholds, *newer.thresholds}):
        before, after = older.thresholds.get(name), newer.thresholds.get(name)
        if before != after:
            changed.append((WORDS.get(name, (name, ""))[0], before or "as in code", after or "as in code"))
    for name in sorted({*older.texts, *newer.texts}):
        if older.texts.get(name) != newer.texts.get(name):
            changed.append((f"Text: {name.replace('_', ' ')}", "former text", "new text"))
    return changed
