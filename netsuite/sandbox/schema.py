"""The store's tables, and the views that SuiteQL sees."""

from . import lists

# Raised with every change of the tables; a store of another version is refused.
VERSION = 1

# What a transaction adds to its customer's balance (invoices, less credits) or to unbilled orders,
# in base currency: unpaid foreign amount x its own rate, to the cent.
OPEN_AMOUNT = """CASE
    WHEN type = 'CustInvc' THEN ROUND(COALESCE(foreignamountunpaid, 0) * exchangerate, 2)
    WHEN type IN ('CustPymt', 'CustCred', 'CustDep')
        THEN -ROUND(ABS(COALESCE(foreignamountunpaid, 0)) * exchangerate, 2)
    WHEN type = 'SalesOrd' AND status IN ('A', 'B', 'D', 'E', 'F')
        THEN ROUND(COALESCE(foreigntotal, 0) * exchangerate, 2)
    ELSE 0 END"""

TABLES = f"""
CREATE TABLE IF NOT EXISTS customer (
    id INTEGER PRIMARY KEY, externalid TEXT UNIQUE, entityid TEXT, companyname TEXT, email TEXT, phone TEXT,
    isinactive TEXT NOT NULL DEFAULT 'F', parent INTEGER, salesrep INTEGER, terms INTEGER DEFAULT 2,
    currency INTEGER NOT NULL DEFAULT 1, entitystatus INTEGER NOT NULL DEFAULT 13, creditlimit REAL,
    creditholdoverride TEXT NOT NULL DEFAULT 'AUTO', datecreated TEXT NOT NULL, lastmodifieddate TEXT NOT NULL,
    custom TEXT NOT NULL DEFAULT '{{}}',
    balance REAL NOT NULL DEFAULT 0, overdue REAL NOT NULL DEFAULT 0, days_overdue INTEGER NOT NULL DEFAULT 0,
    unbilled REAL NOT NULL DEFAULT 0, oncredithold TEXT NOT NULL DEFAULT 'F');
CREATE INDEX IF NOT EXISTS customer_modified ON customer (lastmodifieddate, id);
CREATE INDEX IF NOT EXISTS customer_on_hold ON customer (oncredithold) WHERE oncredithold = 'T';

CREATE TABLE IF NOT EXISTS employee (
    id INTEGER PRIMARY KEY, externalid TEXT UNIQUE, entityid TEXT, firstname TEXT, lastname TEXT, email TEXT,
    title TEXT, isinactive TEXT NOT NULL DEFAULT 'F', issalesrep TEXT NOT NULL DEFAULT 'F',
    datecreated TEXT NOT NULL, lastmodifieddate TEXT NOT NULL, custom TEXT NOT NULL DEFAULT '{{}}');

CREATE TABLE IF NOT EXISTS txn (
    id INTEGER PRIMARY KEY, externalid TEXT UNIQUE, type TEXT NOT NULL, tranid TEXT, entity INTEGER,
    trandate TEXT, duedate TEXT, closedate TEXT, shipdate TEXT, status TEXT NOT NULL,
    foreigntotal REAL NOT NULL DEFAULT 0, foreignamountpaid REAL, foreignamountunpaid REAL, otherrefnum TEXT,
    memo TEXT, terms INTEGER, employee INTEGER,
    currency INTEGER NOT NULL DEFAULT 1, exchangerate REAL NOT NULL DEFAULT 1,
    createddate TEXT NOT NULL, lastmodifieddate TEXT NOT NULL, custom TEXT NOT NULL DEFAULT '{{}}',
    open_amount REAL AS ({OPEN_AMOUNT}) VIRTUAL);
CREATE INDEX IF NOT EXISTS txn_modified ON txn (lastmodifieddate, id, type);
CREATE INDEX IF NOT EXISTS txn_entity ON txn (entity, type);
CREATE INDEX IF NOT EXISTS txn_open ON txn (entity, type, duedate, open_amount) WHERE open_amount <> 0;
CREATE INDEX IF NOT EXISTS txn_status ON txn (type, status);

CREATE TABLE IF NOT EXISTS custom_record (
    id INTEGER PRIMARY KEY, rectype TEXT NOT NULL, externalid TEXT, name TEXT, isinactive TEXT NOT NULL DEFAULT 'F',
    created TEXT NOT NULL, lastmodified TEXT NOT NULL, custom TEXT NOT NULL DEFAULT '{{}}',
    UNIQUE (rectype, externalid));

CREATE TABLE IF NOT EXISTS deleted_record (deleteddate TEXT NOT NULL, type TEXT NOT NULL, recordid INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS deleted_when ON deleted_record (deleteddate);
CREATE TABLE IF NOT EXISTS custom_field (name TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS preference (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS certificate (client_id TEXT, certificate_id TEXT, pem TEXT NOT NULL,
    PRIMARY KEY (client_id, certificate_id));
CREATE TABLE IF NOT EXISTS load_run (load_id TEXT PRIMARY KEY, replace_all INTEGER NOT NULL, begun TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS load_batch (
    seq INTEGER PRIMARY KEY, load_id TEXT NOT NULL REFERENCES load_run ON DELETE CASCADE, body BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS load_batch_run ON load_batch (load_id, seq);
"""


