"""Orbbec's Femto, Gemini and Astra cameras through pyorbbecsdk2; Python 3.12 or newer.

Written after the SDK's examples: no camera was at hand. Tested are the conversion of
frames that the SDK itself makes, and the sentences where there is no camera.
"""

import contextlib
import sys
import time
from typing import Any

from capture_app.sensors.failures import (
    SensorLostError,
    library_missing,
    no_profile,
    package_missing,
    stalled,
    told_by,
    unplugged,
)
from capture_app.sensors.orbbec_frames import CAMERA, frame_of
from capture_app.sensors.probe import check_connected
from capture_app.sensors.sensor import Progress, Sensor, SensorStatus
from core.errors import SensorError
from core.files import user_cache
from core.frame import RgbdFrame

NAME = "orbbec"
PACKAGE = "pyorbbecsdk2"
PYTHON = sys.version_info[:2]

_ABSENT = (
    f"no {CAMERA} camera is connected; plug one into a USB 3 port (on Linux its udev "
    "rules must be installed)"
)
# The SDK sees no camera in its first moments (pyorbbecsdk #209).
_LOOKING_S = 0.8
_LOOKING_PERIOD_S = 0.1


class OrbbecSensor(Sensor):
    """Colour and raw depth in the camera's default modes, both at the rate of depth,
    paired by the SDK.

    With `serial`, and after the first opening, it is that camera and no other.
    """

    name = NAME

    def __init__(self, serial: str | None = None) -> None:
        self.fps = 30.0
        self._serial = serial
        self._pipeline: Any = None

    def open(self, progress: Progress | None = None) -> None:
        """Start depth and colour; after a close, of the same camera again."""
        self.close()
        sdk = _sdk()
        check_connected(NAME)
        context = _context(sdk)
        device = _device(context, self._serial)
        try:
            information = device.get_device_info()
            pipeline = sdk.Pipeline(device)
            config = sdk.Config()
            depth, color = _profiles(sdk, pipeline)
            self.fps = float(depth.get_fps())
            config.enable_stream(depth)
            config.enable_stream(color)
            config.set_frame_aggregate_output_mode(
                sdk.OBFrameAggregateOutputMode.FULL_FRAME_REQUIRE
            )
            pipeline.enable_frame_sync()
            pipeline.start(config)
        except (sdk.OBError, RuntimeError) as error:
            raise told_by(CAMERA, str(error)) or SensorError(
                f"the {CAMERA} camera does not start ({error}); close other programs "
                "that use it, and use a USB 3 port"
            ) from error
        self._sdk, self._context, self._pipeline = sdk, context, pipeline
        self._serial = information.get_serial_number()
        self.name = information.get_name()
        self._last_number = -1

    def read(self, timeout_s: float) -> RgbdFrame | None:
        """The next pair of colour and depth; SensorError when the camera is lost."""
        if self._pipeline is None:
            raise SensorError(f"the {CAMERA} camera is closed; open it before reading")
        deadline = time.monotonic() + timeout_s
        while (left_s := deadline - time.monotonic()) > 0:
            try:
                frames = self._pipeline.wait_for_frames(int(left_s * 1000) + 1)
            except (self._sdk.OBError, RuntimeError) as error:
                raise self._lost(timeout_s) from error
            frame = None if frames is None else self._new_frame(frames)
            if frame is not None:
                return frame
        raise self._lost(timeout_s)

    def close(self) -> None:
        """Stop the streams; safe to call twice, and after the camera is gone."""
        pipeline, self._pipeline = self._pipeline, None
        if pipeline is not None:
            # A camera that is gone cannot be stopped, and needs not be.
            with contextlib.suppress(self._sdk.OBError, RuntimeError):
                pipeline.stop()

    def _lost(self, silent_s: float) -> SensorLostError:
        """Whether the camera was unplugged or has stalled."""
        with contextlib.suppress(self._sdk.OBError, RuntimeError):
            if self._serial in _serials(self._context.query_devices()):
                return stalled(CAMERA, silent_s)
        return unplugged(CAMERA)

    def _new_frame(self, frames: Any) -> RgbdFrame | None:
        depth, color = frames.get_depth_frame(), frames.get_color_frame()
        if depth is None or color is None or depth.get_index() <= self._last_number:
            return None
        self._last_number = depth.get_index()
        delay_us = abs(depth.get_timestamp_us() - color.get_timestamp_us())
        if delay_us > 5e5 / self.fps:  # half a frame period
            return None
        return frame_of(depth, color)


