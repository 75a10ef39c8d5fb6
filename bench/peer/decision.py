"""An approval beside Tryton's processing of the same customer's ten dunnings: seconds a decision.

Once the action alone, and once as a program asks for it from outside: our API, and the calls of Tryton's client.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from django.contrib.auth.models import Group, User
from rest_framework.test import APIClient

from bench.measure import Row, Size
from bench.peer.beside import Side, analyze, crossing, peer_beside, side_by_side, timed
from bench.peer.process import Peer
from bench.population import INVOICES
from customers.clock import business_today
from holds.actions.tick import aging_tick
from workflows import audit
from workflows.actions import proposals
from workflows.models import ProposedAction

DECISION = 1 / 3
DECISIONS = 20
REASON = "94 days late, no answer"
Decide = Callable[[ProposedAction], object]
Batch = Callable[[int], float]


def measure(size: Size) -> list[Row]:
    """At most `DECISIONS` a round and side, fewer where too few customers cross."""
    with peer_beside(size) as peer:
        aging_tick(as_of=business_today())
        peer.ask("tick", today=business_today().isoformat())
        analyze(peer)
        return _measure(peer, size)


def _measure(peer: Peer, size: Size) -> list[Row]:
    mike, customers = _mike(), iter(crossing(size))

    def theirs(count: int, verb: str, **how: bool) -> float:
        answer = peer.ask(verb, customers=[next(customers) for _decision in range(count)], **how)
        assert answer["lines"] == count * INVOICES, answer
        return float(answer["seconds"]) / count

    process, wizard, letter = "Tryton, process", "Tryton, wizard", "Tryton, wizard and letter"
    alone: dict[str, Batch] = {
        "approve": partial(_ours, decide=partial(_approve, mike)),
        process: partial(theirs, verb="process"),
    }
    asked: dict[str, Batch] = {
        "approve over the API": partial(_ours, decide=partial(_post, _client(mike))),
        wizard: partial(theirs, verb="wizard", letter=False),
        letter: partial(theirs, verb="wizard", letter=True),
    }
    for warm_up in (*alone.values(), *asked.values()):
        warm_up(1)
    each = min(DECISIONS, (len(crossing(size)) - 3) // (3 * size.rounds))
    return [
        side_by_side("decision, the action alone", size.rounds, _batches(alone, each), {process: DECISION}),
        side_by_side(
            "decision, as a program asks for it",
            size.rounds,
            _batches(asked, each),
            {wizard: DECISION, letter: DECISION},
        ),
    ]


def _batches(sides: Mapping[str, Batch], each: int) -> dict[str, Side]:
    return {side: partial(work, each) for side, work in sides.items()}


def _ours(count: int, decide: Decide) -> float:
    """Reading what is shown is the page's work, and not timed; on the other side neither."""
    pending = ProposedAction.objects.awaiting_decision().select_related("customer", "run").order_by("pk")
    shown = list(pending[:count])
    return timed(lambda: _decide_all(shown, decide)) / count


def _decide_all(shown: Sequence[ProposedAction], decide: Decide) -> None:
    for proposal in shown:
        decide(proposal)
    audit.seal()


def _approve(mike: User, shown: ProposedAction) -> None:
    proposals.approve(proposal=shown, version=shown.version, by=mike, reason=REASON)


def _post(client: APIClient, shown: ProposedAction) -> None:
    given = {"version": shown.version, "reason": REASON}
    answer = client.post(f"/api/v1/proposals/{shown.pk}/approve/", given, format="json")
    assert answer.status_code == 200, answer.content


def _mike() -> User:
    mike, _ = User.objects.get_or_create(username="bench-mike")
    mike.groups.add(Group.objects.get(name="AR manager"))
    return User.objects.get(pk=mike.pk)


def _client(mike: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(mike, token=object())  # type: ignore[arg-type]  # any: it counts as signed in just now
    return client
