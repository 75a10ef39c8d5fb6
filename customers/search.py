"""What a search for customers finds, on both databases: every word that was typed begins a word of the customer.

A word is a run of letters and digits; case, accents (ü, ø; ß is ss) and punctuation make no difference. The customer's
words are those of the name, number, e-mail, contact, phone and NetSuite id, and the digits of the number: CUST0042 is
found by `cust0042` and by `42`.

PostgreSQL keeps the words of each customer in the table `customer_words`, written by triggers and indexed: whoever
writes customers need not think of it, and a new balance costs it nothing. SQLite reads every customer.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import Any, TypeVar

from django.db import connection
from django.db.models import F, Func, QuerySet, TextField
from django.db.models.expressions import RawSQL

SEARCHED = ("name", "email", "contact_name", "phone", "netsuite_id")
NUMBER = "entity_id"
FEW = 1000
MOST_TEXT, MOST_WORDS, LONGEST_WORD = 200, 10, 64
WORD = re.compile(r"[^\W_]+")
MARKS = re.compile("[\u0300-\u036f]+")
BEFORE_DIGITS = re.compile(r"^\D*0*")
# Letters that have no accent to take away.
ALIKE = str.maketrans({"ß": "ss", "ø": "o", "đ": "d", "ł": "l"})
INDEXED = "SELECT customer_id FROM customer_words WHERE words @@ to_tsquery('simple', %s)"
Rows = TypeVar("Rows", bound=QuerySet[Any])


def words_of(text: str) -> list[str]:
    """The words of a text, as they are compared."""
    if not text.isascii():
        text = MARKS.sub("", unicodedata.normalize("NFKD", text)).lower().translate(ALIKE)
    return WORD.findall(text.lower())


def matching(customers: Rows, text: str) -> Rows:
    """Those that the text finds: all for a blank one, none for one without a letter or digit.

    On PostgreSQL it asks the index at once: a few are then named, and of many the list's own order is read until
    enough fit. The other way round either would read all customers.
    """
    if not text.replace("\x00", "").strip():
        return customers
    words = typed(text)
    if not words:
        return customers.none()
    if connection.vendor != "postgresql":
        return compared(customers, words, NUMBER, *SEARCHED)
    keys = _indexed(words, FEW + 1)
    return customers.filter(pk__in=keys if len(keys) <= FEW else RawSQL(INDEXED, [tsquery(words)]))  # noqa: S611


def first_keys(everyone: Rows, text: str, number: int) -> list[int]:
    """Primary keys of at most `number` customers that the text finds; a common word is not read to its end."""
    words = typed(text)
    if not words:
        return []
    if connection.vendor == "postgresql":
        return _indexed(words, number)
    return list(compared(everyone, words, NUMBER, *SEARCHED).order_by().values_list("pk", flat=True)[:number])


def fitting(everyone: Rows, text: str, keys: Iterable[int]) -> set[int]:
    """Which of these customers, some thousand at most, the text finds."""
    words, keys = typed(text), list(keys)
    if not words or not keys:
        return set()
    if connection.vendor != "postgresql":
        return set(compared(everyone.filter(pk__in=keys), words, NUMBER, *SEARCHED).values_list("pk", flat=True))
    with connection.cursor() as cursor:
        # IS TRUE: by the keys, not by the index of words, which would be read to the end of a common one.
        cursor.execute(f"{INDEXED} IS TRUE AND customer_id = ANY(%s)", [tsquery(words), keys])
        return {key for (key,) in cursor.fetchall()}


def compared(rows: Rows, words: list[str], number: str, *texts: str) -> Rows:
    """Rows of SQLite in whose fields each word begins one; of `number` the digits alone count too."""
    found = rows.alias(words=Func(F(number), *map(F, texts), function="search_words", output_field=TextField()))
    for word in words:
        found = found.filter(words__contains=f" {word}")
    return found


def _indexed(words: list[str], number: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(f"{INDEXED} LIMIT %s", [tsquery(words), number])
        return [key for (key,) in cursor.fetchall()]


def stored_words(number: str, *texts: str) -> str:
    """What SQLite compares with: each word behind a blank."""
    return "".join(f" {word}" for word in words_of(" ".join([number, BEFORE_DIGITS.sub("", number), *texts])))


def teach_sqlite(*, connection: object, **signal: object) -> None:
    """Every new connection to SQLite can tell a customer's words."""
    if connection.vendor == "sqlite":  # type: ignore[attr-defined]
        connection.connection.create_function("search_words", -1, stored_words, deterministic=True)  # type: ignore[attr-defined]


def typed(text: str) -> list[str]:
    return [word[:LONGEST_WORD] for word in words_of(text[:MOST_TEXT])[:MOST_WORDS]]


def tsquery(words: list[str]) -> str:
    """As a tsquery: every word is the beginning of one. They hold letters and digits only, so nothing to escape."""
    return " & ".join(f"'{word}':*" for word in words)
