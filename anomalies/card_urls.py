from django.urls import path

from anomalies import card_pages

urlpatterns = [
    path("", card_pages.cards, name="cards"),
    path("<slug:slug>/", card_pages.card, name="card"),
    path("<slug:slug>/rows.csv", card_pages.card_csv, name="card_csv"),
    path("<slug:slug>/rows/<slug:verb>/", card_pages.card_act, name="card_act"),
]
