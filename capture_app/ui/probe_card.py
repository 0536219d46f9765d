"""What is under the cursor: metres, degrees, classes."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from capture_app.engine.probe import Probe, ShownClass
from capture_app.ui.theme import theme

_UNKNOWN = "—"
_NUMBERS = ("Depth", "Height", "Angle")
_CLASSES = ("Class", "Network")
_TIPS = {
    "Depth": "Metres along the camera's axis",
    "Height": "Metres above the floor",
    "Angle": "Degrees between the surface's normal and up: 0 flat, 90 upright",
    "Class": "The HN class that height and angle make",
    "Network": "What the networks see in the photo there",
}
_POINT = "Point at the photo or depth"


class ProbeCard(QFrame):
    """Three numbers, the class and what the networks say; dashes where unknown.

    Its size stays as it is, whatever it shows.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("card")
        self._numbers = {name: QLabel(_UNKNOWN) for name in _NUMBERS}
        self._classes = {name: _ClassRow() for name in _CLASSES}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 9, 14, 9)
        layout.setSpacing(5)
        numbers = QHBoxLayout()
        numbers.setSpacing(6)
        for name, value in self._numbers.items():
            value.setTextFormat(Qt.TextFormat.PlainText)
            value.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            numbers.addWidget(_under(_caption(name), value), 1)
        layout.addLayout(numbers)
        grid = QGridLayout()
        grid.setSpacing(5)
        grid.setColumnStretch(1, 1)
        for line, (name, row) in enumerate(self._classes.items()):
            grid.addWidget(_caption(name), line, 0)
            grid.addWidget(row, line, 1)
        layout.addLayout(grid)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.show_probe(None)

    def show_probe(self, probe: Probe | None) -> None:
        """What is known of a point; None while nothing is pointed at."""
        known = Probe() if probe is None else probe
        texts = (
            _with_unit(known.depth_m, 2, " m"),
            _with_unit(known.height_m, 2, " m"),
            _with_unit(known.angle_deg, 0, "°"),
        )
        for label, text in zip(self._numbers.values(), texts, strict=True):
            if label.text() != text:
                label.setText(text)
        networks = [c for c in (known.semantic, known.predicted_hn) if c is not None]
        hint = _POINT if probe is None else _UNKNOWN
        self._classes["Class"].show_classes(
            [known.hn_class] if known.hn_class else [], hint
        )
        self._classes["Network"].show_classes(networks, _UNKNOWN)

    def texts(self) -> dict[str, str]:
        """What the rows say, by their captions."""
        rows: dict[str, QLabel | _ClassRow] = {**self._numbers, **self._classes}
        return {name: row.text() for name, row in rows.items()}


class _ClassRow(QWidget):
    """A swatch and the name of each of one or two classes, on one line."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._classes: list[ShownClass] = []
        self._hint = _UNKNOWN

    def sizeHint(self) -> QSize:
        """A line."""
        return QSize(80, self.fontMetrics().height())

    def text(self) -> str:
        """The names, in words."""
        return " / ".join(shown.name for shown in self._classes) or self._hint

    def show_classes(self, classes: list[ShownClass], hint: str) -> None:
        """These, or else the hint."""
        if (classes, hint) != (self._classes, self._hint):
            self._classes, self._hint = classes, hint
            self.setToolTip(self.text() if classes else "")
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Each class in its share of the width."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        metrics, middle = painter.fontMetrics(), Qt.AlignmentFlag.AlignVCenter
        if not self._classes:
            painter.setPen(QColor(theme().muted))
            painter.drawText(self.rect(), middle, self._hint)
            return
        width = self.width() / len(self._classes)
        side = metrics.ascent()
        for k, shown in enumerate(self._classes):
            box = QRectF(k * width, 0, width - 4, self.height())
            swatch = QRectF(box.left(), (box.height() - side) / 2, side, side)
            painter.setPen(QColor(theme().line))
            painter.setBrush(QColor(*shown.color))
            painter.drawRoundedRect(swatch.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
            painter.setPen(QColor(theme().text))
            words = box.adjusted(side + 6, 0, 0, 0)
            name = metrics.elidedText(
                shown.name, Qt.TextElideMode.ElideRight, int(words.width())
            )
            painter.drawText(words, middle, name)


def _caption(name: str) -> QLabel:
    label = QLabel(name)
    label.setObjectName("muted")
    label.setToolTip(_TIPS[name])
    return label


def _under(caption: QLabel, value: QLabel) -> QWidget:
    both = QWidget()
    layout = QVBoxLayout(both)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(1)
    layout.addWidget(caption)
    layout.addWidget(value)
    return both


def _with_unit(value: float | None, digits: int, unit: str) -> str:
    if value is None:
        return _UNKNOWN
    text = f"{value:.{digits}f}"
    return f"{0:.{digits}f}{unit}" if float(text) == 0 else f"{text}{unit}"
