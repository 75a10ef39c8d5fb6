"""The demo's own people in NetSuite: sales reps by region, and managers with a PIN."""

import secrets
from dataclasses import dataclass
from itertools import pairwise

HOME = "keystone.example"


@dataclass(frozen=True)
class Rep:
    key: str
    name: str
    region: str


REPS = (
    Rep("dana", "Dana Whitlock", "Northeast"),
    Rep("marcus", "Marcus Ferro", "Mid-Atlantic"),
    Rep("priya", "Priya Raman", "Midwest"),
    Rep("amelie", "Amélie Roy", "Ontario"),
    Rep("tomas", "Tomás Iglesias", "Southwest"),
    Rep("grace", "Grace Lindholm", "Midwest"),
    Rep("owen", "Owen Tregarth", "Southeast"),
    Rep("keiko", "Keiko Mori", "Pacific"),
    Rep("jonas", "Jonas Albrecht", "Mountain"),
    Rep("farid", "Farid Haddad", "Southeast"),
)
MANAGERS = (("lydia", "Lydia Brandt"), ("hector", "Hector Salinas"), ("nora", "Nora Quist"))
# The demo login `rep` is this one.
LOGIN_REP = "dana"


def address(key: str) -> str:
    return f"{key}@{HOME}"


def new_pins() -> dict[str, str]:
    """A PIN of six digits for each manager, all different; never from the seed, so that nobody can look it up."""
    pins: dict[str, str] = {}
    while len(pins) < len(MANAGERS):
        pin = f"{secrets.randbelow(1_000_000):06d}"
        if not is_weak(pin) and pin not in pins.values():
            pins[MANAGERS[len(pins)][0]] = pin
    return pins


def is_weak(pin: str) -> bool:
    """Few different digits, or counting up or down."""
    steps = {int(b) - int(a) for a, b in pairwise(pin)}
    return len(set(pin)) < 4 or steps in ({1}, {-1})


def employees(pins: dict[str, str]) -> list[dict[str, object]]:
    """Rows for the sandbox."""
    reps = [_employee(rep.key, rep.name) | {"issalesrep": "T"} for rep in REPS]
    managers = [_employee(key, name) | {"custentity_brm_pincode": pins[key]} for key, name in MANAGERS]
    return reps + managers


def _employee(key: str, name: str) -> dict[str, object]:
    first, last = name.split(" ", 1)
    return {
        "externalid": external_id(key),
        "entityid": name,
        "firstname": first,
        "lastname": last,
        "email": address(key),
    }


def external_id(key: str) -> str:
    return f"demo-employee-{key}"
