"""How the triage speaks: what a mail is, the question it asks, how its sender and its score are put."""

from disputes.models import InboundEmail
from disputes.models.inbound import CLASSES, REASONS, SUB_REASONS
from disputes.triage.rules import DISPUTE
from workflows.badges import Badge

KINDS, ABOUT, FINER = dict(CLASSES), dict(REASONS), dict(SUB_REASONS)
# With its article, as a question or a sentence needs it.
NOUNS = {
    "invoice_dispute": "a dispute",
    "remittance": "a remittance",
    "order": "an order",
    "statement_request": "a request for a statement",
    "invoice_copy_request": "a request for a copy of an invoice",
    "delivery_question": "a question about a delivery",
    "quote_request": "a request for a quote",
    "spam": "spam",
    "auto_reply": "an automatic reply",
    "other": "something else",
}
CHECKS = (("spf", "SPF"), ("dkim", "DKIM"), ("dmarc", "DMARC"))


def about(email: InboundEmail) -> str:
    """`quantity`, `tax`: what a dispute is about."""
    return in_sentence(FINER.get(email.sub_reason) or ABOUT.get(email.reason, ""))


def in_sentence(words: str) -> str:
    """`Missing PO` as it stands inside a sentence: `missing PO`."""
    return words[:1].lower() + words[1:]


def kind(email: InboundEmail) -> str:
    """`Dispute, quantity`; `Remittance`."""
    if email.classification != DISPUTE:
        return KINDS.get(email.classification, "Not read yet")
    return f"Dispute, {about(email)}" if about(email) else "Dispute"


def noun(email: InboundEmail) -> str:
    """`a dispute about quantity`; `a remittance`."""
    words = NOUNS.get(email.classification, "")
    return f"{words} about {about(email)}" if email.classification == DISPUTE and about(email) else words


def badge_of(email: InboundEmail) -> Badge:
    """Where it stands, as the list shows it."""
    if email.status == "received":
        return Badge("clock", "amber", "Being read")
    if email.status == "quarantined":
        return Badge("bars", "amber", "Put aside")
    if email.status == "unsure":
        return Badge("question", "violet", f"{kind(email)}?" if email.classification else "Not sorted")
    return Badge("check", "green" if email.classification == DISPUTE else "slate", kind(email))


def title(email: InboundEmail) -> str:
    """The heading over the mail: a question while it waits, else the finding."""
    if email.status == "received":
        return "Being read"
    if email.status == "quarantined":
        return "Put aside, not sorted"
    if email.status == "unsure":
        return f"Is this {noun(email)}?" if email.classification else "What is this mail?"
    return kind(email)


def sender(email: InboundEmail) -> str:
    """Whose mail it is, for a line of the list."""
    if email.customer:
        return str(email.customer)
    return f"Unknown: {email.from_email or email.from_name or 'no sender'}"


def trust(email: InboundEmail) -> tuple[Badge, str]:
    """Whether the sender is who the mail says, and why."""
    known = "known contact" if email.sender_known else "sender not known"
    if email.source == "phone":
        return Badge("person", "slate", "Phone call"), "Written down by a colleague"
    if email.sender_verified:
        return Badge("lock", "green", "Sender verified"), f"{checks(email)} · {known}"
    doubt = checks(email) or "Our mail server said nothing about it"
    return Badge("warning", "amber", "Sender not verified"), f"{doubt} · {known}"


def checks(email: InboundEmail) -> str:
    """`SPF and DKIM pass, DMARC fail`, as our own mail server saw it."""
    by_result: dict[str, list[str]] = {}
    for name, word in CHECKS:
        if result := email.authentication.get(name):
            by_result.setdefault(str(result), []).append(word)
    return ", ".join(f"{_joined(names)} {result}" for result, names in by_result.items())


def _joined(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
