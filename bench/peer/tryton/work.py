"""What is timed, as Tryton's own code does it: its caches are warm, and its batches are its own.

The person is an administrator, whom Tryton asks for no access rules: that is faster than anybody else.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from time import perf_counter
from typing import Any

from population import preferences
from trytond.modules.account_credit_limit.exceptions import CreditLimitError
from trytond.pool import Pool
from trytond.transaction import Transaction

# `check_credit_limit` wants it locked; taken at once, it need not begin again.
LOCKED = ["account_move_line"]
ORDER = Decimal(1)


class Work:
    """Each verb answers with figures; the time it took is measured outside, unless it says `seconds` itself."""

    def __init__(self, database: str, person: int) -> None:
        self.database, self.person = database, person
        with Transaction().start(database, person):
            self.context = preferences()
        self.parties = dict(self._sql("SELECT code_digit, id FROM party_party WHERE code_digit IS NOT NULL"))

    def forget(self) -> dict[str, Any]:
        self._sql("TRUNCATE account_dunning CASCADE")
        return {}

    def analyze(self) -> dict[str, Any]:
        self._sql("VACUUM ANALYZE")
        return {}

    def tick(self, today: str) -> dict[str, Any]:
        """What its wizard “Create Dunnings” does: a dunning for every receivable line late enough that has none."""
        with self._transaction():
            Pool().get("account.dunning").generate_dunnings(date=date.fromisoformat(today))
        return {}

    def dunnings(self) -> dict[str, Any]:
        [(lines, drafts)] = self._sql("SELECT count(*), count(*) FILTER (WHERE state = 'draft') FROM account_dunning")
        return {"lines": lines, "drafts": drafts}

    def check(self, customers: list[int], together: bool) -> dict[str, Any]:
        """An order of each customer against its credit limit; `together`: all in one transaction."""
        if not together:
            return {"refused": sum(self.check([number], True)["refused"] for number in customers)}
        with self._transaction(_lock_tables=LOCKED):
            return {"refused": sum(self._is_refused(self.parties[number]) for number in customers)}

    def _is_refused(self, party: int) -> bool:
        company = Pool().get("company.company")(self.context["company"])
        try:
            Pool().get("party.party")(party).check_credit_limit(ORDER, company)
        except CreditLimitError:
            return True
        return False

    def process(self, customers: list[int]) -> dict[str, Any]:
        """Send each customer's dunnings on their way; one transaction a customer."""
        dunnings = self._drafts(customers)
        started = perf_counter()
        for keys in dunnings:
            with self._transaction():
                Dunning = Pool().get("account.dunning")
                Dunning.process(Dunning.browse(keys))
        return {"seconds": perf_counter() - started, "lines": sum(map(len, dunnings))}

    def wizard(self, customers: list[int], letter: bool) -> dict[str, Any]:
        """The same as Tryton's client asks for it when a person does it: four calls, each a transaction.

        With the `letter` to the customer, which it asks for next, five. HTTP, session and serialisation, which its
        server adds, are left out.
        """
        dunnings = self._drafts(customers)
        started = perf_counter()
        for keys in dunnings:
            self._as_the_client_does(keys, letter)
        return {"seconds": perf_counter() - started, "lines": sum(map(len, dunnings))}

    def _as_the_client_does(self, keys: list[int], letter: bool) -> None:
        about = {"active_model": "account.dunning", "active_id": keys[0], "active_ids": keys}
        Process = Pool(self.database).get("account.dunning.process", type="wizard")
        with self._transaction():
            session, _start, _end = Process.create()
        for state in ("start", "process"):
            with self._transaction(about):
                Process.execute(session, {}, state)
        with self._transaction():
            Process.delete(session)
        if letter:
            with self._transaction(about):
                Letter = Pool().get("account.dunning.letter", type="report")
                Letter.execute(keys, {"model": "account.dunning", "id": keys[0], "ids": keys})

    def _drafts(self, customers: list[int]) -> list[list[int]]:
        parties = [self.parties[number] for number in customers]
        found = self._sql(
            "SELECT array_agg(dunning.id) FROM account_dunning dunning JOIN account_move_line line"
            " ON line.id = dunning.line WHERE dunning.state = 'draft' AND line.party = ANY(%s) GROUP BY line.party",
            [parties],
        )
        return [keys for (keys,) in found]

    @contextmanager
    def _transaction(self, about: dict[str, Any] | None = None, **extras: Any) -> Iterator[Any]:
        context = {**self.context, **(about or {})}
        with Transaction().start(self.database, self.person, context=context, **extras) as transaction:
            yield transaction

    def _sql(self, statement: str, values: list[Any] | None = None) -> list[Any]:
        with Transaction().start(self.database, 0, autocommit=True) as transaction:
            cursor = transaction.connection.cursor()
            cursor.execute(statement, values)
            return list(cursor.fetchall()) if cursor.description else []
