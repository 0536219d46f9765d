"""What can be wrong with a window that nobody looks at, found widget by widget.

Every function returns sentences, one a fault, and knows nothing of the window's pages.
"""

import re
from collections.abc import Collection, Iterator
from math import inf
from typing import Any, TypeVar
from unittest import mock

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QAbstractSlider,
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMenuBar,
    QRadioButton,
    QScrollArea,
    QScrollBar,
    QSplitter,
    QStyle,
    QStyleOptionComboBox,
    QStyleOptionFrame,
    QTabBar,
    QTabWidget,
    QToolButton,
    QWidget,
)

Kind = TypeVar("Kind", bound=QWidget)

ELLIPSIS = "…"
_TYPED_INTO = (QLineEdit, QComboBox, QAbstractSpinBox, QAbstractSlider)
_INTERACTIVE = (QAbstractButton, *_TYPED_INTO, QAbstractItemView, QTabBar)
# Qt lays out the inside of these itself, here and there one part upon another.
_QTS_OWN = (QAbstractScrollArea, QAbstractSpinBox, QComboBox, QLineEdit, QMenuBar)
_LAID_OUT_BY_QT = (*_QTS_OWN, QSplitter, QTabBar, QTabWidget)
_PADDING = 4  # pixels between the words and the edges of a button
_HAIR = 1.0  # pixels that rounding may cost


def visible(window: QWidget, kind: type[Kind]) -> list[Kind]:
    """Widgets of a kind that are shown, but for the insides of Qt's own widgets."""
    return [
        widget
        for widget in window.findChildren(kind)
        if widget.isVisible()
        and widget.window() is window
        and not widget.objectName().startswith("qt_")
        and not isinstance(widget.parent(), _QTS_OWN)
    ]


def cut_texts(window: QWidget) -> list[str]:
    """Words that do not fit into their widget, unless a tooltip has them all."""
    faults = []
    for label in visible(window, QLabel):
        faults += _label_faults(label)
    for button in visible(window, QAbstractButton):
        if not button.text() or _is_icon_alone(button):
            continue
        needed = _needed_by_button(button)
        if button.width() < needed.width() or button.height() < needed.height():
            faults.append(f"{name(button)} is {_size(button)}, needs {_wh(needed)}")
    for widget, text, room in _one_line_texts(window):
        needed_px = widget.fontMetrics().horizontalAdvance(text)
        if needed_px > room and text not in widget.toolTip():
            faults.append(f"{name(widget)} has {room} pixels for {needed_px}: {text!r}")
    return faults + _cut_tabs(window)


def painted_words(window: QWidget) -> list[tuple[QWidget, str, QRectF]]:
    """What widgets paint with a painter of Python's: widget, words, and where in it."""
    return [
        (device, words, painter_area)
        for device, words, painter_area, _ in _paintings(window)
    ]


def cut_paintings(window: QWidget) -> list[str]:
    """Painted words that leave their rectangle or their widget."""
    faults = []
    for device, words, area, room in _paintings(window):
        # Higher than its row is what leading does, and cuts nothing.
        if area.width() > room + _HAIR:
            faults.append(
                f"{name(device)} paints {words!r}, {area.width():.0f} wide, into "
                f"{room:.0f} pixels"
            )
        whole = QRectF(device.rect()).adjusted(-_HAIR, -_HAIR, _HAIR, _HAIR)
        if not whole.contains(area):
            faults.append(
                f"{name(device)} paints {words!r} at {_rect(area)}, outside of "
                f"{_rect(whole)}"
            )
    return sorted(set(faults))


def overlaps(window: QWidget) -> list[str]:
    """Widgets that lie upon their sisters."""
    faults = []
    for parent in [window, *visible(window, QWidget)]:
        if isinstance(parent, _LAID_OUT_BY_QT):
            continue
        sisters = [
            child
            for child in parent.children()
            if isinstance(child, QWidget) and child.isVisible() and not child.isWindow()
        ]
        for number, one in enumerate(sisters):
            for other in sisters[number + 1 :]:
                common = one.geometry().intersected(other.geometry())
                if not common.isEmpty():
                    faults.append(f"{name(one)} lies upon {name(other)}: {common}")
    return faults


