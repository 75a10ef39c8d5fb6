"""Approvals from four processes, as several web processes of a deployment make them, beside bare statements.

A round: every process approves its share of pending holds, each in its own transaction, with all that follows a
commit (seal of the audit chain, bells). Then the bare side writes the very same rows from four processes: plain
psycopg with its prepared statements, one transaction an approval, one statement a table (several rows in one
`INSERT`), values and JSON as Python objects, into twins with the same indexes, checks and foreign keys. It reads
nothing and knows all keys beforehand. On SQLite, which has one writer, both sides use one process.

The rows shown to the approver are loaded beforehand: that is the page's work, not the approval's.
"""

from collections.abc import Callable, Mapping, Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection
from time import perf_counter
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from bench import twins
from bench.measure import Row, Size
from bench.population import CROSSING_EVERY, populate
from customers.clock import business_today
from holds.actions.tick import aging_tick
from workflows import audit
from workflows.actions import proposals
from workflows.models import ProposedAction

EACH = 25
AT_MOST = 1 / 0.35
OF_RUN = "IN (SELECT id FROM outbound_email_log WHERE run_id = %(run)s)"
# Which rows an approval inserts: a condition a table.
INSERTED = {
    "auto_decisions": "proposal_id = %(proposal)s",
    "audit_chain": "decision_id IN (SELECT id FROM auto_decisions WHERE proposal_id = %(proposal)s)",
    "customers_historicalcustomer": "id = %(customer)s",
    "service_holds_history": "run_id = %(run)s AND history_type = '~'",
    "outbound_email_log": "run_id = %(run)s",
    "outbound_email_history": f"id {OF_RUN}",
    "outbound_email_versions": f"email_id {OF_RUN}",
    "netsuite_push": "run_id = %(run_key)s",
    "state_transitions": "run_id = %(run_key)s",
    "workflow_step_log": "run_id = %(run)s",
    "workflow_verify_results": "run_id = %(run)s",
    "reflexion_log": "run_id = %(run)s",
}
UPDATED = {
    "proposed_actions": ("id = %(proposal)s", ("status", "decided_by_id", "decided_at", "decision_reason", "choice")),
    "service_holds": ("run_id = %(run)s", ("status", "placed_at", "placed_by", "prior_value")),
    "customers": ("id = %(customer)s", ("entitystatus", "last_modified")),
    "workflow_run_log": ("id = %(run)s", ("status", "completed_at", "stages")),
}
BELLS = "django_q_ormq"
Written = Mapping[str, twins.Rows]


def measure(size: Size) -> list[Row]:
    """`EACH` approvals a process and round, against as many bare transactions."""
    count = 4 if connection.vendor == "postgresql" else 1
    rounds = size.rounds + 1  # the first warms up
    populate(max(size.customers, (rounds * count * EACH + 2) * CROSSING_EVERY), business_today())
    aging_tick(as_of=business_today())
    statements = _statements()
    for table in (*INSERTED, BELLS):
        twins.make(table)
    for table in UPDATED:
        twins.make(table, filled=True)
    seconds: dict[str, list[float]] = {"approve": [], "bare statements": []}
    lanes = [Lane() for _number in range(count)]
    for _round in range(rounds):
        keys = _pending(count * EACH)
        after = _last_bell()
        seconds["approve"].append(_timed(lanes, "approve", keys, audit.seal))
        bells = _bells(after)
        per = [(key, bells[number :: len(keys)]) for number, key in enumerate(keys)]
        seconds["bare statements"].append(_timed(lanes, "bare", per))
    for lane in lanes:
        lane.stop()
    measured = {side: times[1:] for side, times in seconds.items()}
    name = f"approval × {count * EACH}, {count} connections"
    return [Row(name, measured, {"bare statements": AT_MOST}, statements)]


def _pending(count: int) -> list[int]:
    return list(ProposedAction.objects.awaiting_decision().order_by("pk").values_list("pk", flat=True)[:count])


def _timed(lanes: Sequence["Lane"], work: str, items: Sequence[Any], after: Callable[[], Any] = lambda: None) -> float:
    """Seconds from the start of all processes to the end of the last."""
    for number, lane in enumerate(lanes):
        lane.load(work, items[number :: len(lanes)])
    started = perf_counter()
    for lane in lanes:
        lane.go()
    for lane in lanes:
        lane.wait()
    after()
    return perf_counter() - started


