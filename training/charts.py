"""Curves and matrices as SVG, pictures as data URLs: all that a page has to carry."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import cv2
import numpy as np

WIDTH, HEIGHT = 460, 230
LEFT, RIGHT, TOP, BOTTOM = 48, 20, 12, 34
COLORS = ("#2563eb", "#ea580c", "#059669")
NUM_TICKS = 4


@dataclass(frozen=True)
class Curve:
    """One line in a chart."""

    name: str
    points: Sequence[tuple[float, float]]
    """(step, value), steps rising."""


def line_chart(curves: Sequence[Curve], is_share: bool = False) -> str:
    """SVG of curves over steps; values from 0, in percent for shares."""
    points = [point for curve in curves for point in curve.points]
    if not points:
        return '<p class="quiet">nothing was measured</p>'
    last = max(step for step, _ in points)
    top = _round_up(max(max(value for _, value in points), 1e-6))

    def place(step: float, value: float) -> tuple[float, float]:
        x = LEFT + (WIDTH - LEFT - RIGHT) * step / max(last, 1)
        return x, HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / top

    parts = [f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img">']
    for k in range(NUM_TICKS + 1):
        value, step = top * k / NUM_TICKS, last * k / NUM_TICKS
        text = f"{100 * value:.3g}%" if is_share else f"{value:.3g}"
        (x, _), (_, y) = place(step, 0), place(0, value)
        parts += [
            f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" '
            f'y1="{y:.1f}" y2="{y:.1f}"/>',
            f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{text}</text>',
            f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 16}" '
            f'text-anchor="middle">{step:.0f}</text>',
        ]
    for curve, color in zip(curves, COLORS, strict=False):
        line = " ".join(
            f"{x:.1f},{y:.1f}" for x, y in (place(*point) for point in curve.points)
        )
        parts.append(f'<polyline points="{line}" stroke="{color}"/>')
        if len(curve.points) <= 20:
            parts += [
                f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{color}"/>'
                for x, y in (place(*point) for point in curve.points)
            ]
    parts.append("</svg>")
    keys = "".join(
        f'<span><i style="background:{color}"></i>{escape(curve.name)}</span>'
        for curve, color in zip(curves, COLORS, strict=False)
    )
    return "".join(parts) + f'<div class="key">{keys}</div>'


def confusion_chart(confusion: np.ndarray, names: Sequence[str]) -> str:
    """SVG of a (C, C) matrix; a row is how a true class's pixels were predicted."""
    occurs = confusion.sum(axis=1) > 0
    if not occurs.any():
        return '<p class="quiet">nothing was measured</p>'
    shares = confusion[np.ix_(occurs, occurs)] / confusion[occurs].sum(
        axis=1, keepdims=True
    )
    names = [name for name, use in zip(names, occurs, strict=True) if use]
    # Pixels a cell, and room for names at 6 pixels a letter.
    cell, left = 15, 12 + 6 * max(map(len, names))
    top, right = left, left // 2
    size = cell * len(names)
    # White to dark blue; the square root lets small confusions be seen.
    shade = np.sqrt(shares)[..., None]
    colors = 255 + shade * (np.array((23, 37, 84)) - 255)
    picture = data_url(np.rint(colors).astype(np.uint8))
    parts = [
        f'<svg class="matrix" viewBox="0 0 {left + size + right} {top + size + 6}" '
        f'style="max-width:{left + size + right}px" role="img">',
        f'<image href="{picture}" x="{left}" y="{top}" width="{size}" '
        f'height="{size}" preserveAspectRatio="none"/>',
        f'<rect x="{left}" y="{top}" width="{size}" height="{size}"/>',
    ]
    for k, name in enumerate(names):
        middle = (k + 0.5) * cell + 4
        x, y = left + middle, top + middle
        parts += [
            f'<text x="{left - 6}" y="{y:.1f}" text-anchor="end">{escape(name)}</text>',
            f'<text transform="translate({x:.1f} {top - 6}) rotate(-60)">'
            f"{escape(name)}</text>",
        ]
    return "".join(parts) + "</svg>"


def data_url(rgb: np.ndarray, is_photo: bool = False) -> str:
    """(H, W, 3) uint8 RGB as an image inside HTML: JPEG for photos, else PNG."""
    kind = "jpeg" if is_photo else "png"
    is_done, data = cv2.imencode(f".{kind}", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
    if not is_done:
        raise ValueError(f"cannot encode a {rgb.shape} {rgb.dtype} image")
    return f"data:image/{kind};base64,{base64.b64encode(data.tobytes()).decode()}"


def _round_up(value: float) -> float:
    """The next of 1, 2, 2.5, 4, 5, 8 or 10 times a power of ten."""
    power = 10.0 ** np.floor(np.log10(value))
    return next(
        float(k * power) for k in (1, 2, 2.5, 4, 5, 8, 10) if k * power >= value
    )
