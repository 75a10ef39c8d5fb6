"""A real Chromium on the live server: desktop and phone pages that fail the test on any console error."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

# Playwright's event loop lives in this thread; the ORM would refuse to work beside it.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
CHROMIUM_ARGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}


class LiveBrowser:
    """`page(mike)` opens a desktop page signed in as mike, `phone(mike)` a phone's; addresses are relative."""

    def __init__(self, browser: Browser, url: str) -> None:
        self.url = url
        self.problems: list[str] = []
        self._browser = browser
        self._contexts: list[Any] = []
        self._tolerated: list[str] = []

    def page(self, user: Any = None) -> Page:
        return self._open(user, DESKTOP, is_phone=False)

    def phone(self, user: Any = None) -> Page:
        return self._open(user, PHONE, is_phone=True)

    def tolerate(self, pattern: str) -> None:
        """A problem that the test provokes: `tolerate("409")` for a lost race."""
        self._tolerated.append(pattern)

    def shot(self, name: str, page: Page) -> Path:
        """Saves the page as NAME.png; into docs/pictures/ only when HOLDGATE_PICTURES=1."""
        for_docs = os.environ.get("HOLDGATE_PICTURES") == "1"
        folder = django_settings.BASE_DIR / ("docs/pictures" if for_docs else "test-artifacts")
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{name}.png"
        # Hiding the caret takes an inline style, which the strict policy of the till's pages refuses.
        page.screenshot(path=path, caret="initial")
        return path

    def unexpected(self) -> list[str]:
        return [problem for problem in self.problems if not any(re.search(p, problem) for p in self._tolerated)]

    def close(self) -> None:
        for context in self._contexts:
            context.close()

    def _open(self, user: Any, viewport: dict[str, int], *, is_phone: bool) -> Page:
        context = self._browser.new_context(
            base_url=self.url, viewport=viewport, is_mobile=is_phone, has_touch=is_phone
        )
        context.set_default_timeout(10_000)
        self._contexts.append(context)
        if user is not None:
            context.add_cookies([self._session_of(user)])
        page = context.new_page()
        self._watch(page)
        return page

    def _session_of(self, user: Any) -> dict[str, str]:
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        name = django_settings.SESSION_COOKIE_NAME
        return {"name": name, "value": client.cookies[name].value, "url": self.url}

    def _watch(self, page: Page) -> None:
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.problems.append(f"uncaught: {error}"))
        page.on("request", self._asked)
        page.on("requestfailed", self._failed)

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.problems.append(f"console: {message.text} ({message.location.get('url', '')})")

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((self.url, "data:", "blob:", "about:")):
            self.problems.append(f"asked another host: {request.url}")

    def _failed(self, request: Request) -> None:
        # A page that is left while it loads, and a download, abort their requests.
        if request.failure != "net::ERR_ABORTED":
            self.problems.append(f"failed: {request.url} ({request.failure})")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGS)
        yield browser
        browser.close()


@pytest.fixture
def live_browser(live_server: Any, chromium: Browser) -> Iterator[LiveBrowser]:
    browser = LiveBrowser(chromium, live_server.url)
    yield browser
    browser.close()
    assert browser.unexpected() == []
