"""The session: what happens when the camera is lost, or when it cannot record."""

import logging
import threading
from pathlib import Path

import pytest
from scripted import ScriptedSensor, label_all, make_frame, wait_until

from capture_app.engine import recorder
from capture_app.engine.live import LiveView
from capture_app.engine.recorder import RecordingPlan
from capture_app.engine.session import CaptureSession
from capture_app.engine.states import RecorderState, SourceState
from core.bins import HNBins
from core.errors import RecordingError, SensorError
from core.frame import RgbdFrame
from core.recording import Recording

pytestmark = pytest.mark.usefixtures("no_thread_is_left")


def test_an_unplugged_camera_leaves_a_whole_recording_and_says_so(
    tmp_path: Path,
) -> None:
    lost = SensorError("the camera was lost: plug it in again")
    sensor = ScriptedSensor([make_frame(0), make_frame(1), lost])
    path = tmp_path / "kitchen"
    with CaptureSession(sensor) as session:
        session.start(record=RecordingPlan(path))
        wait_until(lambda: session.source_state is SourceState.FAILED)
        (problem,) = session.take_problems()
        assert problem.message.startswith("The camera was lost: plug it in again.")
        assert f"2 frames in {path}" in problem.message
        assert problem.can_retry
        assert session.take_problems() == []
        assert len(Recording(path)) == 2
        session.start()  # and it can be opened again
        wait_until(lambda: session.source_state is SourceState.FAILED)
        assert sensor.num_opened == 2


def test_a_camera_lost_before_its_first_frame_has_saved_nothing_and_says_so(
    tmp_path: Path,
) -> None:
    sensor = ScriptedSensor([SensorError("the camera was lost: plug it in again")])
    with CaptureSession(sensor) as session:
        session.start(record=RecordingPlan(tmp_path / "kitchen"))
        wait_until(lambda: session.source_state is SourceState.FAILED)
        (problem,) = session.take_problems()
    assert problem.message == "The camera was lost: plug it in again."
    assert not (tmp_path / "kitchen").exists()


def test_a_camera_that_does_not_open_fails_with_its_own_words() -> None:
    sensor = ScriptedSensor([])
    sensor.fail_to_open = SensorError("no camera is connected")
    with CaptureSession(sensor) as session:
        session.start()
        wait_until(lambda: session.source_state is SourceState.FAILED)
        assert session.take_problems()[0].message == "No camera is connected."


def test_a_fault_in_a_sensor_is_a_problem_not_a_crash(
    caplog: pytest.LogCaptureFixture,
) -> None:
    sensor = ScriptedSensor([make_frame(0), ZeroDivisionError("oops")])
    with CaptureSession(sensor) as session, caplog.at_level(logging.CRITICAL):
        session.start()
        wait_until(lambda: session.source_state is SourceState.FAILED)
        assert "ZeroDivisionError: oops" in session.take_problems()[0].message


def test_an_existing_recording_is_not_touched(tmp_path: Path) -> None:
    sensor = ScriptedSensor([make_frame(0), None])
    path = tmp_path / "kitchen"
    with CaptureSession(sensor) as session:
        session.start(record=RecordingPlan(path))
        wait_until(lambda: session.source_state is SourceState.ENDED)
    before = {file: file.read_bytes() for file in path.iterdir()}
    stepped = ScriptedSensor([make_frame(5)], is_stepped=True)
    with CaptureSession(stepped) as session:
        session.start()
        wait_until(lambda: session.source_state is SourceState.STREAMING)
        with pytest.raises(RecordingError, match="already"):
            session.start_recording(RecordingPlan(path))
        assert session.recorder_state is RecorderState.OFF
    assert {file: file.read_bytes() for file in path.iterdir()} == before


def test_a_second_recording_waits_for_the_first(tmp_path: Path) -> None:
    sensor = ScriptedSensor([make_frame(0)], is_stepped=True)
    with CaptureSession(sensor) as session:
        with pytest.raises(RecordingError, match="the camera is idle"):
            session.start_recording(RecordingPlan(tmp_path / "early"))
        session.start()
        wait_until(lambda: session.source_state is SourceState.STREAMING)
        session.start_recording(RecordingPlan(tmp_path / "first"))
        with pytest.raises(RecordingError, match="running already"):
            session.start_recording(RecordingPlan(tmp_path / "second"))
        session.stop_recording()
        assert session.stop_recording() is None
    assert not (tmp_path / "early").exists()
    assert not (tmp_path / "second").exists()


def test_labels_and_pictures_yield_to_a_recording_that_falls_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, may_write: threading.Event
) -> None:
    class Shown(LiveView):
        """A live view that only notes what it is shown."""

        def __init__(self) -> None:
            super().__init__(label_all, HNBins())
            self.numbers: list[int] = []

        def offer(self, frame: RgbdFrame) -> None:
            self.numbers.append(frame.number)

    frame = make_frame(0)
    num_bytes = frame.rgb.nbytes + frame.depth.nbytes
    monkeypatch.setattr(recorder, "QUEUE_BYTES", 8 * num_bytes)
    sensor = ScriptedSensor([make_frame(n) for n in range(20)], is_stepped=True)
    live = Shown()
    with CaptureSession(sensor, live) as session:
        session.start(record=RecordingPlan(tmp_path / "kitchen"))

        def see(count: int) -> None:
            seen = session.stats().num_frames + count
            sensor.step(count)
            wait_until(lambda: session.stats().num_frames == seen)

        see(7)
        wait_until(lambda: live.numbers)
        assert live.numbers == [0, 1, 2, 3]
        may_write.set()
        wait_until(lambda: session.recording and not session.recording.queued_bytes)
        see(2)
        wait_until(lambda: live.numbers[4:] == [7, 8])
        session.stop_recording()
        warnings = [p.message for p in session.take_problems() if p.is_warning]
    assert [text for text in warnings if "waits for the disk" in text] == warnings
    assert len(warnings) == 1
    with Recording(tmp_path / "kitchen") as recording:
        assert [frame.number for frame in recording] == list(range(9))
