"""Recompute the audit chain."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from workflows import audit


class Command(BaseCommand):
    help = "Verify the chain over all decisions; exit 1 and name what is broken. Keep the printed head elsewhere."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--since", metavar="SEQ:HASH", help="An earlier exported head to hold the chain against.")
        parser.add_argument("--json", action="store_true", help="One JSON object on the last line.")

    def handle(self, *args: Any, **options: Any) -> None:
        problems, head = audit.verify(_head(options["since"])), audit.head()
        if options["json"]:
            self.stdout.write(json.dumps({"ok": not problems, "problems": problems, "head": f"{head.seq}:{head.hash}"}))
        else:
            for problem in problems:
                self.stdout.write(problem)
            self.stdout.write(f"{head.seq:,} decisions sealed. Head {head.seq}:{head.hash}")
        if problems:
            raise SystemExit(1)


def _head(text: str | None) -> audit.Head | None:
    if not text:
        return None
    seq, _, digest = text.partition(":")
    if not seq.isdigit() or len(digest) != 64:
        raise CommandError("Write the head as it was printed: SEQ:HASH.")
    return audit.Head(int(seq), digest)
