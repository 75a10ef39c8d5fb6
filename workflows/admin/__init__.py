"""The kernel in the console: lists, facts and buttons that call actions; no rule."""

from workflows.admin import emails, proposals, runs

__all__ = ["emails", "proposals", "runs"]
