import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    help = (
        "Say how good the embedded classifier is: cross-validated with authors and threads kept together, a fifth kept "
        "apart at a time, and on each set of held-out mails, which are never trained on. Stores nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--by", choices=["author", "industry"], default="author", help="what is kept together")
        parser.add_argument("--json", action="store_true", help="one JSON object on the last line")

    def handle(self, *args: Any, **options: Any) -> None:
        from disputes.classifier.corpus import BadCorpus
        from disputes.classifier.report import report

        try:
            found = report(by_industry=options["by"] == "industry", progress=self.stderr.write)
        except BadCorpus as problem:
            raise CommandError(str(problem)) from problem
        if options["json"]:
            self.stdout.write(json.dumps(found))
            return
        self.stdout.write(as_text("Cross-validated", found["cross_validated"]))
        for name, figures in found["held_out"].items():
            self.stdout.write(as_text(f"Held out, {name}", figures))


def as_text(title: str, figures: dict[str, Any]) -> str:
    lines = [
        f"{title}: {figures['mails']:,} mails",
        f"  dispute F1 {figures['dispute_f1']:.3f}   reason macro-F1 {figures['reason_macro_f1']:.3f}   "
        f"class macro-F1 {figures['class_macro_f1']:.3f}   sub-reason right {figures['sub_reason_accuracy']:.3f}",
        f"  unsure {figures['unsure_share']:.1%}   calibration gap {figures['calibration']['gap']:.3f}",
        f"  {'':<22}{'precision':>10}{'recall':>10}{'F1':>10}{'mails':>8}",
    ]
    for part in ("classes", "reasons"):
        lines += [_row(name, row) for name, row in figures[part].items()] + [""]
    lines += ["  score of a dispute: mails, mean score, share of disputes"]
    for place in figures["calibration"]["bins"]:
        lines.append(f"  from {place['from']:.1f} {place['mails']:>6}   {place['score']:.2f}   {place['disputes']:.2f}")
    return "\n".join([*lines, "", *_confusion(figures["confusion"]["reasons"]), ""])


def _row(name: str, row: dict[str, float]) -> str:
    return f"  {name:<22}{row['precision']:>10.3f}{row['recall']:>10.3f}{row['f1']:>10.3f}{row['mails']:>8.0f}"


def _confusion(table: dict[str, Any]) -> list[str]:
    head = "  said →" + " " * 15 + "".join(f"{name:>10}" for name in table["names"])
    rows = zip(table["names"], table["rows"], strict=True)
    return [head, *(f"  {name:<21}" + "".join(f"{count:>10}" for count in row) for name, row in rows)]
