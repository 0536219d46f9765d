"""What the Capture page decides: takes, their trash, other setups, what is kept."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from closing import close
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from scripted import RunningSensor, label_all

from capture_app.engine.live import LiveView
from capture_app.engine.picture import View
from capture_app.engine.recorder import RecordingSummary
from capture_app.engine.session import CaptureSession
from capture_app.engine.setup import SessionSetup
from capture_app.engine.states import RecorderState, SourceState
from capture_app.ui.actions import Place
from capture_app.ui.app import _show_exceptions_of_threads
from capture_app.ui.session_control import LOCKED
from capture_app.ui.window import CaptureWindow, Folders
from core.bins import HNBins
from core.errors import SensorError
from core.recording import Recording


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folders:
    """All of them; the working folder is another one, in which nothing may appear."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    memory = tmp_path / "settings" / "window.ini"
    return Folders(tmp_path / "recordings", tmp_path / "runs", memory)


def make_session(setup: SessionSetup) -> CaptureSession:
    """One with a scripted camera; there is none called missing."""
    if setup.sensor == "missing":
        raise SensorError("no camera is called missing; plug it in")
    return CaptureSession(RunningSensor(), LiveView(label_all, setup.bins))


def open_window(qtbot: QtBot, folders: Folders) -> CaptureWindow:
    window = CaptureWindow(make_session, folders, min_free_bytes=0)
    window.show()
    qtbot.waitUntil(lambda: window.capture.frame_view.picture is not None)
    window.capture._slow_tick()
    return window


@pytest.fixture
def window(
    qtbot: QtBot, folders: Folders, no_thread_is_left: None, tmp_path: Path
) -> Iterator[CaptureWindow]:
    window = open_window(qtbot, folders)
    yield window
    close(window)
    assert not list((tmp_path / "elsewhere").iterdir())


def record(qtbot: QtBot, window: CaptureWindow) -> RecordingSummary:
    window.actions_by_name["record"].trigger()
    qtbot.waitUntil(lambda: window.capture.session.recording.num_frames >= 3)
    with qtbot.waitSignal(window.capture.recorded):
        window.actions_by_name["record"].trigger()
    window.capture._slow_tick()
    return window.capture.session.recording


def test_a_discarded_take_is_brought_back_whole(
    qtbot: QtBot, window: CaptureWindow
) -> None:
    actions = window.actions_by_name
    assert not actions["discard"].isEnabled() and not actions["undo"].isEnabled()
    take = record(qtbot, window)
    actions["discard"].trigger()
    assert not take.path.exists()
    window.capture._slow_tick()
    assert not actions["discard"].isEnabled()
    actions["undo"].trigger()
    assert len(Recording(take.path)) == take.num_frames
    window.capture._slow_tick()
    assert actions["discard"].isEnabled() and not actions["undo"].isEnabled()


def test_all_folders_of_a_take_are_discarded_and_come_back(
    qtbot: QtBot, window: CaptureWindow
) -> None:
    first, second = record(qtbot, window), record(qtbot, window)
    takes = window.capture.takes
    takes._note_take(replace(second, earlier=(first,)))
    window.capture.takes.discard()
    assert not first.path.exists() and not second.path.exists()
    takes.bring_back()
    assert first.path.exists() and second.path.exists()


def test_a_countdown_begins_a_recording_and_its_key_stops_it(
    qtbot: QtBot, window: CaptureWindow
) -> None:
    now_s = [100.0]
    takes, countdown = window.capture.takes, window.actions_by_name["countdown"]
    takes._countdown._clock = lambda: now_s[0]
    countdown.trigger()
    window.capture._slow_tick()
    assert window.capture.frame_view._notice == "Recording in 3…"
    countdown.trigger()
    now_s[0] += 60.0
    window.capture._slow_tick()
    assert window.capture.session.recording is None
    countdown.trigger()
    now_s[0] += 2.9
    window.capture._slow_tick()
    assert window.capture.session.recording is None
    now_s[0] += 0.2
    window.capture._slow_tick()
    assert window.capture.session.recorder_state is RecorderState.RECORDING


def test_a_recording_that_begins_ends_the_countdown(
    qtbot: QtBot, window: CaptureWindow
) -> None:
    window.actions_by_name["countdown"].trigger()
    window.actions_by_name["record"].trigger()
    assert window.capture.takes.seconds_left is None


