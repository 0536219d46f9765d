"""What the colours mean: heights x angles, the classes in view, mistakes, metres."""

from collections.abc import Mapping

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from capture_app.engine.picture import View
from capture_app.ui.legend_parts import (
    largest_first,
    paint_bins,
    paint_classes,
    paint_text,
    percent,
    row_height,
)
from capture_app.ui.legend_scales import paint_angles, paint_depth, paint_heights
from core.bins import HNBins
from core.disagreement import FAR_HEIGHT, KIND_NAMES, WRONG_ANGLE
from core.overlay import disagreement_palette
from core.prediction import ModelInfo, Task

_TITLES: Mapping[View, str] = {
    View.HN_LABELS: "Height above floor, surface",
    View.HEIGHTS: "Height above floor",
    View.ANGLES: "Angle of the surface to up",
    View.HN_PREDICTION: "Height above floor, surface",
    View.SEMANTIC: "Predicted classes in view",
    View.BOTH: "Filled: predicted classes",
    View.DISAGREEMENT: "Prediction against depth",
    View.DEPTH: "Distance",
    View.COLOR: "Photo",
    View.CLOUD: "Height above floor, surface",
}
_LINES_SHARE = 0.58  # of the height, for the lines of both predictions


class Legend(QWidget):
    """Explains the colours of one view; classes that are not in view are pale."""

    def __init__(self, bins: HNBins, models: Mapping[Task, ModelInfo]) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(80)
        self._bins = bins
        self._models = models
        self._view = View.HN_LABELS
        self._shares = self._line_shares = np.zeros(256)

    def title(self) -> str:
        """A heading for what is explained."""
        return _TITLES[self._view]

    def explain(self, view: View, shares: np.ndarray, line_shares: np.ndarray) -> None:
        """Explain `view`; the shares (256,) say how much of each class is in it, filled
        and as lines."""
        self._view, self._shares, self._line_shares = view, shares, line_shares
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The legend of the present view."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect())
        match self._view:
            case View.HN_LABELS | View.HN_PREDICTION:
                paint_bins(painter, area, self._bins, self._shares)
            case View.HEIGHTS:
                paint_heights(painter, area, self._shares)
            case View.ANGLES:
                paint_angles(painter, area, self._shares)
            case View.SEMANTIC:
                self._paint_semantic(painter, area)
            case View.BOTH:
                self._paint_both(painter, area)
            case View.DISAGREEMENT:
                self._paint_mistakes(painter, area)
            case View.DEPTH:
                paint_depth(painter, area)
            case View.COLOR:
                paint_text(painter, area, "As the camera sees it.")
            case View.CLOUD if self._shares.any():
                paint_bins(painter, area, self._bins, self._shares)
            case View.CLOUD:
                paint_text(painter, area, "The photo's colours: no floor in view.")

    def _paint_semantic(self, painter: QPainter, area: QRectF) -> None:
        info = self._models["semantic"]
        classes = largest_first(self._shares, len(info.class_names))
        paint_classes(
            painter, area, classes, info.class_names, info.palette, self._shares
        )

    def _paint_both(self, painter: QPainter, area: QRectF) -> None:
        """The classes in view above, below them what the lines are."""
        middle = area.bottom() - _LINES_SHARE * area.height()
        upper, lower = QRectF(area), QRectF(area)
        upper.setBottom(middle - 8)
        lower.setTop(middle)
        self._paint_semantic(painter, upper)
        paint_text(painter, lower, "Lines: predicted height, surface")
        lower.setTop(middle + row_height(painter))
        paint_bins(painter, lower, self._bins, self._line_shares)

    def _paint_mistakes(self, painter: QPainter, area: QRectF) -> None:
        kinds = range(len(KIND_NAMES))
        end = paint_classes(
            painter, area, kinds, KIND_NAMES, disagreement_palette(), self._shares
        )
        area.setTop(end + 8)
        serious = float(self._shares[FAR_HEIGHT] + self._shares[WRONG_ANGLE])
        paint_text(
            painter,
            area,
            f"Orange and yellow are serious: {percent(serious)}. The network sees the "
            "photo alone. Where depth is missing, nothing is compared.",
        )
