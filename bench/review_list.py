"""The review list over many proposals, beside Django's plain admin: pages near and far, search."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import timedelta
from decimal import Decimal
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from bench import plain_admin
from bench.measure import Row, Size, side_by_side
from bench.population import copies
from customers.models import Customer
from holds.actions.holds import HOLD
from workflows import keyset, proposal_list
from workflows.models import ProposedAction

FEW, MANY, LARGE = 100_000, 1_000_000, 100_000
PROPOSALS_EACH, FAR, PAGE = 10, 9_000, 50
FIRST_WORDS = ("Northside", "Harbor", "Cedar", "Summit", "Prairie", "Lakeview", "Granite", "Willow", "Canyon", "Maple")
# A hundred customers, thirty, a tenth of all, and nobody; and a word of them all, where the admin only has to count.
TYPICAL, COMMON = "northside 17", "grocers"
SEARCHES = (TYPICAL, "quillmark", "harbor", "zanzibar", COMMON)
SERIES = "(WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %s) SELECT i FROM n) series"
Sides = Mapping[str, Callable[[], None]]


def measure(size: Size) -> list[Row]:
    """Over 100,000 proposals, a million from 100,000 customers on.

    Pages are whole pages through the middleware as Mike reads them. A search is what finds the rows of its first page,
    beside what the plain admin does for the same: counting and reading, in the same columns. What is asked of both
    is asked of a million proposals on PostgreSQL.
    """
    proposals = MANY if size.customers >= LARGE else FEW
    populate(proposals)
    settings.ROOT_URLCONF = plain_admin.__name__
    user, ours = _mike(), reverse("admin:workflows_proposedaction_changelist")
    far, of = proposals * FAR // MANY, f"of {proposals:,} proposals"

    def get(address: str, **query: str) -> Callable[[], None]:
        return lambda: _open(client, address, query)

    client = Client(SERVER_NAME="localhost")
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    asked = proposals == MANY and connection.vendor == "postgresql"
    near, page, plain = get(ours), get(ours, after=cursor_of_page(far)), get(plain_admin.ADDRESS)
    both = {"review list": get(ours, q=TYPICAL), "plain admin": get(plain_admin.ADDRESS, q=TYPICAL)}
    return [
        _side_by_side(f"page {far:,} {of}", size, {f"page {far:,}": page, "page 1": near}, {"page 1": 1.5}),
        _side_by_side(
            f"page 1 {of}", size, {"review list": near, "plain admin": plain}, {"plain admin": 1} if asked else {}
        ),
        *(_search(words, of, size, user, asked and words != COMMON) for words in SEARCHES),
        _side_by_side(f"whole page of “{TYPICAL}” {of}", size, both, {}),
    ]


def _search(words: str, of: str, size: Size, user: User, asked: bool) -> Row:
    """The rows of the first page, found and read."""
    wanted = proposal_list.Wanted.from_query(QueryDict(urlencode({"q": words})))
    sides = {
        "review list": lambda: _find(wanted, user),
        "plain admin": lambda: plain_admin.search(words, user),
    }
    return _side_by_side(f"search “{words}” {of}", size, sides, {"plain admin": 1 / 100} if asked else {})


def _find(wanted: proposal_list.Wanted, user: User) -> None:
    proposal_list.page_of(wanted, user)


def _side_by_side(name: str, size: Size, sides: Sides, at_most: Mapping[str, float]) -> Row:
    """With how many statements each side needs; every side once before, so that both are warm."""
    statements = {}
    for side, work in sides.items():
        with CaptureQueriesContext(connection) as captured:
            work()
        statements[f"statements, {side}"] = len(captured)
    return Row(**{**asdict(side_by_side(name, size.rounds, sides, at_most=at_most)), "figures": statements})


def _open(client: Client, address: str, query: Mapping[str, str]) -> None:
    answer = client.get(address, query)
    if answer.status_code != 200:
        raise RuntimeError(f"{address}: {answer.status_code}")


def cursor_of_page(number: int) -> str:
    """What “Next page” of the page before it leads to."""
    rows = ProposedAction.objects.awaiting_decision().order_by(*proposal_list.BY_STAKE)
    last = rows[(number - 1) * PAGE - 1]
    return keyset.cursor_behind(last, proposal_list.BY_STAKE)


def _mike() -> User:
    user, _ = User.objects.get_or_create(username="bench-mike", defaults={"is_staff": True})
    user.groups.add(Group.objects.get(name="AR manager"))
    return user


def populate(proposals: int) -> None:
    """Ten proposals a customer: six wait, one is put off, three were rejected, each with evidence of a kilobyte."""
    customers = proposals // PROPOSALS_EACH
    _customers(customers)
    _proposals(proposals)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE" if connection.vendor == "sqlite" else "VACUUM ANALYZE")


def _customers(number: int) -> None:
    fields = {"tier": "B", "region": "West", "currency": "USD", "record": {"fields": "x" * 600}}
    specimen = Customer.objects.create(netsuite_id="0", **fields)
    for n, word in enumerate(FIRST_WORDS):
        own = {
            "netsuite_id": f"'' || (i * {len(FIRST_WORDS)} + {n})",
            "entity_id": f"'CUST' || (i * {len(FIRST_WORDS)} + {n})",
            "name": f"'{word} Grocers ' || i",
            "email": f"'ap' || i || '@{word.lower()}.example'",
            "contact_name": "'Casey Lind'",
            "phone": "'+1 555 ' || i",
        }
        copies(specimen, own, SERIES, [number // len(FIRST_WORDS) - (3 if n else 0)])
    own = {"netsuite_id": "'Q' || i", "entity_id": "'CUSTQ' || i", "name": "'Quillmark Foods ' || i"}
    copies(specimen, own, SERIES, [30])
    specimen.delete()


def _proposals(number: int) -> None:
    now = timezone.now()
    by = User.objects.create(username="bench-decider")
    owner = Customer.objects.order_by("pk").first()
    first, customers = owner.pk, Customer.objects.count()
    decided = {"decided_by": by, "decided_at": now, "decision_reason": "Agreed by phone"}
    put_off = {"deferred_until": (now + timedelta(days=30)).date()}
    shares = [("pending", {}, 6), ("deferred", put_off, 1), ("rejected", decided, 3)]
    for status, fields, tenths in shares:
        specimen = _proposal(owner, status, fields)
        own = {
            "entity_ref": "'salesorder:' || i",
            "customer_id": f"{first} + (i % 100000 * 7919) % {customers}",
            "risk_level": "CASE WHEN i % 8 = 0 THEN 2 ELSE 4 END",
            "strong": "i % 10 = 0",
            "at_stake": "1500 + (i % 100000 * 6151) % 48000",
        }
        series = SERIES
        copies(specimen, {k: v.replace("%", "%%") for k, v in own.items()}, series, [number * tenths // 10])
        ProposedAction.objects.filter(pk=specimen.pk).delete()


def _proposal(owner: Customer, status: str, fields: Mapping[str, object]) -> ProposedAction:
    invoices = [{"number": f"INV-{n}", "due": "2026-09-01", "unpaid": "1500.00", "days_overdue": 70} for n in range(8)]
    evidence = {"ar_balance": "15000.00", "days_overdue": 70, "invoices": json.loads(json.dumps(invoices))}
    return ProposedAction.objects.create(
        action_type=f"workflow_{HOLD}",
        entity_type="salesorder",
        entity_ref="salesorder:0",
        customer=owner,
        risk_level=4,
        status=status,
        evidence=evidence,
        proposed_change_json={"entitystatus": "hold"},
        current_state_json={"entitystatus": ""},
        rationale="$15,000.00 open, the oldest invoice 70 days past due. Limit of $1,500.00 and 60 days crossed.",
        at_stake=Decimal("1500.00"),
        proposed_by="schedule:aging_tick",
        content_hash="0" * 64,
        **fields,
    )
