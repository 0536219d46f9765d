"""The time line under the player: where it is, where frames are missing, and what is
known of the floor."""

from collections.abc import Sequence
from itertools import groupby

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from capture_app.engine.track import Track
from capture_app.ui.library_words import floor_word
from capture_app.ui.theme import theme
from core.floor import FloorPlane

_EDGE, _GROOVE_Y, _STRIP_Y, _STRIP_HEIGHT = 10, 16, 28, 10
_HEIGHT = _STRIP_Y + _STRIP_HEIGHT + 3
# How high the floor's strip stands: a shape for those who do not see its colours.
_HEIGHT_OF = {"floor measured": 1.0, "floor tracked": 0.55, "no floor": 0.2}


class Timeline(QWidget):
    """A slider of frames. A wedge above it marks dropped frames; the strip below it is
    high and green where the floor was measured, half as high and amber where it was
    tracked, a thin red line where there is none, and empty before that is known."""

    sought = Signal(int)
    """The position that is dragged or clicked to."""
    stepped = Signal(int)
    """Frames to go on, by a key or the wheel."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAccessibleName("Time line")
        self._track: Track | None = None
        self._position = 0
        self._runs: list[tuple[str, int, int]] = []
        self._floors: Sequence[FloorPlane | None] | None = None

    def sizeHint(self) -> QSize:
        """As wide as may be."""
        return QSize(400, _HEIGHT)

    def show_track(self, track: Track | None) -> None:
        """Show this recording."""
        if track is not self._track:
            self._track = track
            self._position, self._floors, self._runs = 0, None, []
            self.setEnabled(track is not None)
            self.update()

    def show_floors(self, floors: Sequence[FloorPlane | None] | None) -> None:
        """Show where the floor of every frame comes from."""
        if floors is not self._floors:
            self._floors = floors
            self._runs = _runs_of([floor_word(floor) for floor in floors or ()])
            self.update()

    def show_position(self, position: int) -> None:
        """Move the handle."""
        if position != self._position:
            self._position = position
            self.update()

    def describe(self, position: int) -> str:
        """What is known of a frame, in words."""
        assert self._track is not None
        words = [f"frame {position}", f"{self._track.seconds[position]:.2f} s"]
        if self._floors is not None:
            words.append(floor_word(self._floors[position]))
        dropped = dict(self._track.drops).get(position, 0)
        if dropped:
            words.append(f"{dropped} dropped before it")
        return ", ".join(words)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go there."""
        if event.button() is Qt.MouseButton.LeftButton:
            self._seek(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Scrub while the button is down; tell what is there."""
        if self._track is None:
            return
        x = event.position().x()
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._seek(x)
        QToolTip.showText(
            event.globalPosition().toPoint(), self.describe(self._at(x)), self
        )

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The arrows go by a frame."""
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        if event.key() in steps:
            self.stepped.emit(steps[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Drops, groove, strip, handle."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        colors = theme()
        groove = QRectF(_EDGE, _GROOVE_Y - 2, self.width() - 2 * _EDGE, 4)
        painter.setBrush(QColor(colors.line))
        painter.drawRoundedRect(groove, 2, 2)
        if self._track is None:
            return
        self._paint_strip(painter)
        self._paint_drops(painter)
        x = self._x(self._position)
        groove.setRight(x)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colors.accent))
        painter.drawRoundedRect(groove, 2, 2)
        painter.setPen(QPen(QColor(colors.text), 1))
        painter.drawLine(QPointF(x, _GROOVE_Y), QPointF(x, _HEIGHT))
        painter.setPen(QPen(QColor(colors.window), 1.5))
        painter.setBrush(QColor(colors.accent if self.hasFocus() else colors.text))
        painter.drawEllipse(QPointF(x, _GROOVE_Y), 7, 7)

    def _paint_strip(self, painter: QPainter) -> None:
        colors = theme()
        of_word = {
            "floor measured": colors.green,
            "floor tracked": colors.amber,
            "no floor": colors.red,
        }
        half = (self.width() - 2 * _EDGE) / max(1, 2 * (self._last or 1))
        for word, first, last in self._runs:
            left, right = self._x(first) - half, self._x(last) + half
            height = _STRIP_HEIGHT * _HEIGHT_OF[word]
            place = QRectF(
                left, _STRIP_Y + _STRIP_HEIGHT - height, right - left, height
            )
            painter.setBrush(QColor(of_word[word]))
            painter.drawRect(place)

    def _paint_drops(self, painter: QPainter) -> None:
        assert self._track is not None
        painter.setBrush(QColor(theme().red))
        painter.setPen(Qt.PenStyle.NoPen)
        for position, _ in self._track.drops:
            x = (self._x(position - 1) + self._x(position)) / 2
            tip = QPointF(x, _GROOVE_Y - 4)
            corners = [tip, QPointF(x - 4, 2), QPointF(x + 4, 2)]
            painter.drawPolygon(QPolygonF(corners))

    @property
    def _last(self) -> int:
        return 0 if self._track is None else len(self._track) - 1

    def _x(self, position: int) -> float:
        share = min(max(position, 0), self._last) / max(1, self._last)
        return _EDGE + share * (self.width() - 2 * _EDGE)

    def _at(self, x: float) -> int:
        share = (x - _EDGE) / max(1, self.width() - 2 * _EDGE)
        return round(min(max(share, 0.0), 1.0) * self._last)

    def _seek(self, x: float) -> None:
        if self._track is not None:
            self.sought.emit(self._at(x))


def _runs_of(words: Sequence[str]) -> list[tuple[str, int, int]]:
    """Each word with the first and the last of the positions in a row that have it."""
    runs, first = [], 0
    for word, group in groupby(words):
        last = first + len(list(group)) - 1
        runs.append((word, first, last))
        first = last + 1
    return runs
