"""What mails are and cite: the classifier's answer, the numbers, the invoices they mean. Reads only."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from disputes.actions.intake import TRIAGE
from disputes.intake.senders import sender_of
from disputes.matching import Matched, References, confirmed, match, references
from disputes.models import InboundEmail
from disputes.triage import rules
from disputes.triage.rules import AUTO_REPLY, Findings
from workflows import stages

MATCHES_KEPT = 10


def find(emails: Sequence[InboundEmail]) -> list[Findings]:
    """What the mails are and cite; reads only, outside of any transaction."""
    from disputes.classifier import Band, MailText, classify_many

    band = Band.of(dict(stages.load(TRIAGE).thresholds))
    written = [email for email in emails if not rules.is_automatic(email.facts)]
    mails = [
        MailText(
            subject=email.subject,
            text=email.fresh_text or email.body_text,
            from_email=email.from_email,
            has_attachments=bool(email.attachments.all()),
        )
        for email in written
    ]
    answers = classify_many(mails, band=band) if mails else []
    by_key = dict(zip([email.pk for email in written], answers, strict=True))
    return [_findings(email, by_key.get(email.pk)) for email in emails]


def _findings(email: InboundEmail, made: Any) -> Findings:
    cited = cited_in(email)
    customer, found = _matches(email, cited)
    refs = confirmed(cited, found)
    about: dict[str, Any] = {
        "invoice_refs": list(refs),
        "po_refs": list(cited.pos),
        "amounts": [amount.as_dict() for amount in cited.amounts],
        "matches": [
            {"invoice": each.invoice.pk, "tranid": each.invoice.tranid, "why": each.why, "ref": each.ref}
            for each in found
        ],
        "customer": customer,
        "sender_known": email.sender_known,
    }
    if made is not None and cited.guessed and made.classification not in rules.CITE_INVOICES:
        about["invoice_refs"] = []
    if made is None:
        kind = {"automatic": email.facts["automatic"]}
        return Findings(AUTO_REPLY, 1.0, {AUTO_REPLY: 1.0}, features=kind, model_version="headers", **about)
    answer = made.as_dict()
    why, is_unsure = answer.pop("unsure_reason"), answer.pop("unsure")
    unsure = (why or "The classifier is not sure.") if is_unsure else ""
    return Findings(**answer, unsure_reason=unsure, **about)


def cited_in(email: InboundEmail) -> References:
    """From what is new in the mail; an answer that names nothing means what it quotes."""
    cited = references(email.fresh_text, email.subject)
    if cited.invoices or cited.pos:
        return cited
    quoted = references(email.body_text, email.subject)
    return replace(quoted, amounts=cited.amounts)


def _matches(email: InboundEmail, cited: References) -> tuple[int | None, list[Matched]]:
    """(customer, matched invoices): those of the sender, or whose they are when nobody knows the sender."""
    among = sender_of(email.from_email).among if email.sender_known and not email.customer_id else ()
    found = match(email.customer, cited, among=among)[:MATCHES_KEPT]
    owners = {each.invoice.customer_id for each in found}
    customer = email.customer_id or (owners.pop() if len(owners) == 1 else None)
    return customer, found
