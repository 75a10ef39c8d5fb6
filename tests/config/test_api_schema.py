"""The schema describes the API without a gap, and its page needs nothing from elsewhere."""

import re
from io import StringIO

import pytest
from django.contrib.staticfiles import finders
from django.core.management import call_command

pytestmark = pytest.mark.django_db


def test_the_schema_is_valid():
    out = StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=out)
    assert out.getvalue().startswith("openapi: 3")


def test_the_page_loads_only_files_of_ours(client, mike):
    client.force_login(mike)
    page = client.get("/api/docs/")
    assets = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    statics = [name for name in assets if name.startswith("/static/")]
    assert page.status_code == 200
    assert all(finders.find(name.removeprefix("/static/").split("?")[0]) for name in statics)
    assert set(assets) - set(statics) == {"/api/docs/?script="}


def test_the_page_runs_under_the_strict_policy(client, mike):
    client.force_login(mike)
    page = client.get("/api/docs/")
    assert "<script>" not in page.text
    assert "unsafe" not in page.headers["Content-Security-Policy"]


def test_a_stranger_is_sent_to_sign_in(client):
    assert client.get("/api/docs/").headers["Location"] == "/admin/login/?next=/api/docs/"
