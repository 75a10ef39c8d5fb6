"""A browser's view of the console, signed in as somebody."""

from typing import Any

from django.test import Client


def signed_in(user: Any) -> Client:
    """A client with a fresh session of `user`."""
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client
