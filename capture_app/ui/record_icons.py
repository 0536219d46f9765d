"""The signs on the recording buttons, in the colours of the theme that is on."""

from collections.abc import Callable, Mapping

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap

from capture_app.ui.theme import theme

# Pixels; three times as large as shown, for dense screens. The margins at the sides
# keep the sign apart from the words beside it.
_HEIGHT, _MARGIN = 48, 8
ICON_SIZE = QSize(21, 16)


def record_icon(is_recording: bool) -> QIcon:
    """A red dot, or the square of stop."""

    def draw(painter: QPainter, color: QColor) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        if is_recording:
            painter.drawRoundedRect(QRectF(8, 8, 32, 32), 5, 5)
        else:
            painter.drawEllipse(QPointF(24, 24), 19, 19)

    return QIcon(_pixmap(draw, theme().on_red if is_recording else theme().red))


def countdown_icon() -> QIcon:
    """A three in a circle."""

    def draw(painter: QPainter, color: QColor) -> None:
        painter.setPen(QPen(color, 4))
        painter.drawEllipse(QPointF(24, 24), 20, 20)
        font = painter.font()
        font.setPixelSize(28)
        font.setBold(True)
        painter.setFont(font)
        painter.drawText(QRectF(0, 0, 48, 48), Qt.AlignmentFlag.AlignCenter, "3")

    return _icon(draw)


def snapshot_icon() -> QIcon:
    """A camera."""

    def draw(painter: QPainter, color: QColor) -> None:
        painter.setPen(QPen(color, 4))
        painter.drawRoundedRect(QRectF(4, 13, 40, 28), 5, 5)
        painter.drawEllipse(QPointF(24, 27), 8, 8)
        painter.setBrush(color)
        painter.drawRoundedRect(QRectF(17, 8, 14, 5), 2, 2)

    return _icon(draw)


def discard_icon() -> QIcon:
    """A bin with a lid."""

    def draw(painter: QPainter, color: QColor) -> None:
        painter.setPen(QPen(color, 4))
        painter.drawRoundedRect(QRectF(11, 16, 26, 26), 4, 4)
        for x in (20, 28):
            painter.drawLine(QPointF(x, 23), QPointF(x, 35))
        painter.drawLine(QPointF(6, 14), QPointF(42, 14))
        painter.drawRoundedRect(QRectF(18, 6, 12, 8), 2, 2)

    return _icon(draw)


BAR_ICONS: Mapping[str, Callable[[], QIcon]] = {
    "countdown": countdown_icon,
    "snapshot": snapshot_icon,
    "discard": discard_icon,
}
"""By the actions that have them."""


def _icon(draw: Callable[[QPainter, QColor], None]) -> QIcon:
    """For a button that is off, on, or cannot be used."""
    icon = QIcon(_pixmap(draw, theme().text))
    on = _pixmap(draw, theme().on_accent)
    icon.addPixmap(on, QIcon.Mode.Normal, QIcon.State.On)
    off = _pixmap(draw, theme().disabled)
    icon.addPixmap(off, QIcon.Mode.Disabled, QIcon.State.Off)
    return icon


def _pixmap(draw: Callable[[QPainter, QColor], None], color: str) -> QPixmap:
    pixmap = QPixmap(_HEIGHT + 2 * _MARGIN, _HEIGHT)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(_MARGIN, 0)
    draw(painter, QColor(color))
    painter.end()
    return pixmap
