"""What the cards of the setup column are made of."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QEnterEvent,
    QFont,
    QPainter,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QAbstractButton,
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
_LEFT, _RIGHT, _ABOVE = 28, 12, 7  # of a choice's words, pixels


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
        self.setToolTip(tip)
        self._tip = tip
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.currentTextChanged.connect(lambda text: self.setToolTip(f"{text}\n{tip}"))

    def show_choices(self, choices: Sequence[tuple[str, object]]) -> None:
        """Offer these, by their words, and choose none."""
        self.blockSignals(True)
        self.clear()
        for words, value in choices:
            self.addItem(words, value)
        metrics = self.view().fontMetrics()
        widths = [metrics.horizontalAdvance(words) for words, _ in choices]
        self.view().setMinimumWidth(max(widths, default=0) + 30)
        self.blockSignals(False)

    def show_value(self, value: object, words: str = "") -> None:
        """Choose this value, which is offered too if it was not yet."""
        self.blockSignals(True)
        values = [self.itemData(row) for row in range(self.count())]
        if value not in values:
            self.addItem(words or str(value), value)
            values.append(value)
        self.setCurrentIndex(values.index(value))
        self.blockSignals(False)
        self.setToolTip(f"{self.currentText()}\n{self._tip}")

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave it to the column."""
        event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        """As usual, but with words that end in dots where they do not fit."""
        painter, option = QStylePainter(self), QStyleOptionComboBox()
        self.initStyleOption(option)
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


class ChoiceButton(QAbstractButton):
    """A title with a line of detail below; a mark on the left says whether it is the
    one that is chosen, one that can be, or one that cannot."""

    def __init__(self, tip: str = "", opens_list: bool = False) -> None:
        super().__init__()
        self._tip = tip
        self._opens_list = opens_list
        self._detail = ""
        self._is_chosen = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def show_choice(self, title: str, detail: str, is_chosen: bool = False) -> None:
        """Stand for this choice."""
        self._detail, self._is_chosen = detail, is_chosen
        self.setText(title)
        self.setAccessibleName(f"{title}, {detail}")
        self.setToolTip("\n".join(filter(None, (title, detail, self._tip))))
        self.update()

    def sizeHint(self) -> QSize:
        """Two lines of text."""
        return QSize(160, 2 * self.fontMetrics().height() + 2 * _ABOVE)

    def enterEvent(self, event: QEnterEvent) -> None:
        """Show that it can be clicked."""
        self.update()
        super().enterEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The frame, the mark, the words."""
        painter, colors = QPainter(self), theme()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        is_lit = self.isEnabled() and (self.underMouse() or self.hasFocus())
        painter.setPen(QColor(colors.accent if is_lit else colors.line))
        if not is_lit and not self._opens_list:
            painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colors.raised if self.isEnabled() else colors.panel))
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(box, 6, 6)
        self._paint_mark(painter)
        left = 10 if self._opens_list else _LEFT
        right = 26 if self._opens_list else _RIGHT
        words = self.rect().adjusted(left, _ABOVE, -right, -_ABOVE)
        is_on = self.isEnabled()
        bold = QFont(self.font())
        bold.setWeight(QFont.Weight.DemiBold)
        painter.setFont(bold)
        painter.setPen(QColor(colors.text if is_on else colors.muted))
        _draw_line(painter, words, Qt.AlignmentFlag.AlignTop, self.text())
        painter.setFont(self.font())
        painter.setPen(QColor(colors.muted))
        _draw_line(painter, words, Qt.AlignmentFlag.AlignBottom, self._detail)

    def _paint_mark(self, painter: QPainter) -> None:
        """An arrow, a filled dot, an empty dot, or a cross."""
        colors, middle = theme(), self.height() / 2
        if self._opens_list:
            x = self.width() - 15.0
            painter.setPen(QPen(QColor(colors.muted), 1.6))
            painter.drawPolyline(_points((x - 4, middle - 2), (x, middle + 2)))
            painter.drawPolyline(_points((x, middle + 2), (x + 4, middle - 2)))
        elif not self.isEnabled():
            painter.setPen(QPen(QColor(colors.muted), 1.4))
            for way in (1, -1):
                painter.drawPolyline(
                    _points((10, middle - 4 * way), (18, middle + 4 * way))
                )
        else:
            painter.setPen(QPen(QColor(colors.accent), 1.6))
            painter.setBrush(QColor(colors.accent if self._is_chosen else colors.panel))
            painter.drawEllipse(QRectF(9, middle - 5, 10, 10))


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
