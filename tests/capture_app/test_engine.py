"""The session, the live view and the recorder, with a scripted camera."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from scripted import FPS, HEIGHT, WIDTH, ScriptedSensor, label_all, make_frame

from capture_app.engine import recorder
from capture_app.engine.live import LiveView
from capture_app.engine.mailbox import Mailbox
from capture_app.engine.naming import next_free
from capture_app.engine.picture import Picture, View, ViewSettings, horizon
from capture_app.engine.recorder import Recorder, RecordingPlan
from capture_app.engine.session import CaptureSession
from capture_app.engine.states import RecorderState, SourceState
from core.bins import HNBins
from core.errors import RecordingError, SensorError
from core.frame import Intrinsics, RgbdFrame
from core.geometry import project
from core.hn_labels import HNLabels
from core.overlay import class_palette
from core.recording import Recording, RecordingWriter


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    left = set(threading.enumerate()) - before
    assert not left, f"threads still running: {left}"


def wait_until(is_true: Callable[[], object], timeout_s: float = 5.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not is_true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.002)


def test_a_mailbox_keeps_the_newest_item() -> None:
    box: Mailbox[int] = Mailbox()
    assert box.take() is None
    box.put(1)
    box.put(2)
    assert box.take() == 2
    assert box.take() is None
    box.close()
    assert box.wait() is None


def test_a_closed_mailbox_wakes_who_waits() -> None:
    box: Mailbox[int] = Mailbox()
    waiter = threading.Thread(target=box.wait)
    waiter.start()
    box.close()
    waiter.join(2.0)
    assert not waiter.is_alive()


def test_names_count_up_to_the_first_free_one(tmp_path: Path) -> None:
    (tmp_path / "kitchen_001").mkdir()
    (tmp_path / "kitchen_002").mkdir()
    assert next_free(tmp_path, "kitchen") == tmp_path / "kitchen_003"
    assert next_free(tmp_path, "kitchen_002") == tmp_path / "kitchen_003"
    assert next_free(tmp_path, "../etc/pass wd") == tmp_path / "etc_pass_wd_001"
    assert next_free(tmp_path, " ") == tmp_path / "scene_001"


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
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    num_frames = recorder.QUEUE_LENGTH + 30
    may_write = threading.Event()
    real_write = RecordingWriter.write

    def slow_write(self: RecordingWriter, frame: RgbdFrame) -> None:
        may_write.wait(5.0)
        real_write(self, frame)

    monkeypatch.setattr(RecordingWriter, "write", slow_write)
    sensor = ScriptedSensor([make_frame(n) for n in range(num_frames)], is_stepped=True)
    with CaptureSession(sensor) as session:
        session.start(record=RecordingPlan(tmp_path / "kitchen"))
        start = time.monotonic()
        sensor.step(num_frames)
        wait_until(lambda: session.stats().num_frames == num_frames)
        assert time.monotonic() - start < 1.0, "the camera waited for the disk"
        may_write.set()
        session.stop_recording()
        sensor.step()
        wait_until(lambda: session.source_state is SourceState.FAILED)
    with Recording(tmp_path / "kitchen") as recording:
        written = [frame.number for frame in recording]
        dropped = recording.scene.dropped
    assert len(dropped) == 30
    assert sorted([*written, *dropped]) == list(range(num_frames))


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
    seconds: float | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_write = threading.Event()
    real_write = RecordingWriter.write

    def slow_write(self: RecordingWriter, frame: RgbdFrame) -> None:
        may_write.wait(5.0)
        real_write(self, frame)

    monkeypatch.setattr(RecordingWriter, "write", slow_write)
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


def test_a_disk_that_fills_up_ends_the_recording_with_what_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    free = [10**9]
    usage = recorder.shutil._ntuple_diskusage
    monkeypatch.setattr(
        recorder.shutil, "disk_usage", lambda _: usage(10**10, 9 * 10**9, free[0])
    )
    path = tmp_path / "kitchen"
    frames = [make_frame(n) for n in range(50)]
    sensor = ScriptedSensor(frames, is_stepped=True)
    with CaptureSession(sensor) as session, caplog.at_level(logging.CRITICAL):
        session.start(record=RecordingPlan(path))
        sensor.step(20)
        wait_until(lambda: session.recording and session.recording.num_frames == 20)
        free[0] = 10**6
        sensor.step(20)
        wait_until(lambda: session.recorder_state is RecorderState.OFF)
        (problem,) = session.take_problems()
        assert session.source_state is SourceState.STREAMING
        with pytest.raises(RecordingError, match="1 MB left"):
            session.start_recording(RecordingPlan(tmp_path / "next"))
        assert not (tmp_path / "next").exists()
    assert "ended after 30 frames" in problem.message
    assert "1 MB left" in problem.message
    recording = Recording(path)
    assert len(recording) == 30
    assert recording.scene.num_dropped == 10


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


def picture_of(live: LiveView) -> Picture:
    wait_until(lambda: live.pictures._item is not None)
    picture = live.pictures.take()
    assert picture is not None
    return picture


def picture_with(live: LiveView, is_it: Callable[[Picture], object]) -> Picture:
    """The first picture of which `is_it` is true."""
    while not is_it(picture := picture_of(live)):
        pass
    return picture


@pytest.fixture
def live() -> Iterator[LiveView]:
    live = LiveView(label_all, HNBins())
    yield live
    live.close()
    live.close()


def red_of(picture: Picture) -> np.ndarray:
    return (picture.pixels >> 16) & 0xFF


def test_the_overlay_is_as_strong_as_asked(live: LiveView) -> None:
    palette = class_palette(HNBins())
    live.offer(make_frame(0))
    wait_until(lambda: not live.is_preparing)
    for opacity in (0.25, 0.75):
        live.show(ViewSettings(opacity=opacity))
        wait_until(lambda opacity=opacity: picture_of(live).settings.opacity == opacity)
    live.show(ViewSettings(opacity=0.75))
    picture = picture_of(live)
    assert picture.pixels[5, 20] >> 24 == 0xFF
    assert red_of(picture)[5, 3] == 90  # no depth, so the photo
    for column, label in ((20, 3), (50, 12)):
        expected = 0.25 * 90 + 0.75 * palette[label, 0]
        assert red_of(picture)[5, column] == pytest.approx(expected, abs=1.5)
    assert picture.shares[3] == pytest.approx(25 / 57)
    assert picture.layers.floor is not None


def test_depth_and_colour_show_no_classes(live: LiveView) -> None:
    live.show(ViewSettings(View.COLOR))
    live.offer(make_frame(0, bright=200))
    picture = picture_of(live)
    assert (red_of(picture) == 200).all() and not picture.has_classes
    live.show(ViewSettings(View.DEPTH))
    picture = picture_of(live)
    assert (picture.pixels[:, :7] == 0xFF000000).all()  # missing depth is black
    assert (picture.pixels[:, 7:] != 0xFF000000).all()


@pytest.mark.parametrize("size", [(640, 300), (100, 480), (32, 24)])
def test_a_picture_fills_its_place_and_keeps_its_shape(
    size: tuple[int, int], live: LiveView
) -> None:
    live.show(ViewSettings(View.COLOR, size=size))
    live.offer(make_frame(0))
    height, width = picture_of(live).pixels.shape
    assert (width == size[0]) or (height == size[1])
    assert width <= size[0] and height <= size[1]
    assert width / height == pytest.approx(WIDTH / HEIGHT, rel=0.02)


def test_a_fault_in_the_labels_leaves_the_photo_and_a_problem(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(frame: RgbdFrame) -> None:
        raise ZeroDivisionError("oops")

    live = LiveView(fail, HNBins())
    with caplog.at_level(logging.CRITICAL):
        live.offer(make_frame(0))
        wait_until(lambda: live._label.has_failed)
        live.offer(make_frame(1))
        picture = picture_with(live, lambda p: p.layers.frame.number == 1)
    (problem,) = live.problems.take()
    live.close()
    assert not picture.has_classes and not live.is_preparing
    assert "labels thread stopped (ZeroDivisionError: oops)" in problem.message
    assert not live.lacks_floor(picture)


def test_frames_without_floor_are_shown_and_named(tmp_path: Path) -> None:
    live = LiveView(lambda frame: None, HNBins())
    live.offer(make_frame(0))
    picture = picture_with(live, live.lacks_floor)
    live.close()
    assert picture.layers.frame.number == 0 and picture.horizon is None


def test_after_a_fault_in_the_labels_nothing_is_said_of_the_floor(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Not even that there is none: nobody looks any more."""

    def fail_later(frame: RgbdFrame) -> HNLabels | None:
        if frame.number < 2:
            return None if frame.number == 0 else label_all(frame)
        raise ZeroDivisionError("oops")

    live = LiveView(fail_later, HNBins())
    live.offer(make_frame(0))
    picture_with(live, live.lacks_floor)
    live.offer(make_frame(1))
    picture_with(live, lambda p: p.has_classes and p.layers.floor)
    with caplog.at_level(logging.CRITICAL):
        live.offer(make_frame(2))
        wait_until(lambda: live._label.has_failed)
    live.offer(make_frame(3))
    picture = picture_with(live, lambda p: p.layers.frame.number == 3)
    live.close()
    assert not picture.has_classes
    assert picture.layers.floor is None and not live.lacks_floor(picture)


