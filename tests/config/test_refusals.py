"""A refusal that escapes a page is answered in the form that was asked for."""

import pytest
from django.db import OperationalError
from django.test import override_settings
from django.urls import path

from config.urls import urlpatterns as ours
from netsuite.errors import Refusal

pytestmark = pytest.mark.django_db


def refuse(request):
    raise Refusal("This hold is <lifted>.", code="not_on_hold", status=409, hold=7)


def lose_the_database(request):
    raise OperationalError("server closed the connection unexpectedly")


urlpatterns = [path("refuse/", refuse), path("away/", lose_the_database), *ours]


@pytest.fixture
def page(client):
    with override_settings(ROOT_URLCONF=__name__):
        yield client


def test_a_browser_gets_a_page(page):
    response = page.get("/refuse/", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert (response.status_code, response.headers["Content-Type"]) == (409, "text/html; charset=utf-8")
    assert "This hold is &lt;lifted&gt;." in response.text
    assert "<html" in response.text


def test_htmx_gets_a_fragment(page):
    response = page.get("/refuse/", headers={"HX-Request": "true"})
    assert response.text == '<p class="refusal" role="alert" data-code="not_on_hold">This hold is &lt;lifted&gt;.</p>\n'


def test_a_program_gets_json(page):
    response = page.get("/refuse/", headers={"Accept": "application/json"})
    error = {"code": "not_on_hold", "detail": "This hold is <lifted>.", "attr": None, "hold": 7}
    assert (response.status_code, response.json()) == (409, {"type": "client_error", "errors": [error]})


def test_a_database_that_is_away_is_said_so(page):
    response = page.get("/away/")
    assert response.status_code == 503
    assert "closed the connection" not in response.text
