"""Charts as inline SVG, drawn here: the text is the page's, every chart states its finding in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from statistics import median

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from customers.aging import Payment
from customers.rules import BUCKETS, Aging
from workflows.wording import count

AGE_WORDS = dict(zip(BUCKETS, ("Current", "1–30", "31–60", "61–90", "91–120", "Over 120"), strict=True))
ENOUGH = 4
WIDTH, LEFT, RIGHT, TOP, BOTTOM = 278, 30, 230, 16, 138


@dataclass(frozen=True)
class AgeRow:
    """One age: its words, amount (base currency), share of all open invoices, and its tint."""

    words: str
    amount: Decimal
    share: Decimal
    tint: int


def age_rows(aging: Aging) -> list[AgeRow]:
    total = aging.invoiced
    return [
        AgeRow(words, getattr(aging, name), getattr(aging, name) / total if total else Decimal(0), tint)
        for tint, (name, words) in enumerate(AGE_WORDS.items())
    ]


def age_bar(rows: Sequence[AgeRow]) -> SafeString:
    """One stacked bar; the table beside it has the figures."""
    label = ", ".join(f"{row.words} {row.share * 100:.0f} %" for row in rows)
    parts = format_html_join(
        "",
        '<i style="flex:{} 0 0;background:var(--age-{})"></i>',
        [(f"{row.share * 100:.3f}", row.tint) for row in rows if row.amount > 0],
    )
    return format_html('<div class="agebar" role="img" aria-label="Share by days past due: {}">{}</div>', label, parts)


@dataclass(frozen=True)
class PayChart:
    """Days to pay, invoice by invoice: a finding in words, the drawing, and the same as rows."""

    words: str
    drawing: SafeString
    rows: Sequence[Payment]


def days_to_pay(payments: Sequence[Payment], terms: int | None) -> PayChart:
    """Dots are paid, diamonds are open; with too few invoices there is only the sentence."""
    paid = [p for p in payments if not p.still_open]
    if len(paid) < ENOUGH:
        return PayChart(f"Not enough data: {len(paid)} of {ENOUGH} paid invoices.", SafeString(""), payments)
    words = _finding(paid, terms)
    return PayChart(words, _draw(payments, paid, terms, words), payments)


def _finding(paid: Sequence[Payment], terms: int | None) -> str:
    first, last = median(p.days for p in paid[:5]), median(p.days for p in paid[-5:])
    since = f"{paid[0].issued:%b %Y}"
    said = f"Median {first:.0f} days in {since}, {last:.0f} now."
    return f"{said} Terms {terms}." if terms else said


def _draw(payments: Sequence[Payment], paid: Sequence[Payment], terms: int | None, words: str) -> SafeString:
    scale = _Scale(payments, terms)
    still_open = [p for p in payments if p.still_open]
    oldest = max(still_open, key=lambda p: p.days, default=None)
    title = f"Days to pay, invoice by invoice. {words} {count(len(still_open), 'invoice').capitalize()} still open."
    parts = [
        *scale.grid(),
        *scale.terms_line(terms),
        scale.rolling_median(paid),
        *(scale.dot(p) for p in paid),
        *(scale.diamond(p) for p in still_open),
        *([scale.label(oldest)] if oldest else []),
        *scale.months(),
    ]
    return format_html(
        '<svg viewBox="0 0 {} 160" width="100%" role="img"><title>{}</title>{}</svg>',
        WIDTH,
        title,
        mark_safe("".join(parts)),  # noqa: S308  numbers and dates of ours
    )


class _Scale:
    """Dates to x, days to y; zero-based."""

    def __init__(self, payments: Sequence[Payment], terms: int | None) -> None:
        self.first, self.last = payments[0].issued, payments[-1].issued
        self.span = max(1, (self.last - self.first).days)
        highest = max([*(p.days for p in payments), terms or 0])
        self.step = next(step for step in (10, 20, 30, 60, 120, 240, 480, 10_000) if highest <= step * 5)
        self.top = self.step * max(1, -(-highest // self.step))

    def x(self, day: date) -> float:
        return round(LEFT + (RIGHT - LEFT) * (day - self.first).days / self.span, 1)

    def y(self, days: float) -> float:
        return round(BOTTOM - (BOTTOM - TOP) * days / self.top, 1)

    def grid(self) -> list[str]:
        lines = []
        for value in range(0, self.top + 1, self.step):
            y = self.y(value)
            lines.append(f'<line x1="{LEFT}" x2="{RIGHT}" y1="{y}" y2="{y}" stroke="var(--grid)"/>')
            lines.append(f'<text x="24" y="{y + 4}" text-anchor="end">{value}</text>')
        return lines

    def terms_line(self, terms: int | None) -> list[str]:
        if not terms:
            return []
        y = self.y(terms)
        dashed = f'<line x1="{LEFT}" x2="{RIGHT}" y1="{y}" y2="{y}" stroke="var(--band-line)" stroke-dasharray="5 3"/>'
        return [dashed, f'<text x="241" y="{y + 4}" class="k">terms</text>']

    def rolling_median(self, paid: Sequence[Payment]) -> str:
        """Of five invoices each, at the newest of them."""
        windows = [(paid[i].issued, median(p.days for p in paid[i - 4 : i + 1])) for i in range(4, len(paid))]
        points = " ".join(f"{self.x(day)},{self.y(days)}" for day, days in windows)
        return (
            f'<polyline fill="none" stroke="var(--data)" stroke-width="2" stroke-linejoin="round" points="{points}"/>'
        )

    def dot(self, p: Payment) -> str:
        return f'<circle cx="{self.x(p.issued)}" cy="{self.y(p.days)}" r="3" fill="var(--data)" fill-opacity=".45"/>'

    def diamond(self, p: Payment) -> str:
        x, y = self.x(p.issued), self.y(p.days)
        return (
            f'<path d="M{x} {y - 5:.1f}l5 5l-5 5l-5 -5z" fill="var(--raised)" stroke="var(--breach)" stroke-width="2"/>'
        )

    def label(self, p: Payment) -> str:
        return (
            f'<text class="br" x="{self.x(p.issued) - 9:.1f}" y="{self.y(p.days) + 4:.1f}"'
            f' text-anchor="end">{p.days} days, unpaid</text>'
        )

    def months(self) -> list[str]:
        return [
            f'<text x="{LEFT}" y="155">{self.first:%b %Y}</text>',
            f'<text x="{RIGHT}" y="155" text-anchor="end">{self.last:%b %Y}</text>',
        ]
