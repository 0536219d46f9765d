"""The pictures in a run's report: photo, truth, prediction; and what is confused."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QScrollArea, QVBoxLayout, QWidget

from capture_app.engine.run_details import Details
from capture_app.engine.run_pictures import Section
from capture_app.ui.models_parts import Pixels, muted, title
from capture_app.ui.theme import theme
from core.overlay import to_rgb32

_HEADS = ("photo", "truth", "prediction")
_CELL, _LARGEST_CELL = 9, 18


class PicturesView(QScrollArea):
    """All pictures of a run, one below the other."""

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._shown: Details | None = None

    def show_details(self, details: Details | None) -> None:
        """Show the pictures of a run, or say why there are none."""
        if details is self._shown and details is not None:
            return
        self._shown = details
        inside = QWidget()
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(0, 0, 8, 0)
        layout.setSpacing(8)
        if details is None:
            layout.addWidget(muted("Reading the report…"))
        elif not details.sections:
            layout.addWidget(muted(details.problem or _why_none(details)))
        for section in () if details is None else details.sections:
            layout.addWidget(title(section.title))
            if section.names:
                layout.addWidget(muted("A row is a true class, a column what it was "
                    "taken for; the darker, the larger the share."))  # fmt: skip
                layout.addWidget(Confusion(section))
            else:
                layout.addLayout(_panels(section))
        layout.addStretch(1)
        self.setWidget(inside)


def _why_none(details: Details) -> str:
    if details.entry.config is None:
        return "A model file has no pictures; those are in the report of its run."
    return "No pictures yet: the report is written when the run is finished."


def _panels(section: Section) -> QGridLayout:
    """Photo, truth and prediction of a frame in each row."""
    grid = QGridLayout()
    grid.setSpacing(6)
    for column, head in enumerate(_HEADS):
        grid.addWidget(muted(head), 0, column)
    for number, image in enumerate(section.images):
        row, column = divmod(number, len(_HEADS))
        words = f"{_HEADS[column].capitalize()} of frame {row + 1} of the report"
        pixels = Pixels(to_rgb32(image), words, is_sharp=column > 0)
        grid.addWidget(pixels, row + 1, column)
    return grid


class Confusion(QWidget):
    """A matrix with the names of its rows."""

    def __init__(self, section: Section) -> None:
        super().__init__()
        self._names = section.names
        self._pixels = to_rgb32(section.images[0])  # the QImage borrows its memory
        height, width = self._pixels.shape
        self._image = QImage(
            self._pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32
        )
        line = self.fontMetrics().height()
        self._cell = max(_CELL, min(_LARGEST_CELL, line))
        self.setFixedHeight(self._cell * height + 4)
        self.setToolTip("Rows and columns are in the same order")
        self.setAccessibleName(section.title)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Names at the left, the matrix beside them."""
        painter = QPainter(self)
        font = QFont(painter.font())
        font.setPixelSize(max(8, self._cell - 4))
        painter.setFont(font)
        painter.setPen(QColor(theme().text))
        widths = [painter.fontMetrics().horizontalAdvance(n) for n in self._names]
        left = max(widths, default=0) + 10
        right = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight)
        for row, name in enumerate(self._names):
            area = QRectF(0, row * self._cell, left - 8, self._cell)
            painter.drawText(area, right, name)
        size = self._cell * self._image.width()
        area = QRectF(left, 0, size, self._cell * self._image.height())
        painter.drawImage(area, self._image)
        painter.setPen(QColor(theme().line))
        painter.drawRect(area)