class Lane:
    """A process with connections of its own; it loads what it shall do, waits for the word, and does it."""

    def __init__(self) -> None:
        connections.close_all()
        context = get_context("fork")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=[theirs], daemon=True)
        self.process.start()

    def load(self, work: str, items: Sequence[Any]) -> None:
        self.pipe.send((work, items))
        self.wait()

    def go(self) -> None:
        self.pipe.send("go")

    def wait(self) -> None:
        if error := self.pipe.recv():
            raise RuntimeError(error)

    def stop(self) -> None:
        self.pipe.send(None)
        self.process.join()


def _serve(pipe: Connection) -> None:
    """The process of a lane: "" is its word for done, else what went wrong."""
    mike, bare = _mike(), Bare()
    while order := pipe.recv():
        try:
            work, items = order
            todo = _approvals(mike, items) if work == "approve" else bare.transactions(items)
            pipe.send("")
            pipe.recv()
            for one in todo:
                one()
            pipe.send("")
        except Exception as error:
            pipe.send(repr(error))


def _mike() -> Any:
    mike, _ = get_user_model().objects.get_or_create(username="bench-mike")
    mike.groups.add(Group.objects.get(name="AR manager"))
    mike = get_user_model().objects.get(pk=mike.pk)
    mike.has_perm("workflows.decide_high_risk")
    return mike


def _approvals(mike: Any, keys: Sequence[int]) -> list[Callable[[], Any]]:
    shown = ProposedAction.objects.select_related("customer", "run").in_bulk(keys)
    return [lambda p=shown[key]: _approve(mike, p) for key in keys]


def _approve(mike: Any, proposal: ProposedAction) -> None:
    proposals.approve(proposal=proposal, version=proposal.version, by=mike, reason="94 days late, no answer")


def _statements() -> dict[str, float]:
    """How many statements an approval is: in its transaction, and with all that follows the commit."""
    mike = _mike()
    first, second = _approvals(mike, _pending(2))
    first()
    with CaptureQueriesContext(connection) as captured:
        second()
    said = [query["sql"] for query in captured.captured_queries]
    commit = said.index("COMMIT") + 1 if "COMMIT" in said else len(said)
    return {"statements to the commit": commit, "statements in all": len(said)}


class Bare:
    """The bare side: psycopg itself on PostgreSQL, Django's cursor on SQLite."""

    def __init__(self) -> None:
        if connection.vendor == "postgresql":
            import psycopg
            from psycopg.types.json import JsonbDumper

            wanted = connection.get_connection_params()
            names = ("dbname", "user", "password", "host", "port")
            self.connection = psycopg.connect(autocommit=True, **{k: v for k, v in wanted.items() if k in names})
            for kind in (dict, list):
                self.connection.adapters.register_dumper(kind, JsonbDumper)
            self.cursor: Any = self.connection.cursor()
        else:
            self.cursor = connection.copy().cursor()

    def transactions(self, items: Sequence[tuple[int, twins.Rows]]) -> list[Callable[[], None]]:
        """One for each proposal, given with the bells it rang."""
        loaded = [(self._updates(key), {**self._inserts(key), BELLS: bells}) for key, bells in items]
        return [lambda u=updates, i=inserts: self._write(u, i) for updates, inserts in loaded]

    def _inserts(self, key: int) -> Written:
        about = self._about(key)
        return {table: self._read(table, which, about) for table, which in INSERTED.items()}

    def _updates(self, key: int) -> Written:
        about = self._about(key)
        return {table: self._read(table, which, about) for table, (which, _columns) in UPDATED.items()}

    def _about(self, key: int) -> dict[str, Any]:
        proposal = ProposedAction.objects.select_related("run").get(pk=key)
        run = proposal.run
        assert run is not None
        return {"proposal": key, "run": run.pk, "run_key": str(run.run_id), "customer": proposal.customer_id}

    def _read(self, table: str, which: str, about: Mapping[str, Any]) -> twins.Rows:
        self.cursor.execute(f"SELECT * FROM {table} WHERE {which}", about)  # noqa: S608
        names = [column[0] for column in self.cursor.description]
        return [dict(zip(names, row, strict=True)) for row in self.cursor.fetchall()]

    def _write(self, updates: Written, inserts: Written) -> None:
        self.cursor.execute("BEGIN")
        for table, rows in updates.items():
            for row in rows:
                twins.update(self.cursor, table, row, UPDATED[table][1])
        for table, rows in inserts.items():
            if rows:
                twins.insert(self.cursor, table, rows)
        self.cursor.execute("COMMIT")


def _last_bell() -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT coalesce(max(id), 0) FROM {BELLS}")  # noqa: S608
        return int(cursor.fetchone()[0])


def _bells(after: int) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {BELLS} WHERE id > %s ORDER BY id", [after])  # noqa: S608
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
