"""The big picture: the newest frame, the floor on it, a cross at what is pointed at."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy

from capture_app.engine.picture import Picture, View
from capture_app.ui.floor_marks import paint_horizon, paint_up_arrow
from capture_app.ui.picture_words import paint_cross, paint_hint, paint_notice
from capture_app.ui.pointed_view import PointedView
from capture_app.ui.theme import theme

_CLOUD_HINT = "Drag to turn, wheel to zoom, double click to look as at first"


class FrameView(PointedView):
    """Paints pictures as large as they come, centred."""

    resized = Signal(int, int)
    """Width and height in device pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumSize(320, 240)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName("Picture")
        self._picture: Picture | None = None
        self._image: QImage | None = None
        self._notice = ""
        self._progress: float | None = None
        self._shows_marks = True
        self.is_recording = False

    def sizeHint(self) -> QSize:
        """Room for a frame at 1:1."""
        return QSize(880, 660)

    @property
    def picture(self) -> Picture | None:
        """What is shown."""
        return self._picture

    @property
    def frame_size(self) -> tuple[int, int] | None:
        """Width and height of the frame that is shown."""
        if self._picture is None:
            return None
        height, width = self._picture.layers.frame.rgb.shape[:2]
        return width, height

    def show_picture(self, picture: Picture) -> None:
        """Paint this from now on."""
        height, width = picture.pixels.shape
        had_cloud = self.shows_cloud
        # The QImage borrows the array's memory; the picture keeps it alive.
        self._picture = picture
        self._image = QImage(
            picture.pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32
        )
        if self.shows_cloud != had_cloud:
            self.point_at(None)
            self.show_cursor()
        self.update()

    def show_notice(self, text: str, progress: float | None = None) -> None:
        """A sentence over the picture, or "", with a bar for `progress` (0..1)."""
        if (text, progress) != (self._notice, self._progress):
            self._notice, self._progress = text, progress
            self.update()

    def show_marks(self, is_shown: bool) -> None:
        """Whether the floor's line and arrow are drawn over the picture."""
        self._shows_marks = is_shown
        self.update()

    def forget_picture(self) -> None:
        """Show nothing but the notice."""
        self._picture = self._image = None
        self.point_at(None)
        self.update()

    @property
    def shows_cloud(self) -> bool:
        """Whether the picture is a point cloud."""
        picture = self._picture
        return picture is not None and picture.settings.view is View.CLOUD

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Tell how large pictures should be."""
        scale = self.devicePixelRatioF()
        self.resized.emit(round(self.width() * scale), round(self.height() * scale))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Picture, floor marks, cross, notice."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(theme().window))
        if self._image is not None and self._picture is not None:
            area = self._area_of(self._image)
            painter.drawImage(area, self._image)
            if self._shows_marks:
                self._paint_floor(painter, area, self._picture)
            if self.point is not None:
                x, y = self.point
                place = QPointF(x * area.width(), y * area.height()) + area.topLeft()
                paint_cross(painter, place)
            if self.shows_cloud and not self._notice:
                paint_hint(painter, area, _CLOUD_HINT)
            if self.is_recording:
                _paint_frame(painter, area, theme().red)
            elif self.has_tab_focus:
                _paint_frame(painter, area, theme().accent)
        if self._notice:
            is_empty = self._image is None
            paint_notice(painter, self.rect(), self._notice, self._progress, is_empty)

    def _paint_floor(self, painter: QPainter, area: QRectF, picture: Picture) -> None:
        floor = picture.layers.floor
        if floor is None or self.shows_cloud:
            return
        if picture.horizon is not None:
            paint_horizon(painter, area, picture.horizon, floor)
        paint_up_arrow(painter, area, floor)

    def picture_area(self) -> QRectF | None:
        """Where the picture is, if there is one."""
        return None if self._image is None else self._area_of(self._image)

    def _area_of(self, image: QImage) -> QRectF:
        """Whole pixels in the middle, as large as fits."""
        scale = min(self.width() / image.width(), self.height() / image.height())
        width, height = round(image.width() * scale), round(image.height() * scale)
        left, top = (self.width() - width) // 2, (self.height() - height) // 2
        return QRectF(left, top, width, height)


def _paint_frame(painter: QPainter, area: QRectF, color: str) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(color), 3))
    painter.drawRect(area.adjusted(1.5, 1.5, -1.5, -1.5))
