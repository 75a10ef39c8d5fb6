"""The console's chrome: colours, style sheet and menu."""

from typing import Any

from django.templatetags.static import static
from django.utils.functional import lazy

local = lazy(static, str)

# The look's greys and its petrol, laid over the theme's scales: 600 is the accent on light, 500 the one on dark.
BASE = {
    **{"50": "#f6f7f9", "100": "#f0f3f5", "200": "#e2e6ea", "300": "#bac4cf", "400": "#9aa6b3", "500": "#5c6877"},
    **{"600": "#465160", "700": "#2a3440", "800": "#1f2833", "900": "#11161d", "950": "#0b0f14"},
}
PRIMARY = {
    **{"50": "#f0f8fa", "100": "#e2f0f3", "200": "#c3e1e8", "300": "#93cbd7", "400": "#7fd6e4", "500": "#5cc4d6"},
    **{"600": "#0b5c6e", "700": "#08485a", "800": "#073a48", "900": "#062e39", "950": "#06242b"},
}
FONT = {
    **{"subtle-light": "#5c6877", "subtle-dark": "#9aa6b3", "default-light": "#465160", "default-dark": "#bac4cf"},
    **{"important-light": "#16202b", "important-dark": "#eef2f6"},
}

UNFOLD: dict[str, Any] = {
    "LOGIN": {"form": "config.signin.SignInForm"},
    "SITE_TITLE": "Holdgate",
    "SITE_HEADER": "Holdgate",
    "SITE_SYMBOL": "pause",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda request: local("holdgate/icon.svg")}],
    "SITE_URL": None,
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": "6px",
    "COLORS": {"base": BASE, "primary": PRIMARY, "font": FONT},
    "STYLES": [lambda request: local("holdgate/console.css"), lambda request: local("holdgate/pages.css")],
    "SCRIPTS": [lambda request: local("holdgate/keys.js")],
    "ENVIRONMENT": "config.menu.environment",
    "GLOBAL_CALLBACK": "config.menu.extras",
    "DASHBOARD_CALLBACK": "config.console_home.dashboard",
    "COMMAND": {"search_callback": "config.menu.find"},
    "SIDEBAR": {"show_search": True, "navigation": "config.menu.navigation"},
}