def test_a_snapshot_has_labels_in_the_photos_view_too(
    qtbot: QtBot, window: CaptureWindow, folders: Folders
) -> None:
    window.capture.show_view(View.COLOR)
    qtbot.waitUntil(lambda: window.capture._live.scene.newest is not None)
    qtbot.waitUntil(
        lambda: window.capture.frame_view.picture.settings.view is View.COLOR
    )
    window.actions_by_name["snapshot"].trigger()
    folder = folders.recordings / "snapshots" / "scene_001"
    qtbot.waitUntil(lambda: str(folder) in window.banner.text)
    assert {"color.png", "depth.png", "labels.png"} <= {
        p.name for p in folder.iterdir()
    }


def test_tags_of_the_bar_are_in_the_recording(
    qtbot: QtBot, window: CaptureWindow
) -> None:
    window.capture.record_bar.tag_field.set_tags(("kitchen", "at night"))
    take = record(qtbot, window)
    assert Recording(take.path).scene.tags == ("kitchen", "at night")


def test_a_camera_that_cannot_be_leaves_all_as_it_is(
    qtbot: QtBot, window: CaptureWindow
) -> None:
    session, panel = window.capture.session, window.capture.side_panel
    window.capture.open_sensor("missing")
    assert window.banner.text == "no camera is called missing; plug it in"
    assert window.capture.session is session and window.capture.side_panel is panel
    assert window.capture.setup == SessionSetup()
    assert session.source_state is SourceState.STREAMING


def test_other_bins_need_no_other_session(qtbot: QtBot, window: CaptureWindow) -> None:
    session, bins = window.capture.session, HNBins(height_edges=(0.4, 1.1))
    window.capture.apply_setup(replace(window.capture.setup, bins=bins))
    assert window.capture.session is session and window.capture.bins == bins
    assert window.capture.examiner.bins == bins


def test_while_a_recording_is_on_nothing_is_exchanged(
    qtbot: QtBot, window: CaptureWindow
) -> None:
    window.actions_by_name["record"].trigger()
    before = window.capture.session
    window.capture.open_sensor("another")
    assert window.banner.text == LOCKED and window.capture.session is before
    assert window.capture.session.recorder_state is RecorderState.RECORDING


def test_opening_the_camera_again_takes_its_problem_away(
    qtbot: QtBot, window: CaptureWindow
) -> None:
    window.show_problem("The camera is gone.", True)
    window.actions_by_name["restart"].trigger()
    assert not window.banner.isVisible()


def test_what_was_set_is_there_at_the_next_start(
    qtbot: QtBot, window: CaptureWindow, folders: Folders
) -> None:
    window.show_look("light")
    window.capture.show_view(View.DEPTH)
    window.capture.view_bar.show_opacity(23)
    window.actions_by_name["setup"].trigger()
    window.capture.record_bar.tag_field.set_tags(("hall",))
    window.close()
    again = open_window(qtbot, folders)
    try:
        assert again._look == "light"
        assert again.capture._settings.view is View.DEPTH
        assert again.capture._settings.opacity == pytest.approx(0.23)
        assert again.capture.setup_panel.isHidden()
        assert again.capture.record_bar.tag_field.remembered == ("hall",)
    finally:
        again.close()
        again.show_look("dark")


def test_presets_lie_beside_what_is_remembered(
    window: CaptureWindow, folders: Folders, tmp_path: Path
) -> None:
    assert window.capture._presets == tmp_path / "settings" / "presets.json"
    assert Folders(tmp_path).presets.is_absolute()  # never where one happens to be


def test_keys_do_what_the_page_that_is_shown_does(
    qtbot: QtBot, window: CaptureWindow
) -> None:
    record_key, play = (window.actions_by_name[name] for name in ("record", "play"))
    assert record_key.isEnabled() and not play.isEnabled()
    window.show_page(Place.LIBRARY)
    assert not record_key.isEnabled()
    window.capture._slow_tick()  # which allows what the camera can do
    assert not record_key.isEnabled()
    window.show_page(Place.CAPTURE)
    assert record_key.isEnabled() and not play.isEnabled()


def test_a_fault_in_a_thread_that_nobody_watches_is_a_banner(
    qtbot: QtBot, window: CaptureWindow
) -> None:
    def fail() -> None:
        raise ZeroDivisionError("oops")

    before = threading.excepthook
    threading.excepthook = _show_exceptions_of_threads(window)
    try:
        thread = threading.Thread(target=fail, name="odd one")
        thread.start()
        thread.join()
    finally:
        threading.excepthook = before
    qtbot.waitUntil(lambda: "odd one (ZeroDivisionError: oops)" in window.banner.text)
    assert QApplication.instance() is not None
