"""How good the newest frame is: four bars, each with its value in words."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QSizePolicy, QWidget

from capture_app.engine.meters import Meter, State, meters
from capture_app.engine.scene_watch import Quality
from capture_app.ui.take_panel import set_state
from capture_app.ui.theme import theme

_BAR_WIDTH, _BAR_HEIGHT = 32, 6
_MARGINS = (14, 9, 14, 9)
_PROPERTIES: dict[State, str] = {"good": "", "poor": "poor", "unknown": ""}


class QualityCard(QFrame):
    """Depth, floor, sharpness and motion; amber words and bars where they are poor."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("card")
        self._rows: list[tuple[QLabel, _Bar, QLabel]] = []
        grid = QGridLayout(self)
        grid.setContentsMargins(*_MARGINS)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(5)
        grid.setColumnStretch(2, 1)
        for row, meter in enumerate(meters(None)):
            name, bar, words = QLabel(meter.name), _Bar(), QLabel()
            name.setObjectName("muted")
            words.setTextFormat(Qt.TextFormat.PlainText)
            # A word more must not make the column wider.
            words.setSizePolicy(
                QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred
            )
            for column, part in enumerate((name, bar, words)):
                grid.addWidget(part, row, column)
            self._rows.append((name, bar, words))
        self.show_quality(None)

    def show_quality(self, quality: Quality | None) -> None:
        """How good a frame is, or dashes without one."""
        for row, meter in zip(self._rows, meters(quality), strict=True):
            _, bar, words = row
            bar.show_meter(meter)
            words.setText(meter.words)
            set_state(words, _PROPERTIES[meter.state])
            for part in row:
                part.setToolTip(meter.details)


class _Bar(QWidget):
    """As long as a meter's share."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedWidth(_BAR_WIDTH)
        self._share, self._state = 0.0, "unknown"

    def show_meter(self, meter: Meter) -> None:
        """Take the length and the colour of a meter."""
        if (meter.share, meter.state) != (self._share, self._state):
            self._share, self._state = meter.share, meter.state
            self.update()

    def sizeHint(self) -> QSize:
        """Low enough not to make the row higher."""
        return QSize(_BAR_WIDTH, _BAR_HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        """A trough, and the bar in it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        top = (self.height() - _BAR_HEIGHT) / 2
        radius = _BAR_HEIGHT / 2
        painter.setBrush(QColor(theme().line))
        trough = QRectF(0, top, self.width(), _BAR_HEIGHT)
        painter.drawRoundedRect(trough, radius, radius)
        if self._share > 0.0:
            is_poor = self._state == "poor"
            painter.setBrush(QColor(theme().amber if is_poor else theme().green))
            length = max(_BAR_HEIGHT, self._share * self.width())
            bar = QRectF(0, top, length, _BAR_HEIGHT)
            painter.drawRoundedRect(bar, radius, radius)
