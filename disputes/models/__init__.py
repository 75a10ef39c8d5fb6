"""Inbound mail with its triage, and the disputes that come of it."""

from disputes.models.disputes import OPEN, Dispute
from disputes.models.inbound import Attachment, ClassifierVersion, Correction, InboundEmail, InvoiceMatch
from disputes.models.language_model import LanguageModelDay
from disputes.models.mailbox import FetchedMail
from disputes.models.texts import ResponseTemplate

__all__ = [
    "OPEN",
    "Attachment",
    "ClassifierVersion",
    "Correction",
    "Dispute",
    "FetchedMail",
    "InboundEmail",
    "InvoiceMatch",
    "LanguageModelDay",
    "ResponseTemplate",
]
