"""The recorder: every frame in order, or counted; how long a take is."""

import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scripted import FPS, HEIGHT, WIDTH, ScriptedSensor, make_frame, wait_until

from capture_app.engine import recorder
from capture_app.engine.recorder import Recorder, RecordingPlan
from capture_app.engine.session import CaptureSession
from capture_app.engine.states import RecorderState, SourceState
from core.errors import RecordingError
from core.frame import Intrinsics, RgbdFrame
from core.recording import Recording, RecordingWriter

pytestmark = pytest.mark.usefixtures("no_thread_is_left")


def test_a_recording_holds_every_frame_from_the_first_on(tmp_path: Path) -> None:
    sensor = ScriptedSensor([*(make_frame(n) for n in range(40)), None])
    path = tmp_path / "kitchen"
    with CaptureSession(sensor) as session:
        session.start(record=RecordingPlan(path, tags=("a",), notes="b"))
        wait_until(lambda: session.source_state is SourceState.ENDED)
        summary = session.recording
        assert session.recorder_state is RecorderState.OFF
    assert summary is not None
    assert (summary.num_frames, summary.num_dropped) == (40, 0)
    assert summary.seconds == pytest.approx(40 / FPS, abs=1e-3)
    assert not sensor.is_open
    with Recording(path) as recording:
        assert [frame.number for frame in recording] == list(range(40))
        np.testing.assert_array_equal(recording[7].depth, make_frame(7).depth)
        assert (recording.scene.tags, recording.scene.notes) == (("a",), "b")


@pytest.mark.parametrize(("seconds", "expected"), [(0.5, 15), (1.0, 30), (0.01, 0)])
def test_a_recording_lasts_as_long_as_asked(
    seconds: float, expected: int, tmp_path: Path
) -> None:
    sensor = ScriptedSensor([*(make_frame(n) for n in range(3, 63)), None])
    with CaptureSession(sensor) as session:
        session.start(record=RecordingPlan(tmp_path / "kitchen", seconds))
        wait_until(lambda: session.source_state is SourceState.ENDED)
        assert session.recording is not None
        assert session.recording.num_frames == expected
        assert session.recorder_state is RecorderState.OFF
    assert (tmp_path / "kitchen").exists() == (expected > 0)


def test_frames_that_the_camera_lost_are_counted_with_their_numbers(
    tmp_path: Path,
) -> None:
    numbers = [5, 6, 9, 10]
    sensor = ScriptedSensor([*(make_frame(n) for n in numbers), None])
    with CaptureSession(sensor) as session:
        session.start(record=RecordingPlan(tmp_path / "kitchen"))
        wait_until(lambda: session.source_state is SourceState.ENDED)
        assert session.stats().num_lost == 2
    assert Recording(tmp_path / "kitchen").scene.dropped == (7, 8)


def test_a_slow_disk_drops_frames_and_says_which(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, may_write: threading.Event
) -> None:
    monkeypatch.setattr(recorder, "QUEUE_BYTES", 60 * 5 * HEIGHT * WIDTH + 7)
    sensor = ScriptedSensor([make_frame(n) for n in range(90)], is_stepped=True)
    with CaptureSession(sensor) as session:
        session.start(record=RecordingPlan(tmp_path / "kitchen"))
        start = time.monotonic()
        sensor.step(90)
        wait_until(lambda: session.stats().num_frames == 90)
        assert time.monotonic() - start < 1.0, "the camera waited for the disk"
        may_write.set()
        session.stop_recording()
        sensor.step()
        wait_until(lambda: session.source_state is SourceState.FAILED)
    with Recording(tmp_path / "kitchen") as recording:
        assert [frame.number for frame in recording] == list(range(60))
        assert recording.scene.dropped == tuple(range(60, 90))


