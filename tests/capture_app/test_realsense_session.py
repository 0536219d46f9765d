"""A RealSense that is unplugged while it is recorded, and plugged in again."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from scripted import wait_until
from software_camera import Port, SoftwareCamera, feeding, images

from capture_app.engine import session
from capture_app.engine.problems import Problem
from capture_app.engine.recorder import RecordingPlan
from capture_app.engine.session import CaptureSession
from capture_app.engine.states import RecorderState, SourceState
from capture_app.sensors.realsense import RealSenseSensor
from core.recording import Recording


@pytest.fixture(autouse=True)
def no_waiting(
    monkeypatch: pytest.MonkeyPatch, no_thread_is_left: None
) -> Iterator[None]:
    monkeypatch.setattr(session, "FRAME_TIMEOUT_S", 0.15)
    monkeypatch.setattr(session, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(session, "LONGEST_PAUSE_S", 0.02)
    yield


def check(path: Path) -> None:
    """Every frame is the one that the camera sent under its number, without gaps."""
    with Recording(path) as recording:
        numbers = [frame.number for frame in recording]
        assert recording.scene.num_dropped == 0
        for frame in recording:
            np.testing.assert_array_equal(frame.depth, images(frame.number)[0])
    assert len(numbers) >= 3
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def num_recorded(running: CaptureSession) -> int:
    summary = running.recording
    return 0 if summary is None else summary.num_frames


def next_problem(running: CaptureSession) -> Problem:
    """The only thing that is said next."""
    problems: list[Problem] = []

    def is_said() -> bool:
        problems.extend(running.take_problems())
        return bool(problems)

    wait_until(is_said)
    (problem,) = problems
    return problem


def test_the_recording_goes_on_with_the_same_camera(tmp_path: Path) -> None:
    camera = SoftwareCamera(serial="11")
    port = Port(camera)
    with CaptureSession(RealSenseSensor(devices=port)) as running:
        with feeding(camera):
            running.start(record=RecordingPlan(tmp_path / "kitchen"))
            wait_until(lambda: num_recorded(running) >= 3)
            port.camera = None
        wait_until(lambda: running.source_state is SourceState.RECONNECTING)
        wait_until(lambda: running.recorder_state is RecorderState.WAITING)
        problem = next_problem(running)
        assert problem.is_warning
        assert problem.message.startswith("The RealSense camera was unplugged; plug it")
        asked_before = port.num_asked
        port.camera = SoftwareCamera(serial="12")  # not that one
        wait_until(lambda: port.num_asked > asked_before + 2)
        assert running.source_state is SourceState.RECONNECTING
        port.camera = again = SoftwareCamera(serial="11")
        with feeding(again):
            wait_until(lambda: running.recorder_state is RecorderState.RECORDING)
            wait_until(lambda: num_recorded(running) >= 3)
            running.close()
        said = next_problem(running).message
    assert said.endswith(f"the recording goes on in {tmp_path / 'kitchen-2'}.")
    check(tmp_path / "kitchen")
    check(tmp_path / "kitchen-2")


def test_a_camera_that_stalls_is_opened_again(tmp_path: Path) -> None:
    camera = SoftwareCamera()
    with CaptureSession(RealSenseSensor(devices=Port(camera))) as running:
        with feeding(camera):
            running.start()
            wait_until(lambda: running.stats().num_frames >= 3)
        wait_until(lambda: running.source_state is SourceState.RECONNECTING)
        problem = next_problem(running)
        assert "is connected but has sent no frame for 0.15 s" in problem.message
        with feeding(camera):
            wait_until(lambda: running.source_state is SourceState.STREAMING)
            running.close()
