"""Benchmarks: each figure beside the bare thing it is compared with, interleaved in the same run."""

# Each is a module of this name with `measure(size) -> list[Row]`.
BENCHES = (
    "tick",
    "hold_check",
    "orders",
    "approval",
    "formula",
    "rollups",
    "cards",
    "provisioning",
    "triage",
    "drain",
    "sync",
    "review_list",
)
