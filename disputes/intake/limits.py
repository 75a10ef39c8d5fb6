"""How large, how deep and how many parts a mail may be before it is put aside unread. Sizes in bytes."""

import re

LARGEST = 25_000_000
KEPT_RAW = 10_000_000
LARGEST_HEAD = 128_000
MOST_PARTS = 300
DEEPEST = 12
LONGEST_TEXT = 200_000
LONGEST_HTML = 500_000
KEPT_ATTACHMENT = 5_000_000
KEPT_ATTACHMENTS = 15_000_000

_HEAD_ENDS = re.compile(rb"\r?\n\r?\n")
_BOUNDARY = re.compile(rb"boundary\s*=\s*(?:\"([^\"\r\n]{1,200})\"|([^\s;\"]{1,200}))", re.IGNORECASE)
_PART_HEAD = re.compile(rb"^content-type\s*:", re.IGNORECASE | re.MULTILINE)
_NESTED = re.compile(rb"^content-type\s*:\s*(?:multipart/|message/)", re.IGNORECASE | re.MULTILINE)


def head_of(raw: bytes) -> bytes:
    """The header block, cut where it becomes unreasonable."""
    found = _HEAD_ENDS.search(raw, 0, LARGEST_HEAD + 4)
    return raw[: found.start() if found else LARGEST_HEAD]


def too_much(raw: bytes) -> str:
    """Why this mail is not taken apart, or "". Looks at the bytes only, before any parser does."""
    if len(raw) > LARGEST:
        return f"Larger than {LARGEST // 1_000_000} MB."
    if len(head_of(raw)) >= LARGEST_HEAD:
        return f"Headers longer than {LARGEST_HEAD // 1000} kB."
    parts = max(len(_PART_HEAD.findall(raw)), _delimiters(raw))
    if parts > MOST_PARTS:
        return f"More than {MOST_PARTS} parts."
    if len(_NESTED.findall(raw)) > DEEPEST * 4 or _nesting(raw) > DEEPEST:
        return f"Parts nested deeper than {DEEPEST} levels."
    return ""


def _boundaries(raw: bytes) -> set[bytes]:
    return {quoted or plain for quoted, plain in _BOUNDARY.findall(raw)}


def _delimiters(raw: bytes) -> int:
    """Lines that begin a part, whichever boundary they name."""
    names = _boundaries(raw)
    if len(names) > MOST_PARTS:
        return len(names)
    found = 0
    for line in raw.split(b"\n"):
        if line.startswith(b"--") and any(line[2:].startswith(name) for name in names):
            found += 1
    return found


def _nesting(raw: bytes) -> int:
    """How many multiparts are open at once, counted by their delimiters."""
    names = _boundaries(raw)
    open_now: list[bytes] = []
    deepest = 0
    for line in raw.split(b"\n"):
        name = line[2:].strip() if line.startswith(b"--") else b""
        if name.endswith(b"--") and name[:-2] in open_now:
            del open_now[open_now.index(name[:-2]) :]
        elif name in names and name not in open_now:
            open_now.append(name)
            deepest = max(deepest, len(open_now))
        elif name in open_now:
            del open_now[open_now.index(name) + 1 :]
    return deepest
