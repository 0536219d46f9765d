"""Depth and point cloud, small: what the big picture leaves out, a click away."""

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QImage,
    QLinearGradient,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QSizePolicy, QWidget

from capture_app.engine.picture import View
from capture_app.engine.thumbnails import Thumbnails
from capture_app.ui.theme import theme
from core.overlay import DEPTH_RANGE_M, depth_colours

_PICTURE_HEIGHT = 81
_GROUND = QColor(20, 22, 27)  # dark whatever the theme, as the pictures are
_STRIP = QColor(12, 13, 16, 200)
_INK = QColor(240, 242, 246)
_SCALE_HEIGHT = 15


class ThumbnailStrip(QWidget):
    """Two thumbnails side by side; each is a button for its view."""

    chosen = Signal(object)
    """A `View`, to be shown large."""

    def __init__(self) -> None:
        super().__init__()
        self.depth_button = _Thumbnail(
            "Depth", "Distance along the camera's axis, black where there is none"
        )
        self.cloud_button = _Thumbnail(
            "Point cloud", "The pixels where they are in space, in class colours"
        )
        self.depth_button.has_scale = True
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        for button, view in (
            (self.depth_button, View.DEPTH),
            (self.cloud_button, View.CLOUD),
        ):
            button.clicked.connect(lambda _=False, view=view: self.chosen.emit(view))
            layout.addWidget(button)

    def show_thumbnails(self, thumbnails: Thumbnails | None) -> None:
        """Show these from now on; None for nothing."""
        self.depth_button.show_pixels(None if thumbnails is None else thumbnails.depth)
        self.cloud_button.show_pixels(None if thumbnails is None else thumbnails.cloud)

    def show_view(self, view: View) -> None:
        """Mark the one that is shown large, if either is."""
        self.depth_button.setChecked(view is View.DEPTH)
        self.cloud_button.setChecked(view is View.CLOUD)


class _Thumbnail(QAbstractButton):
    """A picture with its name below it."""

    def __init__(self, name: str, tip: str) -> None:
        super().__init__()
        self.setText(name)
        self.setToolTip(f"{tip}; click to see it large")
        self.setCheckable(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.has_scale = False
        self._pixels: np.ndarray | None = None
        self._image: QImage | None = None

    def sizeHint(self) -> QSize:
        """A 4:3 picture and a line."""
        line = self.fontMetrics().height()
        return QSize(_PICTURE_HEIGHT * 4 // 3, _PICTURE_HEIGHT + line + 3)

    def nextCheckState(self) -> None:
        """Which view is on is for the window to say."""

    def show_pixels(self, pixels: np.ndarray | None) -> None:
        """Paint (h, w) uint32 0xffRRGGBB, or nothing."""
        self._pixels, self._image = pixels, None  # the image borrows the pixels
        if pixels is not None:
            height, width = pixels.shape
            self._image = QImage(
                pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32
            )
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Picture, scale, name, and a frame where it matters."""
        painter = QPainter(self)
        painter.setRenderHints(
            QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
        )
        place = QRectF(0, 0, self.width(), _PICTURE_HEIGHT)
        painter.fillRect(place, _GROUND)
        if self._image is not None:
            painter.drawImage(_fitted(place, self._image), self._image)
        if self.has_scale:
            _paint_scale(painter, place)
        self._paint_frame(painter, place)
        color = theme().text if self.isChecked() else theme().muted
        painter.setPen(QColor(color))
        font = painter.font()
        font.setBold(self.isChecked())
        painter.setFont(font)
        below = QRectF(
            0, place.bottom() + 3, self.width(), self.height() - place.bottom() - 3
        )
        name = painter.fontMetrics().elidedText(
            self.text(), Qt.TextElideMode.ElideRight, self.width()
        )
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, name)

    def _paint_frame(self, painter: QPainter, place: QRectF) -> None:
        is_marked = self.isChecked() or self.underMouse() or self.hasFocus()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        width = 2 if self.isChecked() or self.hasFocus() else 1
        painter.setPen(
            QPen(QColor(theme().accent if is_marked else theme().line), width)
        )
        half = width / 2
        painter.drawRect(place.adjusted(half, half, -half, -half))


def _fitted(place: QRectF, image: QImage) -> QRectF:
    """In the middle of a place, as large as fits."""
    scale = min(place.width() / image.width(), place.height() / image.height())
    area = QRectF(0, 0, scale * image.width(), scale * image.height())
    area.moveCenter(place.center())
    return area


def _paint_scale(painter: QPainter, place: QRectF) -> None:
    """The metres of the depth colours, along the lower edge."""
    strip = QRectF(place)
    strip.setTop(strip.bottom() - _SCALE_HEIGHT)
    painter.fillRect(strip, _STRIP)
    normal = painter.font()
    small = QFont(normal)
    small.setPointSizeF(max(6.5, 0.78 * normal.pointSizeF()))
    painter.setFont(small)
    painter.setPen(_INK)
    middle = Qt.AlignmentFlag.AlignVCenter
    near, far = (f"{metres:g}" for metres in DEPTH_RANGE_M)
    far = f"{far} m"
    words = strip.adjusted(5, 0, -5, -1)
    painter.drawText(words, middle | Qt.AlignmentFlag.AlignLeft, near)
    painter.drawText(words, middle | Qt.AlignmentFlag.AlignRight, far)
    advance = painter.fontMetrics().horizontalAdvance
    bar = words.adjusted(advance(near) + 5, 5, -advance(far) - 5, -4)
    gradient = QLinearGradient(bar.left(), 0, bar.right(), 0)
    for share in np.linspace(0.0, 1.0, 17):
        gradient.setColorAt(float(share), QColor(*depth_colours(share).tolist()))
    painter.fillRect(bar, gradient)
    painter.setFont(normal)