def test_eleven_seconds_of_640x480_may_wait_for_the_disk_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_fail = threading.Event()

    def fail(self: RecordingWriter, frame: RgbdFrame) -> None:
        may_fail.wait(5.0)
        raise RecordingError("the disk is gone")

    monkeypatch.setattr(RecordingWriter, "write", fail)
    monkeypatch.setattr(recorder.logger, "disabled", True)
    rgb, depth = np.zeros((480, 640, 3), np.uint8), np.ones((480, 640), np.uint16)
    camera = Intrinsics(640, 480, 600.0, 601.0, 322.0, 244.0)
    first = RgbdFrame.aligned(rgb, depth, camera, 0.001)
    take = Recorder(RecordingPlan(tmp_path / "kitchen"), "", FPS, lambda _: None)
    for number in range(340):
        take.offer(replace(first, number=number, timestamp_ns=number * 10**9 // FPS))
    waiting = take.summary()
    may_fail.set()
    end = take.stop()
    # 5 bytes a pixel: 333 frames are 511.5 MB.
    assert (waiting.queued_bytes, waiting.num_dropped) == (333 * 5 * 640 * 480, 7)
    assert (end.queued_bytes, end.num_dropped) == (0, 340)


def test_asking_how_a_recording_goes_does_not_hold_up_the_camera(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks, may_look = threading.Event(), threading.Event()

    def slow_size(path: Path) -> int:
        looks.set()
        may_look.wait(5.0)
        return 7

    monkeypatch.setattr(recorder, "_size_on_disk", slow_size)
    take = Recorder(RecordingPlan(tmp_path / "kitchen"), "", FPS, lambda _: None)
    asker = threading.Thread(target=take.summary)
    asker.start()
    assert looks.wait(5.0)
    camera = threading.Thread(target=take.offer, args=(make_frame(0),))
    camera.start()
    camera.join(1.0)
    was_held_up = camera.is_alive()
    may_look.set()
    for thread in (asker, camera):
        thread.join()
    assert (take.stop().num_frames, take.summary().size_bytes) == (1, 7)
    assert not was_held_up


def test_the_size_is_that_of_the_files(tmp_path: Path) -> None:
    sensor = ScriptedSensor([*(make_frame(n) for n in range(5)), None])
    with CaptureSession(sensor) as session:
        session.start(record=RecordingPlan(tmp_path / "kitchen"))
        wait_until(lambda: session.source_state is SourceState.ENDED)
        assert session.recording is not None
        sizes = [file.stat().st_size for file in (tmp_path / "kitchen").iterdir()]
        assert session.recording.size_bytes == sum(sizes) > 0


@pytest.mark.parametrize("seconds", [None, 5 / FPS])
def test_a_recording_is_finished_while_nobody_waits_or_while_somebody_does(
    seconds: float | None, tmp_path: Path, may_write: threading.Event
) -> None:
    sensor = ScriptedSensor([make_frame(n) for n in range(20)], is_stepped=True)
    path = tmp_path / "kitchen"
    with CaptureSession(sensor) as session:
        session.start(record=RecordingPlan(path, seconds))
        sensor.step(5 if seconds is None else 6)  # the sixth comes too late
        wait_until(lambda: session.recording and session.recording.seconds > 4.5 / FPS)
        start = time.monotonic()
        if seconds is None:
            session.request_stop()
        wait_until(lambda: session.recorder_state is RecorderState.FINALISING)
        with pytest.raises(RecordingError, match="still being saved"):
            session.start_recording(RecordingPlan(tmp_path / "next"))
        session.request_stop()
        assert time.monotonic() - start < 1.0, "it waited for the disk"
        sensor.step(2)
        wait_until(lambda: session.stats().num_frames >= 7)
        assert session.recorder_state is RecorderState.FINALISING
        release = threading.Timer(0.2, may_write.set)
        release.start()
        summary = session.stop_recording()
        assert session.recorder_state is RecorderState.OFF
        assert session.stop_recording() is None
    assert summary is not None and summary.num_frames == 5
    assert [frame.number for frame in Recording(path)] == [0, 1, 2, 3, 4]
    assert not (tmp_path / "next").exists()
    release.join()


@pytest.mark.parametrize("jump_s", [3600.0, -3600.0, 0.0])
def test_a_clock_that_jumps_neither_ends_a_take_nor_makes_it_longer(
    jump_s: float, tmp_path: Path
) -> None:
    script = []
    for number in range(60):
        frame = make_frame(number)
        time_ns = 2 * 10**13 + frame.timestamp_ns + (number >= 5) * int(jump_s * 1e9)
        script.append(replace(frame, timestamp_ns=time_ns))
    path = tmp_path / "kitchen"
    with CaptureSession(ScriptedSensor([*script, None])) as session:
        session.start(record=RecordingPlan(path, seconds=0.5))
        wait_until(lambda: session.source_state is SourceState.ENDED)
        assert session.recording is not None
        assert session.recording.seconds == pytest.approx(0.5, abs=1e-3)
    written = [(frame.number, frame.timestamp_ns) for frame in Recording(path)]
    assert written == [(frame.number, frame.timestamp_ns) for frame in script[:15]]


def test_a_camera_that_pauses_for_three_seconds_has_taken_three_seconds(
    tmp_path: Path,
) -> None:
    take = Recorder(RecordingPlan(tmp_path / "kitchen", 4.0), "", FPS, lambda _: None)
    for number in (0, 1, 91, 92, 300):
        take.offer(make_frame(number))
    summary = take.stop()
    assert summary.seconds == pytest.approx(93 / 30) and summary.num_frames == 4
