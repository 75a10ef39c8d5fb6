"""Who may act. Checked in the action, so that no button, page or API can forget it."""

from typing import TYPE_CHECKING, TypeAlias

from netsuite.errors import Refusal

if TYPE_CHECKING:
    from django.contrib.auth.models import User

Actor: TypeAlias = "User | str"


class NotAllowed(Refusal):
    code = "permission_denied"
    status = 403


def label(by: Actor) -> str:
    """The actor as written into logs: a person's user name, or a part of the system such as `schedule:aging_tick`."""
    return by if isinstance(by, str) else by.get_username()


def require(by: Actor, permission: str, to: str) -> None:
    """Refuse a person without `permission`; `to` completes "You may not …". Parts of the system pass."""
    if not isinstance(by, str) and not by.has_perm(permission):
        raise NotAllowed(f"You may not {to}. Ask an AR manager.")


def require_person(by: Actor, permission: str, to: str) -> "User":
    """Like `require`, and refuses parts of the system: this is for people to decide."""
    if isinstance(by, str):
        raise NotAllowed(f"Only a person may {to}.")
    require(by, permission, to)
    return by
