"""The account's part of a customer's page."""

from django.contrib import admin
from django.urls import path

from orders import account_views as views

app_name = "accounts"
inside = admin.site.admin_view
urlpatterns = [
    path("<int:pk>/hold/", inside(views.set_hold), name="hold"),
    path("<int:pk>/progress/", inside(views.progress), name="progress"),
]
