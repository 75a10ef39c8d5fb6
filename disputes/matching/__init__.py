"""Finds what a mail cites (invoices, purchase orders, amounts) and the invoices that this means."""

from disputes.matching.finding import Matched, confirmed, match
from disputes.matching.reading import Amount, References, references

__all__ = ["Amount", "Matched", "References", "confirmed", "match", "references"]
