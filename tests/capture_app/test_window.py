"""The window, off screen, with a scripted camera."""

import logging
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from closing import close
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QToolButton
from pytestqt.qtbot import QtBot
from scripted import RunningSensor, label_all

from capture_app.engine.live import LiveView
from capture_app.engine.meters import tilt_words
from capture_app.engine.networks import Networks
from capture_app.engine.picture import TASKS_OF, View
from capture_app.engine.recorder import RecordingPlan, RecordingSummary
from capture_app.engine.session import CaptureSession
from capture_app.engine.setup import SessionSetup
from capture_app.engine.states import RecorderState, SourceState
from capture_app.ui.actions import ACTIONS, Place
from capture_app.ui.app import _show_exceptions_in
from capture_app.ui.floor_marks import height_text
from capture_app.ui.notice import notice
from capture_app.ui.theme import apply_theme
from capture_app.ui.window import CaptureWindow, Folders
from core.bins import HNBins
from core.floor import FloorPlane, FloorSource
from core.frame import RgbdFrame
from core.hn_labels import HNLabels
from core.recording import Recording, RecordingWriter


@pytest.fixture(autouse=True)
def nothing_is_left(qapp: QApplication) -> Iterator[None]:
    apply_theme(qapp)
    before = set(threading.enumerate())
    yield
    left = set(threading.enumerate()) - before
    assert not left, f"threads still running: {left}"
    assert not [w for w in qapp.topLevelWidgets() if w.isVisible()]


@pytest.fixture
def sensor() -> RunningSensor:
    return RunningSensor()


@pytest.fixture
def networks() -> Networks:
    return {}


@pytest.fixture
def lives() -> list[str]:
    """A word each time the window has become live."""
    return []


@pytest.fixture
def window(
    qtbot: QtBot,
    sensor: RunningSensor,
    networks: Networks,
    tmp_path: Path,
    lives: list[str],
) -> Iterator[CaptureWindow]:
    def make_session(_: SessionSetup) -> CaptureSession:
        return CaptureSession(sensor, LiveView(label_all, HNBins(), networks))

    window = CaptureWindow(make_session, Folders(tmp_path / "recordings"))
    window.capture.became_live.connect(lambda: lives.append("live"))
    window.show()
    qtbot.waitUntil(lambda: is_labelled(window))
    yield window
    close(window)


def is_labelled(window: CaptureWindow) -> bool:
    picture = window.capture.frame_view.picture
    return picture is not None and picture.layers.is_floor_known


