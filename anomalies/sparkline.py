"""A small line of days beside a figure: no axis, zero-based, its meaning in the title. Inline SVG."""

from collections.abc import Sequence

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from anomalies.finding import figure
from anomalies.rules import Point
from workflows.wording import day

WIDTH, HEIGHT, EDGE = 120, 28, 3


def sparkline(metric: str, title: str, points: Sequence[Point]) -> SafeString:
    """Oldest day first; empty with fewer than two."""
    if len(points) < 2:
        return SafeString("")
    low, high = min(0.0, *(float(p.value) for p in points)), max(0.0, *(float(p.value) for p in points))
    first, span = points[0].day, (points[-1].day - points[0].day).days or 1
    spots = [(_x((p.day - first).days / span), _y((float(p.value) - low) / ((high - low) or 1.0))) for p in points]
    said = f"{title}: {figure(metric, points[0].value)} on {day(points[0].day)}, "
    said += f"{figure(metric, points[-1].value)} on {day(points[-1].day)}"
    return format_html(
        '<svg class="spark" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img"><title>{}</title>{}</svg>',
        WIDTH,
        HEIGHT,
        said,
        mark_safe(_line(spots)),  # noqa: S308  numbers of ours
    )


def _line(spots: Sequence[tuple[float, float]]) -> str:
    path = " ".join(f"{x},{y}" for x, y in spots)
    x, y = spots[-1]
    return (
        f'<polyline points="{path}" fill="none" stroke="var(--data)" stroke-width="1.5" stroke-linejoin="round"'
        f' vector-effect="non-scaling-stroke"/><path d="M{x} {y}h0" stroke="var(--data)" stroke-width="5"'
        ' stroke-linecap="round" vector-effect="non-scaling-stroke"/>'
    )


def _x(share: float) -> float:
    return round(EDGE + (WIDTH - 2 * EDGE) * share, 1)


def _y(share: float) -> float:
    return round(HEIGHT - EDGE - (HEIGHT - 2 * EDGE) * share, 1)
