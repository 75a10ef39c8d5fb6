"""Inbound mail over the API: hand one in, see what became of it. Sorting happens in the background."""

import base64
import binascii
from typing import IO, Any

from django.db.models import QuerySet
from django.utils import timezone
from django_filters.rest_framework import CharFilter, FilterSet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import ReadOnlyModelViewSet

from disputes.actions.intake import receive
from disputes.intake import Parsed, limits, parse
from disputes.intake.parsed import File, file_of
from disputes.intake.parsing import composed
from disputes.models import Attachment, InboundEmail, InvoiceMatch
from netsuite.api import StrictSerializer
from netsuite.permissions import NeedsPermission
from workflows.api.forms import CUSTOMER, CustomerRef, caller


class MailTooLarge(APIException):
    status_code = 413
    default_code = "too_large"
    default_detail = f"A mail may have {limits.LARGEST // 1_000_000} MB."


class RawMailParser(BaseParser):
    """A whole mail as bytes, of bounded size."""

    media_type = "message/rfc822"

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Any = None) -> dict[str, bytes]:
        raw = stream.read(limits.LARGEST + 1)
        if len(raw) > limits.LARGEST:
            raise MailTooLarge
        if not raw.strip():
            raise ValidationError({"non_field_errors": "The mail is empty."})
        return {"raw": raw}


def one_header_line(text: str) -> None:
    if "\r" in text or "\n" in text:
        raise serializers.ValidationError("A header has one line.", code="line_break")


class FileSerializer(StrictSerializer):
    """`content` is base64; the file is kept under a name of ours and only ever downloaded."""

    name = serializers.CharField(max_length=255, allow_blank=True, default="", validators=[one_header_line])
    content_type = serializers.CharField(
        max_length=127, default="application/octet-stream", validators=[one_header_line]
    )
    content = serializers.CharField(trim_whitespace=True, allow_blank=True)

    def validate_content(self, text: str) -> bytes:
        try:
            return base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            raise serializers.ValidationError("This is not base64.", code="invalid") from None


class ComposedMailSerializer(StrictSerializer):
    """A mail as fields. Nobody vouches for its sender; for authentication results send the whole mail."""

    to = serializers.CharField(max_length=1000, allow_blank=True, default="", validators=[one_header_line])
    subject = serializers.CharField(max_length=998, allow_blank=True, default="", validators=[one_header_line])
    text = serializers.CharField(
        max_length=limits.LONGEST_TEXT, allow_blank=True, default="", trim_whitespace=False, help_text="Plain text."
    )
    html = serializers.CharField(
        max_length=limits.LONGEST_HTML, allow_blank=True, default="", trim_whitespace=False, required=False
    )
    message_id = serializers.CharField(max_length=998, allow_blank=True, default="", validators=[one_header_line])
    in_reply_to = serializers.CharField(max_length=998, allow_blank=True, default="", validators=[one_header_line])
    attachments = FileSerializer(many=True, required=False, max_length=50)  # type: ignore[call-arg]

    def get_fields(self) -> dict[str, serializers.Field]:
        """“from” is a word of Python's own."""
        sender = serializers.CharField(max_length=1000, validators=[one_header_line])
        return {"from": sender, **super().get_fields()}

    def parsed(self) -> Parsed:
        given = dict(self.validated_data)
        files = tuple(_file(each) for each in given.pop("attachments", ()))
        return composed(from_=given.pop("from"), files=files, **given)


def _file(given: dict[str, Any]) -> File:
    content = given["content"]
    return file_of(given["name"], given["content_type"], content, keep=len(content) <= limits.KEPT_ATTACHMENT)


class AttachmentSerializer(serializers.ModelSerializer):
    class Meta:
        model = Attachment
        fields = ["name", "given_name", "content_type", "size", "sha256"]
        read_only_fields = fields


class MatchSerializer(serializers.ModelSerializer):
    """`why` in words; `ref` as the mail cites it."""

    tranid = serializers.CharField(source="invoice.tranid", read_only=True)

    class Meta:
        model = InvoiceMatch
        fields = ["tranid", "rank", "why", "ref", "chosen"]
        read_only_fields = fields


class InboundRowSerializer(serializers.ModelSerializer):
    customer = CustomerRef(read_only=True, allow_null=True)

    class Meta:
        model = InboundEmail
        fields = [
            *("email_uuid", "status", "source", "received_at", "message_id", "thread", "from_name", "from_email"),
            *("to_address", "subject", "customer", "sender_known", "sender_verified", "classification", "score"),
            *("reason", "sub_reason", "reason_score", "invoice_refs", "po_refs", "amounts", "routed_to", "run_id"),
            *("unsure_reason", "quarantine_reason", "decided_by", "decided_at", "language", "model_version"),
        ]
        read_only_fields = fields


class InboundEmailSerializer(InboundRowSerializer):
    """With the text, the words that decided ([start, end, weight] in `fresh_text`), matches and files."""

    matches = MatchSerializer(many=True, read_only=True)
    attachments = AttachmentSerializer(many=True, read_only=True)

    class Meta(InboundRowSerializer.Meta):
        fields = [
            *InboundRowSerializer.Meta.fields,
            *("body_text", "fresh_text", "authentication", "facts", "scores", "reason_scores", "words"),
            *("matches", "attachments"),
        ]
        read_only_fields = fields


class InboundFilter(FilterSet):
    customer = CharFilter(field_name=CUSTOMER)

    class Meta:
        model = InboundEmail
        fields = ["status", "classification", "reason", "source", "thread", "customer"]


class InboundEmailViewSet(ReadOnlyModelViewSet):
    """Inbound mail, newest first, with what the triage made of it."""

    queryset = InboundEmail.objects.select_related("customer")
    serializer_class = InboundRowSerializer
    permission_classes = [NeedsPermission]
    needs = "disputes.view_inboundemail"
    filterset_class = InboundFilter
    lookup_field = "email_uuid"
    parser_classes = [*APIView.parser_classes, RawMailParser]

    def get_queryset(self) -> QuerySet[InboundEmail]:
        rows = super().get_queryset().visible_to(self.request.user)  # type: ignore[attr-defined]
        return rows if self.action == "list" else rows.prefetch_related("matches__invoice", "attachments")

    def get_serializer_class(self) -> type[serializers.ModelSerializer]:
        return InboundRowSerializer if self.action == "list" else InboundEmailSerializer

    @extend_schema(
        request={"application/json": ComposedMailSerializer, "message/rfc822": OpenApiTypes.BINARY},
        responses={201: InboundEmailSerializer, 200: InboundEmailSerializer},
    )
    def create(self, request: Request) -> Response:
        """Hand in a mail, as fields or whole. 200 and the same row when it came before; sorted seconds later."""
        raw, parsed = _read(request)
        email, created = receive(raw=raw, parsed=parsed, source="api", by=caller(request), now=timezone.now())
        return Response(InboundEmailSerializer(email).data, status=201 if created else 200)


def _read(request: Request) -> tuple[bytes | None, Parsed]:
    data = request.data
    if isinstance(data, dict) and isinstance(data.get("raw"), bytes):
        return data["raw"], parse(data["raw"])
    form = ComposedMailSerializer(data=data)
    form.is_valid(raise_exception=True)
    return None, form.parsed()
