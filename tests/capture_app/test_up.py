"""Which way is up: the accelerometer, and what the floors say about it."""

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scripted import ScriptedSensor, label_all, make_frame, wait_until

from capture_app.engine import hint_check
from capture_app.engine.hint_check import HintCheck
from capture_app.engine.live import LiveView
from capture_app.engine.recorder import RecordingPlan
from capture_app.engine.session import CaptureSession
from capture_app.sensors.up import UpFilter
from core.bins import HNBins
from core.frame import RgbdFrame
from core.hn_labels import HNLabels, label_frame
from core.recording import Recording
from core.simulation import SimulatedCamera

UP = np.array((0.1, -0.9, -0.42)) / np.linalg.norm((0.1, -0.9, -0.42))
AXES = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])  # turned about z


def test_up_is_the_acceleration_in_the_axes_of_the_colour_camera() -> None:
    up = UpFilter(AXES)
    up.update(AXES.T @ UP * 9.95)  # D435i's often measure a little too much
    np.testing.assert_allclose(up.up, UP, atol=1e-12)


@pytest.mark.parametrize("length", [0.0, 7.0, 9.2, 10.4, 20.0])
def test_a_camera_that_is_moved_keeps_the_up_it_had(length: float) -> None:
    up = UpFilter(np.eye(3))
    up.update(length * UP)
    assert up.up is None
    up.update(9.81 * UP)
    up.update(length * np.array((1.0, 0.0, 0.0)))
    np.testing.assert_allclose(up.up, UP, atol=1e-12)


def test_noise_is_smoothed_and_a_turn_is_followed() -> None:
    rng = np.random.default_rng(7)
    up = UpFilter(np.eye(3))
    errors = []
    for _ in range(300):
        up.update(9.81 * UP + rng.normal(0, 0.2, 3))
        assert up.up is not None
        errors.append(np.degrees(np.arccos(min(1.0, up.up @ UP))))
    alone = np.degrees(0.2 / 9.81) * np.sqrt(np.pi / 2)  # the mean error of one sample
    assert np.mean(errors[50:]) < 0.4 * alone
    turned = np.array((0.0, -1.0, 0.0))
    for _ in range(60):
        up.update(9.81 * turned)
    np.testing.assert_allclose(up.up, turned, atol=0.01)


TRUE_UP = label_all(make_frame(1)).floor.up


def finds_floor(frame: RgbdFrame) -> HNLabels | None:
    """As `label_frame` would, of a camera that sees its floor."""
    assert frame.up_hint is not None
    return label_all(frame) if frame.up_hint @ TRUE_UP > 0.9 else None


def warnings_of(
    frame: RgbdFrame, label: Callable[[RgbdFrame], HNLabels | None], num_looks: int = 12
) -> list[str]:
    """What is said when the frame is seen so many times."""
    warnings: list[str] = []
    seen = threading.Semaphore(0)

    def label_seen(frame: RgbdFrame) -> HNLabels | None:
        try:
            return label(frame)
        finally:
            seen.release()

    before = threading.active_count()
    check = HintCheck(warnings.append)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hint_check, "label_frame", label_seen)
        patch.setattr(hint_check, "_EVERY", 1)
        for _ in range(num_looks):
            check.look(frame)
            seen.acquire(timeout=0.1)
        check.close()
        check.close()
    assert threading.active_count() == before
    return warnings


@pytest.mark.parametrize(("sign", "num_warnings"), [(1, 0), (-1, 1)])
def test_a_hint_that_points_down_is_said_once(sign: int, num_warnings: int) -> None:
    frame = replace(make_frame(1), up_hint=sign * TRUE_UP)
    warnings = warnings_of(frame, finds_floor)
    assert len(warnings) == num_warnings
    assert all("says down where the floor says up" in text for text in warnings)


def test_a_few_frames_or_no_floor_say_nothing_of_the_hint() -> None:
    frame = replace(make_frame(1), up_hint=-TRUE_UP)
    assert warnings_of(frame, finds_floor, num_looks=4) == []
    assert warnings_of(frame, lambda _: None) == []


def test_the_hint_of_a_camera_that_hangs_upside_down_is_believed() -> None:
    camera = SimulatedCamera(seed=0, num_frames=12, width=160, height=120)
    frames = [upside_down(camera.frame(number)) for number in range(12)]
    assert sum(label_frame(frame) is not None for frame in frames) >= 5
    for frame in frames:
        assert warnings_of(frame, label_frame, num_looks=5) == []


def upside_down(frame: RgbdFrame) -> RgbdFrame:
    """The same room by a camera that is turned by 180 degrees about its axis."""
    assert frame.up_hint is not None
    turn = np.diag((-1.0, -1.0, 1.0, 1.0))
    turned = [
        replace(lens, cx=lens.width - 1 - lens.cx, cy=lens.height - 1 - lens.cy)
        for lens in (frame.color_intrinsics, frame.depth_intrinsics)
    ]
    return replace(
        frame,
        rgb=frame.rgb[::-1, ::-1].copy(),
        depth=frame.depth[::-1, ::-1].copy(),
        color_intrinsics=turned[0],
        depth_intrinsics=turned[1],
        T_color_depth=turn @ frame.T_color_depth @ turn,
        up_hint=turn[:3, :3] @ frame.up_hint,
    )


@pytest.mark.parametrize("has_live", [True, False])
def test_what_is_recorded_keeps_the_hint_and_the_warning_comes_without_a_window(
    has_live: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hint_check, "label_frame", finds_floor)
    monkeypatch.setattr(hint_check, "_EVERY", 1)
    frames = [replace(make_frame(n), up_hint=-TRUE_UP) for n in range(400)]
    sensor = ScriptedSensor([*frames, None], is_stepped=True)
    live = LiveView(label_all, HNBins()) if has_live else None
    said: list[str] = []

    def is_said() -> bool:
        sensor.step()
        said.extend(problem.message for problem in session.take_problems())
        return bool(said)

    with CaptureSession(sensor, live) as session:
        session.start(record=RecordingPlan(tmp_path / "take"))
        wait_until(is_said)
    with Recording(tmp_path / "take") as recording:
        for frame in recording:
            np.testing.assert_allclose(frame.up_hint, -TRUE_UP, atol=1e-12)
    assert "says down where the floor says up" in said[0]


def test_frames_without_a_hint_need_no_check() -> None:
    before = threading.active_count()
    check = HintCheck(pytest.fail)
    check.look(make_frame(1))
    assert threading.active_count() == before
    check.close()
