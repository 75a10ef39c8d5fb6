"""What people, schedules and workflows do with mails and disputes: the module is the noun, the function the verb."""

from disputes.actions.disputes import open_dispute, resolve

__all__ = ["open_dispute", "resolve"]
