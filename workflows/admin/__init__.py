"""The kernel in the console: lists, facts and buttons that call actions; no rule."""

from workflows.admin import decisions, definitions, emails, proposals, runs, switches

__all__ = ["decisions", "definitions", "emails", "proposals", "runs", "switches"]
