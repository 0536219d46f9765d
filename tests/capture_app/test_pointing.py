"""The big picture under mouse and keys: what is pointed at, how a cloud is turned."""

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from scripted import HEIGHT, WIDTH, label_all, make_frame

from capture_app.engine.painter import Painter
from capture_app.engine.picture import Layers, Orbit, Picture, View, ViewSettings
from capture_app.ui.frame_view import FrameView
from capture_app.ui.theme import apply_theme
from core.bins import HNBins

SIZE = (640, 400)  # a picture of 64 x 48 is 533 x 400 in it, 53 pixels from the left
LEFT, SHOWN = 53, 533


def picture(view: View, has_floor: bool = True) -> Picture:
    frame = make_frame(0)
    labels = label_all(frame)
    floor = labels.floor if has_floor else None
    layers = Layers(frame, 0.0, labels, {}, None, floor, True)
    return Painter(HNBins(), {}).paint(layers, ViewSettings(view, size=SIZE))


@pytest.fixture
def shown(qtbot: QtBot) -> Iterator[FrameView]:
    view = FrameView()
    qtbot.addWidget(view)
    view.resize(*SIZE)
    view.show_picture(picture(View.COLOR))
    view.show()
    view.told, view.orbits = [], []  # type: ignore[attr-defined]
    view.pointed.connect(view.told.append)  # type: ignore[attr-defined]
    view.orbited.connect(view.orbits.append)  # type: ignore[attr-defined]
    yield view


def mouse(view: FrameView, kind: QEvent.Type, x: float, y: float) -> None:
    """One event of the left button, held down while it moves."""
    place = QPointF(x, y)
    is_move = kind is QEvent.Type.MouseMove
    button = Qt.MouseButton.NoButton if is_move else Qt.MouseButton.LeftButton
    held = Qt.MouseButton.LeftButton
    keys = Qt.KeyboardModifier.NoModifier
    glob = QPointF(view.mapToGlobal(QPoint(0, 0))) + place
    QApplication.sendEvent(view, QMouseEvent(kind, place, glob, button, held, keys))


def takes(view: FrameView, key: Qt.Key, modifiers: str = "NoModifier") -> bool:
    """Whether a key is the picture's own, and no shortcut of the window's."""
    event = QKeyEvent(
        QEvent.Type.ShortcutOverride, key, getattr(Qt.KeyboardModifier, modifiers)
    )
    event.ignore()
    QApplication.sendEvent(view, event)
    return event.isAccepted()


def test_the_mouse_points_at_shares_of_the_picture(shown: FrameView) -> None:
    mouse(shown, QEvent.Type.MouseMove, LEFT + 0.25 * SHOWN, 300)
    assert shown.point == pytest.approx((0.25, 0.75), abs=0.002)
    assert shown.told == [shown.point]
    mouse(shown, QEvent.Type.MouseMove, LEFT - 4, 300)
    assert shown.point is None and shown.told[-1] is None
    mouse(shown, QEvent.Type.MouseMove, LEFT - 20, 300)
    assert len(shown.told) == 2  # nothing new
    mouse(shown, QEvent.Type.MouseMove, LEFT + SHOWN - 1, 1)
    assert shown.point == pytest.approx((0.998, 0.0), abs=0.004)
    QApplication.sendEvent(shown, QEvent(QEvent.Type.Leave))
    assert shown.point is None


def test_nothing_is_pointed_at_without_a_picture(shown: FrameView) -> None:
    mouse(shown, QEvent.Type.MouseMove, 300, 200)
    shown.forget_picture()
    assert shown.told[-1] is None
    mouse(shown, QEvent.Type.MouseMove, 310, 200)
    assert shown.point is None and not takes(shown, Qt.Key.Key_Left)


