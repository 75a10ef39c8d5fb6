"""The aging tick beside the dunnings that Tryton generates for the same invoices, and both again with nothing new."""

from dataclasses import replace

from bench.bare import clear
from bench.measure import Row, Size
from bench.peer.beside import analyze, crossing, peer_beside, side_by_side, timed
from bench.peer.process import Peer
from bench.population import INVOICES
from customers.clock import business_today
from holds.actions.tick import HEARTBEAT, aging_tick
from workflows.models import Heartbeat, ProposedAction

TICK, RETICK = 1 / 60, 1 / 500
STAGED = ("service_holds_history", "service_holds", "proposed_actions", "workflow_run_log", "state_transitions")


def measure(size: Size) -> list[Row]:
    """Raises AssertionError where the two sides do not find the same customers."""
    with peer_beside(size) as peer:
        return _measure(peer, size)


def _measure(peer: Peer, size: Size) -> list[Row]:
    today = business_today()

    def ours() -> float:
        return timed(lambda: aging_tick(as_of=today))

    def theirs() -> float:
        return float(peer.ask("tick", today=today.isoformat())["seconds"])

    def forget() -> None:
        clear(STAGED)
        Heartbeat.objects.filter(name=HEARTBEAT).delete()
        peer.ask("forget")

    ours(), theirs()
    tick = side_by_side("tick", size.rounds, {"tick": ours, "Tryton": theirs}, {"Tryton": TICK}, forget)
    proposed, dunnings = ProposedAction.objects.awaiting_decision().count(), peer.ask("dunnings")["drafts"]
    assert (proposed, dunnings) == (len(crossing(size)), len(crossing(size)) * INVOICES), (proposed, dunnings)
    analyze(peer)
    sides = {"re-tick": ours, "Tryton": theirs}
    again = side_by_side("tick again, nothing new", size.rounds, sides, {"Tryton": RETICK})
    return [replace(tick, figures={"proposals": proposed, "dunnings": dunnings}), again]
