"""How a recording looks in the list: thumbnail, name, facts, tags, badges."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from capture_app.engine.library import Entry, Kind
from capture_app.ui.library_model import ENTRY, THUMBNAIL
from capture_app.ui.library_words import badges, breakable, date_text, facts_line
from capture_app.ui.theme import theme

_THUMB_WIDTH, _THUMB_HEIGHT, _MARGIN, _GAP = 72, 54, 7, 9
_ELIDED = Qt.TextElideMode.ElideRight


class RowDelegate(QStyledItemDelegate):
    """Paints one recording on four lines beside its thumbnail."""

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """Room for four lines of text."""
        lines = 4 * option.fontMetrics.lineSpacing()
        return QSize(200, max(_THUMB_HEIGHT, lines) + 2 * _MARGIN)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Ground, thumbnail and words."""
        entry: Entry = index.data(ENTRY)
        box = QRectF(option.rect)
        state = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        _paint_ground(painter, box, state)
        box = box.adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN)
        _paint_thumbnail(painter, box, entry, index.data(THUMBNAIL))
        box.setLeft(box.left() + _THUMB_WIDTH + _GAP)
        _paint_words(painter, box, entry, option.font)
        painter.restore()


def _paint_ground(painter: QPainter, box: QRectF, state: QStyle.StateFlag) -> None:
    """A selected row is raised and has a bar at its left; the current one a frame."""
    colors, flags = theme(), QStyle.StateFlag
    if state & flags.State_Selected:
        painter.fillRect(box, QColor(colors.raised))
        bar = QRectF(box.left(), box.top(), 3, box.height())
        painter.fillRect(bar, QColor(colors.accent))
    elif state & flags.State_MouseOver:
        painter.fillRect(box, QColor(colors.panel))
    if state & flags.State_HasFocus:
        painter.setPen(QPen(QColor(colors.accent), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(box.adjusted(0.5, 0.5, -0.5, -0.5))
    painter.fillRect(
        QRectF(box.left(), box.bottom() - 1, box.width(), 1), QColor(colors.line)
    )


def _paint_thumbnail(
    painter: QPainter, box: QRectF, entry: Entry, image: QImage | None
) -> None:
    place = QRectF(box.left(), 0, _THUMB_WIDTH, _THUMB_HEIGHT)
    place.moveTop(box.center().y() - _THUMB_HEIGHT / 2)
    if image is not None:
        scale = min(place.width() / image.width(), place.height() / image.height())
        fitted = QRectF(0, 0, image.width() * scale, image.height() * scale)
        fitted.moveCenter(place.center())
        painter.drawImage(fitted, image)
        return
    painter.setPen(QPen(QColor(theme().line), 1))
    painter.setBrush(QColor(theme().panel))
    painter.drawRoundedRect(place.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
    sign = {Kind.BEING_WRITTEN: "●", Kind.UNREADABLE: "!"}.get(entry.kind, "…")
    is_bad = entry.kind in (Kind.BEING_WRITTEN, Kind.UNREADABLE)
    painter.setPen(QColor(theme().red if is_bad else theme().muted))
    painter.drawText(place, Qt.AlignmentFlag.AlignCenter, sign)


def _paint_words(painter: QPainter, box: QRectF, entry: Entry, font: QFont) -> None:
    metrics = painter.fontMetrics()
    height = metrics.lineSpacing()
    lines = QRectF(box.left(), 0, box.width(), height)
    lines.moveTop(box.center().y() - 2 * height)
    bold = QFont(font)
    bold.setBold(True)
    painter.setFont(bold)
    _line(painter, lines, entry.title, theme().text, Qt.TextElideMode.ElideMiddle)
    painter.setFont(font)
    lines.translate(0, height)
    if entry.kind is Kind.UNREADABLE:
        _paint_problem(
            painter, lines, entry.problem.replace(str(entry.path), entry.path.name)
        )
        return
    _line(painter, lines, date_text(entry.taken_s), theme().muted)
    lines.translate(0, height)
    _line(painter, lines, facts_line(entry), theme().muted)
    lines.translate(0, height)
    _paint_badges(painter, lines, entry)


def _paint_problem(painter: QPainter, lines: QRectF, problem: str) -> None:
    """On three lines; the tooltip has all of it."""
    place = QRectF(lines)
    place.setHeight(3 * lines.height())
    painter.setPen(QColor(theme().amber))
    painter.setClipRect(place)
    flags = Qt.AlignmentFlag.AlignTop.value | Qt.TextFlag.TextWordWrap.value
    painter.drawText(place, flags, breakable(problem))
    painter.setClipping(False)


def _paint_badges(painter: QPainter, place: QRectF, entry: Entry) -> None:
    """Words in frames, then the tags."""
    colors, metrics = theme(), painter.fontMetrics()
    of_state = {"bad": colors.red, "poor": colors.amber, "good": colors.green}
    left = place.left()
    for words, state in badges(entry):
        width = metrics.horizontalAdvance(words) + 10
        if left + width > place.right():
            break
        color = QColor(of_state.get(state, colors.muted))
        frame = QRectF(left, place.top() + 1, width, place.height() - 2)
        painter.setPen(QPen(color, 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(frame, 4, 4)
        painter.drawText(frame, Qt.AlignmentFlag.AlignCenter, words)
        left += width + 5
    if entry.scene is not None and entry.scene.tags and left < place.right() - 20:
        rest = QRectF(left, place.top(), place.right() - left, place.height())
        tags = " ".join(f"#{tag}" for tag in entry.scene.tags)
        _line(painter, rest, tags, colors.muted)


def _line(
    painter: QPainter,
    place: QRectF,
    text: str,
    color: str,
    elided: Qt.TextElideMode = _ELIDED,
) -> None:
    painter.setPen(QColor(color))
    shown = painter.fontMetrics().elidedText(text, elided, int(place.width()))
    align = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
    painter.drawText(place, align, shown)
