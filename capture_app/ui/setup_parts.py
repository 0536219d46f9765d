"""What the cards of the setup column are made of."""

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import (
    QColor,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QSizePolicy,
    QStyle,
    QStyleOptionComboBox,
    QStylePainter,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from capture_app.ui.theme import theme

CARD_MARGIN = 12


class Card(QFrame):
    """A framed part of the column with a title."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self.setObjectName("card")
        self.inside = QVBoxLayout(self)
        self.inside.setContentsMargins(CARD_MARGIN, 10, CARD_MARGIN, 10)
        self.inside.setSpacing(6)
        label = QLabel(title)
        label.setObjectName("title")
        self.inside.addWidget(label)

    def add(self, *parts: QWidget | QLayout) -> None:
        """Put parts below each other."""
        for part in parts:
            if isinstance(part, QWidget):
                self.inside.addWidget(part)
            else:
                self.inside.addLayout(part)


class ChoiceBox(QComboBox):
    """One of several values. The wheel scrolls the column, and changes nothing here."""

    def __init__(self, tip: str) -> None:
        super().__init__()
        self._tip = tip
        self._values: list[object] = []
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.currentTextChanged.connect(self._tell)
        self._tell()

    @property
    def value(self) -> Any:
        """What is chosen."""
        return self._values[self.currentIndex()]

    def show_choices(self, choices: Sequence[tuple[str, object]]) -> None:
        """Offer these, by their words, and choose the first."""
        self.blockSignals(True)
        self.clear()
        self._values = [value for _, value in choices]
        self.addItems([words for words, _ in choices])
        metrics = self.view().fontMetrics()
        widths = [metrics.horizontalAdvance(words) for words, _ in choices]
        self.view().setMinimumWidth(max(widths, default=0) + 30)
        self.blockSignals(False)

    def show_value(self, value: object, words: str = "") -> None:
        """Choose this value, which is offered too if it was not yet."""
        self.blockSignals(True)
        if value not in self._values:
            self.addItem(words)
            self._values.append(value)
        self.setCurrentIndex(self._values.index(value))
        self.blockSignals(False)
        self._tell()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave it to the column."""
        event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        """As usual, but with words that end in dots where they do not fit."""
        painter, option = QStylePainter(self), QStyleOptionComboBox()
        self.initStyleOption(option)
        option.subControls &= ~QStyle.SubControl.SC_ComboBoxArrow
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        room = self.style().subControlRect(
            QStyle.ComplexControl.CC_ComboBox,
            option,
            QStyle.SubControl.SC_ComboBoxEditField,
            self,
        )
        option.currentText = self.fontMetrics().elidedText(
            self.currentText(), Qt.TextElideMode.ElideRight, room.width() - 4
        )
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)
        draw_arrow(painter, QPointF(self.width() - 13, self.height() / 2))

    def _tell(self) -> None:
        self.setToolTip("\n".join(filter(None, (self.currentText(), self._tip))))


class Warned(QLabel):
    """A sentence on as many lines as it needs; gone while there is none."""

    def __init__(self, state: str = "bad") -> None:
        super().__init__()
        self.setProperty("state", state)
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.say("")

    def say(self, sentence: str) -> None:
        """Show the sentence, or nothing."""
        self.setText(sentence)
        self.setVisible(bool(sentence))


class Elided(QLabel):
    """A name that may be long, with dots in its middle where it does not fit."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def paintEvent(self, event: QPaintEvent) -> None:
        """One line."""
        painter = QPainter(self)
        group = QPalette.ColorGroup.Normal
        if not self.isEnabled():
            group = QPalette.ColorGroup.Disabled
        painter.setPen(self.palette().color(group, QPalette.ColorRole.WindowText))
        draw_line(painter, self.rect(), Qt.AlignmentFlag.AlignVCenter, self.text())


def muted(text: str) -> QLabel:
    """Words beside something."""
    label = QLabel(text)
    label.setObjectName("muted")
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label


def note(text: str = "") -> QLabel:
    """A remark on as many lines as it needs."""
    label = muted(text)
    label.setWordWrap(True)
    return label


def link(text: str, tip: str, work: Callable[[], object]) -> QToolButton:
    """A button as small as its words."""
    button = QToolButton()
    button.setObjectName("link")
    button.setText(text)
    button.setToolTip(tip)
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    button.clicked.connect(lambda: work())
    return button


def fold(button: QToolButton, part: QWidget) -> None:
    """Have a click on the button show and hide the part, which begins hidden."""
    arrows = Qt.ArrowType
    part.hide()
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    button.setArrowType(arrows.RightArrow)

    def turn() -> None:
        part.setVisible(part.isHidden())
        is_open = not part.isHidden()
        button.setArrowType(arrows.DownArrow if is_open else arrows.RightArrow)

    button.clicked.connect(turn)


def row(*parts: QWidget | int) -> QHBoxLayout:
    """Parts beside each other; a number is how far the part after it stretches."""
    layout = QHBoxLayout()
    layout.setSpacing(6)
    stretch = 0
    for part in parts:
        if isinstance(part, int):
            stretch = part
        else:
            layout.addWidget(part, stretch)
            stretch = 0
    if stretch:
        layout.addStretch(stretch)
    return layout


def sentence(text: str) -> str:
    """An error's words as a sentence."""
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def draw_line(
    painter: QPainter,
    box: QRect,
    edge: Qt.AlignmentFlag,
    text: str,
    cut: Qt.TextElideMode = Qt.TextElideMode.ElideMiddle,
) -> None:
    """One line of a box, with dots where it is cut if it is too long."""
    text = painter.fontMetrics().elidedText(text, cut, box.width())
    painter.drawText(box, edge | Qt.AlignmentFlag.AlignLeft, text)


def draw_arrow(painter: QPainter, at: QPointF) -> None:
    """One that points down: there is more to open."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(theme().muted), 1.6))
    painter.drawLine(at + QPointF(-4, -2), at + QPointF(0, 2))
    painter.drawLine(at + QPointF(0, 2), at + QPointF(4, -2))
