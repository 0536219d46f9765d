"""The window while its camera is lost."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from closing import close
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot
from scripted import RunningSensor, label_all

from capture_app.engine import session
from capture_app.engine.live import LiveView
from capture_app.engine.session import CaptureSession
from capture_app.engine.states import RecorderState, SourceState
from capture_app.sensors.failures import unplugged
from capture_app.ui.notice import notice
from capture_app.ui.theme import apply_theme
from capture_app.ui.window import CaptureWindow, Folders
from core.bins import HNBins
from core.recording import Recording


@pytest.fixture
def sensor() -> RunningSensor:
    sensor = RunningSensor()
    sensor.loss = unplugged("RealSense")
    return sensor


@pytest.fixture
def window(
    qtbot: QtBot,
    qapp: QApplication,
    sensor: RunningSensor,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[CaptureWindow]:
    monkeypatch.setattr(session, "FIRST_PAUSE_S", 0.05)
    monkeypatch.setattr(session, "LONGEST_PAUSE_S", 0.05)
    apply_theme(qapp)
    before = set(threading.enumerate())
    window = CaptureWindow(
        lambda _: CaptureSession(sensor, LiveView(label_all, HNBins())),
        Folders(tmp_path),
    )
    window.show()
    qtbot.waitUntil(
        lambda: window.capture.session.source_state is SourceState.STREAMING
    )
    window.capture.toggle_recording()
    qtbot.waitUntil(lambda: window.capture.session.recording.num_frames >= 3)
    sensor.is_lost = True
    qtbot.waitUntil(
        lambda: window.capture.session.recorder_state is RecorderState.WAITING
    )
    qtbot.waitUntil(window.banner.isVisible)
    window.capture._slow_tick()
    yield window
    close(window)
    assert set(threading.enumerate()) == before


def texts(window: CaptureWindow) -> str:
    labels = window.capture.status_line.findChildren(QLabel)
    return " ".join(label.text() for label in labels)


def test_a_lost_camera_is_said_and_the_take_goes_on_when_it_is_back(
    qtbot: QtBot, window: CaptureWindow, sensor: RunningSensor, tmp_path: Path
) -> None:
    record = window.actions_by_name["record"]
    assert "(reconnecting)" in texts(window)
    words, _ = notice(window.capture.session, window.capture.session.live, None)
    assert words == "The camera is lost. Waiting for it to come back…"
    assert "The RealSense camera was unplugged; plug it in again" in window.banner.text
    assert record.isEnabled() and record.isChecked() and "Stop" in record.text()
    assert not window.capture.record_bar.scene.isEnabled()
    sensor.is_lost = False
    qtbot.waitUntil(
        lambda: window.capture.session.recorder_state is RecorderState.RECORDING
    )
    second = tmp_path / "scene_001-2"
    qtbot.waitUntil(lambda: f"goes on in {second}" in window.banner.text)
    qtbot.waitUntil(lambda: window.capture.session.recording.num_frames >= 3)
    with qtbot.waitSignal(window.capture.recorded):
        record.trigger()
    assert len(Recording(tmp_path / "scene_001")) >= 3
    assert len(Recording(second)) >= 3
    shown = [
        label.toolTip() for label in window.capture.record_bar.findChildren(QLabel)
    ]
    assert any(f"{tmp_path / 'scene_001'}, {second}" in text for text in shown)
    assert window.capture.record_bar.scene.text() == "scene_002"


def test_stop_ends_the_take_that_waits(
    qtbot: QtBot, window: CaptureWindow, sensor: RunningSensor, tmp_path: Path
) -> None:
    with qtbot.waitSignal(window.capture.recorded):
        window.actions_by_name["record"].trigger()
    sensor.is_lost = False
    qtbot.waitUntil(
        lambda: window.capture.session.source_state is SourceState.STREAMING
    )
    assert window.capture.session.recorder_state is RecorderState.OFF
    assert [path.name for path in tmp_path.iterdir()] == ["scene_001"]