def test_arrow_keys_move_the_cross_and_escape_removes_it(
    shown: FrameView, qtbot: QtBot
) -> None:
    qtbot.keyClick(shown, Qt.Key.Key_Right)
    assert shown.point == (0.5, 0.5)
    qtbot.keyClick(shown, Qt.Key.Key_Right)
    qtbot.keyClick(shown, Qt.Key.Key_Up)
    # As far up as to the right, in pixels.
    assert shown.point == pytest.approx((0.51, 0.5 - 0.01 * 4 / 3), abs=1e-4)
    qtbot.keyClick(shown, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert shown.point[0] == pytest.approx(0.509)
    for _ in range(120):
        qtbot.keyClick(shown, Qt.Key.Key_Down)
    assert 0.99 < shown.point[1] < 1.0
    qtbot.keyClick(shown, Qt.Key.Key_Escape)
    assert shown.point is None and shown.told[-1] is None


def test_only_keys_that_do_something_are_taken_from_the_window(
    shown: FrameView,
) -> None:
    assert takes(shown, Qt.Key.Key_Left) and takes(shown, Qt.Key.Key_Up)
    assert takes(shown, Qt.Key.Key_Down, "ShiftModifier")
    assert not takes(shown, Qt.Key.Key_Left, "ControlModifier")
    for key in (Qt.Key.Key_Escape, Qt.Key.Key_R, Qt.Key.Key_Plus, Qt.Key.Key_Home):
        assert not takes(shown, key)
    mouse(shown, QEvent.Type.MouseMove, 300, 200)
    assert takes(shown, Qt.Key.Key_Escape)
    shown.show_picture(picture(View.CLOUD))
    assert takes(shown, Qt.Key.Key_Plus) and takes(shown, Qt.Key.Key_Home)
    assert takes(shown, Qt.Key.Key_Left) and not takes(shown, Qt.Key.Key_Escape)


def test_a_cloud_is_turned_and_not_pointed_at(shown: FrameView) -> None:
    mouse(shown, QEvent.Type.MouseMove, 300, 200)
    shown.show_picture(picture(View.CLOUD))
    assert shown.told[-1] is None
    mouse(shown, QEvent.Type.MouseMove, 310, 200)
    assert shown.point is None and not shown.orbits  # the button was not pressed here
    assert shown.cursor().shape() is Qt.CursorShape.OpenHandCursor
    mouse(shown, QEvent.Type.MouseButtonPress, 310, 200)
    mouse(shown, QEvent.Type.MouseMove, 360, 200)
    mouse(shown, QEvent.Type.MouseMove, 360, 180)
    first = Orbit()
    # The near side goes with the hand: the eye to the left, then lower.
    assert shown.orbits[0] == first.turned(-20.0, 0.0)
    assert shown.orbits[1] == first.turned(-20.0, -8.0)
    mouse(shown, QEvent.Type.MouseButtonRelease, 360, 180)
    mouse(shown, QEvent.Type.MouseMove, 100, 100)
    assert len(shown.orbits) == 2
    mouse(shown, QEvent.Type.MouseButtonDblClick, 100, 100)
    assert shown.orbits[-1] == first
    shown.show_picture(picture(View.COLOR))
    assert shown.cursor().shape() is Qt.CursorShape.ArrowCursor


def test_the_wheel_zooms_into_a_cloud_and_nowhere_else(shown: FrameView) -> None:
    def turn_wheel(notches: int) -> None:
        event = QWheelEvent(
            QPointF(300, 200),
            QPointF(shown.mapToGlobal(QPoint(300, 200))),
            QPoint(),
            QPoint(0, 120 * notches),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(shown, event)

    turn_wheel(1)
    assert not shown.orbits
    shown.show_picture(picture(View.CLOUD))
    turn_wheel(1)
    assert shown.orbits[-1].zoom > 1.1
    turn_wheel(-2)
    assert shown.orbits[-1].zoom < 0.9
    assert len(shown.orbits) == 2


def test_keys_turn_a_cloud_too(shown: FrameView, qtbot: QtBot) -> None:
    shown.show_picture(picture(View.CLOUD))
    for key, yaw, pitch in (
        (Qt.Key.Key_Left, 5.0, 0.0),
        (Qt.Key.Key_Down, 5.0, 5.0),
        (Qt.Key.Key_Up, 5.0, 0.0),
        (Qt.Key.Key_Right, 0.0, 0.0),
    ):
        qtbot.keyClick(shown, key)
        assert shown.orbits[-1] == Orbit().turned(yaw, pitch)
    qtbot.keyClick(shown, Qt.Key.Key_Plus)
    assert shown.orbits[-1].zoom > 1.1
    qtbot.keyClick(shown, Qt.Key.Key_Home)
    assert shown.orbits[-1] == Orbit()


def pixels(view: FrameView) -> np.ndarray:
    """(H, W, 3) what is painted."""
    image = view.grab().toImage()
    image = image.convertToFormat(image.Format.Format_RGB888)
    flat = np.frombuffer(image.constBits(), np.uint8)
    flat = flat.reshape(image.height(), image.bytesPerLine())[:, : 3 * image.width()]
    return flat.reshape(image.height(), image.width(), 3).astype(int)


def test_the_cross_is_drawn_around_the_point_and_leaves_it_free(
    shown: FrameView,
) -> None:
    shown.show_marks(False)
    before = pixels(shown)
    shown.point_at((0.25, 0.75))
    differs = (pixels(shown) != before).any(axis=-1)
    row, column = 300, LEFT + round(0.25 * SHOWN)
    assert differs.any(axis=1).sum() < 40 and differs.any(axis=0).sum() < 40
    rows, columns = np.nonzero(differs)
    assert rows.mean() == pytest.approx(row, abs=1)
    assert columns.mean() == pytest.approx(column, abs=1)
    assert not differs[row - 2 : row + 3, column - 2 : column + 3].any()


@pytest.mark.parametrize("view", [View.COLOR, View.HEIGHTS, View.DEPTH])
def test_the_floors_marks_can_be_hidden(shown: FrameView, view: View) -> None:
    shown.show_picture(picture(view))
    with_marks = pixels(shown)
    shown.show_marks(False)
    without = pixels(shown)
    shown.show_picture(picture(view, has_floor=view is not View.COLOR))
    assert (with_marks != without).any()
    np.testing.assert_array_equal(pixels(shown), without)


def test_a_cloud_has_no_marks_of_the_photos_but_a_hint(shown: FrameView) -> None:
    shown.show_picture(picture(View.CLOUD))
    with_marks = pixels(shown)
    shown.show_marks(False)
    np.testing.assert_array_equal(pixels(shown), with_marks)
    shown.show_notice("The end.")
    assert (pixels(shown)[380:, :250] != with_marks[380:, :250]).any()


@pytest.mark.parametrize("name", ["light", "dark"])
def test_a_notice_is_legible_in_both_themes_however_long(
    shown: FrameView, qapp: QApplication, name: str
) -> None:
    apply_theme(qapp, name)  # type: ignore[arg-type]
    try:
        before = pixels(shown)
        shown.show_notice("The camera is lost and it takes a long sentence. " * 4)
        after = pixels(shown)
        changed = (after != before).any(axis=-1)
        assert not changed[:, :20].any() and not changed[:, -20:].any()
        box = after[changed].sum(axis=-1)
        assert (box > 600).sum() > 300 and np.median(box) < 250  # bright on dark
    finally:
        apply_theme(qapp, "dark")


def test_the_picture_the_tab_key_goes_to_has_a_frame(shown: FrameView) -> None:
    before = pixels(shown)
    shown.clearFocus()
    shown.setFocus(Qt.FocusReason.TabFocusReason)
    QApplication.sendEvent(
        shown, _focus(QEvent.Type.FocusIn, Qt.FocusReason.TabFocusReason)
    )
    framed = pixels(shown)
    accent = QColor(90, 157, 255)
    corner = framed[1, LEFT + 1]
    assert abs(corner - (accent.red(), accent.green(), accent.blue())).max() < 20
    QApplication.sendEvent(
        shown, _focus(QEvent.Type.FocusOut, Qt.FocusReason.TabFocusReason)
    )
    np.testing.assert_array_equal(pixels(shown), before)


def _focus(kind: QEvent.Type, reason: Qt.FocusReason) -> QEvent:
    from PySide6.QtGui import QFocusEvent

    return QFocusEvent(kind, reason)


def test_the_frame_is_what_it_was_made_from(shown: FrameView) -> None:
    assert shown.frame_size == (WIDTH, HEIGHT)
