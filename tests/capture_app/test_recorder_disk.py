"""The recorder and the room on its disk: a warning, a clean end, a refusal."""

import logging
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from scripted import FPS, ScriptedSensor, make_frame, wait_until

from capture_app.engine import recorder
from capture_app.engine.recorder import Recorder, RecordingPlan
from capture_app.engine.session import CaptureSession
from capture_app.engine.states import RecorderState, SourceState
from core.errors import RecordingError
from core.frame import RgbdFrame
from core.recording import Recording, RecordingWriter

pytestmark = pytest.mark.usefixtures("no_thread_is_left")


class Disk:
    """What the recorder is told of its disk."""

    def __init__(self) -> None:
        self.free, self.written = 5 * 10**9, 10**6
        self.asked_by: list[str] = []

    def free_bytes(self, path: Path) -> int:
        """What is left."""
        self.asked_by.append(threading.current_thread().name)
        return self.free


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    """A disk that is looked at before every frame."""
    disk = Disk()
    monkeypatch.setattr(recorder, "free_bytes", disk.free_bytes)
    monkeypatch.setattr(recorder, "_size_on_disk", lambda path: disk.written)
    monkeypatch.setattr(recorder, "LOOK_PERIOD_S", 0.0)
    return disk


def test_a_disk_that_fills_up_ends_the_recording_with_all_it_has(
    tmp_path: Path, disk: Disk
) -> None:
    path = tmp_path / "kitchen"
    sensor = ScriptedSensor([make_frame(n) for n in range(50)], is_stepped=True)
    with CaptureSession(sensor) as session:
        session.start(record=RecordingPlan(path))
        sensor.step(20)
        wait_until(lambda: session.recording and session.recording.num_frames == 20)
        disk.free = 870_000_000
        sensor.step(20)
        wait_until(lambda: session.recorder_state is RecorderState.OFF)
        wait_until(lambda: session.stats().num_frames == 40)
        assert session.source_state is SourceState.STREAMING
        (problem,) = session.take_problems()
        with pytest.raises(RecordingError, match="870 MB left"):
            session.start_recording(RecordingPlan(tmp_path / "next"))
        assert not (tmp_path / "next").exists()
    recording = Recording(path)
    num_frames = len(recording)
    assert problem.message == (
        f"The recording ended after {num_frames} frames, which are saved in {path}: "
        "its disk has 870 MB left and a recording leaves 1.0 GB free; make room, "
        "record elsewhere or lower --min-free-gb."
    )
    # What was taken while the disk was looked at is written too.
    assert [frame.number for frame in recording] == list(range(num_frames))
    assert 21 <= num_frames <= 40 and recording.scene.dropped == ()


def test_of_a_disk_that_is_soon_full_a_recording_warns_once_and_goes_on(
    tmp_path: Path, disk: Disk, may_write: threading.Event
) -> None:
    disk.written = 60_000_000
    sensor = ScriptedSensor([make_frame(n) for n in range(99)], is_stepped=True)
    with CaptureSession(sensor) as session:
        session.start(record=RecordingPlan(tmp_path / "kitchen"))
        sensor.step()
        wait_until(lambda: "recorder" in disk.asked_by)
        sensor.step(89)
        wait_until(lambda: session.stats().num_frames == 90)
        may_write.set()
        wait_until(lambda: session.recording and session.recording.num_frames == 90)
        # 60 MB in 3 s, and 4 GB down to the floor.
        assert session.recording.seconds_left == pytest.approx(200)
        assert session.recording.free_bytes == 5 * 10**9
        assert session.recorder_state is RecorderState.RECORDING
        (problem,) = session.take_problems()
        session.stop_recording()
        assert session.take_problems() == []
    assert problem.is_warning and not problem.can_retry
    assert problem.message == (
        f"The disk of {tmp_path / 'kitchen'} is full in 3 min; the recording ends then "
        "and is saved: make room, or end it earlier."
    )


def test_while_there_is_time_nothing_is_said_of_the_disk(
    tmp_path: Path, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    take = Recorder(RecordingPlan(tmp_path / "kitchen"), "", FPS, lambda _: None)
    for number in range(90):
        take.offer(make_frame(number))
    summary = take.stop()
    assert summary.seconds_left == pytest.approx(12_000) and summary.error is None
    assert not caplog.records


def test_the_disk_is_looked_at_once_a_second_and_not_by_the_camera(
    tmp_path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "LOOK_PERIOD_S", 1.0)
    now = [100.0]
    monkeypatch.setattr(recorder, "time", SimpleNamespace(monotonic=lambda: now[0]))
    take = Recorder(RecordingPlan(tmp_path / "kitchen"), "", FPS, lambda _: None)
    assert len(disk.asked_by) == 1  # whether there is room at all
    for number in range(40):
        now[0] = 100 + number // 10 / 2  # ten frames every half second
        take.offer(make_frame(number))
        wait_until(lambda: take.summary().queued_bytes == 0)
    take.stop()
    assert disk.asked_by[1:] == ["recorder"] * 2


def test_without_a_floor_the_last_byte_may_be_used(tmp_path: Path, disk: Disk) -> None:
    disk.free = 0
    with pytest.raises(RecordingError, match=r"^nothing can be recorded into .* 0 MB"):
        Recorder(RecordingPlan(tmp_path / "a"), "", FPS, lambda _: None)
    assert not (tmp_path / "a").exists()
    plan = RecordingPlan(tmp_path / "a", min_free_bytes=0)
    take = Recorder(plan, "", FPS, lambda _: None)
    take.offer(make_frame(0))
    assert take.stop().num_frames == len(Recording(tmp_path / "a")) == 1


def test_a_disk_that_is_full_before_the_first_frame_has_saved_nothing_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full_disk(self: RecordingWriter, frame: RgbdFrame) -> None:
        raise RecordingError("the disk is full; make room")

    monkeypatch.setattr(RecordingWriter, "write", full_disk)
    sensor = ScriptedSensor([make_frame(0)], is_stepped=True)
    with CaptureSession(sensor) as session, caplog.at_level(logging.CRITICAL):
        session.start(record=RecordingPlan(tmp_path / "kitchen"))
        wait_until(lambda: session.recorder_state is RecorderState.RECORDING)
        sensor.step()
        wait_until(lambda: session.recorder_state is RecorderState.OFF)
        (problem,) = session.take_problems()
    assert problem.message == (
        "The recording ended before its first frame: the disk is full; make room."
    )
    assert not (tmp_path / "kitchen").exists()
