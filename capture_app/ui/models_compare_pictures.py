"""The pictures of a comparison side by side, or one of them alone."""

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from capture_app.engine.compare import VIEW_TITLES, Compared, words_at
from capture_app.engine.picture import View
from capture_app.ui.models_parts import fitted
from capture_app.ui.theme import theme

_GAP, _USUAL_ASPECT = 8.0, 4 / 3
_MOST = 4


class ComparedPictures(QWidget):
    """As many columns as make the pictures largest. A click, or Enter, shows one of
    them alone, and all of them again."""

    resized = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumSize(280, 150)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Compared pictures")
        self._answer: Compared | None = None
        self._images: dict[View, QImage] = {}
        self._alone: View | None = None
        self._notice = ""

    @property
    def picture_size(self) -> tuple[int, int]:
        """Width and height of the place for one picture, device pixels."""
        count = len(self._images) or _MOST
        place = self._places(1 if self._alone in self._images else count)[0]
        scale = self.devicePixelRatioF()
        return max(1, round(place.width() * scale)), max(
            1, round((place.height() - self._title_height) * scale)
        )

    @property
    def shown(self) -> list[View]:
        """The views that are painted."""
        if self._alone is not None and self._alone in self._images:
            return [self._alone]
        return list(self._images)

    def show_answer(self, answer: Compared) -> None:
        """Paint these pictures from now on."""
        self._answer = answer  # the QImages borrow the memory of its arrays
        before = self.picture_size
        self._images = {}
        for view, picture in answer.pictures.items():
            height, width = picture.pixels.shape
            self._images[view] = QImage(
                picture.pixels.data, width, height, 4 * width,
                QImage.Format.Format_RGB32,
            )  # fmt: skip
        self.update()
        if answer.pictures and self.picture_size != before:
            self.resized.emit()

    def show_notice(self, text: str) -> None:
        """A sentence over the pictures, or ""."""
        if text != self._notice:
            self._notice = text
            self.update()

    def show_alone(self, view: View | None) -> None:
        """Show one picture as large as fits; None: all."""
        self._alone = view
        self.update()
        self.resized.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Ask for pictures of the new size."""
        self.resized.emit()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Show the picture under the mouse alone, or all again."""
        if len(self.shown) == 1:
            self.show_alone(None)
        else:
            self.show_alone(self._view_at(event.position()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter goes from all pictures to each of them in turn."""
        if event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            super().keyPressEvent(event)
            return
        turns: list[View | None] = [None, *self._images]
        now = turns.index(self._alone) if self._alone in turns else 0
        self.show_alone(turns[(now + 1) % len(turns)])

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show where the keys go."""
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """No more."""
        self.update()

    def event(self, event: QEvent) -> bool:
        """Tell what is at the place that the mouse rests on."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self.words_at(event.pos().toPointF()))
            return True
        return super().event(event)

    def words_at(self, point: QPointF) -> str:
        """What each view shows at a place of a picture; how to enlarge it."""
        view = self._view_at(point)
        if view is None or self._answer is None:
            return ""
        area = self._image_area(view)
        x = (point.x() - area.left()) / area.width()
        y = (point.y() - area.top()) / area.height()
        if not (0 <= x < 1 and 0 <= y < 1):
            return "A click shows this picture alone"
        words = words_at(self._answer, x, y)
        return f"{words}\nA click shows one picture alone, or all" if words else ""

    def paintEvent(self, event: QPaintEvent) -> None:
        """Titles, pictures, the notice."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for view, place in zip(self.shown, self._shown_places(), strict=True):
            painter.setPen(QColor(theme().text))
            line = QRectF(place.left(), place.top(), place.width(), self._title_height)
            align = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop
            painter.drawText(line, int(align), VIEW_TITLES[view])
            painter.drawImage(self._image_area(view), self._images[view])
        if self.hasFocus():
            painter.setPen(QColor(theme().accent))
            painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))
        if self._notice:
            self._paint_notice(painter)

    @property
    def _title_height(self) -> float:
        return self.fontMetrics().height() + 4.0

    def _shown_places(self) -> list[QRectF]:
        return self._places(len(self.shown)) if self.shown else []

    def _places(self, count: int) -> list[QRectF]:
        """Where each of so many pictures goes, its title included."""
        width, height = float(self.width()), float(self.height())

        def size(columns: int) -> tuple[float, float]:
            rows = -(-count // columns)
            return (
                (width - _GAP * (columns - 1)) / columns,
                (height - _GAP * (rows - 1)) / rows,
            )

        def picture_height(columns: int) -> float:
            cell_width, cell_height = size(columns)
            return min(cell_width / aspect, cell_height - self._title_height)

        aspect = self._aspect
        columns = max(range(1, count + 1), key=picture_height)
        cell_height = size(columns)[1]
        cell_width = max(picture_height(columns) * aspect, 1.0)
        left = (width - columns * cell_width - (columns - 1) * _GAP) / 2
        return [
            QRectF(
                left + (k % columns) * (cell_width + _GAP),
                (k // columns) * (cell_height + _GAP),
                cell_width,
                cell_height,
            )
            for k in range(count)
        ]

    @property
    def _aspect(self) -> float:
        """Width over height of the pictures."""
        for image in self._images.values():
            return image.width() / image.height()
        return _USUAL_ASPECT

    def _image_area(self, view: View) -> QRectF:
        place = self._shown_places()[self.shown.index(view)]
        area = place.adjusted(0, self._title_height, 0, 0)
        return fitted(area, self._images[view])

    def _view_at(self, point: QPointF) -> View | None:
        for view, place in zip(self.shown, self._shown_places(), strict=True):
            if place.contains(point):
                return view
        return None

    def _paint_notice(self, painter: QPainter) -> None:
        metrics = painter.fontMetrics()
        width = metrics.horizontalAdvance(self._notice) + 32
        height = metrics.height() + 16
        box = QRectF((self.width() - width) / 2, self.height() - height - 6.0,
            width, height)  # fmt: skip
        painter.setPen(QColor(theme().line))
        painter.setBrush(QColor(theme().raised))
        painter.drawRoundedRect(box, 8, 8)
        painter.setPen(QColor(theme().text))
        painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), self._notice)
