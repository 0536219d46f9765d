"""A camera as a button: its name, a line about it, and whether it can be chosen."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QEnterEvent, QFont, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy

from capture_app.engine.camera_choices import CameraChoice, is_path
from capture_app.ui.setup_parts import draw_arrow, draw_line
from capture_app.ui.theme import theme

_LEFT, _RIGHT, _ABOVE = 28, 12, 7  # of the words, pixels


class ChoiceButton(QAbstractButton):
    """A title with a line of detail below; a mark on the left says whether it is the
    one that is chosen, one that can be, or one that cannot."""

    def __init__(self, tip: str = "", opens_list: bool = False) -> None:
        super().__init__()
        self._tip = tip
        self._opens_list = opens_list
        self._detail = ""
        self._cut = Qt.TextElideMode.ElideRight
        self._is_chosen = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def show_choice(self, choice: CameraChoice, is_chosen: bool = False) -> None:
        """Stand for this choice."""
        title, detail = choice.title, choice.detail
        self._detail, self._is_chosen = detail, is_chosen
        modes = Qt.TextElideMode
        self._cut = modes.ElideMiddle if is_path(choice.spec) else modes.ElideRight
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
        draw_line(painter, words, Qt.AlignmentFlag.AlignTop, self.text(), self._cut)
        painter.setFont(self.font())
        painter.setPen(QColor(colors.muted))
        draw_line(painter, words, Qt.AlignmentFlag.AlignBottom, self._detail, self._cut)

    def _paint_mark(self, painter: QPainter) -> None:
        """An arrow, a filled dot, an empty dot, or a cross."""
        colors, middle = theme(), self.height() / 2
        if self._opens_list:
            draw_arrow(painter, QPointF(self.width() - 15, middle))
        elif not self.isEnabled():
            painter.setPen(QPen(QColor(colors.muted), 1.4))
            painter.drawLine(QPointF(10, middle - 4), QPointF(18, middle + 4))
            painter.drawLine(QPointF(10, middle + 4), QPointF(18, middle - 4))
        else:
            painter.setPen(QPen(QColor(colors.accent), 1.6))
            painter.setBrush(QColor(colors.accent if self._is_chosen else colors.panel))
            painter.drawEllipse(QRectF(9, middle - 5, 10, 10))
