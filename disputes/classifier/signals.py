"""Plain numbers that carry the definitions: what is asked, what is contested, what differs from what."""

import math
import re
from collections.abc import Iterable

from disputes.classifier.concepts import Hit
from disputes.classifier.mail import MailText
from disputes.classifier.reading import Token

FAMILIES = {
    "pricing": {"price", "discount", "overcharged", "increase", "early_discount"},
    "qty": {"qty", "unit", "short", "goods_note"},
    "quality": {"damage", "defect", "temperature", "shelf_life", "wrong_item", "service_bad"},
    "delivery": {"late", "not_arrived", "misdelivered", "not_shipped", "provision"},
    "duplicate": {"duplicate"},
    "tax": {"tax"},
    "paid": {"paid", "already"},
    "po": {"po"},
    "terms": {"terms"},
    "freight": {"freight"},
    "entity": {"wrong_entity"},
    "contest": {"contest", "correct_please", "withhold", "overcharged"},
    "fine": {"no_issue", "thanks"},
    "promise": {"pay_plan"},
    "ask": {"send_please", "copy", "statement", "eta"},
    "pay": {"remit", "agreed_ok"},
    "buy": {"place_order", "quote_req"},
}
# Concepts that mean something together in one sentence: all of the first, one of the second.
TOGETHER = {
    "billed_received": ({"billed"}, {"received", "ordered", "goods_note"}),
    "qty_numbers": ({"_num_"}, {"unit", "qty"}),
    "contest_price": ({"price"}, {"agreed", "only", "contest", "should"}),
    "contest_discount": ({"discount"}, {"neg", "contest", "should"}),
    "not_received": ({"neg", "received"}, {"shipment", "provision", "received"}),
    "deduct_short": ({"deduct"}, {"short", "qty", "unit"}),
    "deduct_damage": ({"deduct"}, {"damage", "defect"}),
    "deduct_price": ({"deduct"}, {"price", "contest"}),
    "deduct_agreed": ({"deduct"}, {"agreed_ok", "early_discount"}),
    "ask_copy": ({"send_please"}, {"copy", "goods_note"}),
    "ask_statement": ({"send_please"}, {"statement"}),
    "no_po": ({"neg", "po"}, {"po"}),
    "paid_already": ({"paid", "already"}, {"paid"}),
    "billed_twice": ({"duplicate"}, {"billed", "invoice", "paid"}),
    "charge_freight": ({"freight"}, {"billed", "contest", "agreed", "neg"}),
    "tax_wrong": ({"tax"}, {"contest", "billed", "neg", "should"}),
    "not_fixed": ({"neg"}, {"agreed", "ordered", "correct_please"}),
}
_MACHINE = re.compile(r"no-?reply|do-?not-?reply|mailer-daemon|postmaster|notification|automat", re.IGNORECASE)


def of(mail: MailText, tokens: list[Token], hits: list[Hit], sentences: list[tuple[int, int]]) -> dict[str, float]:
    """Signals of one mail, each about 0 to 3."""
    said = [_concepts_in(hits, tokens, first, last) for first, last in sentences]
    found = {f"family:{name}": _log(sum(len(members & one) for one in said)) for name, members in FAMILIES.items()}
    for name, (every, some) in TOGETHER.items():
        found[f"together:{name}"] = _log(sum(every <= one and bool(some & one) for one in said))
    found |= _counts(tokens) | _shape(mail, tokens, sentences)
    found["instead:amounts"] = _log(
        sum(_compares(tokens, span, "_amount_", one) for span, one in _with(sentences, said))
    )
    found["instead:numbers"] = _log(sum(_compares(tokens, span, "_num_", one) for span, one in _with(sentences, said)))
    found["asks_only"] = float(found["family:ask"] > 0 and found["family:contest"] == 0)
    found["pays_only"] = float(found["family:pay"] > 0 and found["family:contest"] == 0)
    return {name: value for name, value in found.items() if value}


def _concepts_in(hits: list[Hit], tokens: list[Token], first: int, last: int) -> set[str]:
    kinds = {token.name for token in tokens[first : last + 1] if not token.is_word}
    return {hit.concept for hit in hits if first <= hit.first <= last} | kinds


def _with(sentences: list[tuple[int, int]], said: list[set[str]]) -> Iterable[tuple[tuple[int, int], set[str]]]:
    return zip(sentences, said, strict=True)


def _compares(tokens: list[Token], span: tuple[int, int], kind: str, concepts: set[str]) -> bool:
    """Two figures of a kind in one sentence, with words such as "instead of" or "should be"."""
    count = sum(token.name == kind for token in tokens[span[0] : span[1] + 1])
    return count >= 2 and bool(concepts & {"only", "should", "billed", "received", "ordered", "agreed"})


def _counts(tokens: list[Token]) -> dict[str, float]:
    kinds = ("amount", "num", "percent", "degrees", "date", "ref", "url")
    return {f"count:{kind}": _log(sum(token.name == f"_{kind}_" for token in tokens)) for kind in kinds}


def _shape(mail: MailText, tokens: list[Token], sentences: list[tuple[int, int]]) -> dict[str, float]:
    words = sum(token.is_word for token in tokens)
    figures = sum(token.name in ("_amount_", "_ref_", "_num_", "_longnum_", "_date_") for token in tokens)
    return {
        "length": _log(words) / 3,
        "figures": min(figures / max(words, 1), 1.0) * 2,
        "questions": _log(mail.text.count("?")),
        "exclamations": _log(mail.text.count("!")),
        "machine_sender": float(bool(_MACHINE.search(mail.from_email))) * 2,
        "sentences": _log(len(sentences)) / 3,
    }


def _log(count: float) -> float:
    return math.log1p(count)
