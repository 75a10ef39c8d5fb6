"""Holds, pauses, the hold blocks of the till's pages, and manager PINs."""

from holds.models.blocks import DEFAULT_FORMULA, HoldBlock
from holds.models.limits import LimitExtension
from holds.models.overrides import Override, PinBudget, PinLog
from holds.models.pauses import Instalment, Pause
from holds.models.service_holds import OPEN, ServiceHold

__all__ = [
    "DEFAULT_FORMULA",
    "OPEN",
    "HoldBlock",
    "Instalment",
    "LimitExtension",
    "Override",
    "Pause",
    "PinBudget",
    "PinLog",
    "ServiceHold",
]
