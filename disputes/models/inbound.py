"""Inbound mail and what the triage made of it."""

import uuid

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django_fsm import FSMField, transition

from customers.models import Customer, Transaction
from netsuite.machine import StatefulModel

CLASSES = [
    ("invoice_dispute", "Invoice dispute"),
    ("remittance", "Remittance"),
    ("order", "Order"),
    ("statement_request", "Statement request"),
    ("invoice_copy_request", "Invoice copy"),
    ("delivery_question", "Delivery question"),
    ("quote_request", "Quote request"),
    ("spam", "Spam"),
    ("auto_reply", "Auto-reply"),
    ("other", "Other"),
]
REASONS = [
    ("pricing", "Pricing"),
    ("qty", "Quantity"),
    ("quality", "Quality"),
    ("delivery", "Delivery"),
    ("other", "Other"),
]
SUB_REASONS = [
    ("duplicate", "Billed twice"),
    ("tax", "Tax"),
    ("already_paid", "Already paid"),
    ("missing_po", "Missing PO"),
    ("terms", "Terms"),
    ("freight", "Freight"),
    ("wrong_entity", "Wrong company"),
]


class InboundEmailQuerySet(models.QuerySet["InboundEmail"]):
    def unsure(self) -> "InboundEmailQuerySet":
        """Waits for a person: the classifier was not sure."""
        return self.filter(status="unsure")

    def visible_to(self, user: User) -> "InboundEmailQuerySet":
        return self if user.has_perm("customers.view_every_customer") else self.filter(customer__sales_rep__user=user)


class InboundEmail(StatefulModel):
    """One mail (or phone call) as it came in; always in exactly one state."""

    SOURCES = [("imap", "Mailbox"), ("api", "API"), ("file", "File"), ("phone", "Phone call")]
    STATES = [
        ("received", "Received"),
        ("unsure", "To sort"),
        ("routed", "Routed"),
        ("sorted", "Sorted"),
        ("quarantined", "Quarantined"),
    ]

    email_uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    status = FSMField(default="received", protected=True, choices=STATES)
    source = models.CharField(max_length=5, choices=SOURCES)
    message_id = models.CharField(max_length=998, blank=True)
    body_hash = models.CharField(max_length=64, help_text="SHA-256 of sender, subject and text.")
    thread = models.CharField(max_length=64, blank=True, help_text="Key of the conversation.")
    in_reply_to = models.CharField(max_length=998, blank=True)
    references = models.TextField(blank=True)
    from_name = models.CharField(max_length=255, blank=True)
    from_email = models.CharField(max_length=320, blank=True)
    to_address = models.CharField(max_length=320, blank=True)
    subject = models.CharField(max_length=998, blank=True)
    body_text = models.TextField("text", blank=True)
    body_html = models.TextField(
        "HTML", blank=True, help_text="As it came; shown only sanitised, in a sandboxed frame."
    )
    fresh_text = models.TextField("what is new in it", blank=True, help_text="Without quoted replies and signature.")
    language = models.CharField(max_length=2, blank=True)
    authentication = models.JSONField(default=dict, blank=True, help_text="SPF, DKIM and DMARC as our server saw them.")
    sender_verified = models.BooleanField(default=False)
    sender_known = models.BooleanField(default=False)
    raw = models.BinaryField(null=True, blank=True, editable=False)
    raw_size = models.PositiveBigIntegerField(default=0, help_text="Bytes as it came; a larger mail keeps its head.")
    raw_sha256 = models.CharField(max_length=64, blank=True)
    facts = models.JSONField(default=dict, blank=True, help_text="What its headers say: automatic, list, bounce.")
    received_at = models.DateTimeField(default=timezone.now)
    customer = models.ForeignKey(Customer, null=True, blank=True, on_delete=models.PROTECT, related_name="inbound_mail")

    classification = models.CharField(max_length=24, blank=True, choices=CLASSES)
    score = models.FloatField(null=True, blank=True, help_text="0 to 1, calibrated.")
    scores = models.JSONField(default=dict, blank=True)
    reason = models.CharField(max_length=10, blank=True, choices=REASONS)
    sub_reason = models.CharField(max_length=16, blank=True, choices=SUB_REASONS)
    reason_score = models.FloatField(null=True, blank=True)
    reason_scores = models.JSONField(default=dict, blank=True)
    words = models.JSONField(default=list, blank=True, help_text="[start, end, weight] in the new text.")
    model_version = models.CharField(max_length=64, blank=True)
    features = models.JSONField(default=dict, blank=True, help_text="What the decision was made from.")
    invoice_refs = models.JSONField(default=list, blank=True)
    po_refs = models.JSONField(default=list, blank=True)
    amounts = models.JSONField(default=list, blank=True, help_text='[{"amount", "currency"}] as read.')
    routed_to = models.CharField(max_length=64, blank=True)
    run_id = models.CharField(max_length=36, blank=True)
    quarantine_reason = models.CharField(max_length=200, blank=True)
    unsure_reason = models.CharField("why a person sorts it", max_length=250, blank=True)
    decided_by = models.CharField(max_length=150, blank=True, help_text="Who sorted it; empty: the classifier.")
    decided_at = models.DateTimeField(null=True, blank=True)

    objects = InboundEmailQuerySet.as_manager()

    class Meta:
        db_table = "inbound_email_triage"
        ordering = ["-received_at", "-pk"]
        permissions = [("triage_inboundemail", "Can sort inbound mail")]
        constraints = [
            models.UniqueConstraint(name="one_row_a_message", fields=["message_id"], condition=~Q(message_id="")),
            models.UniqueConstraint(
                name="one_row_a_body", fields=["body_hash"], condition=Q(message_id="") & ~Q(source="phone")
            ),
        ]
        indexes = [
            models.Index(fields=["status", "-received_at"], name="inbound_status"),
            models.Index(fields=["thread", "-received_at"], name="inbound_thread"),
            models.Index(fields=["from_email", "-received_at"], name="inbound_sender"),
            models.Index(fields=["body_hash"], name="inbound_body"),
        ]

    def __str__(self) -> str:
        return self.subject or f"Mail of {self.from_email}"

    @transition(field=status, source=["received", "unsure", "sorted"], target="unsure")
    def doubt(self) -> None:
        """Nobody is sure: a person sorts it."""

    @transition(field=status, source=["received", "unsure", "sorted"], target="routed")
    def route(self) -> None:
        """A workflow took it over."""

    @transition(field=status, source=["received", "unsure", "routed", "sorted"], target="sorted")
    def sort(self) -> None:
        """It has a kind, and no workflow follows."""

    @transition(field=status, source=["received", "unsure", "sorted"], target="quarantined")
    def quarantine(self) -> None:
        """Too large, too deep, broken or an edited copy: kept, not read further."""

    @transition(field=status, source=["quarantined", "routed", "sorted"], target="unsure")
    def reopen(self) -> None:
        """A person takes it back to sort it again."""


