"""Which classes the scene has shown so far, and what to point the camera at next."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from capture_app.engine import coverage as engine
from capture_app.ui.take_panel import Coverage
from core.bins import HNBins

_HINT_LINES = 3


class CoverageCard(QWidget):
    """A hint, the grid of heights and angles, and how many classes were seen. A tab's
    content: the card around it is the column's."""

    def __init__(self, bins: HNBins) -> None:
        super().__init__()
        self._hint = QLabel()
        self._hint.setTextFormat(Qt.TextFormat.PlainText)
        self._hint.setWordWrap(True)
        self._hint.setAlignment(Qt.AlignmentFlag.AlignTop)
        # What is below must not jump when the hint becomes shorter.
        line = self._hint.fontMetrics().lineSpacing()
        self._hint.setMinimumHeight(_HINT_LINES * line + 2)
        self._hint.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self._grid = Coverage(bins)
        self._grid.setToolTip(
            "How much of what was seen is of each class. An amber frame: not seen well "
            f"yet, in {engine.SEEN_LOOKS} views. A still camera adds none."
        )
        self._seen = QLabel()
        self._seen.setObjectName("muted")
        self._seen.setToolTip(
            "Of the classes that most rooms have and a carried camera can see"
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self._hint)
        layout.addWidget(self._grid, 1)
        layout.addWidget(self._seen)

    def show_coverage(self, coverage: engine.Coverage) -> None:
        """What was seen so far of the bins that the card was made for."""
        self._hint.setText(coverage.hint)
        self._grid.show_shares(
            coverage.shares, coverage.is_reachable & ~coverage.is_seen
        )
        self._seen.setText(
            f"{coverage.num_seen} of {coverage.num_reachable} classes seen"
        )
