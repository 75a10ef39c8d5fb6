"""What is new in a mail: without quoted replies, signature and legal footer, in English, German, French and Spanish."""

import re

from mailparser_reply.parser import EmailMessage

READ = 20_000
LONGEST_LINE = 1_000
LEAST_WORDS = 3
# The library knows how mail programs introduce a quoted mail; its pattern is compiled once.
_INTRODUCES = EmailMessage(text="", languages=["en", "de", "fr", "es"]).HEADER_REGEX
_DIVIDER = re.compile(
    r"^\s*(?:[-_]{2,}\s*(?:original message|forwarded message|forwarded by.*|ursprüngliche nachricht|originalnachricht"
    r"|weitergeleitete nachricht|message d['’]origine|message original|message transféré|message transmis"
    r"|mensaje original|mensaje reenviado)\s*[-_]{2,}|begin forwarded message:|anfang der weitergeleiteten nachricht:"
    r"|début du message (?:réexpédié|transféré)\s*:|inicio del mensaje reenviado:|_{25,})\s*$",
    re.IGNORECASE,
)
_WROTE = re.compile(
    r"^\s*(?:on|am|le|el|op|il)\b.{5,200}"
    r"(?:wrote|schrieb.*|a écrit|a ecrit|escribió|escribio|schreef|ha scritto)\s*:?\s*$",
    re.IGNORECASE,
)
_NAMES = (
    r"from|sent|to|subject|date|cc|von|gesendet|an|betreff|datum|de|envoyé|envoye|à|objet"
    r"|enviado(?: el)?|para|asunto|fecha"
)
_HEADER_LINE = re.compile(rf"^[\s>*]*(?:{_NAMES})\s*:[*\s]*\S", re.IGNORECASE)
_FROM_LINE = re.compile(r"^[\s>*]*(?:from|von|de)\s*:[*\s]*\S", re.IGNORECASE)
_DASHES = re.compile(r"^\s*--\s*$")
_PHONE_FOOTER = re.compile(
    r"^\s*(?:sent from (?:my|outlook|mail|yahoo)|get outlook for|gesendet (?:von|mit)|von meinem .{1,30} gesendet"
    r"|envoyé (?:de|depuis)|télécharger outlook|enviado desde|obtener outlook|obtenga outlook).{0,80}$",
    re.IGNORECASE,
)
_GREETING = re.compile(
    r"^\s*(?:(?:many |kind|best|warm|with )?\s*(?:thanks(?: (?:and|&) (?:best |kind )?regards| in advance|again)?"
    r"|thank you"
    r"|(?:kind |kindest |best |warm |warmest )?regards|best wishes|all the best|best|cheers|sincerely|yours sincerely"
    r"|yours faithfully|yours truly|respectfully|kr|brgds|rgds|br)"
    r"|mit (?:freundlichen|besten|herzlichen|vielen) (?:grüßen|grüssen|gruessen|dank)"
    r"|freundliche grüße|freundliche grüsse"
    r"|(?:viele|beste|liebe|schöne|herzliche) (?:grüße|grüsse|gruesse)|besten dank(?: im voraus)?"
    r"|vielen dank(?: im voraus)?"
    r"|mfg|hochachtungsvoll|(?:bien |très )?cordialement|(?:sincères|meilleures) salutations"
    r"|salutations(?: distinguées)?"
    r"|bien à vous|merci(?: d'avance| beaucoup| par avance)?|bonne journée|(?:un )?(?:cordial )?saludos?(?: cordiales)?"
    r"|(?:muy )?atentamente|(?:muchas )?gracias(?: de antemano)?|un cordial saludo|atte)\s*[,.!]*\s*$",
    re.IGNORECASE,
)
_FORMAL_END = re.compile(
    r"^\s*(?:(?:veuillez|nous vous prions|je vous prie|dans l'attente).{0,120}(?:salutations?|sentiments|considération)"
    r"|(?:quedamos|quedo|reciban?|le saluda|les saluda).{0,80}(?:saludos?|atentamente)).{0,40}$",
    re.IGNORECASE,
)
_LEGAL = re.compile(
    r"^\s*(?:confidentiality(?: notice)?|disclaimer|legal notice|this (?:e-?mail|message)"
    r"(?: and any| is| may| contains)"
    r"|the information (?:contained )?in this|diese e-?mail|der inhalt dieser|vertraulichkeitshinweis"
    r"|ce (?:message|courriel)"
    r"|cet? e-?mail|avis de confidentialité|este (?:mensaje|correo)|aviso legal|aviso de confidencialidad"
    r"|please consider the environment|bitte denken sie an die umwelt|caution:|external email|\[external)",
    re.IGNORECASE,
)
_BANNER = re.compile(r"^\s*(?:caution|external|extern|warning|achtung|attention|\[?external)\b.{0,200}$", re.IGNORECASE)
_WORD = re.compile(r"\w{2,}")


