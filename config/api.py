"""The API's addresses: one router; each app brings its viewsets."""

from typing import Any, NoReturn

from django.contrib.auth.decorators import login_required
from django.urls import URLPattern, URLResolver, include, path, re_path
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from knox.views import LogoutAllView, LogoutView
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.routers import SimpleRouter
from rest_framework.views import APIView

from anomalies.api import AlertViewSet, MetricView
from anomalies.card_api import CardsView, CardView
from disputes.api import DisputeViewSet
from disputes.inbound_api import InboundEmailViewSet
from holds.api import HoldStatusViewSet, PauseViewSet, ServiceHoldViewSet
from netsuite.api import PushViewSet
from orders.api import OrderViewSet, ProductViewSet
from orders.subscription_api import (
    AccountViewSet,
    LicenseChangeViewSet,
    ProvisioningSettingsView,
    SubscriptionViewSet,
)
from workflows.api.emails import EmailViewSet
from workflows.api.proposals import ProposalViewSet
from workflows.api.runs import RunViewSet
from workflows.api.switches import KillSwitchViewSet

router = SimpleRouter()
router.register("customers", AccountViewSet, basename="customer")
router.register("service-holds", ServiceHoldViewSet, basename="service-hold")
router.register("pauses", PauseViewSet, basename="pause")
router.register("proposals", ProposalViewSet, basename="proposal")
router.register("runs", RunViewSet, basename="run")
router.register("emails", EmailViewSet, basename="email")
router.register("ns-pushes", PushViewSet, basename="ns-push")
router.register("kill-switches", KillSwitchViewSet, basename="kill-switch")
router.register("alerts", AlertViewSet, basename="alert")
router.register("inbound-emails", InboundEmailViewSet, basename="inbound-email")
router.register("disputes", DisputeViewSet, basename="dispute")
router.register("orders", OrderViewSet, basename="order")
router.register("products", ProductViewSet, basename="product")
router.register("subscriptions", SubscriptionViewSet, basename="subscription")
router.register("license-changes", LicenseChangeViewSet, basename="license-change")


@extend_schema(exclude=True)
class UnknownAddress(APIView):
    """What is no address of the API answers 404 in the API's own shape."""

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        self.http_method_names = [str(request.method).lower()]
        setattr(self, self.http_method_names[0], self._refuse)
        return super().dispatch(request, *args, **kwargs)

    def _refuse(self, request: Request, *args: Any, **kwargs: Any) -> NoReturn:
        raise NotFound("There is no such address. Addresses of the API end in a slash.")


@extend_schema(request=None, responses={204: None})
class RevokeToken(LogoutView):
    """Revoke the token of this request, at once."""


@extend_schema(request=None, responses={204: None})
class RevokeAllTokens(LogoutAllView):
    """Revoke all tokens of this user, at once."""


order_line = OrderViewSet.as_view({"patch": "change_line", "delete": "remove_line"})
hold_status = HoldStatusViewSet.as_view({"get": "retrieve"})
# People read it in a browser; its assets are served from here, none from elsewhere.
docs = login_required(SpectacularSwaggerSplitView.as_view(url_name="schema", template_name="api_docs.html"))

v1: list[URLPattern | URLResolver] = [
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("customers/<str:netsuite_id>/hold-status/", hold_status, name="hold-status"),
    path("orders/<int:pk>/lines/<int:line>/", order_line, name="order-line"),
    path("cards/", CardsView.as_view(), name="api-cards"),
    path("cards/<slug:slug>/", CardView.as_view(), name="api-card"),
    path("provisioning-settings/", ProvisioningSettingsView.as_view(), name="provisioning-settings"),
    path("metrics/<str:name>/", MetricView.as_view(), name="metric"),
    path("tokens/revoke/", RevokeToken.as_view(), name="token-revoke"),
    path("tokens/revoke-all/", RevokeAllTokens.as_view(), name="token-revoke-all"),
    *router.urls,
    re_path(".*", UnknownAddress.as_view()),
]
urlpatterns = [path("api/docs/", docs, name="api-docs"), path("api/v1/", include(v1))]
