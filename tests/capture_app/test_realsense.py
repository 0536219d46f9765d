"""The RealSense sensor on the SDK's own software device."""

import builtins
import sys
import time
from collections.abc import Iterator

import numpy as np
import pyrealsense2 as rs
import pytest
from software_camera import (
    COLOR_DISTORTION,
    COLOR_SIZE,
    DEPTH_SCALE,
    DEPTH_SIZE,
    FPS,
    ROTATION,
    TRANSLATION,
    SoftwareCamera,
    color_lens,
)

from capture_app.sensors import realsense, realsense_frames
from capture_app.sensors.realsense import RealSenseSensor
from core.errors import SensorError
from core.geometry import pixel_rays, project


def images(number: int) -> tuple[np.ndarray, np.ndarray]:
    """(h, w) uint16 depth and (H, W, 3) uint8 rgb, every pixel of its own."""
    rng = np.random.default_rng(number)
    depth = rng.integers(0, 65535, DEPTH_SIZE[::-1], np.uint16, endpoint=True)
    return depth, rng.integers(0, 255, (*COLOR_SIZE[::-1], 3), np.uint8, endpoint=True)


@pytest.fixture
def camera() -> SoftwareCamera:
    return SoftwareCamera()


@pytest.fixture
def sensor(camera: SoftwareCamera) -> Iterator[RealSenseSensor]:
    with RealSenseSensor(camera.device) as sensor:
        yield sensor


def test_frames_are_those_the_camera_sent(
    camera: SoftwareCamera, sensor: RealSenseSensor
) -> None:
    frames = []
    for number in range(1, 25):  # more than the SDK's pool of 16 frames
        camera.push(number, *images(number))
        frames.append(sensor.read(2.0))
    for number, frame in enumerate(frames, start=1):
        assert frame is not None and frame.number == number
        depth, rgb = images(number)
        np.testing.assert_array_equal(frame.depth, depth)
        np.testing.assert_array_equal(frame.rgb, rgb)
        assert frame.timestamp_ns == pytest.approx(number * 1e9 / FPS, abs=1000)


def test_the_calibration_is_the_camera_s(
    camera: SoftwareCamera, sensor: RealSenseSensor
) -> None:
    camera.push(1, *images(1))
    frame = sensor.read(2.0)
    assert frame is not None
    assert frame.depth_scale == np.float32(DEPTH_SCALE)
    np.testing.assert_allclose(frame.T_color_depth[:3, :3], ROTATION, atol=1e-7)
    np.testing.assert_allclose(frame.T_color_depth[:3, 3], TRANSLATION, atol=1e-9)
    assert frame.color_intrinsics.distortion == pytest.approx(COLOR_DISTORTION)
    assert frame.depth_intrinsics.distortion == ()
    assert (frame.depth_intrinsics.fx, frame.depth_intrinsics.fy) == (61.5, 62.25)
    assert sensor.fps == FPS


@pytest.mark.parametrize(
    "model", [rs.distortion.brown_conrady, rs.distortion.inverse_brown_conrady]
)
def test_points_fall_where_the_sdk_projects_them(model: rs.distortion) -> None:
    lens = color_lens()
    lens.model = model
    ours = realsense_frames.intrinsics_of(rs, lens)
    points = np.array([[-0.3, 0.2, 1.0], [0.4, -0.25, 1.1], [0.05, 0.3, 0.9]])
    theirs = [rs.rs2_project_point_to_pixel(lens, list(point)) for point in points]
    np.testing.assert_allclose(project(points, ours), theirs, atol=0.02)
    ray = rs.rs2_deproject_pixel_to_point(lens, [7.0, 50.0], 1.0)
    np.testing.assert_allclose(pixel_rays(ours)[50, 7], ray[:2], atol=2e-4)


def test_a_fisheye_lens_is_refused() -> None:
    lens = color_lens()
    lens.model = rs.distortion.kannala_brandt4
    with pytest.raises(SensorError, match="lens model"):
        realsense_frames.intrinsics_of(rs, lens)


def test_a_depth_frame_that_the_sdk_repeats_is_delivered_once() -> None:
    camera = SoftwareCamera(stated_fps=0.03)
    with RealSenseSensor(camera.device) as sensor:
        camera.push(1, *images(1))
        assert sensor.read(2.0) is not None
        camera.push_color(2, images(2)[1], 1000 / FPS + 1.0)
        with pytest.raises(SensorError):
            sensor.read(0.3)


