"""Writes pages of NetSuite rows into the mirror with set-based statements; no query per row.

Each `store_*` runs inside the caller's transaction, together with the watermark that says it is done.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from operator import attrgetter

from django.db.models import Model

from customers import rows
from customers.account_hold import Checkbox, hold_field
from customers.aging import refresh_summaries
from customers.feed import MODIFIED, Feed, Row, SuiteQL, as_day, as_moment
from customers.models import CUSTOMER_FROM_NETSUITE, EMPLOYEE_FROM_NETSUITE, Customer, Employee, Transaction
from customers.store import Document, columns_of, store
from netsuite.errors import NetsuiteError

MODIFIED_SQL = {MODIFIED: as_moment("lastmodifieddate")}
CUSTOMER_COLUMNS = columns_of(Customer, CUSTOMER_FROM_NETSUITE)
EMPLOYEE_COLUMNS = columns_of(Employee, EMPLOYEE_FROM_NETSUITE)
DELETED_TYPES = {
    "invoice": Transaction.INVOICE,
    "salesorder": Transaction.SALES_ORDER,
    "payment": Transaction.PAYMENT,
    "customerpayment": Transaction.PAYMENT,
    "creditmemo": Transaction.CREDIT,
} | {kind.lower(): kind for kind, _ in Transaction.TYPES}


def employees_feed(client: SuiteQL, pin_fields: Sequence[str]) -> Feed:
    named = ["id", "entityid", "firstname", "lastname", "email", "title", "isinactive", "issalesrep", *pin_fields]
    return Feed(client, "employee", named, dict(MODIFIED_SQL), frozenset({"id", MODIFIED}))


def customers_feed(client: SuiteQL) -> Feed:
    named = [
        *("id", "entityid", "companyname", "altname", "email", "phone", "isinactive", "parent", "salesrep"),
        *("currency", "creditlimit", "creditholdoverride", "oncredithold", "balancesearch", "overduebalancesearch"),
        *("daysoverduesearch", "unbilledorderssearch", "custentity_region", "custentity_tier"),
        *filter(None, [hold_field()]),
    ]
    derived = {
        "terms_name": "BUILTIN.DF(terms)",
        "currency_name": "BUILTIN.DF(currency)",
        "created_iso": as_day("datecreated"),
    }
    required = frozenset({"id", "entityid", MODIFIED})
    return Feed(client, "customer", named, derived | MODIFIED_SQL, required, everything=True)


def transactions_feed(client: SuiteQL) -> Feed:
    named = [
        *("id", "type", "tranid", "entity", "status", "foreigntotal", "foreignamountpaid", "foreignamountunpaid"),
        *("foreignpaymentamountunused", "otherrefnum", "memo", "currency", "exchangerate"),
    ]
    derived = {f"{name}_iso": as_day(name) for name in ("trandate", "duedate", "closedate", "shipdate")}
    derived["currency_name"] = "BUILTIN.DF(currency)"
    required = frozenset({"id", "type", "entity", "foreigntotal", "foreignamountunpaid", "trandate_iso", MODIFIED})
    types = ", ".join(f"'{kind}'" for kind, _ in Transaction.TYPES)
    where = f"type IN ({types})"
    return Feed(client, "transaction", named, derived | MODIFIED_SQL, required, where, everything=True)


def deletions_feed(client: SuiteQL) -> Feed:
    derived = {MODIFIED: as_moment("deleteddate")}
    required = frozenset({"type", "recordid", MODIFIED})
    feed = Feed(client, "deletedrecord", ["type", "recordid"], derived, required)
    feed.modified, feed.key = "deleteddate", "recordid"
    return feed


@dataclass(frozen=True)
class OverrideChange:
    """NetSuite's hold field is no longer what we last read: somebody changed it, or our own push arrived."""

    customer: str
    before: str
    after: str


class Ids:
    """NetSuite ids a run has met, as bits: they are dense, so a million take a few megabytes."""

    def __init__(self) -> None:
        self._blocks: dict[int, int] = {}

    def update(self, netsuite_ids: Iterable[str]) -> None:
        for netsuite_id in filter(str.isdecimal, netsuite_ids):
            block, bit = divmod(int(netsuite_id), 1024)
            self._blocks[block] = self._blocks.get(block, 0) | 1 << bit

    def __contains__(self, netsuite_id: str) -> bool:
        block, bit = divmod(int(netsuite_id), 1024)
        return bool(self._blocks.get(block, 0) >> bit & 1)


