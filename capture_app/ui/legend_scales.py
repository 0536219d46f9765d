"""The legends of values: a bar of colours, its ticks, and how much of each is there."""

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QLinearGradient, QPainter

from capture_app.ui.legend_parts import paint_text
from capture_app.ui.theme import theme
from core.overlay import (
    DEPTH_RANGE_M,
    HEIGHT_RANGE_M,
    angle_palette,
    depth_colours,
    height_palette,
)

Tick = tuple[float, str]
"""Where on the bar, 0 (top) to 1, and what is written there."""

_BAR_WIDTH, _TALLEST_BAR = 26, 320
_NUM_BARS = 40  # of the histogram
_LAST_STEP = 254  # of the palettes


def paint_depth(painter: QPainter, area: QRectF) -> None:
    """Distances, the nearest on top."""
    near, far = DEPTH_RANGE_M
    metres = (near, 1, 2, 3, 4, 5, far)
    ticks = [((m - near) / (far - near), f"{m:g} m") for m in metres]
    colours = depth_colours(np.linspace(0.0, 1.0, _LAST_STEP + 1))
    _paint_scale(painter, area, colours, ticks, np.zeros(0), "Black: no depth")


def paint_heights(painter: QPainter, area: QRectF, shares: np.ndarray) -> None:
    """Metres above the floor, the highest on top; `shares` (256,) of their steps."""
    low, high = HEIGHT_RANGE_M
    metres = np.arange(low, high + 0.01, 0.5)
    ticks = [((high - m) / (high - low), f"{m:g} m") for m in metres]
    ticks[0] = (1.0, f"{low:g} m, floor")
    ticks[-1] = (0.0, f"{high:g} m and more")
    _paint_rising(painter, area, height_palette(), ticks, shares)


def paint_angles(painter: QPainter, area: QRectF, shares: np.ndarray) -> None:
    """Degrees between normal and up, the steepest on top; `shares` of their steps."""
    words = {0: "0°, flat", 90: "90°, upright"}
    ticks = [
        ((90 - d) / 90, words.get(d, f"{d}°")) for d in (90, 75, 60, 45, 30, 15, 0)
    ]
    _paint_rising(painter, area, angle_palette(), ticks, shares)


def _paint_rising(
    painter: QPainter,
    area: QRectF,
    palette: np.ndarray,
    ticks: Sequence[Tick],
    shares: np.ndarray,
) -> None:
    """The steps of a palette from the bottom up."""
    last = _LAST_STEP
    note = "Grey: how much of it is in view. No colour: no depth."
    _paint_scale(painter, area, palette[last::-1], ticks, shares[last::-1], note)


def _paint_scale(
    painter: QPainter,
    area: QRectF,
    colours: np.ndarray,
    ticks: Sequence[Tick],
    shares: np.ndarray,
    note: str,
) -> None:
    """(n, 3) colours from the top down, ticks, (n,) shares as bars, a note below."""
    line = painter.fontMetrics().height()
    bar = QRectF(area.left(), area.top() + line / 2, _BAR_WIDTH, 0)
    bar.setHeight(max(line, min(area.height() - 3.4 * line, _TALLEST_BAR)))
    gradient = QLinearGradient(0, bar.top(), 0, bar.bottom())
    for share in np.linspace(0.0, 1.0, 17):
        color = colours[round(share * (len(colours) - 1))]
        gradient.setColorAt(float(share), QColor(*color.tolist()))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(gradient)
    painter.drawRoundedRect(bar, 3, 3)
    right = _paint_ticks(painter, bar, ticks)
    _paint_histogram(painter, bar, shares, right + 10, area.right())
    below = QRectF(area.left(), bar.bottom() + 0.8 * line, area.width(), 2 * line)
    paint_text(painter, below, note)


def _paint_ticks(painter: QPainter, bar: QRectF, ticks: Sequence[Tick]) -> float:
    """Beside the bar, both ends and as many between as have room; where they end."""
    metrics = painter.fontMetrics()
    line, right = metrics.height(), bar.right()
    painter.setPen(QColor(theme().text))
    ends = [ticks[0], ticks[-1]]
    taken: list[float] = []
    for tick in (*ends, *(tick for tick in ticks if tick not in ends)):
        y = bar.top() + tick[0] * bar.height()
        if any(abs(y - other) < line for other in taken):
            continue
        taken.append(y)
        width = metrics.horizontalAdvance(tick[1]) + 2
        box = QRectF(bar.right() + 8, y - line / 2, width, line)
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, tick[1])
        right = max(right, box.right())
    return right


def _paint_histogram(
    painter: QPainter, bar: QRectF, shares: np.ndarray, left: float, right: float
) -> None:
    """How much of the picture has each value, as long as there is room for."""
    if not shares.any() or right - left < 20:
        return
    sums = np.array([part.sum() for part in np.array_split(shares, _NUM_BARS)])
    # Square roots, so that a wall or floor does not flatten all the rest.
    lengths = np.sqrt(sums / sums.max()) * (right - left)
    height = bar.height() / _NUM_BARS
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(theme().muted))
    for k, length in enumerate(lengths):
        top = bar.top() + k * height
        painter.drawRect(QRectF(left, top, length, max(height - 1, 0.5)))
