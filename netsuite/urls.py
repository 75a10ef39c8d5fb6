from django.urls import path

from netsuite.views import RetryPushView

# Included at the root, before the console's own `admin/`.
urlpatterns = [path("admin/ns-push/retry", RetryPushView.as_view(), name="ns-push-retry")]
