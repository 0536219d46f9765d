"""What every sensor promises, asked of each of them."""

import time
from collections.abc import Iterator
from itertools import pairwise
from mmap import mmap
from pathlib import Path
from types import NoneType

import numpy as np
import pytest
from sensor_cases import CASES, LIVE, NUM_FRAMES, Case

from capture_app.sensors.failures import SensorLostError
from capture_app.sensors.sensor import Sensor
from core.errors import SensorError
from core.frame import Intrinsics, RgbdFrame

TIMEOUT_S = 2.0
pytestmark = pytest.mark.usefixtures("no_thread_is_left")


@pytest.fixture(params=CASES)
def case(
    request: pytest.FixtureRequest, tmp_path: Path, loop_folder: Path
) -> Iterator[Case]:
    with CASES[request.param](tmp_path, loop_folder) as case:
        yield case
        case.sensor.close()


@pytest.fixture
def sensor(case: Case) -> Sensor:
    return case.sensor


def read(sensor: Sensor, count: int = NUM_FRAMES) -> list[RgbdFrame]:
    frames = [sensor.read(TIMEOUT_S) for _ in range(count)]
    assert None not in frames
    return [frame for frame in frames if frame is not None]


def test_its_name_and_rate_are_known_once_it_is_open(sensor: Sensor) -> None:
    assert sensor.name and sensor.opening_text
    with sensor:
        assert sensor.name
        assert 1 <= sensor.fps <= 120
        assert sensor.take_warnings() == []


def test_numbers_and_times_rise(sensor: Sensor) -> None:
    with sensor:
        frames = read(sensor)
    assert (np.diff([frame.number for frame in frames]) > 0).all()
    assert (np.diff([frame.timestamp_ns for frame in frames]) > 0).all()
    assert frames[0].number >= 0


def test_a_frame_stays_as_it_was_and_cannot_be_changed(sensor: Sensor) -> None:
    with sensor:
        frames = read(sensor)
        copies = [(frame.rgb.copy(), frame.depth.copy()) for frame in frames]
    for frame, (rgb, depth) in zip(frames, copies, strict=True):
        np.testing.assert_array_equal(frame.rgb, rgb)
        np.testing.assert_array_equal(frame.depth, depth)
        assert not frame.rgb.flags.writeable and not frame.depth.flags.writeable
        # Pictures of the simulated loop are on disk; no SDK lends any of these.
        for array in (frame.rgb, frame.depth):
            assert isinstance(lender(array), NoneType | bytes | bytearray | mmap)
    for a, b in pairwise(frames):
        assert not np.shares_memory(a.rgb, b.rgb)
        assert not np.shares_memory(a.depth, b.depth)


def lender(array: np.ndarray) -> object:
    """What an array's memory belongs to; None if it is its own."""
    base: object = array
    while isinstance(base, np.ndarray | memoryview):
        base = base.base if isinstance(base, np.ndarray) else base.obj
    return base


def test_the_calibration_is_one_that_a_camera_can_have(sensor: Sensor) -> None:
    with sensor:
        frames = read(sensor)
    first = frames[0]
    for frame in frames:
        assert frame.color_intrinsics == first.color_intrinsics
        assert frame.depth_intrinsics == first.depth_intrinsics
        np.testing.assert_array_equal(frame.T_color_depth, first.T_color_depth)
        assert frame.depth_scale == first.depth_scale
    check_camera(first.color_intrinsics, first.rgb.shape[:2])
    check_camera(first.depth_intrinsics, first.depth.shape)
    R, t = first.T_color_depth[:3, :3], first.T_color_depth[:3, 3]
    np.testing.assert_allclose(R @ R.T, np.eye(3), atol=1e-5)
    assert np.linalg.det(R) == pytest.approx(1, abs=1e-5)
    assert np.linalg.norm(t) < 0.2  # metres between the lenses of one device
    assert 1e-5 < first.depth_scale <= 0.01
    assert (first.depth > 0).any()


def check_camera(camera: Intrinsics, shape: tuple[int, ...]) -> None:
    assert (camera.height, camera.width) == shape
    assert 0.3 < camera.fx / camera.width < 3
    assert 0.8 < camera.fx / camera.fy < 1.25
    assert 0.2 < camera.cx / camera.width < 0.8
    assert 0.2 < camera.cy / camera.height < 0.8


def test_it_is_read_while_it_is_open_and_only_then(sensor: Sensor) -> None:
    with pytest.raises(SensorError, match="closed"):
        sensor.read(0.1)
    sensor.close()
    sensor.open()
    assert sensor.read(TIMEOUT_S) is not None
    sensor.close()
    with pytest.raises(SensorError, match="closed"):
        sensor.read(0.1)
    sensor.close()


def test_opened_again_it_gives_frames_again(case: Case) -> None:
    sensor = case.sensor
    with sensor:
        before = read(sensor, 2)
    with sensor:
        frames = read(sensor)
    if case.ends:
        for a, b in zip(before, frames, strict=False):
            assert (a.number, a.timestamp_ns) == (b.number, b.timestamp_ns)
            np.testing.assert_array_equal(a.depth, b.depth)
            np.testing.assert_array_equal(a.rgb, b.rgb)


def test_opening_it_twice_is_opening_it_again(sensor: Sensor) -> None:
    with sensor:
        read(sensor, 2)
        sensor.open()
        read(sensor)
        sensor.close()
        with pytest.raises(SensorError, match="closed"):
            sensor.read(0.1)


def test_what_ends_says_so_as_often_as_it_is_asked(case: Case) -> None:
    sensor = case.sensor
    with sensor:
        read(sensor)
        if not case.ends:
            assert sensor.read(TIMEOUT_S) is not None
        else:
            assert sensor.read(TIMEOUT_S) is None
            assert sensor.read(TIMEOUT_S) is None


@pytest.mark.parametrize("case", LIVE, indirect=True)
def test_a_camera_that_falls_silent_is_lost_in_time(case: Case) -> None:
    sensor = case.sensor
    assert case.silence is not None
    with sensor:
        read(sensor, 2)
        case.silence()
        start = time.monotonic()
        with pytest.raises(SensorLostError):
            while time.monotonic() < start + TIMEOUT_S:
                start = time.monotonic()
                sensor.read(0.2)
        assert 0.15 < time.monotonic() - start < 1.0
        with pytest.raises(SensorLostError):
            sensor.read(0.1)
