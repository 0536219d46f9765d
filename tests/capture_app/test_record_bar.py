"""The recording controls: what they say, and that nothing of it is cut off."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QApplication,
    QLabel,
    QMainWindow,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from capture_app.engine.collector import Collection
from capture_app.engine.disk_space import DiskSpace
from capture_app.engine.recorder import RecordingSummary
from capture_app.engine.states import RecorderState
from capture_app.ui.actions import ACTIONS, make_actions
from capture_app.ui.record_bar import RecordBar
from capture_app.ui.theme import apply_theme

SPACE = DiskSpace(412 * 10**9, 10**9, 60 * 8_700_000, 60.0)
TAKE = RecordingSummary(
    Path("recordings/kitchen_003"),
    num_frames=372,
    num_dropped=0,
    seconds=12.4,
    size_bytes=107_000_000,
    free_bytes=412 * 10**9,
    seconds_left=34_859.0,
)


@pytest.fixture(autouse=True)
def a_theme(qapp: QApplication) -> None:
    apply_theme(qapp)


@pytest.fixture
def window(qtbot: QtBot) -> QMainWindow:
    window = QMainWindow()
    qtbot.addWidget(window)
    return window


@pytest.fixture
def triggered() -> list[str]:
    return []


@pytest.fixture
def actions(window: QMainWindow, triggered: list[str]) -> Mapping[str, QAction]:
    handlers = {
        spec.name: lambda name=spec.name: triggered.append(name) for spec in ACTIONS
    }
    return make_actions(window, handlers, {"hn"}).by_name


@pytest.fixture
def bar(window: QMainWindow, actions: Mapping[str, QAction]) -> Iterator[RecordBar]:
    bar = RecordBar(actions)
    window.setCentralWidget(bar)
    window.resize(1024, 80)
    window.show()
    yield bar
    window.close()


def words(bar: RecordBar) -> str:
    """What the label on the right says in full."""
    return bar.findChildren(QLabel)[-1].toolTip()


def shown(bar: RecordBar) -> set[str]:
    """The texts of the labels that can be seen."""
    return {label.text() for label in bar.findChildren(QLabel) if label.isVisible()}


def button(bar: RecordBar, action: QAction) -> QToolButton:
    (found,) = [b for b in bar.findChildren(QToolButton) if b.defaultAction() is action]
    return found


def test_every_button_does_its_action(
    bar: RecordBar, actions: Mapping[str, QAction], triggered: list[str]
) -> None:
    bar.show_discarded("kitchen_003")
    names = ["record", "countdown", "snapshot", "discard", "undo", "collect"]
    for name in names:
        assert button(bar, actions[name]).toolTip()
        button(bar, actions[name]).click()
    assert triggered == names


def test_while_idle_it_says_how_long_a_recording_could_be(bar: RecordBar) -> None:
    assert words(bar) == ""
    bar.show_disk(SPACE)
    bar.show_recording(None, RecorderState.OFF)
    assert words(bar) == "412 GB = 13 h 07 min left"
    bar.show_recording(TAKE, RecorderState.OFF)
    assert words(bar) == (
        "saved to recordings/kitchen_003  ·  107 MB  ·  13 h 07 min left"
    )
    bar.show_recording(TAKE, RecorderState.RECORDING)  # which looks by itself
    assert words(bar) == "412 GB = 9 h 40 min left  ·  107 MB"
    bar.show_disk(None)
    bar.show_recording(replace(TAKE, seconds_left=None), RecorderState.RECORDING)
    assert words(bar) == "107 MB"


def test_time_frames_and_losses_of_a_take(bar: RecordBar) -> None:
    bar.show_recording(replace(TAKE, num_dropped=3), RecorderState.RECORDING)
    assert {"00:12.4", "372 frames", "3 dropped"} <= shown(bar)
    bar.show_recording(replace(TAKE, num_dropped=3), RecorderState.OFF)
    assert "3 dropped" in shown(bar)  # what was lost is never left out
    bar.show_recording(TAKE, RecorderState.OFF)
    assert "0 dropped" not in shown(bar)


def test_the_record_button_says_what_it_does_now(
    bar: RecordBar, actions: Mapping[str, QAction]
) -> None:
    record = actions["record"]
    for state, text in (
        (RecorderState.OFF, "Record"),
        (RecorderState.RECORDING, "Stop"),
        (RecorderState.FINALISING, "Saving…"),
        (RecorderState.WAITING, "Stop"),
    ):
        bar.show_recording(TAKE, state)
        assert record.text() == text
        assert record.isChecked() == (text == "Stop")
    bar.show_recording(None, RecorderState.OFF)
    bar.show_countdown(2)
    assert record.text() == "In 2 s"
    assert actions["countdown"].isChecked()
    bar.show_recording(None, RecorderState.OFF)
    assert record.text() == "In 2 s"
    bar.show_countdown(None)
    assert record.text() == "Record"
    assert not actions["countdown"].isChecked()


def test_what_was_discarded_can_be_brought_back(
    bar: RecordBar, actions: Mapping[str, QAction]
) -> None:
    bar.show_recording(TAKE, RecorderState.OFF)
    assert button(bar, actions["discard"]).isVisible()
    assert not button(bar, actions["undo"]).isVisible()
    bar.show_discarded("kitchen_003")
    bar.show_recording(TAKE, RecorderState.OFF)
    assert words(bar) == "Discarded kitchen_003"
    assert button(bar, actions["undo"]).isVisible()
    assert not button(bar, actions["discard"]).isVisible()
    assert "372 frames" not in shown(bar)
    bar.show_discarded(None)
    assert words(bar).startswith("saved to recordings/kitchen_003")
    assert not button(bar, actions["undo"]).isVisible()


def test_what_is_asked_for_before_a_recording_is_gone_while_it_is_on(
    bar: RecordBar, actions: Mapping[str, QAction]
) -> None:
    bar.show_recording(TAKE, RecorderState.RECORDING)
    assert not bar.scene.isEnabled()
    assert not bar.tag_field.isVisible()
    assert not button(bar, actions["countdown"]).isVisible()
    assert not button(bar, actions["discard"]).isVisible()
    assert button(bar, actions["snapshot"]).isVisible()


def show_everything(bar: RecordBar, state: RecorderState, discarded: bool) -> None:
    bar.scene.setText("a_kitchen_with_a_long_name_012")
    bar.tag_field.set_tags(["night", "two people", "messy"])
    bar.show_disk(SPACE)
    bar.show_recording(replace(TAKE, num_frames=123_456, num_dropped=1234), state)
    bar.show_collection(Collection(Path("recordings/x-hard_001"), 128, 13, True))
    bar.show_discarded("a_kitchen_with_a_long_name_012" if discarded else None)


@pytest.mark.parametrize("width", [1024, 1280, 1500])
@pytest.mark.parametrize(
    ("state", "discarded"),
    [
        (RecorderState.OFF, False),
        (RecorderState.OFF, True),
        (RecorderState.RECORDING, False),
    ],
)
def test_nothing_is_clipped(
    qapp: QApplication,
    window: QMainWindow,
    bar: RecordBar,
    width: int,
    state: RecorderState,
    discarded: bool,
) -> None:
    window.setFixedWidth(width)
    show_everything(bar, state, discarded)
    for _ in range(3):
        qapp.processEvents()
    show_everything(bar, state, discarded)
    assert window.width() == width
    visible = [w for w in bar.findChildren(QWidget) if w.isVisible()]
    for part in visible:
        right = part.mapTo(bar, part.rect().topRight()).x()
        assert 0 <= right < width, part
        if isinstance(part, QToolButton):
            assert part.width() >= part.sizeHint().width(), part.text()
        if isinstance(part, QLabel):
            needed = part.fontMetrics().horizontalAdvance(part.text())
            assert part.width() >= needed, part.text()


def test_buttons_have_words_where_there_is_room(
    qapp: QApplication,
    window: QMainWindow,
    bar: RecordBar,
    actions: Mapping[str, QAction],
) -> None:
    snapshot = button(bar, actions["snapshot"])
    narrow = snapshot.sizeHint().width()
    window.resize(1500, 80)
    qapp.processEvents()
    assert snapshot.sizeHint().width() > narrow + 40


def test_icons_follow_the_theme(
    qapp: QApplication, bar: RecordBar, actions: Mapping[str, QAction]
) -> None:
    def brightest() -> int:
        image = actions["snapshot"].icon().pixmap(64, 48).toImage()
        return max(
            image.pixelColor(x, y).lightness()
            for x in range(image.width())
            for y in range(image.height())
            if image.pixelColor(x, y).alpha() > 200
        )

    assert brightest() > 180  # light signs on the dark theme
    apply_theme(qapp, "light")
    assert brightest() < 90


def test_a_collection_is_counted_on_its_button(
    bar: RecordBar, actions: Mapping[str, QAction]
) -> None:
    tip = actions["collect"].toolTip()
    bar.show_collection(Collection(Path("recordings/x-hard_001"), 12, 3, True))
    assert actions["collect"].text() == "Collect: 12 kept, 3 lost"
    assert actions["collect"].isChecked()
    assert actions["collect"].toolTip().startswith(tip)
    assert "12 hard frames are in recordings/x-hard_001" in actions["collect"].toolTip()
