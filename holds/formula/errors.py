"""How a formula fails: refused when it is written, or not evaluated when it is asked."""

from netsuite.errors import Refusal

ASK_AR = "Could not evaluate the rule: ask AR."


class FormulaError(Refusal):
    """A text that is not an allowed formula. `line` and `column` count from 1, in characters (code points)."""

    code = "bad_formula"
    status = 400

    def __init__(self, why: str, *, line: int, column: int) -> None:
        super().__init__(f"Line {line}, column {column}: {why}", line=line, column=column)
        self.line = line
        self.column = column


class CannotEvaluate(Exception):
    """A formula that gives no yes or no for this customer: the customer counts as on hold.

    `detail` is for accounts receivable and may name fields; a cashier reads `ASK_AR`.
    """

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail
