"""Take in and sort mails from files."""

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from disputes.actions.intake import receive
from disputes.actions.triage import triage_many
from disputes.intake import parse
from disputes.intake.limits import LARGEST
from disputes.models import InboundEmail
from netsuite.errors import Refusal

BY = "command:triage_mail"
HANDFUL = 100


class Command(BaseCommand):
    help = (
        "Take in mails (RFC 822 files) and sort them: one JSON object a line, one line a mail, in the order given. "
        "A mail that was taken in before is sorted again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE.eml")
        parser.add_argument("--json", action="store_true", help="Accepted for symmetry: the output is JSON anyway.")

    def handle(self, *args: Any, **options: Any) -> None:
        files: Sequence[Path] = options["files"]
        missing = [str(file) for file in files if not file.is_file()]
        if missing:
            raise CommandError(f"No such file: {', '.join(missing)}.")
        waiting = iter(files)
        while batch := list(islice(waiting, HANDFUL)):
            try:
                for line in self._sort(batch):
                    self.stdout.write(json.dumps(line, ensure_ascii=False))
            except Refusal as refusal:
                raise CommandError(refusal.detail) from None

    def _sort(self, files: Sequence[Path]) -> Iterator[dict[str, Any]]:
        rows = [self._take(file) for file in files]
        once = {row.pk: row for row in rows}
        done = {row.pk: row for row in triage_many(emails=list(once.values()), by=BY, now=timezone.now())}
        for file, row in zip(files, rows, strict=True):
            yield as_line(file, done[row.pk])

    def _take(self, file: Path) -> InboundEmail:
        size = file.stat().st_size
        with file.open("rb") as opened:
            raw = opened.read(LARGEST + 1)
        email, _created = receive(raw=raw, parsed=parse(raw), source="file", by=BY, now=timezone.now(), full_size=size)
        return email


def as_line(file: Path, email: InboundEmail) -> dict[str, Any]:
    """What the interface promises, and the row's state beside it."""
    return {
        "file": str(file),
        "email_uuid": str(email.email_uuid),
        "classification": email.classification,
        "score": email.score,
        "reason": email.reason,
        "reason_score": email.reason_score if email.reason else None,
        "invoice_refs": email.invoice_refs,
        "customer": email.customer.netsuite_id if email.customer else None,
        "routed_to": email.routed_to,
        "status": email.status,
        "sub_reason": email.sub_reason,
        "po_refs": email.po_refs,
        "unsure_reason": email.unsure_reason or email.quarantine_reason,
    }
