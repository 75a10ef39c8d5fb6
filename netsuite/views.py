"""The button behind a push that failed."""

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from netsuite import outbox
from netsuite.api import StrictSerializer
from netsuite.permissions import MayRetryPush


class RetryRequest(StrictSerializer):
    """Either one push or every failed one."""

    id = serializers.IntegerField(required=False, min_value=1)
    all_failed = serializers.BooleanField(required=False)

    def validate(self, attrs: dict) -> dict:
        if ("id" in attrs) == bool(attrs.get("all_failed")):
            raise serializers.ValidationError('Give either "id" or "all_failed": true.', code="invalid")
        return attrs


class RetryPushView(APIView):
    """POST `{"id": 7}` or `{"all_failed": true}` → `{"requeued": [7]}`."""

    permission_classes = [MayRetryPush]
    serializer_class = RetryRequest

    def post(self, request: Request) -> Response:
        wish = RetryRequest(data=request.data)
        wish.is_valid(raise_exception=True)
        by = request.user.get_username()
        if wish.validated_data.get("all_failed"):
            return Response({"requeued": outbox.retry(all_failed=True, by=by)})
        return Response({"requeued": outbox.retry(push_ids=[wish.validated_data["id"]], by=by)})
