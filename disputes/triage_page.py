"""The right side of the triage inbox: one mail, what was read in it, and what Yes brings about."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import BooleanField, ExpressionWrapper, Q

from customers.clock import business_today
from customers.models import Customer, Transaction
from disputes import facts, triage_words
from disputes.actions.desk import seen_of, was_acted_on
from disputes.actions.triage import MAY
from disputes.models import ClassifierVersion, Dispute, InboundEmail, InvoiceMatch
from disputes.models.inbound import CLASSES, REASONS, SUB_REASONS
from disputes.rules import needs_review, set_apart_amount
from disputes.triage.contract import TRIAGE_CONTRACT
from disputes.triage.rules import DISPUTE
from netsuite.machine import Transition
from workflows.models import WorkflowDefinition
from workflows.wording import money

LONGEST_SHOWN = 20_000
BARS_SHOWN = 3
FOUND = 8
SHORTEST_SEARCH = 3
# A line broken for its length goes on in the next one; lists, quotes and new paragraphs begin on their own line.
_WRAPPED = re.compile(r"([^\n]{60})\n(?=[^\s>*•\-])")
_KEPT = ExpressionWrapper(Q(content__isnull=False), output_field=BooleanField())


@dataclass(frozen=True)
class Bar:
    """A score of 0 to 1 with its name; `band` is where a person decides, in percent from left and right."""

    name: str
    score: float
    band: tuple[float, float] | None = None

    @property
    def width(self) -> str:
        return f"{100 * min(max(self.score, 0.0), 1.0):.0f}"


@dataclass(frozen=True)
class Piece:
    """Some text; `told` where it spoke for the decision."""

    text: str
    told: bool = False


@dataclass(frozen=True)
class Yes:
    """What Yes does, in words: `does` in bold, then `rest`. `barred` says why it cannot be done."""

    does: str = ""
    rest: str = ""
    barred: str = ""


def page_of(email: InboundEmail, user: Any, picked: str = "") -> dict[str, Any]:
    """All that the page of a mail shows. `picked` is the key of an invoice chosen by hand, as text."""
    numbers, invoice = thresholds(), picked_invoice(email, picked)
    rows = match_rows(email, invoice)
    about = next((row.invoice for row in rows if row.chosen), None)
    waits = email.status == "unsure" or (email.status == "sorted" and not email.decided_by)
    may = user.has_perm(MAY)
    return {
        "heading": triage_words.title(email),
        "under": under(email, numbers),
        "is_question": email.status == "unsure",
        "may_sort": may,
        "waits": may and (waits or email.status == "quarantined"),
        "yes": yes(email, about) if may and email.status == "unsure" and email.classification else None,
        "seen": seen_of(email),
        "picked": invoice,
        "trust": triage_words.trust(email),
        "pieces": pieces(email),
        "is_cut": len(text_of(email)) > LONGEST_SHOWN,
        "hidden": hidden_lines(email),
        "whole": email.body_text[:LONGEST_SHOWN],
        "kinds": kind_bars(email, numbers),
        "reasons": reason_bars(email),
        "rows": rows,
        "files": list(email.attachments.defer("content").annotate(kept=_KEPT)),
        "thread": list(conversation(email)),
        "disputes": list(email.disputes.select_related("invoice").order_by("pk")),
        "can_undo": may and can_undo(email),
        "learned": learned(email),
        "moves": list(Transition.objects.for_row(email)),
        "kinds_to_pick": CLASSES,
        "reasons_to_pick": REASONS,
        "sub_reasons_to_pick": SUB_REASONS,
    }


def thresholds() -> Mapping[str, Any]:
    """The band of the triage contract with the edits of the console, also while it is switched off."""
    rows = WorkflowDefinition.objects.filter(workflow_type=TRIAGE_CONTRACT.workflow_type)
    return {**TRIAGE_CONTRACT.thresholds, **(rows.values_list("thresholds", flat=True).first() or {})}


def under(email: InboundEmail, numbers: Mapping[str, Any]) -> str:
    """Why a person is asked, or who decided."""
    if email.status == "received":
        return "It came in a moment ago and is sorted within a minute."
    if email.status == "quarantined":
        return email.quarantine_reason
    if email.status == "unsure":
        low, high = float(numbers["unsure_from"]), float(numbers["unsure_to"])
        score = email.scores.get(DISPUTE)
        if score is not None and low <= score < high:
            where = f"between {low:.2f} and {high:.2f}" if high <= 1 else f"from {low:.2f} on"
            return f"{score:.2f}, {where} a person decides"
        return email.unsure_reason
    by = email.decided_by or "the classifier"
    return f"Sorted by {by}{f', {email.score:.2f}' if email.score is not None and not email.decided_by else ''}"


# --- text ---------------------------------------------------------------------------------------------


def text_of(email: InboundEmail) -> str:
    """What the classifier read, and what its places point into."""
    return email.fresh_text or email.body_text


def pieces(email: InboundEmail) -> list[Piece]:
    """The text cut at the words that decided; neighbours with only a space between them are one."""
    text, found, at = unwrapped(text_of(email)[:LONGEST_SHOWN]), [], 0
    for start, end in _spans(email.words, text):
        if start > at:
            found.append(Piece(text[at:start]))
        found.append(Piece(text[start:end], told=True))
        at = end
    return [*found, Piece(text[at:])] if at < len(text) else found


def unwrapped(text: str) -> str:
    """Lines that a mail program broke are joined again; a place in the text stays the same place."""
    return _WRAPPED.sub(r"\1 ", text)


def _spans(words: Any, text: str) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    for start, end in sorted((int(word[0]), int(word[1])) for word in words):
        if not 0 <= start < end <= len(text):
            continue
        if spans and (start <= spans[-1][1] or not text[spans[-1][1] : start].strip(" ")):
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((start, end))
    return spans


def hidden_lines(email: InboundEmail) -> int:
    """How many lines of the mail are quoted or signature, and so not shown at first."""
    if not email.fresh_text or email.fresh_text == email.body_text:
        return 0
    return max(0, _lines(email.body_text) - _lines(email.fresh_text))


def _lines(text: str) -> int:
    return sum(1 for line in text.splitlines() if line.strip())


# --- scores -------------------------------------------------------------------------------------------


def kind_bars(email: InboundEmail, numbers: Mapping[str, Any]) -> list[Bar]:
    low, high = 100 * float(numbers["unsure_from"]), 100 * float(numbers["unsure_to"])
    return _bars(email.scores, triage_words.KINDS, {DISPUTE: (low, max(0.0, 100 - high))}, "Other kinds")


def reason_bars(email: InboundEmail) -> list[Bar]:
    return (
        _bars(email.reason_scores, triage_words.ABOUT, {}, "Other reasons") if email.classification == DISPUTE else []
    )


def _bars(
    scores: Mapping[str, float], names: Mapping[str, str], bands: Mapping[str, tuple[float, float]], rest: str
) -> list[Bar]:
    """The strongest ones, and the others together."""
    ranked = sorted(scores.items(), key=lambda pair: -pair[1])
    shown = [Bar(names.get(name, name), score, bands.get(name)) for name, score in ranked[:BARS_SHOWN]]
    others = sum(score for _name, score in ranked[BARS_SHOWN:])
    return [*shown, Bar(rest, others)] if len(ranked) > BARS_SHOWN else shown


# --- invoices -----------------------------------------------------------------------------------------


def picked_invoice(email: InboundEmail, picked: str) -> Transaction | None:
    """The invoice that a person picked, when it may be the customer's."""
    if not (picked.isascii() and picked.isdecimal()) or len(picked) > 18:
        return None
    rows = Transaction.objects.invoices().select_related("customer")
    return rows.filter(pk=int(picked), **({"customer": email.customer_id} if email.customer_id else {})).first()


