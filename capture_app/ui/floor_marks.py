"""Where the floor is, drawn on the picture: the eye-level line and the up arrow."""

import math

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen, QPolygonF

from core.floor import FloorPlane

_INK = QColor(255, 255, 255, 235)
_SHADOW = QColor(0, 0, 0, 150)
_RADIUS = 30.0


def paint_horizon(
    painter: QPainter,
    area: QRectF,
    ends: tuple[tuple[float, float], tuple[float, float]],
    floor: FloorPlane,
) -> None:
    """A dashed line where the picture is as high above the floor as the camera."""
    start, end = (
        QPointF(area.left() + x * area.width(), area.top() + y * area.height())
        for x, y in ends
    )
    for color, width in ((_SHADOW, 3.0), (_INK, 1.3)):
        pen = QPen(color, width, Qt.PenStyle.CustomDashLine)
        pen.setDashPattern([7 / width, 6 / width])
        painter.setPen(pen)
        painter.drawLine(start, end)
    middle = (start + end) / 2
    text = QRectF(middle.x() - 60, middle.y() - 24, 120, 18)
    text.moveTop(max(text.top(), area.top() + 4))
    painter.setFont(_small_bold(painter))
    for color, offset in ((_SHADOW, 1.0), (_INK, 0.0)):
        painter.setPen(color)
        painter.drawText(
            text.translated(offset, offset),
            Qt.AlignmentFlag.AlignCenter,
            height_text(floor),
        )


def height_text(floor: FloorPlane) -> str:
    """The camera's height, and a word where this frame did not see the floor."""
    note = ", tracked" if floor.source == "tracked" else ""
    return f"{floor.camera_height:.2f} m{note}"


def paint_up_arrow(painter: QPainter, area: QRectF, floor: FloorPlane) -> None:
    """An arrow away from the floor, shorter the more it points along the view."""
    centre = QPointF(area.left() + _RADIUS + 14, area.bottom() - _RADIUS - 14)
    painter.setPen(QPen(QColor(255, 255, 255, 60), 1))
    painter.setBrush(QColor(20, 22, 28, 190))
    painter.drawEllipse(centre, _RADIUS, _RADIUS)
    across, down = float(floor.up[0]), float(floor.up[1])
    length = math.hypot(across, down)
    reach = _RADIUS - 8
    tip = centre + QPointF(across * reach, down * reach)
    tail = centre - QPointF(across * reach, down * reach) * 0.75
    painter.setPen(QPen(_INK, 2.4, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    painter.drawLine(tail, tip)
    if length > 0.05:
        along = QPointF(across, down) / length
        aside = QPointF(-along.y(), along.x())
        head = [tip + along * 2, tip - along * 8 + aside * 5.5]
        head.append(tip - along * 8 - aside * 5.5)
        painter.setBrush(_INK)
        painter.drawPolygon(QPolygonF(head))
    painter.setPen(_INK)
    painter.setFont(_small_bold(painter))
    painter.drawText(
        QRectF(centre.x() + _RADIUS + 8, centre.y() - 10, 60, 20),
        Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft,
        "up",
    )


def _small_bold(painter: QPainter) -> QFont:
    font = painter.font()
    font.setPointSizeF(8.5)
    font.setBold(True)
    return font
