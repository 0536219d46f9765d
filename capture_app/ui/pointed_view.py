"""What the mouse and the keys do on the picture: point at it, or turn a point cloud."""

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QEnterEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from capture_app.engine.picture import Orbit

Point = tuple[float, float]

_DEG_PER_PIXEL = 0.4  # of a drag
_DEG_PER_KEY = 5.0
_ZOOM_PER_NOTCH = 1.15
_STEP = 0.01  # of the picture's width, for an arrow key
_FINE_STEP = 0.001  # with Shift
_ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
_ZOOMS = {Qt.Key.Key_Plus: 1, Qt.Key.Key_Equal: 1, Qt.Key.Key_Minus: -1}
_TAB_REASONS = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)


class PointedView(QWidget):
    """In a point cloud the mouse and the arrow keys turn it, elsewhere they point."""

    pointed = Signal(object)
    """(x, y), shares of the picture's width and height, or None: no longer."""
    orbited = Signal(object)
    """An `Orbit`: from where the point cloud is to be shown."""

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.has_tab_focus = False
        self._point: Point | None = None
        self._orbit = Orbit()
        self._dragged_from: QPointF | None = None

    @property
    def point(self) -> Point | None:
        """What is pointed at, as `pointed` said last."""
        return self._point

    def picture_area(self) -> QRectF | None:
        """Where the picture is, if there is one."""
        raise NotImplementedError

    @property
    def shows_cloud(self) -> bool:
        """Whether it is a point cloud."""
        raise NotImplementedError

    def enterEvent(self, event: QEnterEvent) -> None:
        """Point at what the mouse comes to."""
        self.show_cursor()
        self.point_at(self._shares(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        """The mouse points at nothing."""
        self.point_at(None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin to turn a point cloud."""
        if event.button() is Qt.MouseButton.LeftButton and self.shows_cloud:
            self._dragged_from = event.position()
            self.show_cursor()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End to turn it."""
        self._dragged_from = None
        self.show_cursor()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Turn the point cloud with the hand, or point elsewhere."""
        self.show_cursor()
        if self._dragged_from is not None and self.shows_cloud:
            moved = event.position() - self._dragged_from
            self._dragged_from = event.position()
            self._look_from(
                self._orbit.turned(
                    -_DEG_PER_PIXEL * moved.x(), _DEG_PER_PIXEL * moved.y()
                )
            )
        else:
            self.point_at(self._shares(event.position()))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Look at the point cloud as at first."""
        if self.shows_cloud:
            self._look_from(Orbit())

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Go nearer to the point cloud or away from it."""
        if not self.shows_cloud:
            event.ignore()
            return
        notches = event.angleDelta().y() / 120
        self._look_from(self._orbit.zoomed(_ZOOM_PER_NOTCH**notches))

    def event(self, event: QEvent) -> bool:
        """Keys that work here come here, whatever else they do in the window."""
        if (
            event.type() is QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and self._is_for_me(event)
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The mouse's work by keys."""
        if not self._is_for_me(event):
            super().keyPressEvent(event)
        elif self.shows_cloud:
            self._orbit_by_key(Qt.Key(event.key()))
        else:
            is_fine = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self._point_by_key(Qt.Key(event.key()), is_fine)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show where the keys go when the keyboard chose it."""
        self.has_tab_focus = event.reason() in _TAB_REASONS
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """They go elsewhere."""
        self.has_tab_focus = False
        self.update()

    def _is_for_me(self, event: QKeyEvent) -> bool:
        """Whether a key without Ctrl or Alt does something in the present view."""
        others = event.modifiers() & ~(
            Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier
        )
        if self.picture_area() is None or others:
            return False
        key = event.key()
        if self.shows_cloud:
            return key in _ARROWS or key in _ZOOMS or key == Qt.Key.Key_Home
        return key in _ARROWS or (key == Qt.Key.Key_Escape and self._point is not None)

    def _orbit_by_key(self, key: Qt.Key) -> None:
        if key in _ARROWS:
            right, down = _ARROWS[key]
            self._look_from(
                self._orbit.turned(-_DEG_PER_KEY * right, _DEG_PER_KEY * down)
            )
        elif key in _ZOOMS:
            self._look_from(self._orbit.zoomed(_ZOOM_PER_NOTCH ** _ZOOMS[key]))
        else:
            self._look_from(Orbit())

    def _point_by_key(self, key: Qt.Key, is_fine: bool) -> None:
        """A step from the last point, at first from the middle."""
        area = self.picture_area()
        if key not in _ARROWS or area is None:
            self.point_at(None)
        elif self._point is None:
            self.point_at((0.5, 0.5))
        else:
            (x, y), (right, down) = self._point, _ARROWS[key]
            across = _FINE_STEP if is_fine else _STEP
            along = across * area.width() / area.height()
            self.point_at((_inside(x + across * right), _inside(y + along * down)))

    def _look_from(self, orbit: Orbit) -> None:
        self._orbit = orbit
        self.orbited.emit(orbit)

    def point_at(self, point: Point | None) -> None:
        """Point there, or at nothing, as in a point cloud."""
        if self.shows_cloud:
            point = None
        if point != self._point:
            self._point = point
            self.pointed.emit(point)
            self.update()

    def _shares(self, position: QPointF) -> Point | None:
        """Where the mouse is in the picture; None beside it."""
        area = self.picture_area()
        if area is None:
            return None
        x = (position.x() - area.left()) / area.width()
        y = (position.y() - area.top()) / area.height()
        return (x, y) if 0.0 <= x < 1.0 and 0.0 <= y < 1.0 else None

    def show_cursor(self) -> None:
        """A hand where the mouse turns a point cloud."""
        if self.shows_cloud:
            is_held = self._dragged_from is not None
            shape = Qt.CursorShape
            self.setCursor(shape.ClosedHandCursor if is_held else shape.OpenHandCursor)
        else:
            self.unsetCursor()


def _inside(share: float) -> float:
    return min(max(share, 0.0), 0.9999)
