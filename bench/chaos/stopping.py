"""`python -m bench.chaos.stopping POINT ID`: does one piece of work, stops at a named point of it and says so.

It waits there to be killed. Nothing else of the code is changed.
"""

import signal
import sys
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

AT = {
    "approve, decided but not carried out": "workflows.actions.proposals._carry_out",
    "approve, committed but not sealed": "workflows.audit.seal_recent",
    "push, claimed but not called": "netsuite.delivery.Delivery.run",
    "push, written but not settled": "netsuite.delivery.settle",
    "send, claimed but not connected": "workflows.actions.emails.deliver",
    "send, handed over but not noted": "workflows.actions.emails._note",
}


def stop(*args: Any, **kwargs: Any) -> None:
    print("stopped", flush=True)
    signal.pause()


def main() -> None:
    import django

    django.setup()
    point, pk = sys.argv[1], int(sys.argv[2])
    with patch(AT[point], stop):
        WORK[point.partition(",")[0]](pk)
    print("went through", flush=True)


def approve(pk: int) -> None:
    from bench.chaos.world import person
    from workflows.actions import proposals
    from workflows.models import ProposedAction

    proposal = ProposedAction.objects.select_related("customer", "run").get(pk=pk)
    proposals.approve(proposal=proposal, version=proposal.version, by=person("mike"), reason="94 days late")


def push(pk: int) -> None:
    from netsuite import outbox

    outbox.drain(once=True)


def send(pk: int) -> None:
    from workflows import tasks

    tasks.send_due()


WORK: dict[str, Callable[[int], None]] = {"approve": approve, "push": push, "send": send}

if __name__ == "__main__":
    main()
