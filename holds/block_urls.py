from django.urls import path

from holds import block_views

app_name = "hold_blocks"
urlpatterns = [path("<slug:slug>/", block_views.fragment, name="fragment")]
