"""One size of the curve: what the parts cost at so many customers with ten open invoices each."""

from bench.bare import BareCopy
from bench.hold_check import check_some
from bench.measure import Row, Size, side_by_side
from bench.population import populate
from bench.tick import WRITTEN, full_aggregate, nothing_staged, tick, vacuum
from customers.clock import business_today


def measure(size: Size) -> list[Row]:
    """The tick that proposes for a tenth of the customers, the one after it, the bare work, and 100 hold checks."""
    populate(size.customers, business_today())
    tick()
    bare = BareCopy(WRITTEN)

    def reset() -> None:
        nothing_staged()
        bare.empty()

    staging = side_by_side("staging", size.rounds, {"tick": tick, "bare insert": bare.write}, reset)
    nothing_staged()
    tick()
    tick()
    vacuum()
    sides = {"tick again": tick, "aggregate of all invoices": full_aggregate, "100 hold checks": check_some(100)}
    return [staging, side_by_side("reading", size.rounds, sides)]
