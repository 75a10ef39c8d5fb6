"""The whole demo account for one day: a pure function of the day and the seed."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

from config.demo import staff
from config.demo.ledger import Habits, Ledger
from config.demo.stories import STORIES, OpenOrder, Story
from config.demo.wave import raise_wave
from config.demo.words import SEASONAL_TRADES, domain, firms, person

SEED = 1907
MONTHS_BACK = timedelta(days=425)
Row = dict[str, Any]


@dataclass(frozen=True)
class Tier:
    """How many customers, how often and for how much they order, and on which terms (name, days)."""

    name: str
    customers: int
    every: int
    amount: float
    terms: tuple[tuple[str, int], ...]
    payers: tuple[str, ...]
    open_orders: float


TIERS = (
    Tier(
        *("Key", 32, 17, 7_400, (("Net 30", 30), ("Net 45", 45), ("Net 60", 60))),
        payers=("prompt", "prompt", "prompt", "slow", "disputing"),
        open_orders=0.5,
    ),
    Tier(
        *("Core", 118, 43, 2_700, (("Net 30", 30), ("Net 30", 30), ("Net 45", 45))),
        payers=("prompt", "prompt", "prompt", "slow", "slow", "disputing"),
        open_orders=0.3,
    ),
    Tier(
        *("Small", 230, 96, 640, (("Net 15", 15), ("Net 30", 30), ("Due on receipt", 0))),
        payers=(*("prompt",) * 8, *("slow",) * 3, "disputing", "failing"),
        open_orders=0.08,
    ),
)
TERMS = {"Key": ("Net 45", 45), "Core": ("Net 30", 30)}
PREFIXES = {"SalesOrd": ("SO-", 40_117), "CustInvc": ("INV-", 30_412), "CustPymt": ("PMT-", 20_806)}
CREDIT_MEMOS = ("CM-", 5_033)


@dataclass
class Account:
    """Rows as the sandbox's load takes them."""

    employees: list[Row] = field(default_factory=list)
    customers: list[Row] = field(default_factory=list)
    transactions: list[Row] = field(default_factory=list)


def build(today: date, *, pins: dict[str, str], seed: int = SEED) -> Account:
    """400 customers with 14 months of business up to `today` (business date)."""
    rng = Random(seed)  # noqa: S311  a demo that looks the same every time
    account = Account(employees=staff.employees(pins))
    customers = list(_customers(today, rng))
    raise_wave(customers, today, seed)
    for number, (row, ledger) in enumerate(customers, start=1):
        account.customers.append(row | {"entityid": f"C-{1000 + number}"})
        account.transactions += ledger.documents
    _number(account.transactions, today)
    return account


def external_id(key: str) -> str:
    return f"demo-customer-{key}"


def _customers(today: date, rng: Random) -> Iterator[tuple[Row, Ledger]]:
    for story in STORIES:
        yield _told(story, today, rng)
    names = firms(rng, {story.name for story in STORIES})
    number = 0
    for tier in TIERS:
        for _ in range(tier.customers):
            number += 1
            yield _regular(f"{number:03d}", *next(names), tier, today, rng)


def _told(story: Story, today: date, rng: Random) -> tuple[Row, Ledger]:
    terms, days = TERMS[story.tier]
    ledger = Ledger(external_id(story.key), today, rng, "CAD" if story.cad else "USD")
    # Regular business ends before the first invoice that is told.
    quiet = today - timedelta(days=story.oldest + days + 70)
    usual = sum(bill.amount for bill in story.bills) / len(story.bills)
    ledger.trade(Habits(24, usual * 0.7, days, pause_after=quiet), today - MONTHS_BACK)
    for bill in story.bills:
        ledger.bill(bill, days)
    for order in story.orders:
        ledger.open_order(order)
    region = next((rep.region for rep in staff.REPS if rep.key == story.rep), "Southwest")
    row = _row(story.key, story.name, story.contact, region, story.tier, terms, ledger.currency, today, rng)
    row |= {"creditholdoverride": story.override, "salesrep_externalid": staff.external_id(story.rep or "dana")}
    if not story.rep:
        del row["salesrep_externalid"]
    if not story.email:
        row["email"] = None
    return row | _limit(story.limit), ledger


