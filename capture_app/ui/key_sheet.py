"""The sheet of keys: everything in the table that has a key, page by page."""

from itertools import groupby

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from capture_app.ui.actions import ACTIONS, ActionSpec, Place

_MORE = {
    Place.CAPTURE: (("Arrows", "Move the crosshair", "after a click into the picture"),)
}
"""Keys of a widget's own, which no action has."""


class KeySheet(QDialog):
    """All keys on one page; any key closes it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keys")
        inside = QWidget()
        columns = QHBoxLayout(inside)
        columns.setContentsMargins(24, 18, 24, 18)
        columns.setSpacing(36)
        left, right = QVBoxLayout(), QVBoxLayout()
        for column in (left, right):
            columns.addLayout(column)
        by_place = sorted(
            (spec for spec in ACTIONS if spec.shortcut),
            key=lambda spec: list(Place).index(spec.place),
        )
        for place, specs in groupby(by_place, key=lambda spec: spec.place):
            column = left if place in (Place.WINDOW, Place.CAPTURE) else right
            column.addLayout(_section(place, list(specs)))
            column.addSpacing(14)
        left.addStretch(1)
        right.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidget(inside)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(scroll)
        size = inside.sizeHint()
        scroll.setMinimumWidth(size.width() + 18)
        self.resize(size.width() + 20, min(size.height() + 8, parent.height() - 20))


def _section(place: Place, specs: list[ActionSpec]) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(16)
    grid.setVerticalSpacing(3)
    heading = QLabel(place.value)
    heading.setObjectName("time")
    grid.addWidget(heading, 0, 0, 1, 3)
    rows = [(_key_text(spec.shortcut), spec.text, spec.tip) for spec in specs]
    for row, (key, text, tip) in enumerate((*rows, *_MORE.get(place, ())), 1):
        for column, words in enumerate((key, text)):
            label = QLabel(words)
            label.setToolTip(tip)
            label.setObjectName("title" if column == 0 else "")
            grid.addWidget(label, row, column)
    return grid


def _key_text(shortcut: str) -> str:
    return QKeySequence(shortcut).toString(QKeySequence.SequenceFormat.NativeText)
