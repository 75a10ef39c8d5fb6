"""When a person must look at a mail, and which mails are answered. Pure."""

from dataclasses import dataclass, field
from typing import Any

DISPUTE, SPAM, AUTO_REPLY = "invoice_dispute", "spam", "auto_reply"
DISPUTE_WORKFLOW, MANUAL = "customer_invoice_dispute", "manual"
# A bare number in such a mail is an invoice; in an order or a quotation it may be anything.
CITE_INVOICES = (DISPUTE, "remittance", "invoice_copy_request")
ANSWERED = ("statement_request", "invoice_copy_request", "delivery_question", "quote_request")


@dataclass(frozen=True)
class Findings:
    """All that the triage made of a mail, as the run keeps it. `matches` are best first; `customer` is a key."""

    classification: str
    score: float
    scores: dict[str, float] = field(default_factory=dict)
    reason: str = ""
    sub_reason: str = ""
    reason_score: float | None = None
    reason_scores: dict[str, float] = field(default_factory=dict)
    words: list[list[float]] = field(default_factory=list)
    language: str = ""
    model_version: str = ""
    features: dict[str, Any] = field(default_factory=dict)
    unsure_reason: str = ""
    invoice_refs: list[str] = field(default_factory=list)
    po_refs: list[str] = field(default_factory=list)
    amounts: list[dict[str, str]] = field(default_factory=list)
    matches: list[dict[str, Any]] = field(default_factory=list)
    customer: int | None = None
    sender_known: bool = False

    @property
    def is_dispute(self) -> bool:
        return self.classification == DISPUTE

    @property
    def routed_to(self) -> str:
        """Where a mail of this kind belongs; it is there only once its run says so."""
        return DISPUTE_WORKFLOW if self.is_dispute else MANUAL

    @property
    def invoice_ref(self) -> str:
        """The matched invoice's own number, else the first one cited."""
        if self.matches:
            return str(self.matches[0]["tranid"])
        return next(iter([*self.invoice_refs, *self.po_refs]), "")


def is_automatic(facts: dict[str, Any]) -> bool:
    """An absence note or a bounce: nobody wrote it."""
    return facts.get("automatic") in ("reply", "bounce")


def may_answer(facts: dict[str, Any]) -> bool:
    """Never answer a machine, a list or a bulk sender: that is how loops begin."""
    return not (facts.get("automatic") or facts.get("list") or facts.get("bulk"))


def doubt(found: Findings, facts: dict[str, Any]) -> str:
    """Why a person has to sort this, or ""."""
    if found.unsure_reason:
        return found.unsure_reason
    if not found.is_dispute:
        return ""
    if facts.get("list") or facts.get("bulk"):
        return "It looks like a dispute, but came from a mailing list."
    if found.customer is None:
        return "It looks like a dispute; nobody knows whose mail this is."
    if not found.sender_known:
        return f"The sender is not known; {found.invoice_ref or 'the number'} belongs to the customer shown."
    return ""


def is_answered(found: Findings, facts: dict[str, Any]) -> bool:
    """A request that a short answer settles; disputes are answered by their own workflow."""
    return found.classification in ANSWERED and not found.unsure_reason and may_answer(facts)
