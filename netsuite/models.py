"""Tables of the ground floor."""

from netsuite.machine import Transition

__all__ = ["Transition"]
