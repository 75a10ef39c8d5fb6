"""Sorts inbound mail: what it is and, for a dispute, the reason.

Importing this package loads no scikit-learn: that happens with the first mail, in the worker or a command.
"""

from collections.abc import Sequence

from disputes.classifier.mail import DISPUTE, Band, Classified, MailText

__all__ = ["DISPUTE", "Band", "Classified", "MailText", "classify", "classify_many"]


def classify(mail: MailText, *, band: Band | None = None) -> Classified:
    """Sort one mail; for the worker and for commands, never inside a request."""
    return classify_many([mail], band=band)[0]


def classify_many(mails: Sequence[MailText], *, band: Band | None = None) -> list[Classified]:
    """Sort many; the language model answers when one is configured, else the embedded classifier.

    The first call ever trains the embedded one, which takes some seconds.
    """
    from disputes.classifier import sorting

    return sorting.sort(mails, band or Band())
