"""Intel / RealSense D400 and D500 cameras through pyrealsense2.

Traps of the SDK that shape this file: a frameset may repeat a frame of one stream
(librealsense #5125), and a missing libusb shows up as an ImportError.
"""

import contextlib
import time
from dataclasses import dataclass
from typing import Any

from capture_app.sensors.realsense_frames import (
    ACCELERATION,
    COLOR,
    DEPTH,
    Calibration,
    are_of_one_instant,
    calibration_of,
    import_sdk,
    sample_of,
)
from capture_app.sensors.sensor import Progress, Sensor, SensorStatus
from capture_app.sensors.up import UpFilter
from core.errors import SensorError
from core.frame import RgbdFrame

_PREFERRED_SIZE = (640, 480)
_PREFERRED_FPS = 30


class RealSenseSensor(Sensor):
    """Colour, raw depth and, from cameras with an IMU, the up direction.

    `device` is for one that the SDK does not enumerate, such as its software device.
    """

    name = "realsense"

    def __init__(self, device: Any = None) -> None:
        self.fps = float(_PREFERRED_FPS)
        self._device = device
        self._pipeline: Any = None

    def open(self, progress: Progress | None = None) -> None:
        """Start depth and colour in the device's best common mode."""
        self.close()
        rs = import_sdk()
        device = self._device or _first_device(rs)
        mode = choose_mode(rs, device)
        config = rs.config()
        pipeline = rs.pipeline()
        if self._device is not None:
            pipeline.set_device(device)
        else:
            config.enable_device(device.get_info(rs.camera_info.serial_number))
        config.enable_stream(rs.stream.depth, *mode.depth_size, rs.format.z16, mode.fps)
        config.enable_stream(
            rs.stream.color, *mode.color_size, mode.color_format, mode.fps
        )
        if mode.has_accelerometer:
            config.enable_stream(rs.stream.accel)
        try:
            profile = pipeline.start(config)
        except RuntimeError as error:
            raise SensorError(
                f"the RealSense camera does not start ({error}); is another program "
                "using it, and is it plugged into a USB 3 port?"
            ) from error
        self._pipeline = pipeline
        self._rs = rs
        self.name = _info(device, rs.camera_info.name) or type(self).name
        self.fps = float(mode.fps)
        self._calibration = _calibration(rs, profile)
        self._up = UpFilter(self._calibration.R_color_accelerometer)
        self._last_numbers = (-1, -1)

    def read(self, timeout_s: float) -> RgbdFrame | None:
        """The next pair of depth and colour; SensorError when the camera is lost."""
        if self._pipeline is None:
            raise SensorError("the RealSense camera is closed; open it before reading")
        deadline = time.monotonic() + timeout_s
        while (left_s := deadline - time.monotonic()) > 0:
            try:
                came, frames = self._pipeline.try_wait_for_frames(
                    int(left_s * 1000) + 1
                )
            except RuntimeError as error:
                raise SensorError(
                    f"the RealSense camera was lost ({error}); plug it in again"
                ) from error
            if came:
                self._update_up(frames)
                frame = self._paired(frames)
                if frame is not None:
                    return frame
        raise SensorError(
            f"the RealSense camera sent no frame for {timeout_s:g} s; it was unplugged "
            "or has stalled: plug it in again"
        )

    def close(self) -> None:
        """Stop the streams; safe to call twice, and after the camera is gone."""
        pipeline, self._pipeline = self._pipeline, None
        if pipeline is not None:
            # A camera that is gone cannot be stopped, and needs not be.
            with contextlib.suppress(RuntimeError):
                pipeline.stop()

    def _paired(self, frames: Any) -> RgbdFrame | None:
        """Depth and colour of one instant, both new; None for any other frameset."""
        depth, color = frames.get_depth_frame(), frames.get_color_frame()
        if not depth or not color:
            return None
        numbers = (depth.get_frame_number(), color.get_frame_number())
        if any(n <= last for n, last in zip(numbers, self._last_numbers, strict=True)):
            return None
        images = sample_of(DEPTH, depth), sample_of(COLOR, color)
        if not are_of_one_instant(*images, self.fps):
            return None
        self._last_numbers = numbers
        return self._calibration.frame(*images, images[0].number, self._up.up)

    def _update_up(self, frames: Any) -> None:
        motion = frames.first_or_default(self._rs.stream.accel)
        if motion:
            self._up.update(sample_of(ACCELERATION, motion).data)