def middle_pixel(window: CaptureWindow, x: float = 0.25) -> tuple[int, int, int]:
    image = window.capture.frame_view.grab().toImage()
    width, height = image.width(), image.height()
    # The picture is 4:3 in the middle of the view.
    picture_width = min(width, height * 4 // 3)
    column = (width - picture_width) // 2 + int(x * picture_width)
    return image.pixelColor(column, height // 3).getRgb()[:3]


def test_it_becomes_live(qtbot: QtBot, window: CaptureWindow, lives: list[str]) -> None:
    qtbot.waitUntil(lambda: lives == ["live"])
    window.capture._slow_tick()
    assert lives == ["live"]
    texts = [label.text() for label in window.capture.status_line.findChildren(QLabel)]
    assert any("running  64 x 48" in text for text in texts)
    assert any("lost 0" in text for text in texts)


def test_recording_with_the_key_makes_a_readable_recording(
    qtbot: QtBot, window: CaptureWindow, tmp_path: Path
) -> None:
    qtbot.keyClick(window, Qt.Key.Key_R)
    assert window.capture.session.recorder_state is RecorderState.RECORDING
    assert not window.capture.record_bar.scene.isEnabled()
    qtbot.waitUntil(lambda: window.capture.session.recording.num_frames >= 10)
    with qtbot.waitSignal(window.capture.recorded):
        qtbot.keyClick(window, Qt.Key.Key_R)
    assert window.capture.session.recorder_state is RecorderState.OFF
    recording = Recording(tmp_path / "recordings" / "scene_001")
    numbers = [frame.number for frame in recording]
    assert len(numbers) >= 10 and recording.scene.num_dropped == 0
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert window.capture.record_bar.scene.text() == "scene_002"


def test_a_take_that_begins_right_after_another_does_not_hide_its_end(
    qtbot: QtBot, window: CaptureWindow
) -> None:
    window.capture._slow_timer.stop()
    ended: list[Path] = []
    window.capture.recorded.connect(
        lambda: ended.append(window.capture.session.recording.path)
    )
    record = window.actions_by_name["record"]
    record.trigger()
    qtbot.waitUntil(lambda: window.capture.session.recording.num_frames >= 2)
    window.capture.session.stop_recording()
    record.trigger()
    assert [path.name for path in ended] == ["scene_001"]
    assert window.capture.session.recording.path.name == "scene_002"
    window.capture.session.stop_recording()
    window.capture._slow_tick()
    assert [path.name for path in ended] == ["scene_001", "scene_002"]


def test_a_scene_is_recorded_under_the_name_that_was_typed(
    qtbot: QtBot, window: CaptureWindow, tmp_path: Path
) -> None:
    field = window.capture.record_bar.scene
    record = window.actions_by_name["record"]
    for expected in ("kitchen", "kitchen_001"):
        if expected == "kitchen":
            field.setFocus()
            field.selectAll()
            qtbot.keyClicks(field, "kitchen")  # r is a letter here, not the key
            assert window.capture.session.recorder_state is RecorderState.OFF
        record.trigger()
        qtbot.waitUntil(lambda: window.capture.session.recording.num_frames > 0)
        with qtbot.waitSignal(window.capture.recorded):
            record.trigger()
        assert len(Recording(tmp_path / "recordings" / expected)) > 0


def test_a_suggested_name_that_was_taken_meanwhile_makes_way(
    qtbot: QtBot, window: CaptureWindow, tmp_path: Path
) -> None:
    (tmp_path / "recordings" / "scene_001").mkdir(parents=True)
    window.actions_by_name["record"].trigger()
    qtbot.waitUntil(lambda: window.capture.session.recording.num_frames > 0)
    with qtbot.waitSignal(window.capture.recorded):
        window.actions_by_name["record"].trigger()
    assert len(Recording(tmp_path / "recordings" / "scene_002")) > 0


def test_the_window_does_not_wait_for_a_recording_to_be_saved(
    qtbot: QtBot,
    window: CaptureWindow,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    may_close = threading.Event()
    real_close = RecordingWriter.close

    def slow_close(self: RecordingWriter) -> None:
        may_close.wait(5.0)
        real_close(self)

    monkeypatch.setattr(RecordingWriter, "close", slow_close)
    record = window.actions_by_name["record"]
    record.trigger()
    qtbot.waitUntil(lambda: window.capture.session.recording.num_frames > 0)
    record.trigger()
    assert window.capture.session.recorder_state is RecorderState.FINALISING
    assert not record.isEnabled() and "Saving" in record.text()
    assert not window.capture.record_bar.scene.isEnabled()
    qtbot.keyClick(window, Qt.Key.Key_R)  # nothing to do until it is saved
    assert window.capture.session.recorder_state is RecorderState.FINALISING
    with qtbot.waitSignal(window.capture.recorded):
        may_close.set()
    assert record.isEnabled() and "Record" in record.text()
    assert window.capture.record_bar.scene.isEnabled()
    assert window.capture.record_bar.scene.text() == "scene_002"
    assert [path.name for path in (tmp_path / "recordings").iterdir()] == ["scene_001"]


def test_a_recording_shorter_than_a_look_at_it_is_told(
    qtbot: QtBot, sensor: RunningSensor, tmp_path: Path
) -> None:
    window = CaptureWindow(
        lambda _: CaptureSession(sensor, LiveView(label_all, HNBins())),
        Folders(tmp_path),
        record=RecordingPlan(tmp_path / "kitchen", seconds=0.1),
    )
    with qtbot.waitSignal(window.capture.recorded):
        pass
    window.close()
    assert len(Recording(tmp_path / "kitchen")) == 3


def test_opening_the_camera_again_saves_the_recording(
    qtbot: QtBot, window: CaptureWindow, tmp_path: Path
) -> None:
    window.actions_by_name["record"].trigger()
    qtbot.waitUntil(lambda: window.capture.session.recording.num_frames > 0)
    with qtbot.waitSignal(window.capture.recorded):
        window.capture.restart()
    assert len(Recording(tmp_path / "recordings" / "scene_001")) > 0
    assert window.capture.record_bar.scene.text() == "scene_002"


def test_a_name_that_is_taken_is_refused(
    qtbot: QtBot, window: CaptureWindow, tmp_path: Path
) -> None:
    taken = tmp_path / "recordings" / "kitchen"
    taken.mkdir(parents=True)
    (taken / "notes.txt").write_text("mine")
    window.capture.record_bar.scene.selectAll()
    qtbot.keyClicks(window.capture.record_bar.scene, "kitchen")
    window.actions_by_name["record"].trigger()
    assert window.capture.session.recorder_state is RecorderState.OFF
    assert "kitchen is not empty" in window.banner.text
    assert window.banner.isVisible()
    assert not window.actions_by_name["record"].isChecked()
    assert [file.name for file in taken.iterdir()] == ["notes.txt"]


def test_a_warning_is_shown_and_nothing_ends(
    qtbot: QtBot, window: CaptureWindow
) -> None:
    ends: list[str] = []
    window.has_problem.connect(ends.append)
    window.capture.session._warn("the disk is full in 4 min")
    qtbot.waitUntil(lambda: window.banner.text == "The disk is full in 4 min.")
    assert window.banner.isVisible() and ends == []


def test_a_warning_ends_with_the_take_and_a_problem_does_not(
    qtbot: QtBot, window: CaptureWindow
) -> None:
    record = window.actions_by_name["record"]
    for is_warning in (True, False):
        record.trigger()
        qtbot.waitUntil(lambda: window.capture.session.recording.num_frames >= 2)
        window.capture.session._problems.add("The disk is odd.", is_warning=is_warning)
        qtbot.waitUntil(window.banner.isVisible)
        with qtbot.waitSignal(window.capture.recorded):
            record.trigger()
        assert window.banner.isVisible() != is_warning


def test_the_room_that_a_recording_has_to_leave_is_the_users_choice(
    qtbot: QtBot, sensor: RunningSensor, tmp_path: Path
) -> None:
    window = CaptureWindow(
        lambda _: CaptureSession(sensor, LiveView(label_all, HNBins())),
        Folders(tmp_path),
        min_free_bytes=10**17,
    )
    qtbot.waitUntil(
        lambda: window.capture.session.source_state is SourceState.STREAMING
    )
    window.capture.toggle_recording()
    assert "a recording leaves 100000000 GB free" in window.banner.text
    window.close()
    assert list(tmp_path.iterdir()) == []


def test_the_time_that_the_disk_lasts_appears_without_moving_anything(
    window: CaptureWindow,
) -> None:
    window.capture._slow_timer.stop()
    window.resize(1024, 700)
    bar = window.capture.record_bar
    summary = RecordingSummary(Path("recordings/kitchen"), 300, 0, 10.0, 86_400_000)
    places = []
    for free, left in ((None, None), (412 * 10**9, None), (412 * 10**9, 34_859.0)):
        known = replace(summary, free_bytes=free, seconds_left=left)
        bar.show_recording(known, RecorderState.RECORDING)
        QApplication.processEvents()
        labels = bar.findChildren(QLabel)
        places.append([label.geometry() for label in labels])
        expected = "86 MB" if left is None else "412 GB = 9 h 40 min left  ·  86 MB"
        assert labels[-1].text() == labels[-1].toolTip() == expected
    assert places[0] == places[1] == places[2]
    bar.show_recording(known, RecorderState.OFF)
    assert labels[-1].toolTip() == "saved to recordings/kitchen  ·  86 MB"


def test_a_minute_has_no_more_than_sixty_seconds(window: CaptureWindow) -> None:
    window.capture._slow_timer.stop()
    for seconds, text in ((59.94, "00:59.9"), (59.97, "01:00.0"), (754.3, "12:34.3")):
        summary = RecordingSummary(Path("kitchen"), 300, 0, seconds, 86_400_000)
        window.capture.record_bar.show_recording(summary, RecorderState.RECORDING)
        texts = [
            label.text() for label in window.capture.record_bar.findChildren(QLabel)
        ]
        assert text in texts


def test_closing_the_window_finishes_the_recording(
    qtbot: QtBot, window: CaptureWindow, tmp_path: Path
) -> None:
    window.actions_by_name["record"].trigger()
    qtbot.waitUntil(lambda: window.capture.session.recording.num_frames >= 3)
    window.close()
    assert window.capture.session.source_state is SourceState.CLOSED
    assert len(Recording(tmp_path / "recordings" / "scene_001")) >= 3


def test_the_opacity_changes_the_pixels(qtbot: QtBot, window: CaptureWindow) -> None:
    photo, half = (90, 45, 22), None
    for percent in (0, 100, 50):
        window.capture.view_bar.slider.setValue(percent)
        qtbot.waitUntil(
            lambda percent=percent: (
                window.capture.frame_view.picture.settings.opacity == percent / 100
            )
        )
        pixel = middle_pixel(window)
        if percent == 0:
            assert pixel == pytest.approx(photo, abs=2)
        elif percent == 100:
            full = pixel
            assert max(abs(a - b) for a, b in zip(full, photo, strict=True)) > 40
        else:
            half = [(a + b) / 2 for a, b in zip(full, photo, strict=True)]
            assert pixel == pytest.approx(half, abs=3)
    qtbot.keyClick(window, Qt.Key.Key_BracketRight)
    assert window.capture.view_bar.slider.value() == 60


def test_the_keys_change_the_view(qtbot: QtBot, window: CaptureWindow) -> None:
    seen = set()
    for key, view in (
        (Qt.Key.Key_8, View.DEPTH),
        (Qt.Key.Key_9, View.COLOR),
        (Qt.Key.Key_1, View.HN_LABELS),
    ):
        qtbot.keyClick(window, key)
        qtbot.waitUntil(
            lambda view=view: window.capture.frame_view.picture.settings.view is view
        )
        seen.add(middle_pixel(window))
        assert window.capture.view_bar.slider.isEnabled() == (view is View.HN_LABELS)
    assert len(seen) == 3
    for key in (Qt.Key.Key_4, Qt.Key.Key_5, Qt.Key.Key_6, Qt.Key.Key_7):
        qtbot.keyClick(window, key)  # no network, no prediction
        assert window.actions_by_name["view_hn"].isChecked()


def test_a_lost_camera_is_a_banner_and_can_be_opened_again(
    qtbot: QtBot, window: CaptureWindow, sensor: RunningSensor, tmp_path: Path
) -> None:
    window.actions_by_name["record"].trigger()
    qtbot.waitUntil(lambda: window.capture.session.recording.num_frames >= 2)
    with qtbot.waitSignal(window.has_problem):
        sensor.is_lost = True
    assert window.banner.isVisible()
    assert "The camera was lost: plug it in again." in window.banner.text
    assert str(tmp_path / "recordings" / "scene_001") in window.banner.text
    qtbot.waitUntil(lambda: not window.actions_by_name["record"].isEnabled())
    sensor.is_lost = False
    (retry,) = (
        b for b in window.banner.findChildren(QToolButton) if b.text() == "Try again"
    )
    qtbot.mouseClick(retry, Qt.MouseButton.LeftButton)
    assert not window.banner.isVisible()
    qtbot.waitUntil(
        lambda: window.capture.session.source_state is SourceState.STREAMING
    )
    qtbot.waitUntil(lambda: window.capture.frame_view.picture is not None)


def test_a_fault_in_the_window_is_shown_and_logged(
    window: CaptureWindow, caplog: pytest.LogCaptureFixture
) -> None:
    error = ZeroDivisionError("oops")
    _show_exceptions_in(window)(type(error), error, None)
    assert "ZeroDivisionError: oops" in window.banner.text
    assert window.banner.isVisible()
    assert "fault in the window" in caplog.text


def test_a_slow_opening_shows_how_far_it_is(
    qtbot: QtBot, window: CaptureWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        CaptureSession, "source_state", property(lambda _: SourceState.OPENING)
    )
    assert notice_of(window) == ("Opening the camera: 25 %", 0.25)


class SlowLabeler:
    """Has to be prepared before it finds what it is told to."""

    def __init__(self) -> None:
        self.is_prepared = threading.Event()
        self.finds_floor = True
        self.source: FloorSource = "measured"
        self.fault: Exception | None = None

    def __call__(self, frame: RgbdFrame) -> HNLabels | None:
        assert self.is_prepared.wait(5.0)
        if self.fault is not None:
            raise self.fault
        if not self.finds_floor:
            return None
        labels = label_all(frame)
        return replace(labels, floor=replace(labels.floor, source=self.source))


@pytest.fixture
def labeler() -> SlowLabeler:
    return SlowLabeler()


@pytest.fixture
def preparing_window(
    qtbot: QtBot, sensor: RunningSensor, labeler: SlowLabeler, tmp_path: Path
) -> Iterator[CaptureWindow]:
    """A window with a picture, whose labels have to wait."""
    window = CaptureWindow(
        lambda _: CaptureSession(sensor, LiveView(labeler, HNBins())), Folders(tmp_path)
    )
    window.show()
    qtbot.waitUntil(lambda: window.capture.frame_view.picture is not None)
    window.capture._slow_tick()
    yield window
    labeler.is_prepared.set()
    close(window)


def notice_of(window: CaptureWindow) -> tuple[str, float | None]:
    return notice(
        window.capture.session,
        window.capture.session.live,
        window.capture.frame_view.picture,
    )


def panel_texts(window: CaptureWindow) -> list[str]:
    return [label.text() for label in window.capture.side_panel.findChildren(QLabel)]


def shown_words(window: CaptureWindow) -> str:
    return " ".join([notice_of(window)[0], *panel_texts(window)])


def test_while_the_label_engine_is_prepared_the_photo_is_live_and_a_note_says_why(
    qtbot: QtBot, preparing_window: CaptureWindow, labeler: SlowLabeler
) -> None:
    window = preparing_window
    first = window.capture.frame_view.picture.layers.frame.number
    qtbot.waitUntil(
        lambda: window.capture.frame_view.picture.layers.frame.number > first + 5
    )
    assert window.capture.frame_view.picture.settings.view is View.HN_LABELS
    assert middle_pixel(window) == pytest.approx((90, 45, 22), abs=2)
    assert notice_of(window) == (
        "Preparing the label engine (up to 20 seconds on the first start)…",
        None,
    )
    for view in (view for view in View if not TASKS_OF[view]):
        window.capture.show_view(view)
        window.capture._slow_tick()
        assert "no floor" not in shown_words(window).lower()
    window.capture.show_view(View.HN_LABELS)
    labeler.is_prepared.set()
    qtbot.waitUntil(lambda: window.capture.frame_view.picture.has_classes)
    window.capture._slow_tick()
    assert "reparing" not in shown_words(window)
    qtbot.waitUntil(lambda: "1.25 m measured" in shown_words(window))


def test_that_there_is_no_floor_is_said_once_somebody_has_looked(
    qtbot: QtBot, preparing_window: CaptureWindow, labeler: SlowLabeler
) -> None:
    window = preparing_window
    assert "no floor" not in shown_words(window).lower()
    labeler.finds_floor = False
    labeler.is_prepared.set()
    qtbot.waitUntil(lambda: is_labelled(window))
    window.capture._slow_tick()
    assert notice_of(window)[0].startswith("No floor in view")
    qtbot.waitUntil(lambda: "not in view" in shown_words(window))


def test_of_the_floor_nothing_is_said_once_nobody_looks_for_it(
    qtbot: QtBot,
    preparing_window: CaptureWindow,
    labeler: SlowLabeler,
    caplog: pytest.LogCaptureFixture,
) -> None:
    window = preparing_window
    with caplog.at_level(logging.CRITICAL), qtbot.waitSignal(window.has_problem):
        labeler.fault = ZeroDivisionError("oops")
        labeler.is_prepared.set()
    window.capture._slow_tick()
    words = shown_words(window).lower()
    assert "preparing" not in words and "floor in view" not in words


def test_a_floor_that_was_tracked_is_named_beside_the_height(
    qtbot: QtBot, preparing_window: CaptureWindow, labeler: SlowLabeler
) -> None:
    window = preparing_window
    labeler.is_prepared.set()
    for source, words in (
        ("measured", "1.25 m measured"),
        ("tracked", "1.25 m tracked"),
    ):
        labeler.source = source
        qtbot.waitUntil(
            lambda source=source: (
                is_labelled(window)
                and window.capture.frame_view.picture.layers.floor.source == source
            )
        )
        qtbot.waitUntil(lambda words=words: words in shown_words(window))
    up = np.array((0.0, -1.0, 0.0))
    assert height_text(FloorPlane(up, 1.349)) == "1.35 m"
    assert height_text(FloorPlane(up, 1.349, "tracked")) == "1.35 m, tracked"


def test_a_level_camera_is_told_without_a_sign() -> None:
    for degrees, words in ((-0.3, "roll 0°"), (-2.6, "roll -3°"), (7.4, "roll +7°")):
        roll = np.radians(degrees)
        up = np.array((0.9 * np.sin(roll), -0.9 * np.cos(roll), -np.sqrt(0.19)))
        assert tilt_words(up) == f"looks 26° down, {words}"


def test_a_window_that_is_closed_while_the_engine_is_prepared_is_gone_at_once(
    preparing_window: CaptureWindow, labeler: SlowLabeler
) -> None:
    was_visible = []

    def look() -> None:
        was_visible.append(preparing_window.isVisible())
        labeler.is_prepared.set()

    waiting = threading.Timer(0.1, look)
    waiting.start()
    preparing_window.close()
    waiting.join()
    assert was_visible == [False]
    assert preparing_window.capture.session.source_state is SourceState.CLOSED


@pytest.mark.parametrize("size", [(1024, 700), (1500, 900)])
def test_no_text_is_cut_off(
    qtbot: QtBot, window: CaptureWindow, size: tuple[int, int]
) -> None:
    window.resize(*size)
    window.actions_by_name["record"].trigger()
    qtbot.waitUntil(lambda: window.capture.session.recording.num_frames >= 2)
    window.capture._slow_tick()
    QApplication.processEvents()
    assert (window.width(), window.height()) == size
    for widget in [*window.findChildren(QLabel), *window.findChildren(QToolButton)]:
        if widget.isVisible():
            needed = widget.minimumSizeHint()
            assert widget.width() >= needed.width(), widget.text()
            assert widget.height() >= needed.height(), widget.text()


@pytest.mark.parametrize("place", list(Place))
def test_no_key_does_two_things_on_one_page(place: Place) -> None:
    keys = [
        spec.shortcut
        for spec in ACTIONS
        if spec.place in (place, Place.WINDOW) and spec.shortcut
    ]
    assert len(set(keys)) == len(keys)
