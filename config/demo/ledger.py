"""One customer's documents: orders become invoices, invoices get paid, or not."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

from config.demo.payers import PAYERS
from config.demo.stories import Bill, OpenOrder

SATURDAY = 5
FEBRUARY_BREAK = 0.35
CLOSED, BILLED, CANCELLED, WAITING = "H", "G", "C", "A"
OPEN_STATUSES = ("B", "B", "B", "D", "F", "A")


@dataclass(frozen=True)
class Habits:
    """How a customer buys: days between orders, usual amount, days to pay, and the way they pay."""

    every: int
    amount: float
    terms: int
    payer: str = "prompt"
    seasonal: bool = False
    pause_after: date | None = None


@dataclass
class Ledger:
    """Documents of one customer as the sandbox takes them; numbers are given later, by date."""

    customer: str
    today: date
    rng: Random
    currency: str = "USD"
    documents: list[dict[str, Any]] = field(default_factory=list)

    def trade(self, habits: Habits, since: date) -> None:
        """Regular business from `since` until today, or until `habits.pause_after`."""
        until = min(self.today, habits.pause_after or self.today)
        for day in self._order_days(habits, since, until):
            amount = round(habits.amount * self.rng.lognormvariate(0, 0.45), 2)
            if self.rng.random() < 0.015:
                self._order(day, amount, CANCELLED)
            else:
                self._buy(day, amount, habits)

    def bill(self, bill: Bill, terms: int) -> None:
        """An invoice that a story tells, with its order and payments."""
        due = self._ago(bill.due)
        issued = min(due - timedelta(days=terms), self.today)
        self._order(issued - timedelta(days=3), bill.amount, BILLED, issued)
        paid = sum(amount for _, amount in bill.parts)
        for days, amount in bill.parts:
            self._payment(self._ago(days), amount)
        if bill.paid is not None:
            self._invoice(issued, due, bill.amount, closed=self._ago(bill.paid))
            self._payment(self._ago(bill.paid), bill.amount)
        else:
            self._invoice(issued, due, bill.amount, paid=paid)

    def open_order(self, order: OpenOrder, status: str = "B") -> None:
        placed = self.today - timedelta(days=self.rng.randint(2, 9))
        self._order(placed, order.amount, status, self._ago(-order.ships_in))

    def waiting_order(self, amount: float, placed: date) -> None:
        """An order that waits for approval since `placed`."""
        self._order(placed, amount, WAITING, self.today + timedelta(days=3))

    def open_amount(self) -> float:
        """Unpaid invoices and open orders, in the ledger's currency."""
        orders = sum(d["foreigntotal"] for d in self.documents if d["type"] == "SalesOrd" and d["status"] in "ABDEF")
        return orders + sum(d.get("foreignamountunpaid", 0) for d in self.documents if d["type"] == "CustInvc")

    def _order_days(self, habits: Habits, since: date, until: date) -> Iterator[date]:
        day = since + timedelta(days=self.rng.randrange(habits.every))
        while _weekday(day) <= until:
            resting = habits.seasonal and day.month in (11, 12, 1, 2) and self.rng.random() > FEBRUARY_BREAK
            if not resting:
                yield _weekday(day)
            day += timedelta(days=max(2, round(self.rng.gauss(habits.every, habits.every / 4))))

    def _buy(self, ordered: date, amount: float, habits: Habits) -> None:
        issued = _weekday(ordered + timedelta(days=self.rng.randint(1, 5)))
        if issued > self.today:
            self._order(ordered, amount, self.rng.choice(OPEN_STATUSES), issued + timedelta(days=1))
            return
        self._order(ordered, amount, BILLED, issued)
        due = issued + timedelta(days=habits.terms)
        closed = _weekday(due + timedelta(days=PAYERS[habits.payer](self.rng, due)))
        if closed > self.today:
            self._invoice(issued, due, amount)
        else:
            self._settle(issued, due, max(closed, issued), amount, habits)

    def _settle(self, issued: date, due: date, closed: date, amount: float, habits: Habits) -> None:
        self._invoice(issued, due, amount, closed=closed)
        credit = round(amount * self.rng.uniform(0.05, 0.25), 2) if self._was_disputed(habits, due, closed) else 0.0
        if credit:
            self._credit(closed, credit)
        self._payment(closed, round(amount - credit, 2))

    def _was_disputed(self, habits: Habits, due: date, closed: date) -> bool:
        return habits.payer == "disputing" and (closed - due).days > 14

    def _order(self, day: date, amount: float, status: str, ships: date | None = None) -> None:
        self._add("SalesOrd", day, amount, status=status, shipdate=ships.isoformat() if ships else None)

    def _invoice(
        self, issued: date, due: date, amount: float, *, closed: date | None = None, paid: float = 0.0
    ) -> None:
        rest = 0.0 if closed else round(amount - paid, 2)
        self._add(
            "CustInvc",
            issued,
            amount,
            changed=closed or issued,
            status="A" if rest else "B",
            duedate=due.isoformat(),
            closedate=closed.isoformat() if closed else None,
            foreignamountunpaid=rest,
            memo=self.rng.choice(("", "", "", "Standing order", "Restock", "Second delivery")),
        )

    def _payment(self, day: date, amount: float) -> None:
        memo = self.rng.choice(("ACH", "Check", "Wire"))
        self._add("CustPymt", day, -amount, status="C", foreignamountunpaid=0.0, closedate=day.isoformat(), memo=memo)

    def _credit(self, day: date, amount: float) -> None:
        memo = "Credit after complaint"
        self._add("CustCred", day, -amount, status="B", foreignamountunpaid=0.0, closedate=day.isoformat(), memo=memo)

    def _add(self, kind: str, day: date, amount: float, *, changed: date | None = None, **fields: Any) -> None:
        po = f"PO {self.rng.randint(1000, 9999)}" if kind in ("SalesOrd", "CustInvc") else ""
        self.documents.append(
            {
                "type": kind,
                "entity_externalid": self.customer,
                "trandate": day.isoformat(),
                "foreigntotal": round(amount, 2),
                "currency": self.currency,
                "exchangerate": self._rate(day),
                "otherrefnum": po,
                "changed": (changed or day).isoformat(),
                **fields,
            }
        )

    def _rate(self, day: date) -> float:
        """Canadian dollars move a little from week to week."""
        return 1.0 if self.currency == "USD" else round(0.72 + (day.toordinal() // 7 % 9) * 0.004, 4)

    def _ago(self, days: int) -> date:
        return self.today - timedelta(days=days)


def _weekday(day: date) -> date:
    return day + timedelta(days=7 - day.weekday()) if day.weekday() >= SATURDAY else day
