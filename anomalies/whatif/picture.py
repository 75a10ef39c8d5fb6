"""Two courses over the same days, one of them tried: inline SVG, zero-based, labelled at the end of each line."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from operator import itemgetter
from typing import Literal

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from anomalies.chart import axis_step, axis_words
from anomalies.definitions import METRICS
from workflows.wording import day as day_words

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 220, 56, 520, 16, 192
TICKS, TIGHT = 4, 14
COUNTED = METRICS["new_holds"]
Look = Literal["now", "tried", "figure"]
STROKES: dict[Look, str] = {
    "now": 'stroke="var(--band-line)" stroke-width="1.5" stroke-dasharray="5 3"',
    "tried": 'stroke="var(--data)" stroke-width="2"',
    "figure": 'stroke="var(--text-3)" stroke-width="1"',
}


@dataclass(frozen=True)
class Course:
    """One line: day (ordinal) and value, oldest first, with the words at its end."""

    words: str
    look: Look
    spots: Sequence[tuple[int, float]]


def draw(
    metric: str, courses: Sequence[Course], *, finding: str, marked: Sequence[tuple[int, float]] = ()
) -> SafeString:
    """The courses over one axis of `metric`; `marked` days get a diamond. Empty with fewer than two days."""
    spots = [spot for course in courses for spot in course.spots]
    days = sorted({day for day, _ in spots})
    if len(days) < 2:
        return SafeString("")
    frame = _Frame(metric, days[0], days[-1], max(value for _, value in spots))
    parts = [*frame.grid(), *(frame.course(one) for one in courses if one.spots), *frame.labels(courses)]
    parts += [frame.diamond(*spot) for spot in marked]
    parts += frame.days()
    return format_html(
        '<svg class="alert-chart" viewBox="0 0 {} {}" width="100%" role="img"><title>{}</title>{}</svg>',
        WIDTH,
        HEIGHT,
        finding,
        mark_safe("".join(parts)),  # noqa: S308  numbers of ours, escaped words
    )


class _Frame:
    """Days to x, values to y."""

    def __init__(self, metric: str, first: int, last: int, highest: float) -> None:
        self.metric, self.first, self.last = metric, first, last
        step = axis_step((highest or 1.0) / TICKS)
        self.step = max(step, 1.0) if METRICS.get(metric, COUNTED).unit == "count" else step
        self.top = self.step * -(-(highest or 1.0) // self.step)

    def x(self, day: int) -> float:
        return round(LEFT + (RIGHT - LEFT) * (day - self.first) / (self.last - self.first), 1)

    def y(self, value: float) -> float:
        return round(BOTTOM - (BOTTOM - TOP) * max(value, 0.0) / self.top, 1)

    def grid(self) -> list[str]:
        lines, value = [], 0.0
        while value <= self.top:
            y = self.y(value)
            lines.append(f'<line x1="{LEFT}" x2="{RIGHT}" y1="{y}" y2="{y}" stroke="var(--grid)"/>')
            said = escape(axis_words(self.metric, value))
            lines.append(f'<text x="{LEFT - 6}" y="{y + 4}" text-anchor="end">{said}</text>')
            value += self.step
        return lines

    def course(self, course: Course) -> str:
        path = " ".join(f"{self.x(day)},{self.y(value)}" for day, value in course.spots)
        return f'<polyline points="{path}" fill="none" stroke-linejoin="round" {STROKES[course.look]}/>'

    def labels(self, courses: Sequence[Course]) -> list[str]:
        """At the end of each line; what would touch moves down."""
        ends = sorted(((self.y(one.spots[-1][1]), one) for one in courses if one.spots), key=itemgetter(0))
        found, below = [], 0.0
        for y, course in ends:
            y = max(y, below)
            below = y + TIGHT
            css = "k" if course.look == "tried" else ""
            found.append(f'<text x="{RIGHT + 8}" y="{y + 4:.1f}" class="{css}">{escape(course.words)}</text>')
        return found

    def diamond(self, day: int, value: float) -> str:
        x, y = self.x(day), self.y(value)
        return f'<path d="M{x} {y - 5:.1f}l5 5l-5 5l-5 -5z" fill="var(--breach)"/>'

    def days(self) -> list[str]:
        """The first and the last day, and two between."""
        wanted = [self.first + round(n * (self.last - self.first) / 3) for n in range(4)]
        anchors = ("start", "middle", "middle", "end")
        return [
            f'<text x="{self.x(day)}" y="{HEIGHT - 5}" text-anchor="{anchor}">'
            f"{day_words(date.fromordinal(day), year=False)}</text>"
            for day, anchor in zip(wanted, anchors, strict=True)
        ]
