"""What is written and drawn over the picture: notices, hints, the cross."""

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from capture_app.ui.theme import theme

_GROUND = QColor(20, 22, 28, 225)  # dark whatever the theme: it lies on a picture
_INK = QColor(240, 242, 246)
_FAINT_INK = QColor(240, 242, 246, 190)
_SHADOW = QColor(0, 0, 0, 160)
_GROOVE = QColor(255, 255, 255, 60)
_WRAP = int(Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap)
_MARGIN = 20
_BAR_WIDTH, _BAR_HEIGHT = 220, 5
_GAP, _ARM = 5.0, 16.0  # of the cross, from its middle


def paint_notice(
    painter: QPainter, place: QRect, text: str, progress: float | None, is_empty: bool
) -> None:
    """A sentence on a dark ground near the bottom; in the middle of a `place` that
    `is_empty` or over a bar for `progress` (0..1)."""
    widest = place.width() - 4 * _MARGIN
    words = QRectF(
        painter.fontMetrics().boundingRect(QRect(0, 0, widest, 9999), _WRAP, text)
    )
    has_bar = progress is not None
    width = max(words.width(), _BAR_WIDTH if has_bar else 0) + 2 * _MARGIN
    height = words.height() + (38 if has_bar else 22)
    middle = place.center().y()
    bottom = place.bottom() - _MARGIN
    top = middle - height / 2 if has_bar or is_empty else bottom - height
    box = QRectF(place.center().x() - width / 2, top, width, height)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_GROUND)
    painter.drawRoundedRect(box, 10, 10)
    painter.setPen(_INK)
    painter.drawText(box.adjusted(_MARGIN - 1, 11, 1 - _MARGIN, 0), _WRAP, text)
    if progress is not None:
        groove = QRectF(box.left() + _MARGIN, box.bottom() - 16, 0, _BAR_HEIGHT)
        groove.setWidth(width - 2 * _MARGIN)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(_GROOVE)
        painter.drawRoundedRect(groove, 2.5, 2.5)
        groove.setWidth(groove.width() * progress)
        painter.setBrush(QColor(theme().accent))
        painter.drawRoundedRect(groove, 2.5, 2.5)


def paint_hint(painter: QPainter, area: QRectF, text: str) -> None:
    """Faint words in the lower left corner."""
    box = area.adjusted(14, 0, -14, -10)
    align = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom
    flags = int(align | Qt.TextFlag.TextWordWrap)
    for color, offset in ((_SHADOW, 1.0), (_FAINT_INK, 0.0)):
        painter.setPen(color)
        painter.drawText(box.translated(offset, offset), flags, text)


def paint_cross(painter: QPainter, place: QPointF) -> None:
    """Four thin arms around a point, which itself stays free."""
    for color, width in ((_SHADOW, 3.0), (_INK, 1.2)):
        painter.setPen(QPen(color, width))
        for across, down in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            way = QPointF(across, down)
            painter.drawLine(place + way * _GAP, place + way * _ARM)