def probe() -> SensorStatus:
    """Which of them are connected, or what is missing. It may crash: see probe.py."""
    try:
        devices = _devices(_context(_sdk()))
    except SensorError as error:
        return SensorStatus(NAME, False, str(error))
    described = "; ".join(
        f"{devices.get_device_name_by_index(index)}, "
        f"serial {devices.get_device_serial_number_by_index(index)}, "
        f"{devices.get_device_connection_type_by_index(index)}"
        for index in range(devices.get_count())
    )
    return SensorStatus(NAME, True, described)


def _profiles(sdk: Any, pipeline: Any) -> tuple[Any, Any]:
    """What depth and colour are asked for: their default modes, at depth's rate."""
    sensors = sdk.OBSensorType
    depth, color = (
        pipeline.get_stream_profile_list(kind).get_default_video_stream_profile()
        for kind in (sensors.DEPTH_SENSOR, sensors.COLOR_SENSOR)
    )
    if color.get_fps() == depth.get_fps():
        return depth, color
    size = color.get_width(), color.get_height()
    colors = pipeline.get_stream_profile_list(sensors.COLOR_SENSOR)
    try:
        return depth, colors.get_video_stream_profile(
            *size, color.get_format(), depth.get_fps()
        )
    except sdk.OBError as error:
        wanted = f"colour of {size[0]}x{size[1]} at {depth.get_fps()} fps, as depth"
        raise no_profile(CAMERA, wanted, f"{color.get_fps()} fps") from error


def _device(context: Any, serial: str | None) -> Any:
    devices = _devices(context)
    if serial is None:
        return devices.get_device_by_index(0)
    serials = _serials(devices)
    if serial in serials:
        return devices.get_device_by_index(serials.index(serial))
    raise SensorError(
        f"no {CAMERA} camera of serial number {serial} is connected; hn-record --list "
        "shows those that are"
    )


def _context(sdk: Any) -> Any:
    # Else it writes a folder Log into the working folder.
    sdk.Context.set_logger_to_console(sdk.OBLogLevel.NONE)
    sdk.Context.set_logger_to_file(sdk.OBLogLevel.NONE, str(user_cache() / "orbbec"))
    return sdk.Context()


def _devices(context: Any) -> Any:
    """What is connected, at least one."""
    deadline = time.monotonic() + _LOOKING_S
    while (devices := context.query_devices()).get_count() == 0:
        if time.monotonic() > deadline:
            raise SensorError(_ABSENT)
        time.sleep(_LOOKING_PERIOD_S)
    return devices


def _serials(devices: Any) -> list[str]:
    return [
        devices.get_device_serial_number_by_index(index)
        for index in range(devices.get_count())
    ]


def _sdk() -> Any:
    """pyorbbecsdk; SensorError says why it cannot be used."""
    if PYTHON < (3, 12):
        raise SensorError(
            f"{CAMERA} cameras need Python 3.12 or newer (this is {PYTHON[0]}."
            f"{PYTHON[1]}), because for older ones {PACKAGE} wants NumPy 1; install "
            "hn-capture with a newer Python"
        )
    try:
        import pyorbbecsdk
    except ModuleNotFoundError as error:
        raise package_missing(CAMERA, PACKAGE) from error
    except ImportError as error:
        remedy = f"pip install --force-reinstall {PACKAGE}"
        raise library_missing(CAMERA, error, remedy) from error
    return pyorbbecsdk
