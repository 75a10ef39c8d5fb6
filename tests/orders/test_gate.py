"""There is one gate: nothing else in the code commits an order."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APPS = ("netsuite", "customers", "workflows", "disputes", "holds", "orders", "anomalies", "config")
SUBMIT = "orders/actions/orders.py"
# Somebody else's system, with a store of its own.
ENDPOINT = "orders/providers/endpoint/"


def modules() -> Iterator[tuple[str, ast.Module]]:
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            if "migrations" not in path.parts:
                yield str(path.relative_to(ROOT)), ast.parse(path.read_text())


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def called(call: ast.Call) -> str:
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


def test_only_submit_moves_an_order_to_submitted():
    found = [
        name
        for name, tree in modules()
        for call in calls(tree)
        if called(call) == "move" and any(isinstance(a, ast.Constant) and a.value == "submit" for a in call.args)
    ]
    assert found == [SUBMIT]


def test_nobody_writes_the_status_past_the_machine():
    """`update(status=…)`, `bulk_update`, `Order(status=…)` and raw SQL on orders would go around the gate."""
    found = [
        name
        for name, tree in modules()
        if name.startswith("orders/") and not name.startswith(ENDPOINT)
        for call in calls(tree)
        if (
            called(call) in {"update", "create", "get_or_create", "update_or_create", "bulk_create", "Order"}
            and any(keyword.arg == "status" for keyword in call.keywords)
        )
        or called(call) in {"execute", "raw"}
        or (called(call) == "bulk_update" and any(getattr(a, "value", "") == "status" for a in ast.walk(call)))
    ]
    assert found == []


def test_the_move_stands_behind_the_gate():
    tree = dict(modules())[SUBMIT]
    [function] = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and any(called(c) == "move" for c in calls(node))
    ]
    order = [called(c) for c in sorted(calls(function), key=lambda c: c.lineno) if called(c) in {"admit", "move"}]
    assert order == ["admit", "move"]


def test_only_the_gate_spends_grants():
    found = {name for name, tree in modules() for call in calls(tree) if called(call) == "spend"}
    assert found == {"orders/gate.py"}


def test_sales_orders_are_queued_by_submit_only():
    found = {
        name
        for name, tree in modules()
        for call in calls(tree)
        if ast.unparse(call.func).endswith("sales_orders.enqueue")
    }
    assert found == {SUBMIT}
