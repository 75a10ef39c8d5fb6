"""SuiteQL: Oracle SQL over the store's views."""

from .run import Page, run_query

__all__ = ["Page", "run_query"]
