"""Bring the contracts declared in code, and the switches, into their tables."""

from workflows.actions.switches import SWITCHES
from workflows.contracts import Contract, all_contracts
from workflows.fingerprint import fingerprint
from workflows.models import KillSwitch, WorkflowDefinition


def sync_definitions() -> None:
    """One row a contract; its version rises when the code's contract changed. What people edited stays."""
    for contract in all_contracts():
        _sync(contract)


def _sync(contract: Contract) -> None:
    data = contract.as_data()
    now = {
        "title": contract.title,
        "category": contract.category,
        "risk_level": contract.risk_level,
        "expected_minutes": contract.expected_minutes,
        "contract": data,
        "contract_hash": fingerprint(data),
    }
    row = WorkflowDefinition.objects.filter(workflow_type=contract.workflow_type).first()
    if row is None:
        WorkflowDefinition.objects.create(workflow_type=contract.workflow_type, **now)
    elif row.contract_hash != now["contract_hash"]:
        for name, value in now.items():
            setattr(row, name, value)
        row.version += 1
        row._change_reason = "contract changed in code"  # type: ignore[attr-defined]
        row.save()


def sync_switches() -> None:
    for name, (title, effect) in SWITCHES.items():
        KillSwitch.objects.get_or_create(name=name, defaults={"title": title, "effect": effect})
        KillSwitch.objects.filter(name=name).update(title=title, effect=effect)
