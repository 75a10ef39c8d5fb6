"""Formulas of hold blocks: JavaScript-style expressions over a customer, with JavaScript's results."""

from holds.formula.errors import ASK_AR, CannotEvaluate, FormulaError
from holds.formula.formula import Formula, parse
from holds.formula.presets import PRESETS, Preset

__all__ = ["ASK_AR", "PRESETS", "CannotEvaluate", "Formula", "FormulaError", "Preset", "parse"]
