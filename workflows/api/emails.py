"""Mail drafts over the API: polish, release, undo, discard. Rights and rules are those of the actions."""

from django.db.models import QuerySet
from django_filters.rest_framework import CharFilter, FilterSet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from netsuite.api import StrictSerializer
from netsuite.permissions import NeedsPermission
from workflows.actions import emails
from workflows.api.forms import CUSTOMER, CustomerRef, ReasonSerializer, caller, given_by
from workflows.models import OutboundEmail


class EmailSerializer(serializers.ModelSerializer):
    customer = CustomerRef(read_only=True)
    run_id = serializers.UUIDField(source="run.run_id", read_only=True, allow_null=True, default=None)
    approved_by = serializers.CharField(source="approved_by.username", read_only=True, allow_null=True, default=None)

    class Meta:
        model = OutboundEmail
        fields = [
            *("id", "version", "status", "kind", "workflow_type", "audience", "customer", "to_name", "to_email"),
            *("subject", "body", "facts", "risk_level", "came_back", "run_id", "proposal", "approved_by"),
            *("approved_at", "send_after", "sent_at", "error", "created_at"),
        ]
        read_only_fields = fields


class PolishSerializer(StrictSerializer):
    version = serializers.IntegerField(min_value=1, help_text="The version that was read.")
    subject = serializers.CharField(max_length=250, required=False)
    body = serializers.CharField(max_length=20_000, required=False, trim_whitespace=False)


class ReleaseSerializer(StrictSerializer):
    version = serializers.IntegerField(min_value=1, help_text="The version that was read.")


class NothingSerializer(StrictSerializer):
    """An empty body."""


class EmailFilter(FilterSet):
    customer = CharFilter(field_name=CUSTOMER)

    class Meta:
        model = OutboundEmail
        fields = ["status", "customer"]


class EmailViewSet(ReadOnlyModelViewSet):
    """Mail drafts and their life, newest first. Recipients come from the record and cannot be set."""

    queryset = OutboundEmail.objects.select_related("customer__sales_rep", "run", "approved_by")
    serializer_class = EmailSerializer
    permission_classes = [NeedsPermission]
    needs = "workflows.view_outboundemail"
    filterset_class = EmailFilter

    def get_queryset(self) -> QuerySet[OutboundEmail]:
        return super().get_queryset().visible_to(self.request.user)  # type: ignore[attr-defined]

    @extend_schema(request=PolishSerializer, responses=EmailSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Polish `subject` and `body`; 409 `stale_version` when somebody saved in between."""
        email, given = self.get_object(), given_by(PolishSerializer, request)
        text = {"subject": email.subject, "body": email.body, **given}
        return self._answer(emails.edit(email=email, by=caller(request), **text))

    @extend_schema(request=ReleaseSerializer, responses=EmailSerializer)
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, pk: str) -> Response:
        """Release; it waits out the undo window until `send_after`."""
        email = self.get_object()
        return self._answer(emails.approve(email=email, by=caller(request), **given_by(ReleaseSerializer, request)))

    @extend_schema(request=NothingSerializer, responses=EmailSerializer)
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, pk: str) -> Response:
        """Take a release back while the mail still waits."""
        email = self.get_object()
        return self._answer(emails.undo(email=email, by=caller(request), **given_by(NothingSerializer, request)))

    @extend_schema(request=ReasonSerializer, responses=EmailSerializer)
    @action(detail=True, methods=["post"])
    def discard(self, request: Request, pk: str) -> Response:
        """Decide that it is not sent."""
        email = self.get_object()
        return self._answer(emails.discard(email=email, by=caller(request), **given_by(ReasonSerializer, request)))

    def _answer(self, email: OutboundEmail) -> Response:
        return Response(EmailSerializer(email).data)