class Attachment(models.Model):
    """A file that came with a mail; its name is ours, the sender's is only shown."""

    email = models.ForeignKey(InboundEmail, on_delete=models.PROTECT, related_name="attachments")
    name = models.CharField("name here", max_length=80)
    given_name = models.CharField("sender's name", max_length=255, blank=True)
    content_type = models.CharField(max_length=127, blank=True)
    size = models.PositiveIntegerField(help_text="Bytes.")
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField(null=True, blank=True, editable=False)

    class Meta:
        db_table = "inbound_attachments"
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.given_name or self.name


class InvoiceMatch(models.Model):
    """An invoice that a mail may be about, and why; rank 1 is the best."""

    email = models.ForeignKey(InboundEmail, on_delete=models.CASCADE, related_name="matches")
    invoice = models.ForeignKey(Transaction, on_delete=models.PROTECT, related_name="+")
    rank = models.PositiveSmallIntegerField()
    why = models.CharField(max_length=200)
    ref = models.CharField("as cited", max_length=128)
    chosen = models.BooleanField(default=False, help_text="The one the dispute is about.")

    class Meta:
        db_table = "inbound_matches"
        ordering = ["rank", "pk"]
        constraints = [models.UniqueConstraint(name="one_match_an_invoice", fields=["email", "invoice"])]

    def __str__(self) -> str:
        return f"{self.invoice}: {self.why}"


class ClassifierVersion(models.Model):
    """A trained classifier with its figures; the newest `active` one sorts."""

    version = models.CharField(max_length=64, unique=True)
    trained_at = models.DateTimeField(default=timezone.now)
    active = models.BooleanField(default=False)
    examples = models.PositiveIntegerField(default=0)
    corrections = models.PositiveIntegerField(default=0)
    scores = models.JSONField(default=dict, help_text="Cross-validated: dispute F1, reason macro-F1, a class each.")
    before = models.JSONField(default=dict, help_text="The same figures of the version before.")
    why = models.CharField(max_length=200, blank=True)
    sha256 = models.CharField(max_length=64, blank=True, help_text="Of the model's file; another file is never loaded.")

    class Meta:
        db_table = "classifier_versions"
        ordering = ["-trained_at", "-pk"]
        constraints = [
            models.UniqueConstraint(name="one_active_classifier", fields=["active"], condition=Q(active=True))
        ]

    def __str__(self) -> str:
        return self.version


class Correction(models.Model):
    """What a person said a mail is; the next training learns from it."""

    email = models.ForeignKey(InboundEmail, on_delete=models.PROTECT, related_name="corrections")
    classification = models.CharField(max_length=24, choices=CLASSES)
    reason = models.CharField(max_length=10, blank=True, choices=REASONS)
    sub_reason = models.CharField(max_length=16, blank=True, choices=SUB_REASONS)
    was_classification = models.CharField(max_length=24, blank=True)
    was_reason = models.CharField(max_length=10, blank=True)
    by = models.CharField(max_length=150)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField(default=timezone.now)
    learned_in = models.ForeignKey(
        ClassifierVersion, null=True, blank=True, on_delete=models.SET_NULL, related_name="learned"
    )
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "classifier_corrections"
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.email}: {self.get_classification_display()}"
