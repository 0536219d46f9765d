"""Curves with their intervals, as an SVG file of its own."""

from collections.abc import Callable, Mapping, Sequence
from html import escape

import numpy as np

from training.reproduce.statistics import Estimate

WIDTH, HEIGHT = 560, 330
LEFT, RIGHT, TOP, BOTTOM = 54, 14, 14, 60
NUM_TICKS = 4
COLORS = ("#6b7280", "#ea580c", "#2563eb", "#059669", "#9333ea")

Points = Sequence[tuple[float, Estimate]]
"""x, rising, and a share in 0..1 with its interval."""


def interval_chart(curves: Mapping[str, Points], x_name: str) -> str:
    """Every curve by its name; whiskers are 95 % intervals."""
    xs = sorted({x for points in curves.values() for x, _ in points})
    places = dict(zip(xs, np.linspace(0.0, 1.0, len(xs) + 2)[1:-1], strict=True))
    tops = [
        np.nanmax((e.mean, e.high)) for points in curves.values() for _, e in points
    ]
    top = 1.05 * max(max(tops), 1e-3)

    def y(share: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share / top

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="11" role="img">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff" stroke="none"/>',
        f'<text x="{(LEFT + WIDTH) / 2}" y="{HEIGHT - 26}" '
        f'text-anchor="middle">{escape(x_name)}</text>',
    ]
    for k in range(NUM_TICKS + 1):
        share = top * k / NUM_TICKS
        parts += [
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(share):.1f}" '
            f'y2="{y(share):.1f}" stroke="#e5e7eb"/>',
            f'<text x="{LEFT - 6}" y="{y(share) + 4:.1f}" '
            f'text-anchor="end">{100 * share:.1f} %</text>',
        ]
    for x, place in places.items():
        parts.append(
            f'<text x="{_left(float(place)):.1f}" y="{HEIGHT - BOTTOM + 16}" '
            f'text-anchor="middle">{x:g}</text>'
        )
    for k, (name, points) in enumerate(curves.items()):
        # A little aside, so that whiskers of several curves can be told apart.
        at = [(_left(float(places[x])) + 4 * k, e) for x, e in points]
        parts += _curve(at, y, COLORS[k % len(COLORS)])
        parts.append(
            f'<text x="{LEFT + 4 + k * (WIDTH - LEFT) / len(curves):.0f}" '
            f'y="{HEIGHT - 8}" fill="{COLORS[k % len(COLORS)]}">{escape(name)}</text>'
        )
    return "".join(parts) + "</svg>\n"


def _curve(at: Points, y: Callable[[float], float], color: str) -> list[str]:
    line = " ".join(f"{x:.1f},{y(e.mean):.1f}" for x, e in at)
    parts = [f'<polyline points="{line}" fill="none" stroke="{color}"/>']
    for x, e in at:
        parts.append(
            f'<circle cx="{x:.1f}" cy="{y(e.mean):.1f}" r="3" fill="{color}"/>'
        )
        if np.isfinite(e.low):
            low = max(e.low, 0.0)
            parts.append(
                f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y(low):.1f}" '
                f'y2="{y(e.high):.1f}" stroke="{color}"/>'
            )
    return parts


def _left(place: float) -> float:
    """Pixels of a place in 0..1."""
    return LEFT + (WIDTH - LEFT - RIGHT) * place
