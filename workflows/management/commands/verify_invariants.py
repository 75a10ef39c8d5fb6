"""Check everything that must always be true."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.module_loading import autodiscover_modules

from netsuite.invariants import INVARIANTS, Evidence


class Command(BaseCommand):
    help = "Check the invariants; exit 1 and name what is broken. The sandbox's request log proves every write."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--sandbox-log", type=Path, metavar="FILE", help="The sandbox's request log (JSON lines).")
        parser.add_argument("--json", action="store_true", help="One JSON object on the last line.")

    def handle(self, *args: Any, **options: Any) -> None:
        autodiscover_modules("invariants")
        evidence = Evidence(_read(options["sandbox_log"]))
        broken: list[dict[str, Any]] = []
        for each in sorted(INVARIANTS, key=lambda i: i.number):
            problems = list(each.broken(evidence))
            broken += [{"invariant": each.number, "title": each.title, "problem": problem} for problem in problems]
            if not options["json"]:
                self.stdout.write(f"{each.number:>2} {'broken' if problems else 'ok    '} {each.title}")
                self.stdout.writelines(f"          {problem}\n" for problem in problems)
        if options["json"]:
            self.stdout.write(json.dumps({"checked": len(INVARIANTS), "broken": broken}))
        if broken:
            raise SystemExit(1)


def _read(path: Path | None) -> list[dict[str, Any]]:
    if path is None:
        return []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as problem:
        raise CommandError(f"Cannot read {path}: {problem.strerror}.") from None
    return [json.loads(line) for line in lines if line.strip()]
