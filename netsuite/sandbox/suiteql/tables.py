"""What SuiteQL can name: tables, their columns and which of those are dates."""

import re
from collections.abc import Collection
from dataclasses import dataclass, field

DATES = frozenset({"trandate", "duedate", "closedate", "shipdate"})
INSTANTS = frozenset(
    {"lastmodifieddate", "datecreated", "createddate", "deleteddate", "created", "lastmodified", "linelastmodifieddate"}
)
# Never null in the store, so that an index serves ORDER BY.
NEVER_NULL = frozenset({"id", "lastmodifieddate", "deleteddate", "createddate", "datecreated"})


@dataclass(frozen=True)
class Table:
    """`columns` in the order SELECT * answers them; `custom` is the prefix its custom fields carry."""

    name: str
    view: str
    columns: tuple[str, ...]
    custom: tuple[str, ...] = ()


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


CUSTOMER = Table(
    "customer",
    "v_customer",
    _names(
        "id entityid externalid companyname altname email phone isinactive parent salesrep terms currency entitystatus "
        "creditlimit creditholdoverride oncredithold balancesearch overduebalancesearch daysoverduesearch "
        "unbilledorderssearch datecreated lastmodifieddate"
    ),
    ("custentity",),
)
EMPLOYEE = Table(
    "employee",
    "v_employee",
    _names("id entityid externalid firstname lastname email title isinactive issalesrep datecreated lastmodifieddate"),
    ("custentity",),
)
TRANSACTION = Table(
    "transaction",
    "v_transaction",
    _names(
        "id externalid tranid transactionnumber type entity trandate duedate closedate shipdate status foreigntotal "
        "foreignamountpaid foreignamountunpaid foreignpaymentamountunused foreignpaymentamountused otherrefnum memo "
        "terms employee currency exchangerate createddate lastmodifieddate"
    ),
    ("custbody",),
)
LINE = Table(
    "transactionline",
    "v_transactionline",
    _names(
        "uniquekey id transaction mainline taxline subsidiary foreignamount netamount entity memo linelastmodifieddate "
        "item quantity rate"
    ),
    ("custcol",),
)
DELETED = Table("deletedrecord", "v_deletedrecord", ("deleteddate", "type", "recordid"))
CURRENCY = Table("currency", "v_currency", ("id", "symbol", "name"))
TERM = Table("term", "v_term", ("id", "name"))
DUAL = Table("dual", "v_dual", ("dummy",))
TABLES = {table.name: table for table in (CUSTOMER, EMPLOYEE, TRANSACTION, LINE, DELETED, CURRENCY, TERM, DUAL)}
CUSTOM_RECORD = re.compile(r"customrecord_?\w+")
CUSTOM_RECORD_COLUMNS = ("id", "externalid", "name", "isinactive", "created", "lastmodified")


@dataclass(frozen=True)
class Catalog:
    """What this role can see right now."""

    custom_fields: Collection[str] = ()
    hidden_tables: Collection[str] = ()
    hidden_columns: Collection[str] = field(default_factory=frozenset)

    def table(self, name: str) -> Table | None:
        if CUSTOM_RECORD.fullmatch(name):
            return Table(name, "v_customrecord", CUSTOM_RECORD_COLUMNS, ("custrecord",))
        return TABLES.get(name)

    def columns(self, table: Table) -> list[str]:
        return [name for name in table.columns if name not in self.hidden_columns]

    def is_custom(self, table: Table, name: str) -> bool:
        return (
            bool(table.custom)
            and name.startswith(table.custom)
            and name in self.custom_fields
            and name not in self.hidden_columns
        )

    def available(self, table: Table) -> list[str]:
        custom = sorted(name for name in self.custom_fields if self.is_custom(table, name))
        return self.columns(table) + custom
