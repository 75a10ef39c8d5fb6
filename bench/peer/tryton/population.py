"""The same customers and invoices as `bench.population`, in Tryton: ten open invoices each, every tenth crosses.

A company, its chart of accounts and one specimen of everything are made by Tryton's own models; the rest are copies
by `INSERT … SELECT`. Each invoice is a posted move of two lines; each customer has a dunning procedure of one level
(60 days) and a credit limit.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from trytond import backend
from trytond.pool import Pool
from trytond.transaction import Transaction, TransactionError

MODULES = ["account_dunning", "account_dunning_letter", "account_credit_limit"]
INVOICES = 10
CROSSING_EVERY = 10
LATE = timedelta(days=60)
LIMIT = Decimal(10_000)
CHART = ("account", "account_template_root_en")
PERSONAL = ("party_party_dunning_procedure", "party_party_credit_limit_amount", "party_address")


def make_database(name: str) -> None:
    """The tables and indexes of the modules and of what they depend on, in an empty database."""
    backend.Database(name).connect().init()
    Pool(name).init(update=MODULES, lang=["en"], activatedeps=True, indexes=True)


def populate(name: str, customers: int, today: date) -> int:
    """All in one transaction, then `VACUUM ANALYZE`; answers the key of the person who works for the company."""
    extras: dict[str, Any] = {}
    while True:
        try:
            with Transaction().start(name, 0, **extras) as transaction:
                person = _populate(transaction, customers, today)
            break
        except TransactionError as error:
            error.fix(extras)  # it names a lock that has to be taken at the start
    with Transaction().start(name, 0, autocommit=True) as transaction:
        transaction.connection.cursor().execute("VACUUM ANALYZE")
    return person


def _populate(transaction: Any, customers: int, today: date) -> int:
    company = _company()
    person = _administrator(company)
    with transaction.set_user(person), transaction.set_context(preferences()):
        _chart(company)
        party, moves = _specimens(company, _period(company, today), today)
        with transaction.connection.cursor() as cursor:
            _copy_all(cursor, party, moves, customers)
    return person


def preferences() -> dict[str, Any]:
    """The context in which the person of the running transaction works."""
    return dict(Pool().get("res.user").get_preferences(context_only=True))


def _company() -> Any:
    pool = Pool()
    currency = pool.get("currency.currency")(name="US dollar", symbol="$", code="USD", rounding=Decimal("0.01"))
    currency.save()
    pool.get("currency.currency.rate")(date=date.min, rate=Decimal(1), currency=currency).save()
    party = pool.get("party.party")(name="Bench Inc.")
    party.save()
    company = pool.get("company.company")(party=party, currency=currency)
    company.save()
    return company


def _administrator(company: Any) -> int:
    person = Pool().get("res.user")(name="Bench", login="bench", administrator=True)
    person.companies, person.company = [company], company
    person.save()
    return person.id


def _chart(company: Any) -> None:
    pool = Pool()
    Chart, Account = pool.get("account.create_chart", type="wizard"), pool.get("account.account")
    session, _, _ = Chart.create()
    wizard = Chart(session)
    wizard.account.account_template = pool.get("account.account.template")(pool.get("ir.model.data").get_id(*CHART))
    wizard.account.company = company
    wizard.transition_create_account()
    wizard.properties.company = company
    for kind in ("receivable", "payable"):
        [account] = Account.search([(f"type.{kind}", "=", True), ("party_required", "=", True)], limit=1)
        setattr(wizard.properties, f"account_{kind}", account)
    wizard.transition_create_properties()
    Chart.delete(session)


def _period(company: Any, today: date) -> Any:
    """One period around every invoice."""
    pool = Pool()
    [kind] = pool.get("ir.sequence.type").search([("name", "=", "Account Move")], limit=1)
    numbers = pool.get("ir.sequence.strict")(name="Moves", sequence_type=kind, company=company)
    numbers.save()
    dates = {"start_date": date(today.year - 2, 1, 1), "end_date": date(today.year + 1, 12, 31)}
    year = pool.get("account.fiscalyear")(name="Bench", company=company, move_sequence=numbers, **dates)
    year.save()
    period = pool.get("account.period")(name="Bench", fiscalyear=year, type="standard", **dates)
    period.save()
    return period


def _specimens(company: Any, period: Any, today: date) -> tuple[int, dict[bool, list[int]]]:
    """The key of a customer, and those of its posted invoices by whether they are of a kind that crosses."""
    pool = Pool()
    procedure = pool.get("account.dunning.procedure")(name="Sixty days")
    procedure.levels = [pool.get("account.dunning.level")(overdue=LATE, credit_limit=True, print_on_letter=True)]
    procedure.save()
    party = pool.get("party.party")(name="Customer", dunning_procedure=procedure, credit_limit_amount=LIMIT)
    party.addresses = [pool.get("party.address")(street="1 Long Road", city="Northside")]
    party.save()
    moves = {}
    for crosses in (True, False):
        dues = [today - timedelta(days=70 - n if crosses else n - 5) for n in range(INVOICES)]
        made = [_invoice(party, company, period, due, Decimal(1500 if crosses else 400)) for due in dues]
        pool.get("account.move").post(made)
        moves[crosses] = [move.id for move in made]
    return party.id, moves


def _invoice(party: Any, company: Any, period: Any, due: date, amount: Decimal) -> Any:
    pool = Pool()
    Line = pool.get("account.move.line")
    [journal] = pool.get("account.journal").search([("code", "=", "REV")], limit=1)
    [revenue] = pool.get("account.account").search([("type.revenue", "=", True), ("closed", "!=", True)], limit=1)
    owed = Line(account=party.account_receivable_used, party=party, maturity_date=due, debit=amount, credit=Decimal(0))
    earned = Line(account=revenue, debit=Decimal(0), credit=amount)
    move = pool.get("account.move")(company=company, period=period, journal=journal, date=due - timedelta(days=30))
    move.lines = [owed, earned]
    move.save()
    return move


def _copy_all(cursor: Any, party: int, moves: Mapping[bool, list[int]], customers: int) -> None:
    """Copies of the customer and, by number, of the invoices that cross or do not; the specimen invoices go."""
    cursor.execute(
        "CREATE TEMP TABLE owner AS SELECT i, nextval('party_party_id_seq')::int AS id FROM generate_series(1, %s) i",
        [customers],
    )
    own = {"id": "owner.id", "code": "'C' || owner.i", "code_alnum": "'C' || owner.i", "code_digit": "owner.i"}
    own["name"] = "'Customer ' || owner.i"
    _copy(cursor, "party_party", own, f"specimen.id = {party}")
    for table in PERSONAL:
        _copy(cursor, table, {"party": "owner.id"}, f"specimen.party = {party}")
    cursor.execute("ALTER TABLE owner RENAME TO customer")
    cursor.execute(
        "CREATE TEMP TABLE owner AS SELECT nextval('account_move_id_seq')::int AS id, customer.id AS party, of"
        " FROM customer, unnest(CASE WHEN i %% %s = 0 THEN %s::int[] ELSE %s::int[] END) AS of",
        [CROSSING_EVERY, moves[True], moves[False]],
    )
    cursor.execute("ANALYZE owner")
    _copy(cursor, "account_move", {"id": "owner.id", "number": "'INV' || owner.id"}, "specimen.id = owner.of")
    its_own = {"move": "owner.id", "party": "CASE WHEN specimen.party IS NOT NULL THEN owner.party END"}
    _copy(cursor, "account_move_line", its_own, "specimen.move = owner.of")
    specimens = [*moves[True], *moves[False]]
    cursor.execute("DELETE FROM account_move_line WHERE move = ANY(%s)", [specimens])
    cursor.execute("DELETE FROM account_move WHERE id = ANY(%s)", [specimens])


def _copy(cursor: Any, table: str, own: Mapping[str, str], which: str) -> None:
    """A copy of the specimen for each owner, with columns of its `own`; keys come from the sequence unless given."""
    cursor.execute("SELECT column_name FROM information_schema.columns WHERE table_name = %s", [table])
    columns = [column for (column,) in cursor.fetchall() if column in own or column != "id"]
    taken = ", ".join(own.get(column, f"specimen.{column}") for column in columns)
    cursor.execute(
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {taken} FROM {table} specimen, owner WHERE {which}"  # noqa: S608
    )
