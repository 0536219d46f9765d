"""The RealSense sensor on the SDK's own software device."""

import time
from collections.abc import Iterator

import numpy as np
import pyrealsense2 as rs
import pytest
from software_camera import (
    COLOR_DISTORTION,
    DEPTH_SCALE,
    FPS,
    ROTATION,
    TRANSLATION,
    Port,
    SoftwareCamera,
    color_lens,
    feeding,
    images,
)

from capture_app.sensors import realsense_frames
from capture_app.sensors.failures import SensorLostError
from capture_app.sensors.realsense import RealSenseSensor
from capture_app.sensors.realsense_options import RealSenseSettings
from core.errors import SensorError
from core.geometry import pixel_rays, project

AT_ONCE = RealSenseSettings(settling_s=0)
PERIOD_MS = 1000 / FPS


@pytest.fixture
def camera() -> SoftwareCamera:
    return SoftwareCamera(has_imu=True)


@pytest.fixture
def port(camera: SoftwareCamera) -> Port:
    return Port(camera)


@pytest.fixture
def sensor(port: Port) -> Iterator[RealSenseSensor]:
    with RealSenseSensor(None, AT_ONCE, port) as sensor:
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


def test_a_repeated_frame_is_delivered_once(
    camera: SoftwareCamera, sensor: RealSenseSensor
) -> None:
    for number in (1, 1, 2, 1, 2):
        camera.push(number, *images(number))
    numbers = [frame.number for _ in range(2) if (frame := sensor.read(2.0))]
    assert numbers == [1, 2]
    with pytest.raises(SensorError):
        sensor.read(0.05)


def test_depth_and_colour_of_different_instants_are_no_frame(
    camera: SoftwareCamera, sensor: RealSenseSensor
) -> None:
    camera.push(1, *images(1), color_delay_ms=0.7 * PERIOD_MS)
    with pytest.raises(SensorError):
        sensor.read(0.05)
    camera.push(3, *images(3), color_delay_ms=-0.4 * PERIOD_MS)
    frame = sensor.read(2.0)
    assert frame is not None and frame.number == 3
    np.testing.assert_array_equal(frame.rgb, images(3)[1])


def test_a_frame_that_lacks_its_colour_is_a_gap_in_the_numbers(
    camera: SoftwareCamera, sensor: RealSenseSensor
) -> None:
    for number in range(1, 8):
        if number == 4:
            camera.push_depth(number, images(number)[0])
        else:
            camera.push(number, *images(number))
    numbers = [frame.number for _ in range(6) if (frame := sensor.read(2.0))]
    assert numbers == [1, 2, 3, 5, 6, 7]


def test_a_reader_that_pauses_for_two_seconds_loses_nothing(
    camera: SoftwareCamera, sensor: RealSenseSensor
) -> None:
    for number in range(1, 2 * FPS + 1):
        for sample in range(7):
            camera.push_acceleration(7 * number + sample, (0.0, -9.8, 0.0), 5.0)
        camera.push(number, *images(number))
    for number in range(1, 2 * FPS + 1):
        frame = sensor.read(0.5)
        assert frame is not None and frame.number == number


def test_depth_and_colour_of_two_clocks_are_paired_by_arrival(
    camera: SoftwareCamera, sensor: RealSenseSensor
) -> None:
    camera.color_clock = rs.timestamp_domain.system_time
    for number in range(1, 9):
        camera.say_arrival(1_790_000_000_000 + 33 * number)
        depth, rgb = images(number)
        camera.push_depth(number, depth)
        camera.push_color(number, rgb, 1.8e12 + number)
    frames = [sensor.read(0.5) for _ in range(7)]
    assert [frame.number for frame in frames if frame] == list(range(2, 9))
    for frame in frames:
        assert frame is not None
        np.testing.assert_array_equal(frame.rgb, images(frame.number)[1])


def test_times_rise_when_the_cameras_clock_starts_anew(
    camera: SoftwareCamera, sensor: RealSenseSensor
) -> None:
    before_ms = 4_294_900.0  # 2**32 microseconds are near
    for number in range(1, 5):
        after_ms = before_ms - 2**32 / 1000
        clock_ms = before_ms if number < 3 else after_ms
        camera.push(number, *images(number), clock_ms=clock_ms)
    times = [frame.timestamp_ns for _ in range(4) if (frame := sensor.read(2.0))]
    np.testing.assert_allclose(np.diff(times), 1e9 / FPS, atol=1000)


def test_a_silent_camera_has_stalled_or_was_unplugged(
    camera: SoftwareCamera, port: Port, sensor: RealSenseSensor
) -> None:
    camera.push(1, *images(1))
    sensor.read(2.0)
    start = time.monotonic()
    with pytest.raises(SensorLostError, match=r"connected but .* no frame for 0\.1 s"):
        sensor.read(0.1)
    assert time.monotonic() - start < 1.0
    port.camera = None
    with pytest.raises(SensorLostError, match="was unplugged; plug it in again"):
        sensor.read(0.1)
    port.camera = SoftwareCamera(serial="1")  # another one is no consolation
    with pytest.raises(SensorLostError, match="was unplugged"):
        sensor.read(0.1)


def test_accelerations_alone_are_no_sign_of_life(
    camera: SoftwareCamera, sensor: RealSenseSensor
) -> None:
    for sample in range(100):
        camera.push_acceleration(sample, (0.0, -9.8, 0.0), 5.0 * sample)
    with pytest.raises(SensorLostError):
        sensor.read(0.1)


def test_up_is_where_the_accelerometer_of_a_resting_camera_points(
    camera: SoftwareCamera, sensor: RealSenseSensor
) -> None:
    pitched_down = np.array((0.0, -9.8 * np.cos(0.3), -9.8 * np.sin(0.3)))
    swing = np.array((0.4, 0.1, -0.2))
    for sample in range(6):  # on a clock of its own
        measured = pitched_down + (sample - 2.5) * swing  # right in the mean of all
        camera.push_acceleration(sample, tuple(measured), 9e6 + 5.0 * sample)
    camera.push(1, *images(1))
    frame = sensor.read(2.0)
    assert frame is not None and frame.up_hint is not None
    expected = ROTATION @ (0.0, -np.cos(0.3), -np.sin(0.3))  # in the colour camera
    np.testing.assert_allclose(frame.up_hint, expected, atol=1e-6)


def test_a_shaken_accelerometer_gives_no_up(
    camera: SoftwareCamera, sensor: RealSenseSensor
) -> None:
    for sample in range(5):
        camera.push_acceleration(sample, (3.0, -12.0, 1.0), 5.0 * sample)
    camera.push(1, *images(1))
    frame = sensor.read(2.0)
    assert frame is not None and frame.up_hint is None


def test_a_camera_without_an_accelerometer_gives_no_up() -> None:
    camera = SoftwareCamera()
    with RealSenseSensor(None, AT_ONCE, Port(camera)) as sensor:
        camera.push(1, *images(1))
        frame = sensor.read(2.0)
    assert frame is not None and frame.up_hint is None


def test_an_open_camera_has_sent_frames_of_a_steady_brightness() -> None:
    camera = SoftwareCamera()
    sensor = RealSenseSensor(devices=Port(camera))
    steps: list[tuple[int, int]] = []
    with feeding(camera):
        sensor.open(lambda done, total: steps.append((done, total)))
        frame = sensor.read(2.0)
        sensor.close()
    assert frame is not None and 9 <= frame.number < 20
    assert steps[-1] == (7, 30)
    assert sensor.name == "Intel RealSense D435I"
