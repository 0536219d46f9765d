"""A table of classes to sort: how good a network is at each, beside another one."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QPersistentModelIndex,
    QRectF,
    QSortFilterProxyModel,
    Qt,
)
from PySide6.QtGui import QColor, QPainter, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
)

from capture_app.engine.run_scores import ClassScore, Scores
from capture_app.ui.models_parts import percent
from capture_app.ui.theme import theme

SORT_ROLE = int(Qt.ItemDataRole.UserRole)
_Index = QModelIndex | QPersistentModelIndex
_SWATCH = 14


@dataclass(frozen=True)
class Row:
    """One class, of the first run and of the second if it has it."""

    number: int
    score: ClassScore
    other: ClassScore | None


def joined(scores: Scores, other: Scores | None) -> list[Row]:
    """The classes of a run, each beside the one of its name in another."""
    others = {} if other is None else {score.name: score for score in other.classes}
    return [
        Row(number, score, others.get(score.name))
        for number, score in enumerate(scores.classes)
    ]


class ClassModel(QAbstractTableModel):
    """A row a class: its IoU, accuracy, pixels, and the other run's IoU."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[Row] = []
        self._swatches: list[QPixmap] = []
        self._other = ""
        self._all_pixels = 1

    def show_rows(self, rows: list[Row], palette: np.ndarray, other: str) -> None:
        """Show these; `other` is the second run's name, "" without one."""
        self.beginResetModel()
        self.rows, self._other = rows, other
        self._all_pixels = max(1, sum(row.score.pixels for row in rows))
        self._swatches = [_swatch(palette[row.number]) for row in rows]
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        """A class each."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        """Two more beside another run."""
        return 6 if self._other else 4

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = 0
    ) -> Any:
        """What a column is; the tooltip says it in full."""
        heads = ("Class", "IoU", "Accuracy", "Pixels", "Other's IoU", "Better")
        tips = (
            "Of the network",
            "Pixels that truth and prediction share, of those that either has",
            "Share of the class's pixels that are right",
            "Share of the measured pixels that truly are of the class",
            f"In {self._other}",
            f"IoU here minus IoU in {self._other}",
        )
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.ToolTipRole:
            return tips[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            across = "AlignHCenter" if section else "AlignLeft"
            return Qt.AlignmentFlag[across] | Qt.AlignmentFlag.AlignVCenter
        return heads[section] if role == Qt.ItemDataRole.DisplayRole else None

    def data(self, index: _Index, role: int = 0) -> Any:
        """The cell as text, as what it is sorted by, or the class's colour."""
        value = self._value(index.row(), index.column())
        if role == SORT_ROLE:
            return -2.0 if value is None else value
        if role == Qt.ItemDataRole.DecorationRole and index.column() == 0:
            return self._swatches[index.row()]
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column():
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return None
        if role == Qt.ItemDataRole.ToolTipRole and index.column() == 3:
            return f"{self.rows[index.row()].score.pixels} pixels"
        if isinstance(value, str):
            return value
        if index.column() == 5 and value is not None:
            return f"{100 * value:+.1f}"
        return percent(value)

    def _value(self, row: int, column: int) -> float | str | None:
        score, other = self.rows[row].score, self.rows[row].other
        theirs = None if other is None else other.iou
        match column:
            case 0:
                return score.name
            case 1:
                return score.iou
            case 2:
                return score.accuracy
            case 3:
                return score.pixels / self._all_pixels
            case 4:
                return theirs
        return None if None in (score.iou, theirs) else (score.iou or 0) - (theirs or 0)


class _Bars(QStyledItemDelegate):
    """Shares have a bar of their length below the number."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: _Index
    ) -> None:
        """The cell, then its bar."""
        super().paint(painter, option, index)
        value = index.data(SORT_ROLE)
        if not isinstance(value, float) or value <= 0 or index.column() == 5:
            return
        area = QRectF(option.rect)
        width = (area.width() - 12) * min(1.0, value)
        color = theme().muted if index.column() == 3 else theme().accent
        bar = QRectF(area.right() - 6 - width, area.bottom() - 4, width, 3)
        painter.fillRect(bar, QColor(color))


def class_table(model: QSortFilterProxyModel) -> QTableView:
    """A table of such a model, sorted by IoU at first."""
    table = QTableView()
    table.setModel(model)
    table.setItemDelegate(_Bars(table))
    table.setSortingEnabled(True)
    table.sortByColumn(1, Qt.SortOrder.DescendingOrder)
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(28)
    table.setShowGrid(False)
    table.setWordWrap(False)
    table.setTabKeyNavigation(False)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    header = table.horizontalHeader()
    header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    header.setStretchLastSection(False)
    header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
    table.setAccessibleName("Classes")
    return table


def _swatch(color: np.ndarray) -> QPixmap:
    pixmap = QPixmap(_SWATCH, _SWATCH)
    pixmap.fill(QColor(*color.tolist()))
    return pixmap