def probe() -> SensorStatus:
    """Whether a RealSense camera is connected, or what is missing."""
    try:
        device = _first_device(rs := import_sdk())
    except SensorError as error:
        return SensorStatus(RealSenseSensor.name, False, str(error))
    name, serial, usb = (
        _info(device, info) or "unknown"
        for info in (
            rs.camera_info.name,
            rs.camera_info.serial_number,
            rs.camera_info.usb_type_descriptor,
        )
    )
    return SensorStatus(
        RealSenseSensor.name, True, f"{name}, serial {serial}, USB {usb}"
    )


def _info(device: Any, info: Any) -> str:
    return str(device.get_info(info)) if device.supports(info) else ""


def _calibration(rs: Any, profile: Any) -> Calibration:
    accelerometers = [
        stream
        for stream in profile.get_streams()
        if stream.stream_type() == rs.stream.accel
    ]
    return calibration_of(
        rs,
        profile.get_stream(rs.stream.depth),
        profile.get_stream(rs.stream.color),
        accelerometers[0] if accelerometers else None,
        float(profile.get_device().first_depth_sensor().get_depth_scale()),
    )


def _first_device(rs: Any) -> Any:
    devices = rs.context().query_devices()
    if len(devices) == 0:
        raise SensorError(
            "no RealSense camera is connected; plug one into a USB 3 port (on Linux "
            "its udev rules must be installed)"
        )
    return devices[0]


@dataclass(frozen=True)
class Mode:
    """The streams to ask a device for. Sizes are (width, height)."""

    depth_size: tuple[int, int]
    color_size: tuple[int, int]
    color_format: Any
    fps: int
    has_accelerometer: bool


def choose_mode(rs: Any, device: Any) -> Mode:
    """The device's mode nearest to 640x480 at 30 fps, depth and colour at one rate."""
    depths: list[tuple[int, tuple[int, int]]] = []
    colors: list[tuple[int, tuple[int, int], Any]] = []
    has_accelerometer = False
    for sensor in device.query_sensors():
        for profile in sensor.get_stream_profiles():
            kind, pixel_format = profile.stream_type(), profile.format()
            if kind == rs.stream.accel:
                has_accelerometer = True
            if not profile.is_video_stream_profile():
                continue
            video = profile.as_video_stream_profile()
            size = (video.width(), video.height())
            if kind == rs.stream.depth and pixel_format == rs.format.z16:
                depths.append((profile.fps(), size))
            elif kind == rs.stream.color and pixel_format in (
                rs.format.rgb8,
                rs.format.bgr8,
            ):
                colors.append((profile.fps(), size, pixel_format))
    rates = {fps for fps, _ in depths} & {fps for fps, _, _ in colors}
    if not rates:
        raise SensorError(
            "the camera offers no depth (z16) and colour (rgb8) at one frame rate; a "
            "RealSense with a colour camera on a USB 3 port is needed"
        )
    fps = min(rates, key=lambda rate: (abs(rate - _PREFERRED_FPS), -rate))
    depth_size = min((size for rate, size in depths if rate == fps), key=_size_rank)
    color_size, color_format = min(
        ((size, f) for rate, size, f in colors if rate == fps),
        key=lambda choice: (_size_rank(choice[0]), choice[1] != rs.format.rgb8),
    )
    return Mode(depth_size, color_size, color_format, fps, has_accelerometer)


def _size_rank(size: tuple[int, int]) -> tuple[bool, int]:
    width, height = _PREFERRED_SIZE
    return size != _PREFERRED_SIZE, abs(size[0] * size[1] - width * height)
