"""The console's chrome: colours, style sheet and menu."""

from typing import Any

UNFOLD: dict[str, Any] = {"SITE_TITLE": "Holdgate", "SITE_HEADER": "Holdgate"}
