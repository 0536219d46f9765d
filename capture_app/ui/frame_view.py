"""The big picture: the newest frame, the floor on it, a word where there is none."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from capture_app.engine.picture import Picture
from capture_app.ui.floor_marks import paint_horizon, paint_up_arrow
from capture_app.ui.theme import theme


class FrameView(QWidget):
    """Paints pictures as large as they come, centred."""

    resized = Signal(int, int)
    """Width and height in device pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumSize(320, 240)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._picture: Picture | None = None
        self._image: QImage | None = None
        self._notice = ""
        self._progress: float | None = None
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
        # The QImage borrows the array's memory; the picture keeps it alive.
        self._picture = picture
        self._image = QImage(
            picture.pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32
        )
        self.update()

    def show_notice(self, text: str, progress: float | None = None) -> None:
        """A sentence over the picture, or "", with a bar for `progress` (0..1)."""
        if (text, progress) != (self._notice, self._progress):
            self._notice, self._progress = text, progress
            self.update()

    def forget_picture(self) -> None:
        """Show nothing but the notice."""
        self._picture = self._image = None
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Tell how large pictures should be."""
        scale = self.devicePixelRatioF()
        self.resized.emit(round(self.width() * scale), round(self.height() * scale))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Picture, floor marks, notice."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(theme().window))
        if self._image is not None and self._picture is not None:
            area = self._image_area(self._image)
            painter.drawImage(area, self._image)
            horizon, floor = self._picture.horizon, self._picture.layers.floor
            if horizon is not None and floor is not None:
                paint_horizon(painter, area, horizon, floor)
            if floor is not None:
                paint_up_arrow(painter, area, floor)
            if self.is_recording:
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(QColor(theme().red), 3))
                painter.drawRect(area.adjusted(1.5, 1.5, -1.5, -1.5))
        if self._notice:
            self._paint_notice(painter)

    def _image_area(self, image: QImage) -> QRectF:
        """Where the picture goes: whole pixels in the middle, as large as fits."""
        scale = min(self.width() / image.width(), self.height() / image.height())
        width, height = round(image.width() * scale), round(image.height() * scale)
        left, top = (self.width() - width) // 2, (self.height() - height) // 2
        return QRectF(left, top, width, height)

    def _paint_notice(self, painter: QPainter) -> None:
        metrics = painter.fontMetrics()
        has_bar = self._progress is not None
        width = max(metrics.horizontalAdvance(self._notice), 220 if has_bar else 0) + 40
        height = metrics.height() + (38 if has_bar else 22)
        bottom = self.height() / 2 + height / 2 if has_bar else self.height() - 20.0
        if self._image is None and not has_bar:
            bottom = self.height() / 2 + height / 2
        box = QRectF((self.width() - width) / 2, bottom - height, width, height)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(20, 22, 28, 225))
        painter.drawRoundedRect(box, 10, 10)
        painter.setPen(QColor(theme().text))
        text_box = box.adjusted(0, 10, 0, 0) if has_bar else box
        align = Qt.AlignmentFlag.AlignHCenter | (
            Qt.AlignmentFlag.AlignTop if has_bar else Qt.AlignmentFlag.AlignVCenter
        )
        painter.drawText(text_box, align, self._notice)
        if self._progress is not None:
            groove = QRectF(box.left() + 20, box.bottom() - 16, box.width() - 40, 5)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme().line))
            painter.drawRoundedRect(groove, 2.5, 2.5)
            groove.setWidth(groove.width() * self._progress)
            painter.setBrush(QColor(theme().accent))
            painter.drawRoundedRect(groove, 2.5, 2.5)
