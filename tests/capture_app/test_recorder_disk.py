"""The recorder and the room on its disk: a warning, a clean end, a refusal."""

import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from scripted import FPS, ScriptedSensor, make_frame, wait_until

from capture_app.engine import disk_space, recorder
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
        # 60 MB in the first 89 of 90 frames, and 4 GB down to the floor.
        assert session.recording.seconds_left == pytest.approx(200 * 89 / 90)
        assert session.recording.free_bytes == 5 * 10**9
        assert session.recorder_state is RecorderState.RECORDING
        (problem,) = session.take_problems()
        session.stop_recording()
        assert session.take_problems() == []
    assert problem.is_warning and not problem.can_retry
    assert problem.message == (
        f"In 2 min the disk of {tmp_path / 'kitchen'} is down to the 1.0 GB that a "
        "recording leaves free; it ends then and is saved: make room, or end it "
        "earlier."  # the first rate is that of 60 frames, 60 MB in 2 s
    )


def test_what_waits_for_a_slow_disk_does_not_make_its_room_last_longer(
    tmp_path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    stalled, may_go_on = threading.Event(), threading.Event()
    real_write, looks = RecordingWriter.write, []

    def write(self: RecordingWriter, frame: RgbdFrame) -> None:
        looks.append(take.summary().seconds_left)
        if frame.number == 65:
            stalled.set()
            may_go_on.wait(5.0)
        real_write(self, frame)

    monkeypatch.setattr(RecordingWriter, "write", write)
    disk.written = 80_000_000
    take = Recorder(RecordingPlan(tmp_path / "kitchen"), "", FPS, lambda _: None)
    for number in range(66):
        take.offer(make_frame(number))
    assert stalled.wait(5.0)
    for number in range(66, 300):
        take.offer(make_frame(number))
    may_go_on.set()
    take.stop()
    # 66 of 300 frames are 2.2 s; 80 MB in these, and 4 GB down to the floor.
    assert looks[66] == pytest.approx(110)


@pytest.mark.parametrize(("room_s", "num_warnings"), [(299, 1), (301, 0)])
def test_five_minutes_before_the_end_is_time_for_a_warning(
    room_s: int,
    num_warnings: int,
    tmp_path: Path,
    disk: Disk,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(disk_space, "_SETTLED_S", 2.02)
    disk.free = 10**9 + room_s * 10**6
    disk.written = 2_033_333
    warnings: list[str] = []
    plan = RecordingPlan(tmp_path / "kitchen")
    take = Recorder(plan, "", FPS, lambda _: None, warnings.append)
    for number in range(62):  # before the last 61 are written, which are 2.033 s
        take.offer(make_frame(number))
        wait_until(lambda: take.summary().queued_bytes == 0)
    assert take.stop().seconds_left == pytest.approx(room_s)
    assert len(warnings) == num_warnings


def test_a_disk_that_cannot_be_looked_at_costs_no_frame(
    tmp_path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    take = Recorder(RecordingPlan(tmp_path / "kitchen"), "", FPS, lambda _: None)
    take.offer(make_frame(0))
    wait_until(lambda: take.summary().num_frames == 1)

    def stale(path: Path) -> int:
        raise OSError(116, "Stale file handle", str(path))

    monkeypatch.setattr(recorder, "free_bytes", stale)
    take.offer(make_frame(1))
    summary = take.stop()
    assert (summary.num_frames, summary.error) == (2, None)
    assert summary.free_bytes == 5 * 10**9  # as of the last look


def test_while_there_is_time_nothing_is_said_of_the_disk(
    tmp_path: Path, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    take = Recorder(RecordingPlan(tmp_path / "kitchen"), "", FPS, lambda _: None)
    for number in range(90):
        take.offer(make_frame(number))
    summary = take.stop()
    # 1 MB in 3 s at most.
    assert summary.seconds_left is not None and summary.seconds_left <= 12_000
    assert summary.error is None
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
    with CaptureSession(sensor) as session:
        session.start(record=RecordingPlan(tmp_path / "kitchen"))
        wait_until(lambda: session.recorder_state is RecorderState.RECORDING)
        sensor.step()
        wait_until(lambda: session.recorder_state is RecorderState.OFF)
        (problem,) = session.take_problems()
    assert problem.message == (
        "The recording ended before its first frame: the disk is full; make room."
    )
    assert not caplog.records  # it is told, and no fault of ours
    assert not (tmp_path / "kitchen").exists()
