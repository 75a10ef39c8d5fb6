"""What the API's views of all apps share: who asks, what was sent, and the customer beside a row."""

from typing import TYPE_CHECKING, Any

from rest_framework import serializers
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request

from customers.models import Customer
from netsuite.api import StrictSerializer

if TYPE_CHECKING:
    from django.contrib.auth.models import User

CUSTOMER = "customer__netsuite_id"


class CustomerRef(serializers.ModelSerializer):
    """The customer beside a row: number and name."""

    class Meta:
        model = Customer
        fields = ["netsuite_id", "name"]
        read_only_fields = fields


class WarningSerializer(serializers.Serializer):
    code = serializers.CharField(read_only=True)
    detail = serializers.CharField(read_only=True)


class ReasonSerializer(StrictSerializer):
    reason = serializers.CharField(max_length=2000)


def given_by(form: type[StrictSerializer], request: Request) -> dict[str, Any]:
    """The request's body, valid. Raises ValidationError."""
    given = form(data=request.data)
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)


def caller(request: Request) -> "User":
    """Who asks; strangers are turned away before any view runs."""
    assert request.user.is_authenticated
    return request.user


def customer_of(request: Request, netsuite_id: str) -> Customer:
    """The customer, if the caller may see it. Raises Http404."""
    return get_object_or_404(Customer.objects.for_rep(request.user), netsuite_id=netsuite_id)