def test_the_photo_is_live_until_the_first_labels_are_there() -> None:
    may_label = threading.Event()

    def slow(frame: RgbdFrame) -> HNLabels:
        may_label.wait(5.0)
        return label_all(frame)

    live = LiveView(slow, HNBins())
    for number in range(5):
        live.offer(make_frame(number))
        picture = picture_with(live, lambda p, n=number: p.layers.frame.number == n)
        assert picture.settings.view is View.HN_LABELS
        assert (red_of(picture) == 90).all() and not picture.has_classes
        assert live.is_preparing and not live.lacks_floor(picture)
    may_label.set()
    picture_with(live, lambda p: p.has_classes)
    assert not live.is_preparing
    for number in range(5, 60):  # from now on each picture waits for its labels
        live.offer(make_frame(number))
        late = live.pictures.take()
        assert late is None or late.has_classes
    live.offer(make_frame(60))
    picture_with(live, lambda p: p.layers.frame.number == 60)
    live.close()


def test_slow_labels_skip_frames_and_do_not_hold_up_the_camera() -> None:
    labelled = []
    may_label = threading.Event()

    def slow(frame: RgbdFrame) -> object:
        may_label.wait(5.0)
        labelled.append(frame.number)
        return label_all(frame)

    live = LiveView(slow, HNBins())  # type: ignore[arg-type]
    sensor = ScriptedSensor([*(make_frame(n) for n in range(50)), None])
    with CaptureSession(sensor, live) as session:
        session.start()
        wait_until(lambda: session.source_state is SourceState.ENDED)
        may_label.set()
        wait_until(lambda: 49 in labelled)
    assert len(labelled) <= 3


def test_the_horizon_is_where_the_rays_are_level() -> None:
    up = np.array((0.15, -0.97, -0.2))
    up /= np.linalg.norm(up)
    camera = Intrinsics(640, 480, 500.0, 520.0, 330.0, 200.0)
    ends = horizon(up, camera)
    assert ends is not None
    level = np.cross(up, (0.3, 0.1, 1.0))  # any direction at a right angle to up
    ahead = np.cross(level, up)
    (u, v) = project((ahead / ahead[2])[None], camera)[0]
    (x0, y0), (x1, y1) = ends
    share = (u / 639 - x0) / (x1 - x0)
    assert y0 + share * (y1 - y0) == pytest.approx(v / 479, abs=1e-6)
    assert horizon(np.array((0.0, -0.5, -0.866)), camera) is None  # looks at the floor