def outside(window: QWidget) -> list[str]:
    """Widgets that reach beyond their parent; what can be scrolled to may."""
    faults = []
    for widget in visible(window, QWidget):
        parent = widget.parentWidget()
        if parent is None or widget.isWindow():
            continue
        area = parent.parentWidget()
        if isinstance(area, QScrollArea) and area.viewport() is parent:
            never = Qt.ScrollBarPolicy.ScrollBarAlwaysOff
            is_wide = widget.width() > parent.width()
            if is_wide and area.horizontalScrollBarPolicy() is never:
                faults.append(f"{name(widget)} is wider than what can be scrolled to")
        elif not isinstance(parent, _LAID_OUT_BY_QT) and not (
            isinstance(area, QAbstractScrollArea)
            or parent.rect().contains(widget.geometry())
        ):
            faults.append(f"{name(widget)} {widget.geometry()} leaves {parent.rect()}")
    return faults


def without_tooltips(window: QWidget) -> list[str]:
    """Buttons that do not say what they do."""
    return [
        f"{name(button)} has no tooltip"
        for button in visible(window, QAbstractButton)
        if button.isEnabled() and not button.toolTip().strip()
    ]


def out_of_keyboards_reach(window: QWidget, keys: Collection[str]) -> list[str]:
    """What only a mouse can use; `keys` are those of the window's actions.

    Reached is what Tab goes to, what shows an action with a key, and what says in its
    tooltip which of the keys do the same: "Opacity ([ and ])".
    """
    return [
        f"{name(widget)} cannot be reached without a mouse"
        for widget in visible(window, QWidget)
        if widget.isEnabled()
        and _is_interactive(widget)
        and not widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and not _has_key(widget, keys)
    ]


def name(widget: QWidget) -> str:
    """Which widget it is, for people who look for it."""
    chain: list[str] = []
    at: QWidget | None = widget
    while at is not None and not at.isWindow():
        kind = type(at).__name__
        if at is widget or type(at).__module__.startswith("capture_app"):
            chain.append(f"{kind}#{at.objectName()}" if at.objectName() else kind)
        at = at.parentWidget()
    text = getattr(widget, "text", lambda: "")()
    return f"{' in '.join(chain)} {text!r}" if text else " in ".join(chain)


def _label_faults(label: QLabel) -> list[str]:
    text = label.text()
    if not text:
        return []
    is_elided = ELLIPSIS in text.rstrip(ELLIPSIS)
    if is_elided and not label.toolTip():
        return [f"{name(label)} is shortened and no tooltip has the rest"]
    needed = label.sizeHint()
    if label.wordWrap():
        needed = label.minimumSizeHint()
        needed.setHeight(label.heightForWidth(label.width()))
    if label.width() >= needed.width() and label.height() >= needed.height():
        return []
    return [f"{name(label)} is {_size(label)}, needs {_wh(needed)}"]


def _needed_by_button(button: QAbstractButton) -> QSize:
    """Its words with a little room at both sides, and what is left of them."""
    if isinstance(button, QCheckBox | QRadioButton):
        return button.sizeHint()
    words = button.fontMetrics().size(Qt.TextFlag.TextShowMnemonic, button.text())
    icon = 0 if button.icon().isNull() else button.iconSize().width() + 4
    return QSize(words.width() + icon + 2 * _PADDING, words.height())


def _is_icon_alone(button: QAbstractButton) -> bool:
    only = Qt.ToolButtonStyle.ToolButtonIconOnly
    is_tool = isinstance(button, QToolButton) and button.toolButtonStyle() is only
    return is_tool and not button.icon().isNull()


