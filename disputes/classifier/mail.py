"""What goes into the classifier and what comes out; plain values, nothing is loaded for them."""

from dataclasses import asdict, dataclass, field
from typing import Any

DISPUTE = "invoice_dispute"


@dataclass(frozen=True)
class MailText:
    """The new part of one mail: quoted replies and the signature are cut off by the caller."""

    subject: str
    text: str
    from_email: str = ""
    has_attachments: bool = False
    language: str = ""


@dataclass(frozen=True)
class Band:
    """Where a person looks: scores from `low` up to `high` are unsure. All are 0 to 1.

    A mail that is no dispute is unsure too when its best class scores below `kind`.
    """

    low: float = 0.40
    high: float = 0.75
    kind: float = 0.0

    @classmethod
    def of(cls, thresholds: dict[str, Any]) -> "Band":
        """From a contract's thresholds `unsure_from`, `unsure_to` and `unsure_kind`; a missing one: its default."""
        names = {"low": "unsure_from", "high": "unsure_to", "kind": "unsure_kind"}
        return cls(**{ours: float(thresholds[name]) for ours, name in names.items() if name in thresholds})


@dataclass(frozen=True)
class Classified:
    """What a mail is, how sure that is, and the words that decided.

    `score` is the probability of `classification`; `scores` has one for each class and sums to 1. Without a dispute
    `reason` and `sub_reason` are empty, while `reason_scores` still say what it would be. `words` are
    `[start, end, weight]` in `MailText.text`, weights 0 to 1, by place.
    """

    classification: str
    score: float
    scores: dict[str, float]
    reason: str = ""
    sub_reason: str = ""
    reason_score: float = 0.0
    reason_scores: dict[str, float] = field(default_factory=dict)
    words: list[list[float]] = field(default_factory=list)
    language: str = ""
    model_version: str = ""
    features: dict[str, Any] = field(default_factory=dict)
    unsure: bool = False
    unsure_reason: str = ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)
