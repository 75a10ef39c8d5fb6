"""What a hold block would say, before it is saved."""

from dataclasses import replace
from typing import Any

from django.contrib.auth.models import User

from holds import blocks
from holds.models import HoldBlock
from holds.rules import HoldFacts, HoldVerdict, verdict
from holds.templatetags.hold_block import shown


def states(block: HoldBlock, user: User) -> list[tuple[str, dict[str, Any]]]:
    """The three states with their titles, as a cashier would see them; `user` is who looks at the preview."""
    policy = blocks.policy_of(block)
    on = replace(policy, mode="on" if policy.mode == "on" else "auto")
    held = verdict(on, HoldFacts(by_formula=True, formula_fields=blocks.fields_of(block.formula)), "on_account")
    approved = verdict(replace(policy, mode="off"), HoldFacts(), "on_account")
    named: list[tuple[str, str, HoldVerdict | None]] = [
        ("On hold", "preview-held", held),
        ("Approved", "preview-approved", approved),
        ("No customer", "preview-none", None),
    ]
    return [(title, shown(block, state, user=user, name=name)) for title, name, state in named]
