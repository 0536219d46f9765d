"""A RealSense without hardware: the SDK's own software device, fed by the test."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import numpy as np
import pyrealsense2 as rs

FPS = 30
DEPTH_SIZE, COLOR_SIZE = (64, 48), (80, 60)  # lopsided: depth and colour differ
ROTATION = np.array(  # a turn about z, then about x; nothing symmetric
    [[0.96, -0.28, 0.0], [0.2688, 0.9216, -0.28], [0.0784, 0.2688, 0.96]]
)
TRANSLATION = (0.015, -0.002, 0.0005)
DEPTH_SCALE = 0.00025
COLOR_DISTORTION = (0.1, -0.2, 0.003, -0.002, 0.05)


class SoftwareCamera:
    """Depth and colour, and an accelerometer if `has_imu`, pushed frame by frame."""

    def __init__(
        self,
        has_imu: bool = False,
        has_color: bool = True,
        color_format: rs.format = rs.format.rgb8,
        serial: str = "752112070330",
        usb: str = "3.2",
    ) -> None:
        self.color_clock = rs.timestamp_domain.hardware_clock
        self._uids = count(10)
        self.device = rs.software_device()
        for info, text in (
            (rs.camera_info.name, "Intel RealSense D435I"),
            (rs.camera_info.serial_number, serial),
            (rs.camera_info.usb_type_descriptor, usb),
        ):
            self.device.register_info(info, text)
        self._depth_sensor = self.device.add_sensor("Stereo Module")
        self._depth_sensor.add_read_only_option(rs.option.depth_units, DEPTH_SCALE)
        self._color_sensor = self.device.add_sensor("RGB Camera")
        self._depth = self._depth_sensor.add_video_stream(
            _stream(rs.stream.depth, 0, DEPTH_SIZE, 2, rs.format.z16, depth_lens()),
            True,
        ).as_video_stream_profile()
        for sensor in (self._depth_sensor, self._color_sensor):
            sensor.set_metadata(rs.frame_metadata_value.actual_fps, 1000 * FPS)
        if has_color:
            self._color = self._color_sensor.add_video_stream(
                _stream(
                    rs.stream.color,
                    1,
                    COLOR_SIZE,
                    2 if color_format == rs.format.yuyv else 3,
                    color_format,
                    color_lens(),
                ),
                True,
            ).as_video_stream_profile()
            extrinsics = rs.extrinsics()
            extrinsics.rotation = list(ROTATION.T.ravel())  # column by column
            extrinsics.translation = list(TRANSLATION)
            self._depth.register_extrinsics_to(self._color, extrinsics)
        if has_imu:
            self._add_accelerometer()

    def push(
        self,
        number: int,
        depth: np.ndarray,
        rgb: np.ndarray,
        color_delay_ms: float = 0.4,
        clock_ms: float = 0.0,
    ) -> None:
        """One frame of each stream, as the camera would send them."""
        self.push_depth(number, depth, clock_ms)
        time_ms = clock_ms + number * 1000 / FPS
        self.push_color(number, rgb, time_ms + color_delay_ms)

    def push_depth(self, number: int, depth: np.ndarray, clock_ms: float = 0.0) -> None:
        """A depth frame alone."""
        time_ms = clock_ms + number * 1000 / FPS
        frame = _video_frame(self._depth, number, time_ms, depth, 2)
        self._depth_sensor.on_video_frame(frame)

    def push_color(self, number: int, rgb: np.ndarray, timestamp_ms: float) -> None:
        """A colour frame alone."""
        frame = _video_frame(self._color, number, timestamp_ms, rgb, rgb.shape[2])
        frame.domain = self.color_clock
        self._color_sensor.on_video_frame(frame)

    def push_acceleration(
        self, number: int, xyz: tuple[float, float, float], timestamp_ms: float
    ) -> None:
        """A sample of the accelerometer, m/s2."""
        frame = rs.software_motion_frame()
        vector = rs.vector()
        vector.x, vector.y, vector.z = xyz
        frame.data, frame.timestamp, frame.frame_number = vector, timestamp_ms, number
        frame.domain = rs.timestamp_domain.hardware_clock
        frame.profile = self._acceleration
        self._motion_sensor.on_motion_frame(frame)

    def say_arrival(self, time_ms: int) -> None:
        """When the next frames come in, by the computer's clock."""
        for sensor in (self._depth_sensor, self._color_sensor):
            sensor.set_metadata(rs.frame_metadata_value.time_of_arrival, time_ms)

    def add_option(
        self, kind: str, option: rs.option, least: float, most: float
    ) -> None:
        """Have the "depth" or the "color" sensor offer this option."""
        limits = rs.option_range()
        limits.min, limits.max, limits.step, limits.default = least, most, 1, least
        self._sensor(kind).add_option(option, limits, True)

    def option(self, kind: str, option: rs.option) -> float:
        """What an option is set to."""
        return self._sensor(kind).get_option(option)

    def add_size(self, kind: str, size: tuple[int, int], fps: int) -> None:
        """Have the "depth" or the "color" sensor offer images of this size too."""
        is_depth = kind == "depth"
        stream = _stream(
            rs.stream.depth if is_depth else rs.stream.color,
            next(self._uids),
            size,
            2 if is_depth else 3,
            rs.format.z16 if is_depth else rs.format.rgb8,
            depth_lens() if is_depth else color_lens(),
        )
        stream.fps = fps
        self._sensor(kind).add_video_stream(stream, False)

    def _sensor(self, kind: str) -> Any:
        return self._depth_sensor if kind == "depth" else self._color_sensor

    def _add_accelerometer(self) -> None:
        self._motion_sensor = self.device.add_sensor("Motion Module")
        stream = rs.motion_stream()
        stream.type, stream.index, stream.uid, stream.fps = rs.stream.accel, 0, 2, 200
        stream.fmt = rs.format.motion_xyz32f
        stream.intrinsics = rs.motion_device_intrinsic()
        profile = self._motion_sensor.add_motion_stream(stream, True)
        self._acceleration = profile.as_motion_stream_profile()
        same_axes = rs.extrinsics()
        same_axes.rotation = list(np.eye(3).ravel())
        same_axes.translation = [0.0, 0.0, 0.0]
        self._depth.register_extrinsics_to(self._acceleration, same_axes)
        self._motion_sensor.set_metadata(
            rs.frame_metadata_value.actual_fps, 1000 * stream.fps
        )