def _one_line_texts(window: QWidget) -> Iterator[tuple[QWidget, str, int]]:
    """Widget, text, and the pixels that there are for it."""
    for combo in visible(window, QComboBox):
        option = QStyleOptionComboBox()
        combo.initStyleOption(option)
        field = combo.style().subControlRect(
            QStyle.ComplexControl.CC_ComboBox,
            option,
            QStyle.SubControl.SC_ComboBoxEditField,
            combo,
        )
        yield combo, combo.currentText() or combo.placeholderText(), field.width()
    for line in visible(window, QLineEdit):
        option = QStyleOptionFrame()
        line.initStyleOption(option)
        element = QStyle.SubElement.SE_LineEditContents
        room = line.style().subElementRect(element, option, line)
        margins = line.textMargins()
        width = room.width() - margins.left() - margins.right() - 4  # Qt's own 2 + 2
        yield line, line.displayText() or line.placeholderText(), width
    for spin in visible(window, QAbstractSpinBox):
        inner = spin.findChild(QLineEdit)
        if inner is not None:
            yield spin, inner.displayText(), inner.width() - 2


def _cut_tabs(window: QWidget) -> list[str]:
    faults = []
    for bar in visible(window, QTabBar):
        for index in range(bar.count()):
            if not bar.isTabVisible(index):
                continue
            text, place = bar.tabText(index).replace("&", ""), bar.tabRect(index)
            fits = bar.fontMetrics().horizontalAdvance(text) <= place.width() - 4
            if not fits or not bar.rect().contains(place):
                faults.append(f"{name(bar)} cuts its tab {text!r} off")
    for header in visible(window, QHeaderView):
        model = header.model()
        for index in range(header.count() if model else 0):
            text = str(model.headerData(index, header.orientation()) or "")
            room = header.sectionSize(index)
            is_shown = header.orientation() is Qt.Orientation.Horizontal and room > 0
            if is_shown and header.fontMetrics().horizontalAdvance(text) > room:
                faults.append(f"{name(header)} cuts {text!r} off")
    return faults


def _paintings(window: QWidget) -> list[tuple[QWidget, str, QRectF, float]]:
    """Every drawText: widget, words, their place in it, and the width there is."""
    found = []
    paint = QPainter.drawText

    def look(painter: QPainter, *args: Any) -> object:
        device = painter.device()
        words = next((part for part in reversed(args) if isinstance(part, str)), "")
        if isinstance(device, QWidget) and words.strip():
            area, room = _place(painter, words, args)
            found.append((device, words, painter.worldTransform().mapRect(area), room))
        return paint(painter, *args)

    with mock.patch.object(QPainter, "drawText", look):
        window.grab()
    return found


def _place(
    painter: QPainter, words: str, args: tuple[Any, ...]
) -> tuple[QRectF, float]:
    """Of words that are painted with these arguments of drawText."""
    first = args[0]
    if isinstance(first, QRect | QRectF):
        flags = args[1] if isinstance(args[1], int | Qt.AlignmentFlag) else 0
        flags = int(getattr(flags, "value", flags))
        return painter.boundingRect(QRectF(first), flags, words), first.width()
    base = QPointF(first) if isinstance(first, QPoint | QPointF) else QPointF(*args[:2])
    ink = QRectF(painter.fontMetrics().tightBoundingRect(words)).translated(base)
    return ink, inf


def _is_interactive(widget: QWidget) -> bool:
    if isinstance(widget, QScrollBar | QHeaderView):
        return False
    if isinstance(widget, _INTERACTIVE):
        return True
    return any(
        "mousePressEvent" in vars(kind)
        for kind in type(widget).__mro__
        if kind.__module__.startswith("capture_app")
    )


def _has_key(widget: QWidget, keys: Collection[str]) -> bool:
    action = getattr(widget, "defaultAction", lambda: None)()
    if action is not None and not action.shortcut().isEmpty():
        return True
    if isinstance(widget, QAbstractButton) and not widget.shortcut().isEmpty():
        return True
    named = re.findall(r"\(([^()]+)\)", widget.toolTip())
    words = {word for text in named for word in re.split(r",? and |,? or |, ", text)}
    return bool(words & {*keys, "arrows", "Arrows"})


def _size(widget: QWidget) -> str:
    return _wh(widget.size())


def _wh(size: object) -> str:
    return f"{size.width()} x {size.height()}"  # type: ignore[attr-defined]


def _rect(rect: QRectF) -> str:
    return f"{rect.x():.0f},{rect.y():.0f} {rect.width():.0f} x {rect.height():.0f}"
