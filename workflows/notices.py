"""Mails that tell people of something new: planned with it, claimed by one conditional UPDATE, sent at most once.

A row says that somebody is to be told of one thing; several rows to the same person make one mail. Sending happens
outside any transaction, and what nobody can vouch for is not sent again.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from email.utils import make_msgid
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

from workflows.post import Delivery, deliver

GIVE_UP_AFTER = timedelta(hours=24)
# Far longer than the mail server may take to answer.
LOST_AFTER = timedelta(minutes=30)

# A model with planned_at, claimed_at, sent_at, message_id and error.
Notice = TypeVar("Notice", bound=Model)


def waiting(model: type[Notice]) -> QuerySet[Notice]:
    """Planned, and no sender has them."""
    return model._default_manager.filter(claimed_at=None)


def claim(notices: QuerySet[Notice], *, now: datetime, domain: str) -> QuerySet[Notice]:
    """Those of `notices` that this sender, and no other, may send; their message id marks them."""
    mark = make_msgid(domain=domain)
    if not notices.filter(claimed_at=None).update(claimed_at=now, message_id=mark):
        return notices.model._default_manager.none()
    return notices.model._default_manager.filter(message_id=mark)


def send(notices: Sequence[Any], *, subject: str, body: str, to_email: str, to_name: str, now: datetime) -> str:
    """One mail about claimed `notices`; answers sent, waiting (is tried again), failed or uncertain."""
    mark = notices[0].message_id
    delivery = deliver(subject=subject, body=body, to_email=to_email, to_name=to_name, message_id=mark)
    return _settle(notices, delivery, now)


def give_up_lost(model: type[Model], *, now: datetime) -> int:
    """A sender took them and died: nobody knows whether the mail left, so nobody sends it again."""
    lost = model._default_manager.filter(claimed_at__lt=now - LOST_AFTER, sent_at=None, error="")
    return lost.update(error="Nobody knows whether it arrived: the sender did not come back.")


def note(notices: Sequence[Any], **changes: object) -> None:
    """Write on them what became of them."""
    if notices:
        type(notices[0])._default_manager.filter(pk__in=[notice.pk for notice in notices]).update(**changes)


def _settle(notices: Sequence[Any], delivery: Delivery, now: datetime) -> str:
    if delivery.fate == "sent":
        note(notices, sent_at=now, error="")
        return "sent"
    if delivery.fate == "try_again" and now - notices[0].planned_at < GIVE_UP_AFTER:
        note(notices, claimed_at=None, message_id="", error=delivery.detail)
        return "waiting"
    unknown = delivery.fate == "uncertain"
    note(notices, error=f"{'Nobody knows whether it arrived' if unknown else 'Not sent'}: {delivery.detail}")
    return "uncertain" if unknown else "failed"
