"""Kill switches over the API."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from netsuite.api import StrictSerializer
from netsuite.permissions import NeedsPermission
from workflows.actions import switches
from workflows.api.forms import caller, given_by
from workflows.models import KillSwitch


class SwitchSerializer(serializers.ModelSerializer):
    state = serializers.SerializerMethodField(help_text="off, armed or on")

    class Meta:
        model = KillSwitch
        fields = ["name", "title", "effect", "state", "expires_at", "reason", "changed_by", "changed_at"]
        read_only_fields = fields

    def get_state(self, switch: KillSwitch) -> str:
        return switch.state_at(timezone.now())


class FlipSerializer(StrictSerializer):
    state = serializers.ChoiceField(choices=KillSwitch.STATES)
    reason = serializers.CharField(max_length=2000)


class KillSwitchViewSet(ListModelMixin, GenericViewSet):
    """Kill switches: what each stops, and whether it does so now."""

    queryset = KillSwitch.objects.all()
    serializer_class = SwitchSerializer
    permission_classes = [NeedsPermission]
    needs = "workflows.view_killswitch"
    lookup_field = "name"

    @extend_schema(request=FlipSerializer, responses=SwitchSerializer)
    @action(detail=True, methods=["post"])
    def flip(self, request: Request, name: str) -> Response:
        """Set a switch to off, armed or on (for 24 h unless renewed)."""
        switch = switches.flip(name=name, by=caller(request), **given_by(FlipSerializer, request))
        return Response(SwitchSerializer(switch).data)
