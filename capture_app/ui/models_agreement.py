"""How far a network agrees with depth: bars of the kinds of mistakes, in words too."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from capture_app.engine.agreement import Agreement
from capture_app.ui.models_parts import percent
from capture_app.ui.theme import theme
from core.disagreement import KIND_NAMES
from core.overlay import disagreement_palette

_BAR = 12.0
_LEFT = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
_RIGHT = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight)


class AgreementBars(QWidget):
    """A bar for the frame, a bar for all frames so far, and what the colours are."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[tuple[str, Agreement | None]] = []
        self.setFixedHeight(3 * self._line)

    def show_agreements(
        self, frame: Agreement | None, so_far: Agreement | None
    ) -> None:
        """Of the frame in view and of all that were looked at."""
        self._rows = [("This frame", frame)]
        if so_far is not None:
            frames = "frame" if so_far.num_frames == 1 else "frames"
            self._rows.append((f"{so_far.num_frames} {frames} so far", so_far))
        self.setVisible(frame is not None or so_far is not None)
        self.setToolTip("\n".join(self.words))
        self.setAccessibleName("; ".join(self.words))
        self.update()

    @property
    def words(self) -> list[str]:
        """What the bars say, in sentences."""
        return [
            f"{name}: {percent(found.serious)} seriously wrong (height further off, or "
            f"the wrong surface), {percent(found.same)} the same class, "
            f"{percent(found.nearly)} one height bin off"
            for name, found in self._rows
            if found is not None
        ]

    @property
    def _line(self) -> int:
        return self.fontMetrics().height() + 6

    def paintEvent(self, event: QPaintEvent) -> None:
        """The bars, each with its serious share, and the key below."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        metrics = painter.fontMetrics()
        names = max((metrics.horizontalAdvance(n) for n, _ in self._rows), default=0)
        ends = metrics.horizontalAdvance("100.0 % seriously wrong") + 10.0
        for row, (name, found) in enumerate(self._rows):
            area = QRectF(0, row * self._line, self.width(), self._line)
            painter.setPen(QColor(theme().muted))
            painter.drawText(area, _LEFT, name)
            bar = area.adjusted(names + 10, 0, -ends, 0)
            if found is None:
                painter.drawText(bar, _LEFT, "nothing to compare with")
                continue
            _paint_shares(painter, bar, found)
            painter.setPen(QColor(theme().text))
            painter.drawText(area, _RIGHT, f"{percent(found.serious)} seriously wrong")
        self._paint_key(painter, 2 * self._line)

    def _paint_key(self, painter: QPainter, top: float) -> None:
        """What each colour is, with as much of the names as fits."""
        palette = disagreement_palette()
        room = self.width() / len(KIND_NAMES)
        metrics = painter.fontMetrics()
        for kind, name in enumerate(KIND_NAMES):
            left = kind * room
            box = QRectF(left, top + (self._line - 10) / 2, 14, 10)
            painter.setPen(QColor(theme().line))
            painter.setBrush(QColor(*palette[kind].tolist()))
            painter.drawRoundedRect(box, 2, 2)
            painter.setPen(QColor(theme().text))
            words = QRectF(left + 20, top, room - 24, self._line)
            mode = Qt.TextElideMode.ElideRight
            shown = metrics.elidedText(name, mode, int(words.width()))
            painter.drawText(words, _LEFT, shown)


def _paint_shares(painter: QPainter, area: QRectF, found: Agreement) -> None:
    """The kinds one after the other, in their order."""
    palette = disagreement_palette()
    total = sum(found.counts)
    left = area.left()
    painter.setPen(Qt.PenStyle.NoPen)
    for kind, count in enumerate(found.counts):
        width = area.width() * count / total
        painter.setBrush(QColor(*palette[kind].tolist()))
        painter.drawRect(QRectF(left, area.center().y() - _BAR / 2, width, _BAR))
        left += width
