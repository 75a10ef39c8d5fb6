"""The optional language model: any OpenAI-compatible endpoint, asked for strict JSON, within a budget.

It has no tools and sees text only; whatever it answers is checked by the caller against a closed list or the facts.
"""

import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db.models import F, Sum

from disputes.models import LanguageModelDay

log = logging.getLogger(__name__)

LONGEST_TEXT = 8_000
MOST_TOKENS = 1_200


class Unavailable(Exception):
    """No answer that can be used; `detail` says why in words for people."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


def is_configured() -> bool:
    return bool(settings.LLM_BASE_URL and settings.LLM_MODEL)


def ask(*, instructions: str, text: str, schema: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A JSON object after `schema` (JSON Schema, all fields required). `text` is data, never instructions.

    Raises Unavailable: not configured, budget spent, time-out, any error of the endpoint, or no JSON object.
    """
    if not is_configured():
        raise Unavailable("No language model is configured.")
    today = datetime.now(UTC).date()
    _spend(today)
    try:
        content, tokens = _complete(instructions, text[:LONGEST_TEXT], dict(schema), name)
        answer = json.loads(content)
        if not isinstance(answer, dict):
            raise ValueError("no JSON object")
    except Exception as problem:
        LanguageModelDay.objects.filter(day=today).update(failures=F("failures") + 1)
        log.warning("Language model: %s: %s", type(problem).__name__, str(problem)[:300])
        raise Unavailable(_words(problem)) from problem
    LanguageModelDay.objects.filter(day=today).update(tokens=F("tokens") + tokens)
    return answer


def _spend(today: Any) -> None:
    """Count the call before it is made; the budget holds for workers side by side."""
    month = LanguageModelDay.objects.filter(day__year=today.year, day__month=today.month).aggregate(n=Sum("calls"))["n"]
    if (month or 0) >= settings.LLM_MONTHLY_CALLS:
        raise Unavailable("This month's budget of calls is spent.")
    LanguageModelDay.objects.get_or_create(day=today)
    left = LanguageModelDay.objects.filter(day=today, calls__lt=settings.LLM_DAILY_CALLS)
    if not left.update(calls=F("calls") + 1):
        raise Unavailable("Today's budget of calls is spent.")


def _complete(instructions: str, text: str, schema: dict[str, Any], name: str) -> tuple[str, int]:
    from openai import OpenAI

    with OpenAI(
        base_url=settings.LLM_BASE_URL,
        api_key=settings.LLM_API_KEY or "none",
        timeout=settings.LLM_TIMEOUT_SECONDS,
        max_retries=0,
    ) as client:
        answer = client.chat.completions.create(
            model=settings.LLM_MODEL,
            messages=[{"role": "system", "content": instructions}, {"role": "user", "content": text}],
            response_format={"type": "json_schema", "json_schema": {"name": name, "strict": True, "schema": schema}},
            temperature=0,
            max_tokens=MOST_TOKENS,
        )
    tokens = answer.usage.total_tokens if answer.usage else 0
    return answer.choices[0].message.content or "", tokens


def _words(problem: Exception) -> str:
    if isinstance(problem, ValueError):
        return "Its answer was not in the form asked for."
    name = type(problem).__name__
    return "It did not answer in time." if "Timeout" in name else f"It could not be asked ({name})."
