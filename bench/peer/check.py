"""The verdict on one customer's order beside Tryton's credit limit check: seconds each.

A tenth of the customers is over the limit, and both sides refuse exactly those.
"""

from django.utils import timezone

from bench.measure import Row, Size
from bench.peer.beside import analyze, peer_beside, side_by_side, timed
from bench.peer.process import Peer
from bench.population import CROSSING_EVERY
from customers.models import SyncState
from holds.hold_check import check

CHECK = 1 / 50
CHECKS = 200


def measure(size: Size) -> list[Row]:
    """Raises AssertionError where a side refuses another number of customers."""
    for record_type in ("customers", "transactions"):
        SyncState.objects.update_or_create(record_type=record_type, defaults={"last_success_at": timezone.now()})
    with peer_beside(size) as peer:
        analyze(peer)
        return [_check(peer, size)]


def _check(peer: Peer, size: Size) -> Row:
    numbers = list(range(1, min(CHECKS, size.customers) + 1))
    over = len(numbers) // CROSSING_EVERY

    def ours() -> float:
        refused: list[bool] = []
        took = timed(lambda: refused.extend(_is_refused(number) for number in numbers))
        assert sum(refused) == over, sum(refused)
        return took / len(numbers)

    def theirs(together: bool) -> float:
        answer = peer.ask("check", customers=numbers, together=together)
        assert answer["refused"] == over, answer
        return float(answer["seconds"]) / len(numbers)

    one, many = "Tryton, all in one transaction", "Tryton, a transaction each"
    sides = {"hold check": ours, one: lambda: theirs(True), many: lambda: theirs(False)}
    for warm_up in sides.values():
        warm_up()
    return side_by_side("credit check of one customer", size.rounds, sides, {one: CHECK, many: CHECK})


def _is_refused(number: int) -> bool:
    checked = check(str(number), "order-form", now=timezone.now())
    assert checked is not None
    return checked.verdict.on_hold
