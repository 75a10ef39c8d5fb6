"""Draw every state machine into docs/states.md, from the transitions in the code."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import models

from netsuite.machine import all_machines, states_of, verb_of

PAGE = settings.BASE_DIR / "docs" / "states.md"
HEAD = """# State machines

Drawn by `manage.py draw_machines` from the transitions declared on the models; a test keeps it true.
An arrow is a verb: it names the only way from one state to the next.
"""


class Command(BaseCommand):
    help = "Write docs/states.md: one diagram a machine. With --check, exit 1 when the page is out of date."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        page = draw()
        if options["check"]:
            if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page:
                self.stderr.write("docs/states.md is out of date: run manage.py draw_machines.")
                raise SystemExit(1)
            return
        Path(PAGE).write_text(page, encoding="utf-8")
        self.stdout.write(f"{len(all_machines())} machines drawn.")


def draw() -> str:
    """The whole page as Markdown with Mermaid diagrams."""
    machines = sorted(all_machines(), key=lambda model: model.__name__)
    return HEAD + "".join(_section(model) for model in machines)


def _section(model: type[models.Model]) -> str:
    titles = states_of(model)
    start = str(model().status)  # type: ignore[attr-defined]
    arrows = [f"    [*] --> {start}"]
    ends = set(titles)
    for source, target, verb in _arrows(model, list(titles)):
        arrows.append(f"    {source} --> {target}: {verb.replace('_', ' ')}")
        ends.discard(source)
    arrows += [f"    {end} --> [*]" for end in titles if end in ends]
    names = "\n".join(f"    {state}: {title}" for state, title in titles.items())
    lines = "\n".join(arrows)
    says = (model.__doc__ or "").strip().splitlines()[0]
    return f"\n## {model.__name__}\n\n{says}\n\n```mermaid\nstateDiagram-v2\n{names}\n{lines}\n```\n"


def _arrows(model: type[models.Model], states: list[str]) -> list[tuple[str, str, str]]:
    verbs = [name for name in vars(model) if hasattr(getattr(model, name), "_django_fsm")]
    found = []
    for verb in verbs:
        meta = verb_of(model, verb)
        found += [(state, str(meta.next_state(state)), verb) for state in states if meta.has_transition(state)]
    return found
