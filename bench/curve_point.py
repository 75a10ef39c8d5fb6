"""One size of the curve: what the parts cost at so many customers with ten open invoices each."""

from bench.hold_check import check_some
from bench.measure import Row, Size, side_by_side
from bench.tick import full_aggregate, nothing_staged, staged_beside_bare, tick, vacuum


def measure(size: Size) -> list[Row]:
    """The tick that proposes for a tenth of the customers, the one after it, the bare work, and 100 hold checks."""
    staging = staged_beside_bare(size, {})
    nothing_staged()
    tick()
    tick()
    vacuum()
    sides = {"tick again": tick, "aggregate of all invoices": full_aggregate, "100 hold checks": check_some(100)}
    return [staging, side_by_side("reading", size.rounds, sides)]
