"""The curve as a picture: seconds against open invoices, both logarithmic, each line named at its end."""

from collections.abc import Mapping, Sequence
from math import log10
from typing import Any

WIDTH, HEIGHT = 760, 420
LEFT, RIGHT, TOP, BOTTOM = 70, 560, 20, 370
COLOURS = ("#1f5fa8", "#8a6d1d", "#2f7d4f", "#8c3b6c", "#666666")
LABEL_HEIGHT = 16
Line = list[tuple[float, float]]


def draw(results: Sequence[Mapping[str, Any]]) -> str:
    """An SVG of the median of each side by size."""
    lines: dict[str, Line] = {}
    for row in results:
        for side, seconds in row["seconds"].items():
            lines.setdefault(side, []).append((row["invoices"], seconds["median"]))
    plane = _Plane([point for line in lines.values() for point in line])
    coloured = list(zip(lines.items(), COLOURS, strict=False))
    parts = [*plane.grid(), *(plane.line(line, colour) for (_name, line), colour in coloured)]
    parts += _labels(sorted((plane.y(line[-1][1]), name, colour) for (name, line), colour in coloured))
    title = "<title>Seconds of each part against the number of open invoices, both axes logarithmic</title>"
    body = "\n".join([title, f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>', *parts])
    font = 'font-family="system-ui, sans-serif" font-size="13"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" {font}>\n{body}\n</svg>\n'


class _Plane:
    """Where a point lies; the axes end at whole powers of ten."""

    def __init__(self, points: Sequence[tuple[float, float]]) -> None:
        across, up = ([log10(point[axis]) for point in points] for axis in (0, 1))
        self.left, self.right = min(across), max(across)
        self.low, self.high = int(min(up) // 1), int(-(-max(up) // 1))

    def x(self, invoices: float) -> float:
        return round(LEFT + (RIGHT - LEFT) * (log10(invoices) - self.left) / ((self.right - self.left) or 1), 1)

    def y(self, seconds: float) -> float:
        return round(BOTTOM - (BOTTOM - TOP) * (log10(seconds) - self.low) / ((self.high - self.low) or 1), 1)

    def grid(self) -> list[str]:
        parts = []
        for power in range(self.low, self.high + 1):
            y = self.y(10**power)
            parts.append(f'<line x1="{LEFT}" x2="{RIGHT}" y1="{y}" y2="{y}" stroke="#dddddd"/>')
            parts.append(f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end" fill="#444444">{_time(power)}</text>')
        for power in range(round(self.left), round(self.right) + 1):
            x = self.x(10**power)
            parts.append(f'<line x1="{x}" x2="{x}" y1="{TOP}" y2="{BOTTOM}" stroke="#eeeeee"/>')
            parts.append(f'<text x="{x}" y="{BOTTOM + 20}" text-anchor="middle" fill="#444444">{10**power:,}</text>')
        middle = (LEFT + RIGHT) / 2
        return [*parts, f'<text x="{middle}" y="{HEIGHT - 8}" text-anchor="middle" fill="#444444">open invoices</text>']

    def line(self, line: Line, colour: str) -> str:
        points = [(self.x(invoices), self.y(seconds)) for invoices, seconds in line]
        dots = "".join(f'<circle cx="{x}" cy="{y}" r="3.5" fill="{colour}"/>' for x, y in points)
        path = " ".join(f"{x},{y}" for x, y in points)
        return f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="{path}"/>{dots}'


def _labels(ends: Sequence[tuple[float, str, str]]) -> list[str]:
    """Names at the lines' ends, moved apart where they would cover each other."""
    parts, last = [], TOP - LABEL_HEIGHT
    for y, name, colour in ends:
        last = max(y, last + LABEL_HEIGHT)
        parts.append(f'<text x="{RIGHT + 12}" y="{last + 4}" fill="{colour}">{name}</text>')
    return parts


def _time(power: int) -> str:
    return f"{10 ** (power + 3):,} ms" if power < 0 else f"{10**power:,} s"
