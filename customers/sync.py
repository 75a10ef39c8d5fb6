"""Keeps the mirror up to date: incremental by watermark, complete on demand, open receivables on every tick.

Remote calls happen between transactions; each page is one transaction with its summaries and its watermark, so a
cut anywhere loses nothing and repeats only what is harmless to repeat.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from customers.account_hold import hold_field
from customers.aging import adopt_newly_issued, refresh_summaries
from customers.feed import BEGINNING, MOMENT, Feed, Row, SuiteQL, SyncError, Watermark, watermark
from customers.mirror import (
    Mirror,
    OverrideChange,
    adopt_parents,
    customers_feed,
    deletions_feed,
    employees_feed,
    transactions_feed,
)
from customers.models import HELD_ANYWHERE, Customer, SyncState, Transaction
from customers.pins import pin_fields
from netsuite.errors import NetsuiteError

logger = logging.getLogger(__name__)
EMPLOYEES, CUSTOMERS, TRANSACTIONS, DELETIONS = "employees", "customers", "transactions", "deletions"
OPEN_AR = "open_ar"
# What every screen rests on.
SHOWN = (CUSTOMERS, TRANSACTIONS)
STALE_AFTER = timedelta(hours=2)
# More than this, and more than half of what we hold, does not disappear overnight.
MAY_VANISH = 20

Store = Callable[[Sequence[Row], Feed], int]


@dataclass
class SyncSummary:
    """What a run did. `overrides` are customers whose NetSuite hold field changed: upper layers look for drift."""

    rows: dict[str, int] = field(default_factory=dict)
    removed: int = 0
    skipped: int = 0
    overrides: list[OverrideChange] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return not self.errors

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def sync(
    *,
    client: SuiteQL,
    today: date,
    full: bool = False,
    progress: Callable[[str, int], None] = lambda record_type, rows: None,
) -> SyncSummary:
    """Read what changed since the last run (or everything) into the mirror.

    One record type failing does not stop the others; its error stands in the summary and in SyncState.
    `today` is the business date that bounds the balances. `progress` hears each page.
    """
    run = _Run(Mirror(client, timezone.now(), today, pin_fields()), full, progress)
    run.guarded(EMPLOYEES, run.employees)
    run.guarded(CUSTOMERS, run.customers)
    run.guarded(TRANSACTIONS, run.transactions)
    run.guarded(DELETIONS, run.deletions)
    adopt_newly_issued(today)
    return run.finish()


def refresh_open_ar(*, client: SuiteQL, today: date) -> SyncSummary:
    """Re-read all open invoices and credits, and the customers who owe: balances move without a modification date.

    What the mirror holds open and NetSuite no longer does is asked for by id: settled, or gone.
    """
    run = _Run(Mirror(client, timezone.now(), today, pin_fields()), full=True)
    run.guarded(OPEN_AR, run.open_ar)
    return run.finish()


@dataclass
class _Run:
    mirror: Mirror
    full: bool
    progress: Callable[[str, int], None] = lambda record_type, rows: None
    summary: SyncSummary = field(default_factory=SyncSummary)

    def guarded(self, record_type: str, work: Callable[[], None]) -> None:
        SyncState.objects.get_or_create(record_type=record_type)
        state = SyncState.objects.filter(record_type=record_type)
        state.update(last_started_at=self.mirror.now, rows=0)
        self.summary.rows[record_type] = 0
        try:
            work()
        except (NetsuiteError, SyncError) as error:
            logger.warning("Sync of %s failed: %s", record_type, error)
            self.summary.errors[record_type] = str(error)
            state.update(last_error=str(error))
        else:
            state.update(last_error="", last_success_at=timezone.now())

    def read(
        self, record_type: str, feed: Feed, store: Store, prepare: Callable[[list[Row]], None] | None = None
    ) -> None:
        mark = self._start(record_type)
        for page in feed.since(mark):
            if prepare:
                prepare(page)
            with transaction.atomic():
                stored = store(page, feed)
                _advance(record_type, watermark(page[-1], feed.key), stored)
            self._count(record_type, stored)
        if mark != BEGINNING and not self.summary.rows[record_type]:
            _refuse_silent_emptiness(feed, mark)

    def employees(self) -> None:
        wanted = list(self.mirror.pin_fields)
        _read_again_for(EMPLOYEES, wanted)
        self.read(EMPLOYEES, employees_feed(self.mirror.client, wanted), self.mirror.store_employees)
        SyncState.objects.filter(record_type=EMPLOYEES).update(extra_fields=wanted)

    def customers(self) -> None:
        self.mirror.load_currencies()
        wanted = [name for name in [hold_field()] if name]
        self.mirror.adopt_account_holds = _read_again_for(CUSTOMERS, wanted)
        self.read(CUSTOMERS, customers_feed(self.mirror.client), self.mirror.store_customers)
        SyncState.objects.filter(record_type=CUSTOMERS).update(extra_fields=wanted)
        self.mirror.adopt_account_holds = False
        adopt_parents()

    def transactions(self) -> None:
        feed = transactions_feed(self.mirror.client)
        self.read(TRANSACTIONS, feed, self.mirror.store_transactions, self._fetch_missing_customers)
        if self.full:
            self._settle_vanished(feed, Transaction.objects.all())

    def deletions(self) -> None:
        feed, mark = deletions_feed(self.mirror.client), self._start(DELETIONS)
        for page in feed.since(mark):
            with transaction.atomic():
                removed = self.mirror.store_deletions(page, feed)
                _advance(DELETIONS, watermark(page[-1], feed.key), removed)
            self.summary.removed += removed
            self._count(DELETIONS, len(page))

    def open_ar(self) -> None:
        self.mirror.load_currencies()
        feed = transactions_feed(self.mirror.client)
        for page in feed.matching("foreignamountunpaid <> 0"):
            self._fetch_missing_customers(page)
            self._store_open(page)
        still_open = Transaction.objects.filter(closed=None, unpaid__gt=0)
        self._settle_vanished(feed, still_open.exclude(type=Transaction.PAYMENT))
        self._read_customers(_owing())
        refresh_summaries(today=self.mirror.today)

    def finish(self) -> SyncSummary:
        self.summary.skipped = self.mirror.skipped
        self.summary.overrides = self.mirror.overrides
        return self.summary

    def _start(self, record_type: str) -> Watermark:
        state = SyncState.objects.get(record_type=record_type)
        if self.full or state.watermark_at is None:
            return BEGINNING
        return Watermark(state.watermark_at, state.watermark_id).rewound()

    def _count(self, record_type: str, stored: int) -> None:
        self.summary.rows[record_type] += stored
        self.progress(record_type, self.summary.rows[record_type])

    def _fetch_missing_customers(self, page: list[Row]) -> None:
        """A customer made between two record types' turns would cost us their first invoice."""
        self._read_customers(self.mirror.unknown_customers(page))

    def _read_customers(self, netsuite_ids: list[str]) -> None:
        feed = customers_feed(self.mirror.client)
        for page in feed.by_id(netsuite_ids):
            with transaction.atomic():
                self.mirror.store_customers(page, feed)

    def _store_open(self, page: list[Row]) -> None:
        with transaction.atomic():
            self._count(OPEN_AR, self.mirror.store_transactions(page))

    def _settle_vanished(self, feed: Feed, held: QuerySet[Transaction]) -> None:
        """Ask by id for rows this run did not meet: NetSuite answers their new state, or no longer has them."""
        ids = [netsuite_id for netsuite_id in _numbers(held) if netsuite_id not in self.mirror.met]
        answered: set[str] = set()
        for page in feed.by_id(ids):
            answered |= {row["id"] or "" for row in page}
            with transaction.atomic():
                self.mirror.store_transactions(page)
        gone = set(ids) - answered
        if len(gone) > max(MAY_VANISH, held.count() // 2):
            raise SyncError(f"{len(gone)} transactions are no longer visible: a lost permission? Nothing was removed.")
        with transaction.atomic():
            self.summary.removed += self.mirror.remove_transactions(gone)


def _numbers(held: QuerySet[Transaction]) -> Iterator[str]:
    """NetSuite's own ids among those held; loaded files have others."""
    every = held.order_by("pk").values_list("netsuite_id", flat=True).iterator(10_000)
    return (netsuite_id for netsuite_id in every if netsuite_id.isdecimal())


def _read_again_for(record_type: str, fields: Sequence[str]) -> bool:
    """A field named since the last time has been there all along: every row is read again."""
    state = SyncState.objects.filter(record_type=record_type)
    if not set(fields) - set(state.get().extra_fields):
        return False
    state.update(watermark_at=None, watermark_id=0)
    return True


def _owing() -> list[str]:
    """Customers whose figures NetSuite moves without touching their modification date."""
    moving = Q(open_invoices_count__gt=0) | HELD_ANYWHERE
    ids = Customer.objects.filter(moving).order_by("pk").values_list("netsuite_id", flat=True)
    return [netsuite_id for netsuite_id in ids if netsuite_id.isdigit()]


def _advance(record_type: str, mark: Watermark, stored: int) -> None:
    """Count the page, and move the watermark unless the page lies in the overlap."""
    state = SyncState.objects.filter(record_type=record_type)
    state.update(rows=F("rows") + stored)
    behind = Q(watermark_at=None) | Q(watermark_at__lt=mark.at) | Q(watermark_at=mark.at, watermark_id__lt=mark.id)
    state.filter(behind).update(watermark_at=mark.at, watermark_id=mark.id)


def _refuse_silent_emptiness(feed: Feed, mark: Watermark) -> None:
    """The overlap holds at least the row of the last watermark; none at all smells of a date misread."""
    if missed := feed.count_since(mark):
        raise SyncError(
            f"{feed.table}: no rows since {mark.at:{MOMENT}}, yet {missed} carry a later date; dates are misread."
        )


@dataclass(frozen=True)
class Freshness:
    """How old one record type's last good sync is; `age` is None when there was none."""

    record_type: str
    last_success_at: datetime | None
    age: timedelta | None
    stale: bool
    last_error: str


def freshness(*, now: datetime, limit: timedelta = STALE_AFTER) -> list[Freshness]:
    """The age of the last good sync of customers and of transactions, which every screen rests on."""
    states = {state.record_type: state for state in SyncState.objects.filter(record_type__in=SHOWN)}
    return [_freshness(name, states.get(name), now, limit) for name in SHOWN]


def oldest_read(times: Sequence[datetime | None]) -> datetime | None:
    """When the older of customers and transactions was last read; None while one of them never was."""
    known = [time for time in times if time]
    return min(known) if len(known) == len(SHOWN) else None


def is_stale(*, now: datetime, limit: timedelta = STALE_AFTER) -> bool:
    """Whether any figure shown may rest on facts older than `limit`."""
    return any(item.stale for item in freshness(now=now, limit=limit))


def _freshness(record_type: str, state: SyncState | None, now: datetime, limit: timedelta) -> Freshness:
    last = state.last_success_at if state else None
    age = now - last if last else None
    return Freshness(record_type, last, age, age is None or age > limit, state.last_error if state else "")
