"""Every page against everybody: GET, and a POST with nothing in it. An address without an entry in `pages` fails."""

import copy
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLResolver, get_resolver

from tests.config.pages import LISTS, PAGES
from tests.config.world import World
from tests.factories.customers import EmployeeFactory

pytestmark = pytest.mark.django_db
LETTERS = {
    "M": "mike",
    "K": "clerk",
    "C": "committee",
    "O": "owner",
    "I": "integrator",
    "P": "operator",
    "R": "rep",
    "T": "cashier",
    "X": "outsider",
}
STANDARD = re.compile(r"admin/(\w+/\w+)/(add/|<path:object_id>/(?:history/|delete/|change/|)|)")
# They stand for the others where a standard page is posted to.
FEW = "MPT-"
IN, OUT = {200, 204, 302, 400, 404, 409}, {"login", 401, 403, 405}
VIEWERS = {model: letters for letters, models in LISTS.items() for model in models.split()}
SPECIAL = {
    f"{method} {address}": letters
    for letters, block in PAGES.items()
    for line in block.strip().splitlines()
    for methods, address in [line.split()]
    for method in methods.split("+")
}


def addresses(patterns: Any, prefix: str = "") -> Iterator[str]:
    """As written in the address table; what is a regular expression shows the names of its parts only."""
    for pattern in patterns:
        address = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, address)
        elif not address.startswith("api/v1/"):
            yield re.sub(r"\^|\$|\(\?P(<\w+>)[^)]*\)", r"\1", address)


ADDRESSES = list(addresses(get_resolver().url_patterns))


def part_of(address: str) -> str:
    """What is walked in one test: one app of the console, or all that is none."""
    named = re.match(r"admin/(\w+)/\w+/", address)
    return named[1] if named and apps.is_installed(named[1]) else "pages"


def entry(method: str, address: str) -> str | None:
    """Letters of those who get in, and behind a space of those who get 404; None where there is no such method."""
    if (key := f"{method} {address}") in SPECIAL:
        return SPECIAL[key]
    standard = STANDARD.fullmatch(address)
    if not standard or standard[1] not in VIEWERS:
        return None
    viewers, page = VIEWERS[standard[1]], standard[2]
    if page in {"", "<path:object_id>/"}:
        return viewers if not page else "MKCOIPRT"
    if page in {"add/", "<path:object_id>/delete/"} or (method == "POST" and "change" in page):
        return ""
    return " ".join(filter(None, (viewers.strip("RT"), "".join(sorted(set(viewers) & set("RT"))))))


def expected(found: str | None, letter: str) -> set[Any]:
    if found is None:
        return OUT
    inside, _, hidden = found.partition(" ")
    if letter in inside:
        return IN
    return {404} if letter in hidden else OUT


def filled(address: str, world: World) -> str:
    """With the keys of rows that exist; 1 where the world has no such row."""
    values = {
        "netsuite_id": world.northside.netsuite_id,
        "key": world.order.key,
        "slug": "aging-buckets",
        "verb": "contact",
        "app_label": "customers",
        "url": "nowhere",
    }
    standing = _row_of(address, world)
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda part: str(values.get(part[1], standing)), address)


def _row_of(address: str, world: World) -> Any:
    known = {"orders/": world.order.lines.get(), "admin/service-holds/": world.hold, "admin/accounts/": world.northside}
    for start, row in known.items():
        if address.startswith(start):
            return row.pk
    named = re.match(r"admin/(\w+)/(\w+)/", address)
    try:
        row = apps.get_model(*named.groups())._base_manager.order_by("pk").first() if named else None
    except LookupError:
        row = None
    return row.pk if row else 1


def outcome(response: HttpResponse) -> int | str:
    asked = response.status_code == 302 and re.search(r"/login/|/sign-in/", response["Location"])
    return "login" if asked else response.status_code


@pytest.fixture
def browsers(request, world) -> dict[str, Client]:
    """Everybody signed in, and a stranger; the rep is one of other customers."""
    found = {"-": Client(raise_request_exception=False)}
    for letter, name in LETTERS.items():
        found[letter] = Client(raise_request_exception=False)
        found[letter].force_login(request.getfixturevalue(name))
    EmployeeFactory(user=request.getfixturevalue("rep"))
    return found


def ask(browser: Client, method: str, url: str) -> int | str:
    """Nothing of it stays: neither rows nor cookies."""
    cookies = copy.deepcopy(browser.cookies)
    with transaction.atomic():
        response = browser.generic(method, url, content_type="application/x-www-form-urlencoded")
        transaction.set_rollback(True)
    browser.cookies = cookies
    return outcome(response)


@pytest.mark.parametrize("part", sorted({part_of(address) for address in ADDRESSES}))
def test_everybody_gets_what_they_may(world, browsers, part):
    surprising = {}
    for address in [address for address in ADDRESSES if part_of(address) == part]:
        for method in ("GET", "POST"):
            found, url = entry(method, address), filled(address, world)
            few = method == "POST" and STANDARD.fullmatch(address)
            for letter in FEW if few else browsers:
                told = ask(browsers[letter], method, url)
                if told not in expected(found, letter):
                    surprising[f"{method} {address} {letter}"] = told
    assert surprising == {}


def test_every_entry_is_of_a_page():
    standing = {f"{method} {address}" for address in ADDRESSES for method in ("GET", "POST")}
    models = {found[1] for address in ADDRESSES if (found := STANDARD.fullmatch(address))}
    assert (set(SPECIAL) - standing, set(VIEWERS) - models) == (set(), set())
