"""The picture of an alert: one figure a day, the usual band, the line, the breach. Drawn here as inline SVG."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from anomalies.finding import figure
from anomalies.rules import Point
from workflows.wording import day

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 548, 216, 52, 460, 20, 192
STEPS = (1, 2, 2.5, 5, 10)
TICKS, TIGHT = 4, 17


@dataclass(frozen=True)
class Band:
    """The usual: mean and the distance up and down that is grey."""

    mean: Decimal
    half: Decimal


def draw(
    metric: str,
    points: Sequence[Point],
    *,
    line: Decimal | None,
    band: Band | None,
    finding: str,
    breach: bool = True,
) -> SafeString:
    """A line of days, oldest first; the last one is the breach unless told. Empty with fewer than two days."""
    if len(points) < 2:
        return SafeString("")
    scale = _Scale(metric, points, line, band)
    parts = [*scale.grid(), *scale.band(), *scale.line(), scale.usual(), *scale.last(breach), *scale.days()]
    return format_html(
        '<svg class="alert-chart" viewBox="0 0 {} {}" width="100%" role="img"><title>{}</title>{}</svg>',
        WIDTH,
        HEIGHT,
        finding,
        mark_safe("".join(parts)),  # noqa: S308  numbers and dates of ours
    )


class _Scale:
    """Days to x, figures to y; zero-based."""

    def __init__(self, metric: str, points: Sequence[Point], line: Decimal | None, band: Band | None) -> None:
        self.metric, self.points, self.limit, self.usually = metric, points, line, band
        self.first, self.span = points[0].day, max(1, (points[-1].day - points[0].day).days)
        highest = float(max([*(point.value for point in points), line or Decimal(0)])) or 1.0
        self.step = axis_step(highest / TICKS)
        self.top = self.step * -(-highest // self.step)

    def x(self, point: Point) -> float:
        return round(LEFT + (RIGHT - LEFT) * (point.day - self.first).days / self.span, 1)

    def y(self, value: float | Decimal) -> float:
        return round(BOTTOM - (BOTTOM - TOP) * min(max(float(value), 0.0), self.top) / self.top, 1)

    def grid(self) -> list[str]:
        lines, value = [], 0.0
        while value <= self.top:
            y = self.y(value)
            lines.append(f'<line x1="{LEFT}" x2="{RIGHT}" y1="{y}" y2="{y}" stroke="var(--grid)"/>')
            lines.append(f'<text x="{LEFT - 6}" y="{y + 4}" text-anchor="end">{axis_words(self.metric, value)}</text>')
            value += self.step
        return lines

    def band(self) -> list[str]:
        if self.usually is None:
            return []
        upper, lower = self.y(self.usually.mean + self.usually.half), self.y(self.usually.mean - self.usually.half)
        mean = self.y(self.usually.mean)
        return [
            f'<rect x="{LEFT}" y="{upper}" width="{RIGHT - LEFT}" height="{lower - upper:.1f}" fill="var(--band)"/>',
            f'<line x1="{LEFT}" x2="{RIGHT}" y1="{mean}" y2="{mean}" stroke="var(--band-line)"/>',
            self._beside(mean, f"mean {axis_words(self.metric, float(self.usually.mean))}", ""),
        ]

    def line(self) -> list[str]:
        if self.limit is None:
            return []
        y = self.y(self.limit)
        dashes = 'stroke="var(--band-line)" stroke-dasharray="5 3"'
        words = f"line {axis_words(self.metric, float(self.limit))}"
        return [f'<line x1="{LEFT}" x2="{RIGHT}" y1="{y}" y2="{y}" {dashes}/>', self._beside(y, words, "k")]

    def _beside(self, y: float, words: str, css: str) -> str:
        """Two labels that would touch move apart."""
        if css == "" and self.limit is not None and abs(y - self.y(self.limit)) < TIGHT:
            y = self.y(self.limit) + TIGHT
        return f'<text x="{RIGHT + 8}" y="{y + 4:.1f}" class="{css}">{escape(words)}</text>'

    def usual(self) -> str:
        found = " ".join(f"{self.x(point)},{self.y(point.value)}" for point in self.points[:-1])
        return f'<polyline points="{found}" fill="none" stroke="var(--data)" stroke-width="2" stroke-linejoin="round"/>'

    def last(self, breach: bool) -> list[str]:
        return self.breach() if breach else self.newest()

    def newest(self) -> list[str]:
        """The last day as a dot on the line, with its figure."""
        before, last = self.points[-2], self.points[-1]
        x, y = self.x(last), self.y(last.value)
        words = f"{figure(self.metric, last.value)} on {last.day:%a} {day(last.day, year=False)}"
        return [
            f'<line x1="{self.x(before)}" y1="{self.y(before.value)}" x2="{x}" y2="{y}" stroke="var(--data)"'
            ' stroke-width="2"/>',
            f'<circle cx="{x}" cy="{y}" r="4" fill="var(--data)"/>',
            f'<text class="k" x="{x}" y="{max(y - 10, 12):.1f}" text-anchor="end">{escape(words)}</text>',
        ]

    def breach(self) -> list[str]:
        before, last = self.points[-2], self.points[-1]
        x, y = self.x(last), self.y(last.value)
        words = f"{figure(self.metric, last.value)} on {last.day:%a} {day(last.day, year=False)}"
        return [
            f'<line x1="{self.x(before)}" y1="{self.y(before.value)}" x2="{x}" y2="{y}" stroke="var(--breach)"'
            ' stroke-width="2"/>',
            f'<path d="M{x} {y - 6:.1f}l6 6l-6 6l-6 -6z" fill="var(--breach)"/>',
            f'<text class="br" x="{x - 12:.1f}" y="{y + 4:.1f}" text-anchor="end">{escape(words)}</text>',
        ]

    def days(self) -> list[str]:
        """The first and the last day, and two between."""
        wanted = [self.points[round(n * (len(self.points) - 1) / 3)] for n in range(4)]
        anchors = ("start", "middle", "middle", "end")
        return [
            f'<text x="{self.x(p)}" y="{HEIGHT - 5}" text-anchor="{anchor}">{day(p.day, year=False)}</text>'
            for p, anchor in zip(wanted, anchors, strict=True)
        ]


def axis_step(rough: float) -> float:
    """The next larger of 1, 2, 2.5, 5 × a power of ten."""
    size = 1.0
    while size * 10 <= rough:
        size *= 10
    while size > rough:
        size /= 10
    return next(size * step for step in STEPS if size * step >= rough)


def axis_words(metric: str, value: float) -> str:
    """Short enough for the axis: `$400k`, `85 %`, `30`."""
    said = figure(metric, Decimal(str(round(value, 6))))
    if said.startswith("$") and value >= 1_000_000:
        return f"${value / 1_000_000:g}M"
    if said.startswith("$") and value >= 1_000:
        return f"${value / 1_000:.0f}k"
    return said.removesuffix(" days")
