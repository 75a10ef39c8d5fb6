import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from disputes.models import ClassifierVersion


class Command(BaseCommand):
    help = (
        "Train the embedded classifier on the shipped mails and on every correction, and take it into use when it is "
        "not worse. Exit code 0: trained, or nothing new; 1: the corpus has a bad line; 3: trained, but not taken."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object on the last line")

    def handle(self, *args: Any, **options: Any) -> None:
        from disputes.classifier.corpus import BadCorpus
        from disputes.classifier.training import train

        try:
            row = train(progress=self.stderr.write)
        except BadCorpus as problem:
            raise CommandError(str(problem)) from problem
        self.stdout.write(json.dumps(_facts(row)) if options["json"] else _words(row))
        if not row.active:
            raise CommandError(row.why, returncode=3)


def _facts(row: ClassifierVersion) -> dict[str, Any]:
    return {
        "version": row.version,
        "active": row.active,
        "examples": row.examples,
        "corrections": row.corrections,
        "dispute_f1": row.scores.get("dispute_f1"),
        "reason_macro_f1": row.scores.get("reason_macro_f1"),
        "before": row.before,
        "learned": row.scores.get("learned", []),
        "why": row.why,
    }


def _words(row: ClassifierVersion) -> str:
    """The figures beside those of the version before."""
    lines = [f"{row.version}: {row.examples:,} mails, {row.corrections:,} of them corrected by people. {row.why}"]
    for name, title in (("dispute_f1", "Dispute F1"), ("reason_macro_f1", "Reason macro-F1")):
        if name in row.scores:
            was = f" (before {row.before[name]:.3f})" if name in row.before else ""
            lines.append(f"{title} {row.scores[name]:.3f}{was}")
    for one in row.scores.get("learned", []):
        was = "–" if one["before"] is None else f"{one['before']:.2f}"
        lines.append(f"Mail {one['email']}: {one['classification']} {was} → {one['after']:.2f}")
    return "\n".join(lines)
