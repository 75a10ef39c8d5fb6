from django.contrib import admin
from django.urls import include, path

from anomalies import dashboard
from config import health, signin

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("", include("config.api")),
    path("", include("netsuite.urls")),
    path("", include("orders.urls")),
    path("sign-in/", signin.sign_in, name="sign_in"),
    path("sign-out/", signin.sign_out, name="sign_out"),
    path("hold-blocks/", include("holds.block_urls")),
    path("admin/dashboard/", dashboard.page, name="dashboard"),
    path("admin/what-if/", include("anomalies.whatif.urls")),
    path("admin/cards/", include("anomalies.card_urls")),
    path("admin/service-holds/", include("holds.urls")),
    path("admin/accounts/", include("orders.account_urls")),
    path("admin/", admin.site.urls),
]
