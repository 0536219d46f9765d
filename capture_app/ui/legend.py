"""What the colours mean: heights x angles, the classes in view, or metres."""

from itertools import pairwise

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from capture_app.engine.picture import View
from capture_app.ui import theme
from core.bins import HNBins
from core.overlay import class_palette, depth_colours
from core.prediction import ModelInfo

_NEAR_M, _FAR_M = 0.4, 6.0  # the range of core.overlay.colorize_depth
_LEAST_SHARE = 0.002
_NOT_IN_VIEW = 0.22


class Legend(QWidget):
    """Explains the colours of one view; classes that are not in view are pale."""

    def __init__(self, bins: HNBins, model: ModelInfo | None) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(180)
        self._bins = bins
        self._model = model
        self._view = View.HN_LABELS
        self._shares = np.zeros(256)

    def title(self) -> str:
        """A heading for what is explained."""
        if self._shows_bins:
            return "Height above floor, surface"
        titles = {View.DEPTH: "Distance", View.COLOR: "Photo"}
        return titles.get(self._view, "Predicted classes in view")

    def explain(self, view: View, shares: np.ndarray) -> None:
        """Explain `view`; `shares` (256,) says how much of each class is in it."""
        self._view, self._shares = view, shares
        self.update()

    @property
    def _shows_bins(self) -> bool:
        return self._view is View.HN_LABELS or (
            self._view is View.PREDICTION
            and self._model is not None
            and self._model.bins is not None
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        """The legend of the present view."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._shows_bins:
            bins = self._bins
            if self._view is View.PREDICTION and self._model and self._model.bins:
                bins = self._model.bins
            self._paint_bins(painter, bins)
        elif self._view is View.PREDICTION and self._model is not None:
            self._paint_classes(painter, self._model)
        elif self._view is View.DEPTH:
            self._paint_depth(painter)
        else:
            self._paint_text(painter, "As the camera sees it.")

    def _paint_bins(self, painter: QPainter, bins: HNBins) -> None:
        """A grid: a row a height, the highest on top, a column an angle."""
        palette = class_palette(bins)
        line = painter.fontMetrics().height()
        header = line + 10
        labels = [height_label(bins, k) for k in range(bins.num_heights)]
        label_width = max(painter.fontMetrics().horizontalAdvance(t) for t in labels)
        left = label_width + 12
        column = (self.width() - left) / bins.num_angles
        row = min(48.0, (self.height() - header) / bins.num_heights)
        every = max(1, int(np.ceil(line / row)))
        painter.setPen(QColor(theme.MUTED))
        for angle, text in enumerate(angle_labels(bins)):
            box = QRectF(left + angle * column, 0, column, line)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
        for height, text in enumerate(labels):
            top = header + (bins.num_heights - 1 - height) * row
            if height % every == 0:
                painter.setPen(QColor(theme.TEXT))
                box = QRectF(0, top, label_width, row)
                align = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                painter.drawText(box, align, text)
            for angle in range(bins.num_angles):
                k = angle * bins.num_heights + height
                gap = 2 if row > 8 else 0
                box = QRectF(left + angle * column, top, column - gap, row - gap)
                _paint_swatch(painter, box, palette[k], float(self._shares[k]))

    def _paint_classes(self, painter: QPainter, model: ModelInfo) -> None:
        """The classes in view, the largest first, with their share of the picture."""
        row = painter.fontMetrics().height() + 10
        order = np.argsort(-self._shares, kind="stable")
        order = order[self._shares[order] >= _LEAST_SHARE]
        for line, k in enumerate(order[: max(1, self.height() // row)]):
            if k >= len(model.class_names):
                continue
            top = line * row
            swatch = QRectF(0, top + 4, 26, row - 8)
            _paint_swatch(painter, swatch, model.palette[k], 1.0)
            painter.setPen(QColor(theme.TEXT))
            middle = Qt.AlignmentFlag.AlignVCenter
            name = painter.fontMetrics().elidedText(
                model.class_names[k], Qt.TextElideMode.ElideRight, self.width() - 90
            )
            painter.drawText(QRectF(36, top, self.width(), row), middle, name)
            painter.setPen(QColor(theme.MUTED))
            painter.drawText(
                QRectF(0, top, self.width(), row),
                middle | Qt.AlignmentFlag.AlignRight,
                _percent(float(self._shares[k])),
            )

    def _paint_depth(self, painter: QPainter) -> None:
        height = min(self.height() - 44, 320)
        scale = QRectF(0, 8, 30, height)
        gradient = QLinearGradient(0, scale.top(), 0, scale.bottom())
        for share in np.linspace(0.0, 1.0, 17):
            gradient.setColorAt(float(share), QColor(*depth_colours(share).tolist()))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(gradient)
        painter.drawRoundedRect(scale, 4, 4)
        painter.setPen(QColor(theme.TEXT))
        for metres in (_NEAR_M, 1, 2, 3, 4, 5, _FAR_M):
            share = (metres - _NEAR_M) / (_FAR_M - _NEAR_M)
            box = QRectF(40, scale.top() + share * height - 10, 120, 20)
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, f"{metres:g} m")
        painter.setPen(QColor(theme.MUTED))
        painter.drawText(
            QRectF(0, scale.bottom() + 12, self.width(), 20), 0, "Black: no depth"
        )

    def _paint_text(self, painter: QPainter, text: str) -> None:
        painter.setPen(QColor(theme.MUTED))
        flags = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignTop
        painter.drawText(QRectF(self.rect()), int(flags), text)


def _paint_swatch(
    painter: QPainter, box: QRectF, color: np.ndarray, share: float
) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setOpacity(1.0 if share >= _LEAST_SHARE else _NOT_IN_VIEW)
    painter.setBrush(QColor(*color.tolist()))
    painter.drawRoundedRect(box, 3, 3)
    painter.setOpacity(1.0)


def _percent(share: float) -> str:
    return "< 1 %" if share < 0.01 else f"{100 * share:.0f} %"


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
