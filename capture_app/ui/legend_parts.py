"""The parts of a legend, each painted into a rectangle."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter

from capture_app.ui.theme import theme
from core.bins import HNBins
from core.overlay import class_palette

_LEAST_SHARE = 0.002
_NOT_IN_VIEW = 0.22
_LARGEST_ROW = 48.0


def paint_bins(
    painter: QPainter, area: QRectF, bins: HNBins, shares: np.ndarray
) -> None:
    """A grid: a row a height, the highest on top, a column an angle."""
    palette = class_palette(bins)
    line = painter.fontMetrics().height()
    header = line + 10
    labels = [height_label(bins, k) for k in range(bins.num_heights)]
    label_width = max(painter.fontMetrics().horizontalAdvance(t) for t in labels)
    left = area.left() + label_width + 12
    column = (area.right() - left) / bins.num_angles
    row = min(_LARGEST_ROW, (area.height() - header) / bins.num_heights)
    every = max(1, int(np.ceil(line / row)))
    painter.setPen(QColor(theme().muted))
    for angle, text in enumerate(angle_labels(bins)):
        box = QRectF(left + angle * column, area.top(), column, line)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
    for height, text in enumerate(labels):
        top = area.top() + header + (bins.num_heights - 1 - height) * row
        if height % every == 0:
            painter.setPen(QColor(theme().text))
            box = QRectF(area.left(), top, label_width, row)
            align = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            # Beside a row that is lower than a line, the text still is in its middle.
            low = max(0.0, (line - row) / 2)
            box.adjust(0, -low, 0, low)
            box.moveBottom(min(box.bottom(), area.bottom()))
            painter.drawText(box, align, text)
        for angle in range(bins.num_angles):
            k = angle * bins.num_heights + height
            gap = 2 if row > 8 else 0
            box = QRectF(left + angle * column, top, column - gap, row - gap)
            _paint_swatch(painter, box, palette[k], float(shares[k]))


def largest_first(shares: np.ndarray, num_classes: int) -> list[int]:
    """The classes in view, those of most pixels first."""
    order = np.argsort(-shares[:num_classes], kind="stable")
    return [int(k) for k in order if shares[k] >= _LEAST_SHARE]


def paint_classes(
    painter: QPainter,
    area: QRectF,
    classes: Sequence[int],
    names: Sequence[str],
    palette: np.ndarray,
    shares: np.ndarray,
) -> float:
    """A row a class with its share of the picture; where the rows end."""
    row = row_height(painter)
    classes = classes[: max(1, int(area.height() // row))]
    middle = Qt.AlignmentFlag.AlignVCenter
    for line, k in enumerate(classes):
        box = QRectF(area.left(), area.top() + line * row, area.width(), row)
        swatch = QRectF(box.left(), box.top() + 4, 26, row - 8)
        _paint_swatch(painter, swatch, palette[k], 1.0)
        painter.setPen(QColor(theme().text))
        name = painter.fontMetrics().elidedText(
            names[k], Qt.TextElideMode.ElideRight, int(box.width() - 90)
        )
        painter.drawText(box.adjusted(36, 0, 0, 0), middle, name)
        painter.setPen(QColor(theme().muted))
        right = middle | Qt.AlignmentFlag.AlignRight
        painter.drawText(box, right, percent(float(shares[k])))
    return area.top() + len(classes) * row


def paint_text(painter: QPainter, area: QRectF, text: str) -> None:
    """Muted words at the top of a rectangle."""
    painter.setPen(QColor(theme().muted))
    flags = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignTop
    painter.drawText(area, int(flags), text)


def row_height(painter: QPainter) -> int:
    """Of a class."""
    return painter.fontMetrics().height() + 10


def percent(share: float) -> str:
    """A share in whole percent."""
    return "< 1 %" if 0.0 < share < 0.01 else f"{100 * share:.0f} %"


def height_label(bins: HNBins, k: int) -> str:
    """The metres of height bin k."""
    edges = bins.height_edges
    if not edges:
        return "all heights"
    if k == 0:
        return f"< {edges[0]:.2f} m"
    if k == len(edges):
        return f"> {edges[-1]:.2f} m"
    return f"{edges[k - 1]:.2f}–{edges[k]:.2f} m"  # noqa: RUF001 - a range


def angle_labels(bins: HNBins) -> list[str]:
    """A short name a bin of angles."""
    if bins.angle_edges == (45.0,) and not bins.signed_angles:
        return ["flat", "upright"]
    largest = 180.0 if bins.signed_angles else 90.0
    bounds = (0.0, *bins.angle_edges, largest)
    return [f"{a:g}–{b:g}°" for a, b in pairwise(bounds)]  # noqa: RUF001


def _paint_swatch(
    painter: QPainter, box: QRectF, color: np.ndarray, share: float
) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setOpacity(1.0 if share >= _LEAST_SHARE else _NOT_IN_VIEW)
    painter.setBrush(QColor(*color.tolist()))
    painter.drawRoundedRect(box, 3, 3)
    painter.setOpacity(1.0)
