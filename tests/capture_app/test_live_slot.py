"""A live view that is replaced while frames come and are recorded."""

import logging
import threading
from pathlib import Path

import numpy as np
import pytest
from scripted import (
    RunningSensor,
    hn_network,
    label_all,
    make_frame,
    wait_until,
)
from software_camera import Port, SoftwareCamera, feeding, images

from capture_app.engine.live import LiveView
from capture_app.engine.live_slot import LiveSlot
from capture_app.engine.problems import ProblemLog
from capture_app.engine.recorder import RecordingPlan
from capture_app.engine.session import CaptureSession
from capture_app.engine.states import SourceState
from capture_app.sensors.realsense import RealSenseSensor
from capture_app.sensors.realsense_options import RealSenseSettings
from core.bins import HNBins
from core.frame import RgbdFrame
from core.hn_labels import HNLabels
from core.recording import Recording

pytestmark = pytest.mark.usefixtures("no_thread_is_left")

NUM_SWAPS = 25


class SwappedSensor(RunningSensor):
    """Has a live view replaced at the very moment when a frame is read."""

    def __init__(self) -> None:
        super().__init__()
        self.fps = 400.0
        self.session: CaptureSession | None = None

    def read(self, timeout_s: float) -> RgbdFrame | None:
        if self.session is not None and self._number % 3 == 0:
            self.session.replace_live(new_live())
        return super().read(timeout_s)


def new_live() -> LiveView:
    return LiveView(label_all, HNBins())


def check_recording(path: Path, least: int) -> None:
    """Every frame from the first to the last, none dropped."""
    with Recording(path) as recording:
        numbers = [frame.number for frame in recording]
        assert recording.scene.num_dropped == 0
    assert len(numbers) >= least
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_the_new_view_has_the_next_pictures_and_the_camera_is_not_reopened() -> None:
    sensor = RunningSensor()
    old, new = new_live(), new_live()
    with CaptureSession(sensor, old) as session:
        session.start()
        wait_until(lambda: old.pictures.take())
        session.replace_live(new)
        assert session.live is new
        wait_until(lambda: new.pictures.take())
        assert session.source_state is SourceState.STREAMING
        assert session.stats().num_lost == 0


def test_a_recording_loses_no_frame_whoever_replaces_the_view(tmp_path: Path) -> None:
    sensor = SwappedSensor()
    with CaptureSession(sensor, new_live()) as session:
        session.start(RecordingPlan(tmp_path / "kitchen", min_free_bytes=0))
        wait_until(lambda: session.stats().num_frames >= 5)
        sensor.session = session  # the camera's thread replaces, and this one too
        for _ in range(NUM_SWAPS):
            session.replace_live(new_live())
        wait_until(lambda: session.stats().num_frames >= 100)
        sensor.session = None
        session.stop_recording()
        assert session.take_problems() == []
        last = session.live
        assert last is not None
        wait_until(lambda: last.pictures.take())
    check_recording(tmp_path / "kitchen", 100)


def test_a_realsense_goes_on_while_views_come_and_go(tmp_path: Path) -> None:
    camera = SoftwareCamera()
    settings = RealSenseSettings(settling_s=0)
    sensor = RealSenseSensor(None, settings, Port(camera))
    session = CaptureSession(sensor, new_live())
    with session, feeding(camera):
        session.start(RecordingPlan(tmp_path / "kitchen", min_free_bytes=0))
        for count in range(1, NUM_SWAPS):
            wait_until(lambda count=count: session.stats().num_frames >= count)
            session.replace_live(LiveView(lambda frame: None, HNBins()))
        session.stop_recording()
    check_recording(tmp_path / "kitchen", NUM_SWAPS - 1)
    with Recording(tmp_path / "kitchen") as recording:
        for frame in recording:
            np.testing.assert_array_equal(frame.depth, images(frame.number)[0])


def test_nobody_waits_for_a_view_that_cannot_stop_but_the_end() -> None:
    may_label, labels = threading.Event(), threading.Event()

    def label_slowly(frame: RgbdFrame) -> HNLabels:
        labels.set()
        may_label.wait(10.0)
        return label_all(frame)

    sensor = RunningSensor()
    old = LiveView(label_slowly, HNBins())
    session = CaptureSession(sensor, old)
    session.start()
    wait_until(labels.is_set)
    session.replace_live(new_live())  # returns while the old one still labels
    live = session.live
    assert live is not None
    wait_until(lambda: live.pictures.take())
    assert any(thread.name == "labels" for thread in threading.enumerate())
    closing = threading.Thread(target=session.close)
    closing.start()
    closing.join(0.3)
    assert closing.is_alive()
    may_label.set()
    closing.join(5.0)
    assert not closing.is_alive()


def test_what_the_old_view_had_to_say_is_still_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(frame: RgbdFrame) -> HNLabels:
        raise ZeroDivisionError("oops")

    old = LiveView(fail, HNBins())
    with CaptureSession(RunningSensor(), old) as session:
        with caplog.at_level(logging.CRITICAL):
            session.start()
            wait_until(lambda: old._label.has_failed)
        session.replace_live(new_live())
        problems: list[str] = []

        def is_said() -> bool:
            problems.extend(p.message for p in session.take_problems())
            return bool(problems)

        wait_until(is_said)
    assert len(problems) == 1 and "ZeroDivisionError: oops" in problems[0]


def test_a_collection_ends_whole_with_its_view(tmp_path: Path) -> None:
    old = LiveView(label_all, HNBins(), hn_network())
    with CaptureSession(RunningSensor(), old) as session:
        session.start()
        old.start_collecting(RecordingPlan(tmp_path / "hard", min_free_bytes=0), "made")
        session.replace_live(new_live())
        wait_until(lambda: not old.is_collecting)


def test_a_closed_session_takes_no_view() -> None:
    session = CaptureSession(RunningSensor(), new_live())
    session.close()
    late = new_live()
    session.replace_live(late)  # and leaves none of its threads
    assert session.live is not late
    session.close()


def test_a_session_without_a_view_can_get_one() -> None:
    with CaptureSession(RunningSensor()) as session:
        session.start()
        live = new_live()
        session.replace_live(live)
        wait_until(lambda: live.pictures.take())


def test_frames_that_come_late_to_an_old_view_do_no_harm() -> None:
    old = new_live()
    slot = LiveSlot(old, ProblemLog())
    slot.replace(new_live())
    slot.close()
    old.offer(make_frame(1))
    slot.close()
