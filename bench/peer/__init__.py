"""A peer beside us: Tryton's dunning and credit limit on the same server, with the same customers and invoices.

Tryton (GPL) stays a program of its own: it is installed into an environment of its own and runs as a process of its
own. Nothing of it is imported here; only `bench/peer/tryton/`, which that process runs, speaks to it.

The work is each side's own, and not the same: `docs/peer.md` says what each writes.
"""

# Each is a module of this name with `measure(size) -> list[Row]`.
COMPARISONS = ("tick", "check", "decision")