def _regular(key: str, name: str, trade: str, tier: Tier, today: date, rng: Random) -> tuple[Row, Ledger]:
    rep = rng.choice(staff.REPS)
    terms, days = rng.choice(tier.terms)
    seasonal = trade in SEASONAL_TRADES
    payer = "seasonal" if seasonal else rng.choice(tier.payers)
    ledger = Ledger(external_id(key), today, rng, "CAD" if rep.region == "Ontario" else "USD")
    began = today - timedelta(days=rng.randint(90, MONTHS_BACK.days)) if rng.random() < 0.1 else today - MONTHS_BACK
    inactive = tier.name == "Small" and rng.random() < 0.035
    left = today - timedelta(days=rng.randint(150, 300)) if inactive else None
    size = rng.lognormvariate(0, 0.35)
    habits = Habits(tier.every, tier.amount * size, days, "prompt" if inactive else payer, seasonal, left)
    ledger.trade(habits, began)
    if not inactive and rng.random() < tier.open_orders:
        ledger.open_order(OpenOrder(round(habits.amount * rng.uniform(0.5, 1.8), 2), rng.randint(1, 14)))
    row = _row(key, name, person(rng), rep.region, tier.name, terms, ledger.currency, began, rng)
    row |= {"salesrep_externalid": staff.external_id(rep.key), "isinactive": "T" if inactive else "F"}
    return row | _limit(_usual_limit(ledger, tier.amount * size, rng)), ledger


def _row(
    key: str, name: str, contact: str, region: str, tier: str, terms: str, currency: str, since: date, rng: Random
) -> Row:
    created = since - timedelta(days=rng.randint(20, 2200))
    return {
        "externalid": external_id(key),
        "companyname": name,
        "email": f"payables@{domain(name)}",
        "phone": f"+1 555 {rng.randint(1000, 9999)}",
        "terms": terms,
        "currency": currency,
        "creditholdoverride": "AUTO",
        "datecreated": created.isoformat(),
        "custentity_region": region,
        "custentity_tier": tier,
        "custentity_contact_name": contact,
        "custentity_payment_method": rng.choice(("ACH", "ACH", "Check", "Check", "Wire", "Card")),
    }


def _usual_limit(ledger: Ledger, amount: float, rng: Random) -> float | str | None:
    """Most limits leave room, one in ten is tight, a few are exceeded; some have none, a few are unlimited."""
    draw = rng.random()
    if draw < 0.14:
        return None
    if draw < 0.17:
        return "unlimited"
    used = max(ledger.open_amount() * ledger.documents[0]["exchangerate"] if ledger.documents else 0.0, amount)
    room = rng.uniform(0.86, 0.97) if draw < 0.2 else rng.uniform(1.06, 1.3) if draw < 0.3 else rng.uniform(1.7, 4.5)
    return float(max(500, round(used * room / 500) * 500))


def _limit(limit: float | str | None) -> Row:
    if limit == "unlimited":
        return {"creditlimit": None, "custentity_unlimited_credit": "T"}
    return {"creditlimit": limit}


def _number(documents: list[Row], today: date) -> None:
    """Numbers in the order of dates, and the moment of the last change; what changed today has just changed."""
    documents.sort(key=lambda row: (row["trandate"], row["type"], row["entity_externalid"]))
    counters: dict[str, int] = {}
    for row in documents:
        prefix, first = PREFIXES.get(row["type"], CREDIT_MEMOS)
        counters[row["type"]] = counters.get(row["type"], first - 1) + 1
        row["tranid"] = f"{prefix}{counters[row['type']]}"
        row["externalid"] = f"demo-{row['tranid']}"
        changed = row.pop("changed")
        if changed < today.isoformat():
            row["lastmodifieddate"] = f"{changed}T15:00:00Z"
