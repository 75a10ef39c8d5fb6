"""Whoever is not signed in sees the sign-in page, not an error of the pages behind it."""

import pytest
from django.contrib.auth.models import AnonymousUser

from holds.pins import blocks_of

pytestmark = pytest.mark.django_db


def test_nobody_is_no_manager():
    assert blocks_of(AnonymousUser()) == []


@pytest.mark.parametrize("page", ["/admin/login/", "/admin/holds/override/", "/orders/new/"])
def test_a_visitor_is_asked_to_sign_in(client, page):
    assert client.get(page, follow=True).status_code == 200