def match_rows(email: InboundEmail, picked: Transaction | None) -> list[InvoiceMatch]:
    """What the mail may be about, best first; `chosen` marks the one that a dispute would be about."""
    rows = list(email.matches.select_related("invoice__customer").order_by("rank", "pk"))
    if picked is not None and all(row.invoice_id != picked.pk for row in rows):
        rows.insert(0, InvoiceMatch(email=email, invoice=picked, rank=0, why="Picked by you", ref=picked.tranid))
    best = picked.pk if picked else next((row.invoice_id for row in rows if row.chosen), None)
    if best is None and email.classification == DISPUTE:
        best = next((row.invoice_id for row in rows if row.invoice.customer_id == email.customer_id), None)
    for row in rows:
        row.chosen = row.invoice_id == best
    return rows


def search(email: InboundEmail, words: str, user: Any) -> list[Transaction]:
    """Invoices to pick from: the customer's, open ones first; of everybody when nobody knows the customer."""
    rows = Transaction.objects.invoices().select_related("customer")
    if email.customer_id:
        rows = rows.filter(customer=email.customer_id)
    elif len(words) < SHORTEST_SEARCH:
        return []
    else:
        rows = rows.filter(customer__in=Customer.objects.for_rep(user))
    for word in words.replace("\x00", "").split():
        fits = Q(tranid__icontains=word) | Q(po_number__icontains=word) | Q(memo__icontains=word)
        rows = rows.filter(fits if email.customer_id else fits | Q(customer__name__icontains=word))
    return list(rows.order_by("-unpaid", "-issued", "-pk")[:FOUND])


