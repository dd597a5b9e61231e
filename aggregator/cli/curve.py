"""Precision against recall as a picture: SVG, written by hand, which any browser shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

Point = tuple[float, float, str]
"""Recall, precision, and the threshold that gives them."""

WIDTH, HEIGHT, EDGE = 640, 480, 60
_COLORS = ("#1f4e79", "#b45309", "#0f766e", "#7c3aed")


def svg(lines: Mapping[str, Sequence[Point]], *, marked: frozenset[str] | set[str] = frozenset()) -> str:
    """A line for each name; the axes begin below the lowest point.  The thresholds that are *marked* are drawn full."""
    points = [point for line in lines.values() for point in line]
    left = _below(recall for recall, _, _ in points)
    low = _below(precision for _, precision, _ in points)
    body = [*_axes(left, low)]
    for number, (name, line) in enumerate(lines.items()):
        body += _line(name, line, number, left, low, marked)
    content = "\n".join(body)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        f'font-size="12" role="img" aria-label="Precision against recall over the thresholds">\n'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>\n{content}\n</svg>\n'
    )


def _below(values: object) -> float:
    """The tenth below the lowest value, and never all of the axis."""
    lowest = min(values, default=0.0)  # type: ignore[call-overload]
    return max(0.0, min(0.9, int(lowest * 10) / 10))


def _x(recall: float, left: float) -> float:
    return round(EDGE + (recall - left) / (1 - left) * (WIDTH - 2 * EDGE), 1)


def _y(precision: float, low: float) -> float:
    return round(HEIGHT - EDGE - (precision - low) / (1 - low) * (HEIGHT - 2 * EDGE), 1)


def _axes(left: float, low: float) -> list[str]:
    found = []
    for step in range(int(left * 10), 11):
        x = _x(step / 10, left)
        found.append(f'<line x1="{x}" y1="{EDGE}" x2="{x}" y2="{HEIGHT - EDGE}" stroke="#ddd"/>')
        found.append(f'<text x="{x}" y="{HEIGHT - EDGE + 18}" text-anchor="middle">{step / 10:g}</text>')
    for step in range(int(low * 10), 11):
        y = _y(step / 10, low)
        found.append(f'<line x1="{EDGE}" y1="{y}" x2="{WIDTH - EDGE}" y2="{y}" stroke="#ddd"/>')
        found.append(f'<text x="{EDGE - 8}" y="{y + 4}" text-anchor="end">{step / 10:g}</text>')
    found.append(f'<text x="{WIDTH / 2}" y="{HEIGHT - 16}" text-anchor="middle">recall</text>')
    found.append(f'<text x="{EDGE}" y="{EDGE - 20}" text-anchor="middle">precision</text>')
    return found


def _line(
    name: str, line: Sequence[Point], number: int, left: float, low: float, marked: frozenset[str] | set[str]
) -> list[str]:
    color = _COLORS[number % len(_COLORS)]
    places = [(_x(recall, left), _y(precision, low), value) for recall, precision, value in line]
    path = " ".join(f"{x},{y}" for x, y, _ in places)
    found = [f'<polyline points="{path}" fill="none" stroke="{color}"/>']
    for x, y, value in places:
        fill = color if value in marked else "#fff"
        title = f"<title>{escape(name)} {escape(value)}</title>"
        found.append(f'<circle cx="{x}" cy="{y}" r="4" fill="{fill}" stroke="{color}">{title}</circle>')
    top = EDGE - 30 + 16 * number
    found.append(f'<text x="{WIDTH - EDGE}" y="{top}" text-anchor="end" fill="{color}">{escape(name)}</text>')
    return found
