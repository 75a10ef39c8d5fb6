"""`hold_placed` and `hold_lifted`, sent after commit; orders listen. There are no other signals."""

from typing import TYPE_CHECKING, Literal

from django.db import transaction
from django.dispatch import Signal

if TYPE_CHECKING:
    from holds.models import ServiceHold

hold_placed = Signal()
hold_lifted = Signal()


def announce(what: Literal["placed", "lifted"], hold: "ServiceHold") -> None:
    """Tell the listeners once the change is committed; a listener's error never undoes a hold."""
    signal = hold_placed if what == "placed" else hold_lifted
    transaction.on_commit(lambda: signal.send_robust(sender=type(hold), hold=hold))
