"""The Kinect v2: its arithmetic against a made-up camera, as there is no other here."""

from functools import cached_property
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

from capture_app.sensors import kinect_v2
from capture_app.sensors.frame_counter import FrameCounter
from capture_app.sensors.kinect_v2 import KinectV2Sensor, probe
from capture_app.sensors.kinect_v2_calibration import Calibration, calibration_of
from core.errors import SensorError
from core.frame import Intrinsics

# As seen in images that are not mirrored.
DEPTH_K = np.array([[365.1, 0, 258.3], [0, 364.7, 203.9], [0, 0, 1]])
DEPTH_DISTORTION = np.array([0.0921, -0.2704, 0, 0, 0.0941])
COLOR_K = np.array([[1064.2, 0, 965.4], [0, 1061.9, 531.7], [0, 0, 1]])
COLOR_DISTORTION = np.array([0.021, -0.033, 0.0004, -0.0007, 0.008])
ROTATION = np.array([0.011, -0.007, 0.004])
TRANSLATION = np.array([-0.052, 0.0006, -0.0011])


class Mapper:
    """What the SDK tells of that camera: mirrored pixels, x to the left and y up."""

    def get_depth_camera_intrinsics(self) -> tuple[float, float, float, float]:
        return 365.1, 364.7, 511 - 258.3, 203.9

    def map_depth_frame_to_camera_space(self, depth: np.ndarray) -> np.ndarray:
        points = self._points(depth) * (-1, -1, 1)
        points[:9, :7] = -np.inf  # as the SDK marks what it does not know
        return points.astype(np.float32)

    def map_depth_frame_to_color_space(self, depth: np.ndarray) -> np.ndarray:
        points = self._points(depth).reshape(-1, 3)
        pixels, _ = cv2.projectPoints(
            points, ROTATION, TRANSLATION, COLOR_K, COLOR_DISTORTION
        )
        u, v = pixels.reshape(424, 512, 2).transpose(2, 0, 1)
        return np.stack((1919 - u, v), axis=-1).astype(np.float32)

    def _points(self, depth: np.ndarray) -> np.ndarray:
        """(424, 512, 3) metres, our axes, of a mirrored image."""
        return self._rays * depth[..., None] / 1000

    @cached_property
    def _rays(self) -> np.ndarray:
        v, u = np.mgrid[0:424, 0:512].astype(float)
        pixels = np.stack((511 - u, v), axis=-1).reshape(-1, 1, 2)
        rays = cv2.undistortPoints(
            pixels,
            DEPTH_K,
            DEPTH_DISTORTION,
            criteria=(cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 50, 1e-9),
        )
        return np.concatenate((rays.reshape(424, 512, 2), np.ones((424, 512, 1))), -1)


def test_the_calibration_is_learnt_from_what_the_sdk_can_be_asked() -> None:
    found = calibration_of(Mapper())
    np.testing.assert_allclose(found.depth.K, DEPTH_K, atol=0.1)
    np.testing.assert_allclose(found.color.K, COLOR_K, atol=0.5)
    T = found.T_color_depth
    np.testing.assert_allclose(cv2.Rodrigues(T[:3, :3])[0].ravel(), ROTATION, atol=1e-3)
    np.testing.assert_allclose(T[:3, 3], TRANSLATION, atol=1e-3)
    point = np.array([[0.7, -0.4, 2.3]])
    expected, _ = cv2.projectPoints(
        point, ROTATION, TRANSLATION, COLOR_K, COLOR_DISTORTION
    )
    ours, _ = cv2.projectPoints(
        point,
        T[:3, :3],
        T[:3, 3],
        found.color.K,
        np.array(found.color.distortion),
    )
    np.testing.assert_allclose(ours, expected, atol=0.05)
    seen, _ = cv2.projectPoints(
        point,
        np.zeros(3),
        np.zeros(3),
        found.depth.K,
        np.array(found.depth.distortion),
    )
    expected, _ = cv2.projectPoints(
        point, np.zeros(3), np.zeros(3), DEPTH_K, DEPTH_DISTORTION
    )
    np.testing.assert_allclose(seen, expected, atol=0.05)


class LateError(Exception):
    pass


class GoneError(Exception):
    pass


class Kinect:
    """Of the package's camera, what the sensor uses once it is open."""

    def __init__(self, *answers: Any, is_available: bool = True) -> None:
        self.is_available = is_available
        self.num_closed = 0
        self._answers = list(answers)

    def wait_for_frames(self, timeout_ms: int) -> Any:
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self) -> None:
        self.num_closed += 1


def opened(kinect: Kinect) -> KinectV2Sensor:
    sensor = KinectV2Sensor()
    sensor._kinect = kinect
    sensor._package = SimpleNamespace(
        KinectTimeoutError=LateError, KinectError=GoneError
    )
    sensor._calibration = Calibration(
        Intrinsics(1920, 1080, 1064.2, 1061.9, 965.4, 531.7),
        Intrinsics(512, 424, 365.1, 364.7, 258.3, 203.9),
        np.eye(4),
    )
    sensor._counter = FrameCounter(30)
    return sensor


def frame_set(number: int, has_color: bool = True) -> Any:
    rgb, depth = images(number)
    return SimpleNamespace(
        color=SimpleNamespace(as_rgb=lambda: rgb) if has_color else None,
        depth=SimpleNamespace(data=depth),
        relative_time_ns=10**12 + number * 33_333_333,
    )


def images(number: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(number)
    return (
        rng.integers(0, 256, (1080, 1920, 3), np.uint8),
        rng.integers(0, 8000, (424, 512), np.uint16),
    )


def test_images_are_turned_back_and_owned() -> None:
    sensor = opened(Kinect(frame_set(0), frame_set(1, has_color=False), frame_set(2)))
    frames = [sensor.read(1.0), sensor.read(1.0)]
    for number, frame in zip((0, 2), frames, strict=True):
        assert frame is not None
        rgb, depth = images(number)
        np.testing.assert_array_equal(frame.rgb, rgb[:, ::-1])
        np.testing.assert_array_equal(frame.depth, depth[:, ::-1])
        assert frame.number == number
        assert frame.depth_scale == 0.001


def test_a_lost_camera_is_told_from_a_silent_one() -> None:
    for kinect, complaint in (
        (Kinect(LateError()), "connected but has sent no frame for 0.5 s"),
        (Kinect(LateError(), is_available=False), "unplugged"),
        (Kinect(GoneError()), "unplugged"),
    ):
        sensor = opened(kinect)
        with pytest.raises(SensorError, match=complaint):
            sensor.read(0.5)
        sensor.close()
        sensor.close()
        assert kinect.num_closed == 1
        with pytest.raises(SensorError, match="closed; open it"):
            sensor.read(0.5)


def test_it_says_where_it_can_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kinect_v2.sys, "platform", "linux")
    with pytest.raises(SensorError, match="for Windows only"):
        KinectV2Sensor().open()
    assert not probe().available
    monkeypatch.setattr(kinect_v2.sys, "platform", "win32")
    monkeypatch.setattr(kinect_v2, "find_spec", lambda name: None)
    assert probe().reason.endswith("pip install kinect-next")