# --- what Yes does ------------------------------------------------------------------------------------


def yes(email: InboundEmail, invoice: Transaction | None) -> Yes:
    """What agreeing brings about, told before it is done."""
    if email.classification != DISPUTE:
        return Yes(f"Yes files it as {triage_words.noun(email)}.", "Nothing else follows.")
    customer = email.customer or (invoice.customer if invoice else None)
    if customer is None:
        return Yes(barred="Pick the customer first: a dispute belongs to one.")
    if standing := _standing(customer, invoice):
        words = f"about {standing.invoice_ref}, which is open already. Nothing is drafted again."
        return Yes(f"Yes adds it to dispute {standing.pk}", words)
    return Yes("Yes opens a dispute", _opening(email, customer, invoice))


def _standing(customer: Customer, invoice: Transaction | None) -> Dispute | None:
    rows = Dispute.objects.open().filter(customer=customer, invoice=invoice) if invoice else Dispute.objects.none()
    return rows.order_by("pk").first()


def _opening(email: InboundEmail, customer: Customer, invoice: Transaction | None) -> str:
    parts = [part for part in (_amount(invoice), f"drafts a reply that {_cites(email, invoice)}") if part]
    prior = facts.prior_disputes({"email_uuid": str(email.email_uuid)}, customer, business_today())
    return f"{', '.join(parts)} and asks you to route it to {_rep(customer)}. {_review(prior)}"


def _amount(invoice: Transaction | None) -> str:
    apart = set_apart_amount(None, invoice.unpaid) if invoice else None
    return f"for {money(apart)}, all that is open on {invoice.tranid}" if apart and invoice else ""


def _cites(email: InboundEmail, invoice: Transaction | None) -> str:
    if invoice:
        return f"cites {invoice.tranid}"
    cited = next(iter([*email.invoice_refs, *email.po_refs]), "")
    return f"says that no invoice matches “{cited}”" if cited else "names no invoice"


def _rep(customer: Customer) -> str:
    rep = customer.sales_rep
    return rep.name if rep and not rep.is_inactive else "the AR manager, as the customer has no sales rep"


def _review(prior: int) -> str:
    numbers = facts.numbers()
    ends = "so a review of the hold follows" if needs_review(prior, numbers) else "so no hold review"
    return f"Prior disputes: {prior or 'none'} unsettled, {ends} (from {numbers['review_from_prior']})."


# --- afterwards ---------------------------------------------------------------------------------------


def can_undo(email: InboundEmail) -> bool:
    """Whether Undo would work: decided, or with a workflow, and nobody has acted on what came of it."""
    if email.status == "routed":
        rows = email.disputes.open().select_related("run")
        return not any(was_acted_on(dispute) for dispute in rows)
    return email.status == "sorted" and bool(email.decided_by)


def conversation(email: InboundEmail) -> Any:
    """The newest five other mails of the same conversation."""
    others = InboundEmail.objects.filter(thread=email.thread).exclude(pk=email.pk) if email.thread else None
    return others.select_related("customer").defer("raw", "body_text", "body_html")[:5] if others is not None else []


def learned(email: InboundEmail) -> dict[str, Any] | None:
    """What became of the newest correction of this mail: waits, or learned with the score before and after."""
    newest = email.corrections.filter(undone_at=None).select_related("learned_in").first()
    if newest is None:
        return None
    version: ClassifierVersion | None = newest.learned_in
    said = version.scores.get("learned", []) if version else []
    row: dict[str, Any] = next((one for one in said if one["email"] == email.pk), {})
    return {"correction": newest, "version": version, "before": row.get("before"), "after": row.get("after")}
