"""How good a run's networks are, class by class, beside another run's."""

from collections.abc import Sequence
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
    QGridLayout,
    QHeaderView,
    QLabel,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from capture_app.engine.run_entry import Entry
from capture_app.engine.run_scores import ClassScore, Scores
from capture_app.ui.models_parts import Choice, Elided, muted, percent, plain
from capture_app.ui.theme import theme
from core.bins import HNBins
from core.overlay import class_palette, semantic_palette
from core.prediction import Task

TASKS: tuple[tuple[Task, str], ...] = (("hn", "HN classes"), ("semantic", "Semantic"))
_SORT = int(Qt.ItemDataRole.UserRole)
_Index = QModelIndex | QPersistentModelIndex
_SWATCH = 14
_NAME_WIDTH = 180
_MOST_NAMED = 3


@dataclass(frozen=True)
class Row:
    """One class, of the first run and of the second if it has it."""

    number: int
    score: ClassScore
    other: ClassScore | None


class ResultsView(QWidget):
    """The three measures of each network, and a table of its classes to sort."""

    def __init__(self) -> None:
        super().__init__()
        self._entries: tuple[Entry, ...] = ()
        self._choice = Choice(
            [(name, f"The classes of the {name} network") for _, name in TASKS],
            lambda _: self._show(),
        )
        self._choice.show_choice(0)
        self._measures = QGridLayout()
        self._measures.setHorizontalSpacing(16)
        self._measures.setVerticalSpacing(2)
        self._measures.setColumnStretch(4, 1)
        self.model = ClassModel()
        self._sorted = QSortFilterProxyModel(self)
        self._sorted.setSourceModel(self.model)
        self._sorted.setSortRole(_SORT)
        self.table = _table(self._sorted)
        self._absent = muted()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(self._measures)
        layout.addWidget(self._choice)
        layout.addWidget(self.table, 1)
        layout.addWidget(self._absent)

    def show_entries(self, entries: Sequence[Entry]) -> None:
        """Show the results of one run, or of one beside another."""
        if tuple(entries) == self._entries:
            return
        self._entries = tuple(entries)
        self._show_measures()
        has = [bool(entries) and task in entries[0].scores for task, _ in TASKS]
        for button, is_there in zip(self._choice.buttons, has, strict=True):
            button.setEnabled(is_there)
        if any(has) and not has[self._choice.choice]:
            self._choice.show_choice(has.index(True))
        self._show()

    def _show_measures(self) -> None:
        while (item := self._measures.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.setParent(None)
                widget.deleteLater()
        rows = [
            (entry, entry.scores[task], name)
            for task, name in TASKS
            for entry in self._entries
            if task in entry.scores
        ]
        if not rows:
            self._measures.addWidget(plain("Nothing was measured yet."), 0, 0)
            return
        heads = ("", "mean IoU", "global accuracy", "class accuracy", "measured on")
        for column, head in enumerate(heads):
            self._measures.addWidget(muted(head, wraps=False), 0, column)
        for row, (entry, scores, name) in enumerate(rows, 1):
            whose = f"{name}, {entry.name}" if len(self._entries) > 1 else name
            self._add_measures(row, whose, scores)

    def _add_measures(self, row: int, whose: str, scores: Scores) -> None:
        label = plain(wraps=False)
        mode = Qt.TextElideMode.ElideMiddle
        label.setText(label.fontMetrics().elidedText(whose, mode, _NAME_WIDTH))
        label.setToolTip(whose)
        self._measures.addWidget(label, row, 0)
        numbers = (scores.mean_iou, scores.global_accuracy, scores.class_accuracy)
        for column, number in enumerate(numbers, 1):
            value = QLabel(percent(number))
            if column == 1:
                value.setObjectName("title")
            self._measures.addWidget(value, row, column)
        where = Elided("muted")
        trained = f"trained on {scores.num_trained} frames"
        where.show_text(f"{scores.measured_on}; {trained}")
        self._measures.addWidget(where, row, 4)

    def _show(self) -> None:
        """Fill the table with the classes of the task that is chosen."""
        task = TASKS[self._choice.choice][0]
        scores = [entry.scores.get(task) for entry in self._entries]
        first = scores[0] if scores else None
        other = scores[1] if len(scores) > 1 else None
        rows = [] if first is None else joined(first, other)
        bins = HNBins()
        if self._entries and self._entries[0].config is not None:
            bins = self._entries[0].config.bins
        num_classes = 0 if first is None else len(first.classes)
        palette = class_palette(bins) if task == "hn" else semantic_palette(num_classes)
        name = self._entries[1].name if other is not None else ""
        self.model.show_rows([row for row in rows if row.score.pixels], palette, name)
        absent = [row.score.name for row in rows if not row.score.pixels]
        shown = f"Not in the measured frames: {'; '.join(absent[:_MOST_NAMED])}"
        if len(absent) > _MOST_NAMED:
            shown += f" and {len(absent) - _MOST_NAMED} more"
        self._absent.setText(f"{shown}." if absent else "")
        self._absent.setToolTip("\n".join(absent))
        self._absent.setVisible(bool(absent))
        self._choice.setVisible(first is not None or bool(scores))


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
        heads = ("Class", "IoU", "Accuracy", "Pixels", "IoU of the other", "Better by")
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
            side = Qt.AlignmentFlag.AlignRight if section else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        return heads[section] if role == Qt.ItemDataRole.DisplayRole else None

    def data(self, index: _Index, role: int = 0) -> Any:
        """The cell as text, as what it is sorted by, or the class's colour."""
        value = self._value(index.row(), index.column())
        if role == _SORT:
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
        value = index.data(_SORT)
        if not isinstance(value, float) or value <= 0 or index.column() == 5:
            return
        area = QRectF(option.rect)  # type: ignore[attr-defined]
        width = (area.width() - 12) * min(1.0, value)
        color = theme().muted if index.column() == 3 else theme().accent
        bar = QRectF(area.right() - 6 - width, area.bottom() - 4, width, 3)
        painter.fillRect(bar, QColor(color))


def _table(model: QSortFilterProxyModel) -> QTableView:
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
