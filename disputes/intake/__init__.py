"""Takes in mail: reads it whatever its state, says who sent it and what is new in it. Changes no rows."""

from disputes.intake.parsed import File, Parsed
from disputes.intake.parsing import parse

__all__ = ["File", "Parsed", "parse"]