def _rows(values: dict[int, str]) -> str:
    return ", ".join(f"({number}, '{name}')" for number, name in values.items())


VIEWS = f"""
DROP VIEW IF EXISTS v_currency;
CREATE VIEW v_currency AS SELECT column1 AS id, column2 AS symbol, column2 AS name, '{{}}' AS custom
    FROM (VALUES {_rows(lists.CURRENCIES)});
DROP VIEW IF EXISTS v_term;
CREATE VIEW v_term AS SELECT column1 AS id, column2 AS name, '{{}}' AS custom FROM (VALUES {_rows(lists.TERMS)});
DROP VIEW IF EXISTS v_customer;
CREATE VIEW v_customer AS SELECT id, entityid, externalid, companyname, companyname AS altname, email, phone,
    isinactive, parent, salesrep, terms, currency, entitystatus, creditlimit, creditholdoverride, oncredithold,
    balance AS balancesearch, overdue AS overduebalancesearch, days_overdue AS daysoverduesearch,
    unbilled AS unbilledorderssearch, datecreated, lastmodifieddate, custom FROM customer;
DROP VIEW IF EXISTS v_employee;
CREATE VIEW v_employee AS SELECT id, entityid, externalid, firstname, lastname, email, title, isinactive,
    issalesrep, datecreated, lastmodifieddate, custom FROM employee;
DROP VIEW IF EXISTS v_transaction;
CREATE VIEW v_transaction AS SELECT id, externalid, tranid, tranid AS transactionnumber, type, entity, trandate,
    duedate, closedate, shipdate, status, foreigntotal, foreignamountpaid, foreignamountunpaid,
    CASE WHEN type IN ('CustPymt', 'CustCred') THEN foreignamountunpaid END AS foreignpaymentamountunused,
    CASE WHEN type IN ('CustPymt', 'CustCred') THEN foreignamountpaid END AS foreignpaymentamountused,
    otherrefnum, memo, terms, employee, currency, exchangerate, createddate, lastmodifieddate, custom FROM txn;
DROP VIEW IF EXISTS v_transactionline;
CREATE VIEW v_transactionline AS SELECT id * 10 AS uniquekey, 0 AS id, id AS "transaction", 'T' AS mainline,
    'F' AS taxline, 1 AS subsidiary, foreigntotal AS foreignamount, ROUND(foreigntotal * exchangerate, 2) AS netamount,
    entity, memo, lastmodifieddate AS linelastmodifieddate, NULL AS item, NULL AS quantity, NULL AS rate, custom
    FROM txn UNION ALL SELECT 1000000000 + txn.id * 1000 + line.key, line.key + 1, txn.id, 'F', 'F', 1,
    -ROUND(line.value ->> 'amount', 2), -ROUND((line.value ->> 'amount') * exchangerate, 2), entity,
    line.value ->> 'description', lastmodifieddate, line.value ->> '$.item.id', -(line.value ->> 'quantity'),
    line.value ->> 'rate', '{{}}' FROM txn, json_each(txn.custom, '$.item.items') AS line WHERE txn.type = 'SalesOrd';
DROP VIEW IF EXISTS v_deletedrecord;
CREATE VIEW v_deletedrecord AS SELECT deleteddate, type, recordid, '{{}}' AS custom FROM deleted_record;
DROP VIEW IF EXISTS v_dual;
CREATE VIEW v_dual AS SELECT 'X' AS dummy, '{{}}' AS custom;
DROP VIEW IF EXISTS v_customrecord;
CREATE VIEW v_customrecord AS SELECT id, rectype, externalid, name, isinactive, created, lastmodified, custom
    FROM custom_record;
"""  # noqa: S608

DEFAULT_CUSTOM_FIELDS = (
    "custentity_region",
    "custentity_tier",
    "custentity_payment_method",
    "custentity_brm_pincode",
    "custentity_hold_provisioning",
    "custbody_ship_date",
    "custbody_credit_hold",
)