@dataclass
class Mirror:
    """One run's writer. `now` stamps what it writes, `met` are the transactions it read, changed or not.

    `today` (business date) bounds the summaries.
    """

    client: SuiteQL
    now: datetime
    today: date
    pin_fields: Sequence[str] = ()
    currencies: dict[str, str] = field(default_factory=dict)
    overrides: list[OverrideChange] = field(default_factory=list)
    adopt_account_holds: bool = False
    met: Ids = field(default_factory=Ids)
    skipped: int = 0

    def store_employees(self, page: Sequence[Row], feed: Feed) -> int:
        known = Employee.objects.filter(netsuite_id__in=_ids(page)).exclude(pin_hashes={}, pin_faults={})
        before = {employee.netsuite_id: employee for employee in known}
        employees = [
            rows.employee(row, pin_fields=self.pin_fields, hidden=feed.hidden, known=before.get(row["id"] or ""))
            for row in page
        ]
        return store(Employee, EMPLOYEE_COLUMNS, map(attrgetter(*EMPLOYEE_COLUMNS), employees)).given

    def store_customers(self, page: Sequence[Row], feed: Feed) -> int:
        before = dict(
            Customer.objects.filter(netsuite_id__in=_ids(page)).values_list("netsuite_id", "credit_hold_override")
        )
        account_hold = Checkbox(hold_field(), page, adopt=self.adopt_account_holds)
        account_hold.read_before()
        reps, parents = _pks(Employee, _ids(page, "salesrep")), _pks(Customer, _ids(page, "parent"))
        customers = []
        for row in page:
            customer = rows.customer(row, currencies=self.currencies, synced_at=self.now, secret=self.pin_fields)
            customer.sales_rep_id = reps.get(row.get("salesrep") or "")
            customer.parent_id = parents.get(_parent(row))
            customers.append(customer)
        seen = [name for name in CUSTOMER_COLUMNS if not _unseen(name, feed, page)]
        if "credit_hold_override" in seen:
            self._note_overrides(before, customers)
        stored = store(Customer, CUSTOMER_COLUMNS, map(attrgetter(*CUSTOMER_COLUMNS), customers), update=seen)
        account_hold.follow()
        return stored.given

    def store_transactions(self, page: Sequence[Row], feed: Feed | None = None) -> int:
        customers = _pks(Customer, _ids(page, "entity"))
        documents = [
            rows.document(row, customer_pk=pk, currencies=self.currencies, synced_at=self.now)
            for row in page
            if (pk := customers.get(row.get("entity") or ""))
        ]
        self.skipped += len(page) - len(documents)
        self.met.update(_ids(page))
        stored = store(Transaction, Document._fields, documents)
        if stored.owners:
            refresh_summaries(stored.owners, today=self.today)
        return stored.given

    def store_deletions(self, page: Sequence[Row], feed: Feed | None = None) -> int:
        by_type: dict[str, list[str]] = {}
        for row in page:
            by_type.setdefault((row.get("type") or "").lower().replace(" ", ""), []).append(row["recordid"] or "")
        gone = Customer.objects.filter(netsuite_id__in=by_type.get("customer", []))
        left = Employee.objects.filter(netsuite_id__in=by_type.get("employee", []))
        removed = gone.update(is_inactive=True) + left.update(is_inactive=True, pin_hashes={}, pin_faults={})
        for name, kind in DELETED_TYPES.items():
            if name in by_type:
                removed += self.remove_transactions(by_type[name], kind)
        return removed

    def remove_transactions(self, netsuite_ids: Collection[str], kind: str | None = None) -> int:
        doomed = Transaction.objects.filter(netsuite_id__in=netsuite_ids)
        doomed = doomed.filter(type=kind) if kind else doomed
        owners = list(doomed.values_list("customer", flat=True).distinct())
        removed, _ = doomed.delete()
        refresh_summaries(owners, today=self.today)
        return removed

    def unknown_customers(self, page: Sequence[Row]) -> list[str]:
        """Customers that a page of transactions names and the mirror does not have yet."""
        named = _ids(page, "entity")
        return sorted(named - _pks(Customer, named).keys())

    def load_currencies(self) -> None:
        """ISO codes by id; an account without the table, or a hidden one, falls back to displayed names."""
        try:
            found = self.client.suiteql_page("SELECT id, symbol FROM currency")["items"]
        except NetsuiteError as error:
            if error.kind != "refused":
                raise
            found = []
        known = [{name.lower(): value for name, value in row.items()} for row in found]
        self.currencies = {row["id"]: row["symbol"] for row in known if row.get("symbol")}

    def _note_overrides(self, before: dict[str, str], customers: Iterable[Customer]) -> None:
        for customer in customers:
            was = before.get(customer.netsuite_id)
            if was and was != customer.credit_hold_override:
                self.overrides.append(OverrideChange(customer.netsuite_id, was, customer.credit_hold_override))


def adopt_parents() -> int:
    """Link customers whose parent arrived after them; returns how many found theirs."""
    orphans = list(Customer.objects.filter(parent=None, record__has_key="parent").only("pk", "netsuite_id", "record"))
    parents = _pks(Customer, {_parent(orphan.record) for orphan in orphans} - {""})
    found = []
    for orphan in orphans:
        orphan.parent_id = parents.get(_parent(orphan.record))
        if orphan.parent_id:
            found.append(orphan)
    return Customer.objects.bulk_update(found, ["parent"], batch_size=200)


# A column the role may not see says nothing: what the mirror knows stays.
_SOURCES = {
    "credit_hold_override": "creditholdoverride",
    "on_credit_hold": "oncredithold",
    "credit_limit": "creditlimit",
    "credit_limit_kind": "creditlimit",
    "sales_rep_id": "salesrep",
    "parent_id": "parent",
    "terms": "terms_name",
}
_NEVER_NULL = {"creditholdoverride", "oncredithold"}


def _unseen(name: str, feed: Feed, page: Sequence[Row]) -> bool:
    source = _SOURCES.get(name)
    return source in feed.hidden or (source in _NEVER_NULL and not any(source in row for row in page))


def _ids(page: Iterable[Row], key: str = "id") -> set[str]:
    return {value for row in page if (value := row.get(key))}


def _pks(model: type[Model], netsuite_ids: Collection[str]) -> dict[str, int]:
    return dict(model._default_manager.filter(netsuite_id__in=netsuite_ids).values_list("netsuite_id", "pk"))


def _parent(row: Row) -> str:
    parent = row.get("parent") or ""
    return "" if parent == row.get("id") else parent
