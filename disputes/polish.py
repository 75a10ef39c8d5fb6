"""An optional language model polishes drafted answers; what it writes is checked, and a person sends it.

The model sees our own text only, never the customer's mail, so that no mail can talk to it. It has no tools. Its
text is used when every number, reference and address in it stands in the template's text too and none of the
facts is missing; else the template stays, and the draft says why.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from disputes import drafts
from disputes.language_model import Unavailable, ask, is_configured
from workflows.actions.redrafts import by_a_person, redraft
from workflows.models import OutboundEmail

LABEL = "Text"
SIGNED = "language model"
AT_ONCE = 20
TASK = (
    "You polish one business letter of an accounts receivable team. Keep its language, meaning, every number, date, "
    "amount, name and reference exactly as written. Add no fact, promise, figure, link or address. Keep it short, "
    "friendly and plain. Answer with the letter's text alone: no subject, no comment. Its language is “{language}”."
)
SCHEMA = {
    "type": "object",
    "properties": {"letter": {"type": "string"}},
    "required": ["letter"],
    "additionalProperties": False,
}
# Amounts in words would slip past a check of digits.
NUMBER_WORDS = re.compile(
    r"\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen|"
    r"twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|million|half|"
    r"zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|elf|zwölf|\w+zehn|\w*(?:zwan|vier|fünf|sech|sieb|acht|neun)zig|dreißig|\w*hundert\w*|\w*tausend\w*|"
    r"million(?:en)?|halb\w*|"
    r"deux|trois|quatre|cinq|sept|huit|neuf|dix|onze|douze|vingt|trente|quarante|cinquante|soixante|cents?|mille|"
    r"moitié|"
    r"dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|once|doce|veinte|treinta|cuarenta|cincuenta|sesenta|setenta|"
    r"ochenta|noventa|cien|ciento|cientos|mil|mitad)\b",
    re.IGNORECASE,
)
# `17 Nov 2026`, `November 17, 2026`: as a whole, or another month would slip through.
DATE = re.compile(r"\b\d{1,2}\.?\s+[^\W\d_]+\.?\s+\d{4}\b|\b[^\W\d_]+\.?\s+\d{1,2}(?:st|nd|rd|th)?,?\s+\d{4}\b")
GROUPING = re.compile(r"(?<=\d)[\u202f\u00a0](?=\d)")
ADDRESS = re.compile(r"\S+@\S+|https?://\S+|www\.\S+|\b[\w-]+\.(?:com|net|org|io|de|fr|es|co|info|biz)\b\S*", re.I)


@dataclass(frozen=True)
class Verdict:
    """The text to use, and a line for whoever reads the draft."""

    body: str
    words: str


def polish_waiting() -> int:
    """Polish new answers that nobody has touched; returns how many were tried. Slow: never in a transaction."""
    if not is_configured():
        return 0
    waiting = OutboundEmail.objects.to_polish().filter(kind=drafts.KIND).order_by("-pk")[: 5 * AT_ONCE]
    tried = 0
    for email in waiting:
        if tried < AT_ONCE and not _is_marked(email) and not by_a_person(email):
            _polish(email)
            tried += 1
    return tried


def _is_marked(email: OutboundEmail) -> bool:
    return any(fact.get("label") == LABEL for fact in email.facts)


def _polish(email: OutboundEmail) -> None:
    verdict = polished(email.body, email.language, [str(fact["value"]) for fact in email.facts])
    facts = [*email.facts, {"label": LABEL, "value": verdict.words}]
    redraft(email=email, subject=email.subject, body=verdict.body, facts=facts, by=SIGNED)


def polished(body: str, language: str, facts: Iterable[str]) -> Verdict:
    """The model's text when it holds, else `body`. Never raises for what the model or the line to it does."""
    try:
        answer = ask(instructions=TASK.format(language=language), text=body, schema=SCHEMA, name="letter")
    except Unavailable as problem:
        return Verdict(body, f"as in the template. The language model: {problem.detail}")
    text = str(answer.get("letter") or "").replace("\x00", "").replace("\r\n", "\n").strip()
    wrong = what_is_wrong(text, body, facts)
    return Verdict(body, f"as in the template: {wrong}") if wrong else Verdict(text, "polished by the language model")


def what_is_wrong(text: str, template: str, facts: Iterable[str]) -> str:
    """Why the polished text is not used, in words; "" when it holds."""
    if not text:
        return "the language model wrote nothing"
    known = tokens(template)
    for token in sorted(tokens(text) - known):
        return f"the language model named “{token[:40]}”, which is none of the facts"
    for fact in facts:
        if fact in template and fact not in text:
            return f"the language model left out “{fact[:40]}”"
    if "{" in text or len(text) > 2 * len(template) + 200:
        return "the language model's text is no finished letter"
    return ""


def tokens(text: str) -> set[str]:
    """Every number (in digits or words), reference and address in a text, in one spelling."""
    text = unicodedata.normalize("NFKC", GROUPING.sub("", text))
    addresses = {found.strip(".,;:!?()<>").lower() for found in ADDRESS.findall(text)}
    words = {found.lower() for found in NUMBER_WORDS.findall(text)}
    dates = {" ".join(found.lower().split()) for found in DATE.findall(text)}
    numbers = {_bare(piece) for piece in text.split() if any(c.isnumeric() for c in piece)}
    return numbers | dates | addresses | words


def _bare(piece: str) -> str:
    """Without the punctuation around it; a minus or a currency sign belongs to it."""
    return piece.strip(".,;:!?()[]<>\"'“”„«»*_").lower()
