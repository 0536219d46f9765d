"""One row of the list of runs, painted."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import (
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import QColor, QFont, QPainter, QPen
from PySide6.QtWidgets import (
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
)

from capture_app.engine.model_catalog import when
from capture_app.engine.run_entry import Entry, RunState
from capture_app.ui.models_parts import percent, run_colors
from capture_app.ui.theme import theme
from core.prediction import Task

_MARGIN, _BAR_WIDTH, _BAR_HEIGHT = 12.0, 34.0, 6.0
_SCORE_PLACES = (0.0, 0.44)  # of the width, where each network's measure begins
_LEFT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
_RIGHT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
_KINDS: tuple[tuple[Task, str], ...] = (("hn", "HN"), ("semantic", "Semantic"))


@dataclass(frozen=True)
class RowLook:
    """What a row shows beside its entry."""

    live: frozenset[Path] = frozenset()
    """Those of its networks that are on the Capture page now."""
    place: int = 0
    """1 or 2 if it is the first or second that is looked at."""


class EntryPainter(QStyledItemDelegate):
    """Three lines: name; state, network, date; how good it is or how far."""

    def __init__(self, look: Callable[[Entry], RowLook], view: QListView) -> None:
        super().__init__(view)
        self._look = look

    def sizeHint(
        self,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> QSize:
        """Of every row."""
        line = option.fontMetrics.height()
        return QSize(200, 3 * line + 24)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """The row."""
        entry: Entry = index.data(int(Qt.ItemDataRole.UserRole))
        look = self._look(entry)
        area = QRectF(option.rect)
        state = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, QColor(theme().raised))
        if look.place:
            _paint_place(painter, area, look.place)
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QColor(theme().accent))
            painter.drawRect(area.adjusted(0.5, 0.5, -0.5, -0.5))
        painter.setPen(QColor(theme().line))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        _paint_lines(painter, area.adjusted(_MARGIN + 4, 8, -_MARGIN, -8), entry, look)
        painter.restore()


def _paint_place(painter: QPainter, area: QRectF, place: int) -> None:
    """A stroke at the left, as the run's curves are drawn."""
    style = Qt.PenStyle.SolidLine if place == 1 else Qt.PenStyle.DashLine
    pen = QPen(run_colors()[place - 1], 4, style, Qt.PenCapStyle.FlatCap)
    if place == 2:
        pen.setDashPattern([3, 1.5])
    painter.setPen(pen)
    x = area.left() + 4
    painter.drawLine(QPointF(x, area.top() + 6), QPointF(x, area.bottom() - 6))


def _paint_lines(painter: QPainter, area: QRectF, entry: Entry, look: RowLook) -> None:
    line = painter.fontMetrics().height()
    first = QRectF(area.left(), area.top(), area.width(), line)
    second = first.translated(0, line + 4)
    third = second.translated(0, line + 4)
    _paint_pair(painter, first, (entry.name, theme().text, True),
        (when(entry), theme().muted, False))  # fmt: skip
    config = entry.config
    told = [entry.state.value]
    told += [] if config is None else [config.network, config.preset]
    live = "● live" if look.live else ""
    _paint_pair(painter, second, (" · ".join(told), theme().muted, False),
        (live, theme().accent, True))  # fmt: skip
    if entry.state is RunState.BROKEN:
        _paint_words(painter, third, entry.words, theme().red)
    elif entry.progress is not None:
        _paint_progress(painter, third, entry)
    elif entry.scores:
        _paint_scores(painter, third, entry)
    else:
        _paint_words(painter, third, entry.words, theme().muted)


def _paint_pair(
    painter: QPainter,
    area: QRectF,
    left: tuple[str, str, bool],
    right: tuple[str, str, bool],
) -> None:
    """Two texts on a line, each with its colour and whether it is bold; the right one
    is whole."""
    normal = painter.font()
    taken = 0.0
    for (words, color, is_bold), align in ((right, _RIGHT), (left, _LEFT)):
        font = QFont(normal)
        font.setWeight(QFont.Weight.DemiBold if is_bold else QFont.Weight.Normal)
        painter.setFont(font)
        painter.setPen(QColor(color))
        shown = _elided(painter, words, area.width() - taken)
        painter.drawText(area, int(align), shown)
        if words:
            taken = painter.fontMetrics().horizontalAdvance(words) + 10.0
    painter.setFont(normal)


def _paint_words(painter: QPainter, area: QRectF, words: str, color: str) -> None:
    painter.setPen(QColor(color))
    painter.drawText(area, int(_LEFT), _elided(painter, words, area.width()))


def _paint_progress(painter: QPainter, area: QRectF, entry: Entry) -> None:
    """A bar and what stage it is of."""
    progress = entry.progress or 0.0
    is_on = entry.state is RunState.RUNNING
    color = theme().accent if is_on else theme().amber
    _paint_bar(painter, area.left(), area, 2 * _BAR_WIDTH, progress, color)
    words = area.adjusted(2 * _BAR_WIDTH + 10, 0, 0, 0)
    _paint_words(painter, words, entry.place, theme().text)


def _paint_scores(painter: QPainter, area: QRectF, entry: Entry) -> None:
    """The mean IoU of each network, as a number and as a bar."""
    for (task, kind), place in zip(_KINDS, _SCORE_PLACES, strict=True):
        if task not in entry.scores:
            continue
        value = entry.mean_iou(task)
        x = area.left() + place * area.width()
        _paint_bar(painter, x, area, _BAR_WIDTH, value or 0.0, theme().accent)
        words = area.adjusted(x - area.left() + _BAR_WIDTH + 6, 0, 0, 0)
        _paint_words(painter, words, f"{kind} {percent(value)}", theme().text)


def _paint_bar(
    painter: QPainter, x: float, area: QRectF, width: float, share: float, color: str
) -> None:
    top = area.center().y() - _BAR_HEIGHT / 2
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(theme().line))
    painter.drawRoundedRect(QRectF(x, top, width, _BAR_HEIGHT), 3, 3)
    painter.setBrush(QColor(color))
    painter.drawRoundedRect(QRectF(x, top, width * share, _BAR_HEIGHT), 3, 3)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _elided(painter: QPainter, text: str, width: float) -> str:
    mode = Qt.TextElideMode.ElideMiddle
    return painter.fontMetrics().elidedText(text, mode, int(width))
