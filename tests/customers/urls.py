"""The customers' routes alone."""

from django.urls import include, path
from rest_framework.routers import DefaultRouter

from customers.api import CustomerViewSet

router = DefaultRouter()
router.register("customers", CustomerViewSet, basename="customer")
urlpatterns = [path("api/v1/", include(router.urls))]