def test_depth_and_colour_of_different_instants_are_no_frame() -> None:
    camera = SoftwareCamera(stated_fps=0.03)
    with RealSenseSensor(camera.device) as sensor:
        camera.push(1, *images(1), color_delay_ms=0.7 * 1000 / FPS)
        with pytest.raises(SensorError):
            sensor.read(0.3)
        camera.push(2, *images(2), color_delay_ms=0.3 * 1000 / FPS)
        frame = sensor.read(2.0)
    assert frame is not None and frame.number == 2


def test_a_frame_owns_its_memory(
    camera: SoftwareCamera, sensor: RealSenseSensor
) -> None:
    camera.push(1, *images(1))
    frame = sensor.read(2.0)
    assert frame is not None
    for array in (frame.depth, frame.rgb):
        while isinstance(array.base, np.ndarray):
            array = array.base
        assert array.flags.owndata


def test_an_unplugged_camera_is_an_error_and_can_be_closed(
    camera: SoftwareCamera, sensor: RealSenseSensor
) -> None:
    camera.push(1, *images(1))
    sensor.read(2.0)
    start = time.monotonic()
    with pytest.raises(SensorError, match=r"no frame for 0\.2 s.*plug it in again"):
        sensor.read(0.2)
    assert time.monotonic() - start < 1.0
    sensor.close()
    sensor.close()
    with pytest.raises(SensorError, match="closed"):
        sensor.read(0.2)


def test_up_is_where_the_accelerometer_of_a_resting_camera_points() -> None:
    camera = SoftwareCamera(has_imu=True)
    pitched_down = (0.0, -9.8 * np.cos(0.3), -9.8 * np.sin(0.3))
    with RealSenseSensor(camera.device) as sensor:
        for sample in range(5):
            camera.push_acceleration(sample, pitched_down, 5.0 * sample)
        camera.push(1, *images(1))
        frame = sensor.read(2.0)
    assert frame is not None and frame.up_hint is not None
    expected = ROTATION @ (0.0, -np.cos(0.3), -np.sin(0.3))  # in the colour camera
    np.testing.assert_allclose(frame.up_hint, expected, atol=1e-6)


def test_a_shaken_accelerometer_gives_no_up() -> None:
    camera = SoftwareCamera(has_imu=True)
    with RealSenseSensor(camera.device) as sensor:
        for sample in range(5):
            camera.push_acceleration(sample, (3.0, -12.0, 1.0), 5.0 * sample)
        camera.push(1, *images(1))
        frame = sensor.read(2.0)
    assert frame is not None and frame.up_hint is None


def test_a_camera_without_colour_is_refused() -> None:
    camera = SoftwareCamera(has_color=False)
    with pytest.raises(SensorError, match=r"offers no depth .* and colour"):
        RealSenseSensor(camera.device).open()


def test_without_a_camera_the_list_says_so() -> None:
    if len(rs.context().query_devices()) > 0:
        pytest.skip("a RealSense camera is connected")
    start = time.monotonic()
    status = realsense.probe()
    assert time.monotonic() - start < 3.0
    assert not status.available
    assert "no RealSense camera is connected" in status.reason
    with pytest.raises(SensorError, match="no RealSense camera is connected"):
        RealSenseSensor().open()


@pytest.mark.parametrize(
    ("failure", "advice"),
    [
        (ModuleNotFoundError("No module named 'pyrealsense2'"), "pip install"),
        (
            ImportError("libusb-1.0.so.0: cannot open shared object file"),
            r"libusb-1\.0\.so\.0.*apt-get install libusb-1\.0-0",
        ),
    ],
)
def test_a_missing_sdk_names_what_to_install(
    failure: ImportError, advice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_import = builtins.__import__

    def import_without_sdk(name: str, *args: object) -> object:
        if name == "pyrealsense2":
            raise failure
        return real_import(name, *args)

    monkeypatch.delitem(sys.modules, "pyrealsense2")
    monkeypatch.setattr(builtins, "__import__", import_without_sdk)
    assert not realsense.probe().available
    with pytest.raises(SensorError, match=advice):
        RealSenseSensor().open()