def fresh_text(text: str, *, forward: bool = False) -> str:
    """The new part of a mail's text. A mail that only forwards another, or adds next to nothing, keeps all of it."""
    lines = [line[:LONGEST_LINE].rstrip() for line in text[:READ].split("\n")]
    lines = _without_banner(lines)
    own, rest = _split(lines)
    new = _trimmed(own)
    if len(_WORD.findall(new)) >= LEAST_WORDS and not (forward and rest):
        return new
    return "\n\n".join(part for part in (new, _trimmed(_unquoted(rest))) if part)


def _without_banner(lines: list[str]) -> list[str]:
    """A mail gateway's warning stands on top of many mails; it is not the sender's."""
    first = next((number for number, line in enumerate(lines) if line.strip()), 0)
    is_banner = first < len(lines) and _BANNER.match(lines[first]) and len(lines) > first + 2
    return lines[first + 1 :] if is_banner and not _HEADER_LINE.match(lines[first]) else lines


def _split(lines: list[str]) -> tuple[list[str], list[str]]:
    """(own lines, the quoted mail below them)."""
    at = min(_own_mark(lines), _library_mark(lines))
    own = [line for line in lines[:at] if not line.lstrip().startswith(">")]
    below = [line for line in lines[at:] if line.strip()]
    if any(line.lstrip().startswith(">") for line in below[1:3]):
        # An answer written under or between the quoted lines.
        quoted_from = next(n for n, line in enumerate(lines[at:], at) if line.lstrip().startswith(">"))
        own += [line for line in lines[quoted_from:] if not line.lstrip().startswith(">")]
    return own, lines[at:] + [line for line in lines[:at] if line.lstrip().startswith(">")]


def _own_mark(lines: list[str]) -> int:
    for number, line in enumerate(lines):
        if _DIVIDER.match(line) or _WROTE.match(line) or _wrote_over_two(lines, number):
            return number
        if _FROM_LINE.match(line) and sum(bool(_HEADER_LINE.match(each)) for each in lines[number : number + 6]) >= 3:
            return number
    return len(lines)


def _wrote_over_two(lines: list[str], number: int) -> bool:
    """Mail programs break a long "On … wrote:" in two."""
    starts = re.match(r"\s*(?:on|am|le|el)\b.*\d", lines[number], re.IGNORECASE)
    return bool(
        starts and number + 1 < len(lines) and _WROTE.match(f"{lines[number]} {lines[number + 1].strip()}"[:300])
    )


def _library_mark(lines: list[str]) -> int:
    """The library's answer, where it names a whole block of headers."""
    found = _INTRODUCES.search("\n".join(line[:300] for line in lines[:400]))
    if found is None or sum(bool(_HEADER_LINE.match(line)) for line in found[0].split("\n")) < 3:
        return len(lines)
    return found.string[: found.start()].count("\n") + found[0].startswith("\n")


def _unquoted(lines: list[str]) -> list[str]:
    plain = [re.sub(r"^[\s>]+", "", line) for line in lines]
    return [line for line in plain if not (_HEADER_LINE.match(line) or _DIVIDER.match(line) or _WROTE.match(line))]


def _trimmed(lines: list[str]) -> str:
    """Without signature, mobile footer and legal text."""
    kept: list[str] = []
    for number, line in enumerate(lines):
        if _DASHES.match(line) or (_LEGAL.match(line) and kept):
            break
        if (_GREETING.match(line) or _FORMAL_END.match(line)) and kept and _is_end(lines[number + 1 :]):
            break
        if not _PHONE_FOOTER.match(line):
            kept.append(line)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()


def _is_end(below: list[str]) -> bool:
    """A greeting ends the letter when a signature follows: short lines, no sentence."""
    words = [line for line in below if line.strip() and not _LEGAL.match(line)]
    return not any(len(_WORD.findall(line)) > 9 and line.rstrip().endswith((".", "?", "!")) for line in words[:12])