class Port:
    """What the SDK would find connected: one camera, or none."""

    def __init__(self, camera: SoftwareCamera | None = None) -> None:
        self.camera = camera
        self.num_asked = 0

    def __call__(self) -> list[Any]:
        """The devices that are plugged in."""
        self.num_asked += 1
        return [] if self.camera is None else [self.camera.device]


@contextmanager
def feeding(camera: SoftwareCamera, period_s: float = 0.01) -> Iterator[None]:
    """The camera sends frames that can be told apart, on a thread, until this ends."""
    stop = threading.Event()

    def feed() -> None:
        number = 0
        while not stop.wait(period_s):
            number += 1
            camera.push(number, *images(number))

    feeder = threading.Thread(target=feed, name="feeder")
    feeder.start()
    try:
        yield
    finally:
        stop.set()
        feeder.join()


def images(number: int) -> tuple[np.ndarray, np.ndarray]:
    """(h, w) uint16 depth and (H, W, 3) uint8 rgb, every pixel of its own."""
    rng = np.random.default_rng(number)
    depth = rng.integers(0, 65535, DEPTH_SIZE[::-1], np.uint16, endpoint=True)
    return depth, rng.integers(0, 255, (*COLOR_SIZE[::-1], 3), np.uint8, endpoint=True)


def depth_lens() -> rs.intrinsics:
    """A pinhole."""
    return _lens(DEPTH_SIZE, (61.5, 62.25, 30.5, 25.25), rs.distortion.none, (0,) * 5)


def color_lens() -> rs.intrinsics:
    """A lens as the D435i's colour camera states it."""
    return _lens(
        COLOR_SIZE,
        (77.0, 78.5, 41.25, 28.75),
        rs.distortion.inverse_brown_conrady,
        COLOR_DISTORTION,
    )


def _lens(
    size: tuple[int, int],
    numbers: tuple[float, ...],
    model: rs.distortion,
    coefficients: tuple[float, ...],
) -> rs.intrinsics:
    lens = rs.intrinsics()
    lens.width, lens.height = size
    lens.fx, lens.fy, lens.ppx, lens.ppy = numbers
    lens.model, lens.coeffs = model, list(coefficients)
    return lens


def _stream(
    kind: rs.stream,
    uid: int,
    size: tuple[int, int],
    bytes_per_pixel: int,
    pixel_format: rs.format,
    lens: rs.intrinsics,
) -> rs.video_stream:
    stream = rs.video_stream()
    stream.type, stream.index, stream.uid, stream.fps = kind, 0, uid, FPS
    stream.width, stream.height = size
    stream.bpp, stream.fmt, stream.intrinsics = bytes_per_pixel, pixel_format, lens
    return stream


def _video_frame(
    profile: rs.video_stream_profile,
    number: int,
    timestamp_ms: float,
    pixels: np.ndarray,
    bytes_per_pixel: int,
) -> rs.software_video_frame:
    frame = rs.software_video_frame()
    frame.bpp, frame.stride = bytes_per_pixel, pixels.shape[1] * bytes_per_pixel
    frame.timestamp, frame.frame_number = timestamp_ms, number
    frame.domain, frame.profile = rs.timestamp_domain.hardware_clock, profile
    frame.pixels = np.ascontiguousarray(pixels)
    return frame
