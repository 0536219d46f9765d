"""Small things that the parts of the Models page share."""

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QAction, QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from capture_app.ui.theme import theme

FIRST_RUN, SECOND_RUN = "#0072b2", "#d55e00"
"""Of the curves of two runs; Okabe and Ito's, with lightnesses apart. The second one is
dashed too."""
_FIRST_ON_DARK, _SECOND_ON_DARK = "#56b4e9", "#e69f00"


def run_colors() -> tuple[QColor, QColor]:
    """Of the first and of the second run that is looked at, on the theme's ground."""
    if theme().name == "dark":
        return QColor(_FIRST_ON_DARK), QColor(_SECOND_ON_DARK)
    return QColor(FIRST_RUN), QColor(SECOND_RUN)


def percent(share: float | None) -> str:
    """A share for people; a dash where nothing was measured."""
    return "—" if share is None else f"{100 * share:.1f} %"


def count(number: int) -> str:
    """A large number in few digits."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:.3g} {letter}"
    return str(number)


def muted(text: str = "", wraps: bool = True) -> QLabel:
    """Words in the background."""
    label = plain(text, wraps)
    label.setObjectName("muted")
    return label


def plain(text: str = "", wraps: bool = True) -> QLabel:
    """Words as they are, that can be copied."""
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(wraps)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def title(text: str) -> QLabel:
    """A heading."""
    label = QLabel(text)
    label.setObjectName("title")
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label


def action_button(action: QAction) -> QToolButton:
    """A button for an action of the table."""
    button = QToolButton()
    button.setDefaultAction(action)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button


class Elided(QLabel):
    """One line of text, with its middle left out and a tooltip where it is too long."""

    def __init__(self, name: str = "") -> None:
        super().__init__()
        self.setObjectName(name)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._whole = ""

    def show_text(self, text: str) -> None:
        """Show this from now on."""
        self._whole = text
        self.update()

    @property
    def whole(self) -> str:
        """All of the text."""
        return self._whole

    def sizeHint(self) -> QSize:
        """Of a line."""
        return QSize(80, self.fontMetrics().height() + 2)

    def minimumSizeHint(self) -> QSize:
        """The same."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """As much of the text as there is room for."""
        mode = Qt.TextElideMode.ElideMiddle
        shown = self.fontMetrics().elidedText(self._whole, mode, self.width())
        self.setToolTip("" if shown == self._whole else self._whole)
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignVCenter), shown)


class Choice(QWidget):
    """A row of buttons of which one is down."""

    def __init__(
        self, words: list[tuple[str, str]], choose: Callable[[int], None]
    ) -> None:
        """`words` are the text and the tooltip of each button."""
        super().__init__()
        self._group = QButtonGroup(self)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        self.buttons: list[QToolButton] = []
        for number, (text, tip) in enumerate(words):
            button = QToolButton()
            button.setText(text)
            button.setToolTip(tip)
            button.setCheckable(True)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            self._group.addButton(button, number)
            layout.addWidget(button)
            self.buttons.append(button)
        layout.addStretch(1)
        self._group.idClicked.connect(choose)

    def show_choice(self, number: int) -> None:
        """Have this one down."""
        self.buttons[number].setChecked(True)

    @property
    def choice(self) -> int:
        """The number of the one that is down."""
        return self._group.checkedId()


class Pixels(QWidget):
    """One image at its place, its pixels sharp or smooth."""

    def __init__(self, pixels: np.ndarray, words: str, is_sharp: bool = False) -> None:
        """`pixels` is (H, W) uint32 0xffRRGGBB, `words` what the image is."""
        super().__init__()
        self._pixels = pixels  # the QImage borrows its memory
        height, width = pixels.shape
        self._image = QImage(
            pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32
        )
        self._is_sharp = is_sharp
        self.setToolTip(words)
        self.setAccessibleName(words)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    def hasHeightForWidth(self) -> bool:
        """As the image has it."""
        return True

    def heightForWidth(self, width: int) -> int:
        """With the image's aspect."""
        return round(width * self._image.height() / self._image.width())

    def sizeHint(self) -> QSize:
        """Small: there may be many."""
        return QSize(150, self.heightForWidth(150))

    def paintEvent(self, event: QPaintEvent) -> None:
        """The image as large as it fits."""
        painter = QPainter(self)
        painter.setRenderHint(
            QPainter.RenderHint.SmoothPixmapTransform, not self._is_sharp
        )
        painter.drawImage(fitted(self.rect().toRectF(), self._image), self._image)


def fitted(area: QRectF, image: QImage) -> QRectF:
    """Where an image is drawn in an area: whole, in the middle, its aspect kept."""
    scale = min(area.width() / image.width(), area.height() / image.height())
    width, height = image.width() * scale, image.height() * scale
    left = area.left() + (area.width() - width) / 2
    top = area.top() + (area.height() - height) / 2
    return QRectF(left, top, width, height)
