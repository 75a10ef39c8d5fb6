from django.urls import path

from holds import views

app_name = "holds"
urlpatterns = [
    path("propose/<str:netsuite_id>/", views.Propose.as_view(), name="propose"),
    path("<int:pk>/lift/", views.LiftHold.as_view(), name="lift"),
]
