"""The PIN pad: who may authorise this order, whose PIN is shut for now, and what the last try said."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from customers.models import Employee
from holds.models import PinBudget
from holds.pins import GRANT_LIVES, Cart, managers
from workflows.wording import clock


@dataclass(frozen=True)
class Tile:
    """One manager. `is_shut`: nobody can type this PIN; `left`: seconds until it may be tried again."""

    manager: Employee
    words: str
    is_shut: bool = False
    left: int = 0


@dataclass(frozen=True)
class PinPad:
    """`chosen` is the tile that is picked; `wrong` what the last try said."""

    cart: Cart
    tiles: tuple[Tile, ...]
    chosen: Tile | None
    wrong: str = ""
    left: int = 0

    @property
    def minutes(self) -> int:
        """How long a grant lives."""
        return GRANT_LIVES.seconds // 60

    @property
    def is_closed(self) -> bool:
        return self.left > 0

    @property
    def left_words(self) -> str:
        """`14:37`."""
        return f"{self.left // 60}:{self.left % 60:02d}"

    @property
    def closed_words(self) -> str:
        """Why nothing can be typed, and who else can help."""
        if self.wrong:
            others = any(tile is not self.chosen and not tile.is_shut and not tile.left for tile in self.tiles)
            return f"{self.wrong} Other managers can approve now." if others and self.is_managers else self.wrong
        return f"{self.chosen.words}. Other managers can approve now." if self.chosen else ""

    @property
    def is_managers(self) -> bool:
        """Whether the lock is the picked manager's own, not the till's."""
        return bool(self.chosen and self.chosen.left)


def pin_pad(cart: Cart, *, chosen: str = "", wrong: str = "", left: int = 0, now: datetime) -> PinPad:
    """`chosen` is a NetSuite id. `left` is how long the pad stays shut, in seconds, after a try that said so."""
    tiles = tiles_of(managers(cart.block), now)
    able = [tile for tile in tiles if not tile.is_shut]
    picked = next((tile for tile in tiles if tile.manager.netsuite_id == chosen), able[0] if len(able) == 1 else None)
    return PinPad(cart, tiles, picked, wrong, left or (picked.left if picked else 0))


def tiles_of(people: Sequence[Employee], now: datetime) -> tuple[Tile, ...]:
    """All who may authorise; two queries whatever their number."""
    names = [person.netsuite_id for person in people]
    budgets = {budget.name: budget for budget in PinBudget.objects.filter(scope="manager", name__in=names)}
    return tuple(_tile(person, budgets.get(person.netsuite_id), now) for person in people)


def _tile(person: Employee, budget: PinBudget | None, now: datetime) -> Tile:
    if not getattr(person, "has_pin", True):
        return Tile(person, "No PIN in NetSuite", is_shut=True)
    if budget is not None and budget.disabled_at:
        return Tile(person, "Locked, ask AR to reset", is_shut=True)
    if budget is not None and budget.locked_until and budget.locked_until > now:
        left = int((budget.locked_until - now).total_seconds())
        return Tile(person, f"Locked until {clock(budget.locked_until)}", left=max(1, left))
    return Tile(person, person.title)
