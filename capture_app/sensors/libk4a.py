"""libk4a, Microsoft's library for the Azure Kinect, by way of ctypes.

The package pyk4a-bundle carries it for pip; its module `pyk4a` is built for NumPy 1 and
is never imported. Calls and numbers are those of k4a.h and k4atypes.h, version 1.4.
"""

import ctypes as c
import os
from collections import deque
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

COLOR_SIZE = (1280, 720)
DEPTH_SIZE = (640, 576)
"""(width, height) of the modes that `Device.start` asks for."""
FPS = 30

_SUCCEEDED = 0
_TIMEOUT = 2  # of what waits
_MJPG, _720P, _NFOV_UNBINNED, _30_FPS = 0, 1, 2, 2
_LOG_ERRORS = 1
_MOST_ERRORS = 5


class Float3(c.Structure):
    """k4a_float3_t."""

    _fields_ = (("x", c.c_float), ("y", c.c_float), ("z", c.c_float))


class ImuSample(c.Structure):
    """k4a_imu_sample_t."""

    _fields_ = (
        ("temperature", c.c_float),
        ("acceleration", Float3),
        ("acceleration_us", c.c_uint64),
        ("rotation", Float3),
        ("rotation_us", c.c_uint64),
    )


class Configuration(c.Structure):
    """k4a_device_configuration_t."""

    _fields_ = (
        ("color_format", c.c_int),
        ("color_resolution", c.c_int),
        ("depth_mode", c.c_int),
        ("fps", c.c_int),
        ("synchronized_only", c.c_bool),
        ("depth_delay_us", c.c_int32),
        ("wired_sync_mode", c.c_int),
        ("subordinate_delay_us", c.c_uint32),
        ("disable_indicator", c.c_bool),
    )


_Handle = c.c_void_p
_HandlePointer = c.POINTER(c.c_void_p)
_SizePointer = c.POINTER(c.c_size_t)
_LogHandler = c.CFUNCTYPE(None, c.c_void_p, c.c_int, c.c_char_p, c.c_int, c.c_char_p)
# Name: result, arguments.
_SIGNATURES: dict[str, tuple[type | None, tuple[type, ...]]] = {
    "k4a_set_debug_message_handler": (c.c_int, (_LogHandler, c.c_void_p, c.c_int)),
    "k4a_device_get_installed_count": (c.c_uint32, ()),
    "k4a_device_open": (c.c_int, (c.c_uint32, _HandlePointer)),
    "k4a_device_close": (None, (_Handle,)),
    "k4a_device_get_serialnum": (c.c_int, (_Handle, c.c_char_p, _SizePointer)),
    "k4a_device_get_raw_calibration": (c.c_int, (_Handle, c.c_char_p, _SizePointer)),
    "k4a_device_start_cameras": (c.c_int, (_Handle, c.POINTER(Configuration))),
    "k4a_device_stop_cameras": (None, (_Handle,)),
    "k4a_device_start_imu": (c.c_int, (_Handle,)),
    "k4a_device_stop_imu": (None, (_Handle,)),
    "k4a_device_get_capture": (c.c_int, (_Handle, _HandlePointer, c.c_int32)),
    "k4a_device_get_imu_sample": (
        c.c_int,
        (_Handle, c.POINTER(ImuSample), c.c_int32),
    ),
    "k4a_capture_get_color_image": (_Handle, (_Handle,)),
    "k4a_capture_get_depth_image": (_Handle, (_Handle,)),
    "k4a_capture_release": (None, (_Handle,)),
    "k4a_image_get_buffer": (c.c_void_p, (_Handle,)),
    "k4a_image_get_size": (c.c_size_t, (_Handle,)),
    "k4a_image_get_width_pixels": (c.c_int, (_Handle,)),
    "k4a_image_get_height_pixels": (c.c_int, (_Handle,)),
    "k4a_image_get_stride_bytes": (c.c_int, (_Handle,)),
    "k4a_image_get_device_timestamp_usec": (c.c_uint64, (_Handle,)),
    "k4a_image_release": (None, (_Handle,)),
}


class Images(NamedTuple):
    """What a capture holds, copied out of it."""

    color: bytes
    """A JPEG file."""
    depth: np.ndarray
    """(h, w) uint16 millimetres."""
    timestamp_ns: int
    """When depth was seen, the device's clock."""


class Library:
    """libk4a, loaded."""

    def __init__(self, path: Path | str) -> None:
        # Read when it is loaded; its errors come to the handler instead.
        os.environ.setdefault("K4A_ENABLE_LOG_TO_STDOUT", "0")
        self.calls = c.CDLL(str(path), mode=c.RTLD_GLOBAL)
        """Its functions, by their names."""
        for name, (result, arguments) in _SIGNATURES.items():
            function = getattr(self.calls, name)
            function.restype, function.argtypes = result, arguments
        self.errors: deque[str] = deque(maxlen=_MOST_ERRORS)
        """The last that it has complained about since somebody emptied this."""
        self._handler = _LogHandler(self._on_message)  # as long as the library
        self.calls.k4a_set_debug_message_handler(self._handler, None, _LOG_ERRORS)

    def images(self, capture: c.c_void_p) -> Images | None:
        """What a capture holds, None if one of its images is missing; releases it."""
        color = c.c_void_p(self.calls.k4a_capture_get_color_image(capture))
        depth = c.c_void_p(self.calls.k4a_capture_get_depth_image(capture))
        try:
            if not color or not depth:
                return None
            height = self.calls.k4a_image_get_height_pixels(depth)
            width = self.calls.k4a_image_get_width_pixels(depth)
            rows = np.frombuffer(self._bytes(depth), np.uint8).reshape(
                height, self.calls.k4a_image_get_stride_bytes(depth)
            )
            return Images(
                color=self._bytes(color),
                depth=np.ascontiguousarray(rows[:, : 2 * width]).view("<u2"),
                timestamp_ns=self.calls.k4a_image_get_device_timestamp_usec(depth)
                * 1000,
            )
        finally:
            for image in (color, depth):
                if image:
                    self.calls.k4a_image_release(image)
            self.calls.k4a_capture_release(capture)

    def _bytes(self, image: c.c_void_p) -> bytes:
        """A copy of an image's memory."""
        return c.string_at(
            self.calls.k4a_image_get_buffer(image), self.calls.k4a_image_get_size(image)
        )

    def _on_message(
        self, _context: object, _level: int, _file: bytes, _line: int, message: bytes
    ) -> None:
        self.errors.append(message.decode(errors="replace"))


class Device:
    """One open camera. Calls that fail raise OSError with what the library said."""

    def __init__(self, library: Library, index: int) -> None:
        self._library = library
        self._handle = c.c_void_p()
        self._has_imu = False
        self._call("open", library.calls.k4a_device_open, index, c.byref(self._handle))

    def serial(self) -> str:
        """Its serial number."""
        return (
            self._text(self._library.calls.k4a_device_get_serialnum)
            .decode()
            .rstrip("\0")
        )

    def calibration(self) -> bytes:
        """What its factory measured: JSON."""
        return self._text(self._library.calls.k4a_device_get_raw_calibration)

    def start(self) -> None:
        """Send colour and depth that were seen together, and what the IMU measures."""
        configuration = Configuration(
            color_format=_MJPG,
            color_resolution=_720P,
            depth_mode=_NFOV_UNBINNED,
            fps=_30_FPS,
            synchronized_only=True,
        )
        self._call(
            "start its cameras",
            self._library.calls.k4a_device_start_cameras,
            self._handle,
            configuration,
        )
        status = self._library.calls.k4a_device_start_imu(self._handle)
        self._has_imu = status == _SUCCEEDED  # without it there is no up hint

    def images(self, timeout_s: float) -> Images | None:
        """The next capture; None if none came or one image of it is missing."""
        capture = c.c_void_p()
        status = self._library.calls.k4a_device_get_capture(
            self._handle, c.byref(capture), int(timeout_s * 1000)
        )
        if status == _TIMEOUT:
            return None
        self._check("send any more", status)
        return self._library.images(capture)

    def acceleration(self) -> np.ndarray | None:
        """(3,) m/s2, the mean of what was measured since the last call."""
        samples = []
        sample = ImuSample()
        while (
            self._has_imu
            and self._library.calls.k4a_device_get_imu_sample(
                self._handle, c.byref(sample), 0
            )
            == _SUCCEEDED
        ):
            measured = sample.acceleration
            samples.append((measured.x, measured.y, measured.z))
        return np.mean(samples, axis=0) if samples else None

    def close(self) -> None:
        """Stop and close it; safe to call twice."""
        handle, self._handle = self._handle, c.c_void_p()
        if handle:
            if self._has_imu:
                self._library.calls.k4a_device_stop_imu(handle)
            self._library.calls.k4a_device_stop_cameras(handle)
            self._library.calls.k4a_device_close(handle)

    def _text(self, get: Any) -> bytes:
        """What a call tells that says first how long it is."""
        size = c.c_size_t(0)
        get(self._handle, None, c.byref(size))
        text = c.create_string_buffer(size.value)
        self._call("tell about itself", get, self._handle, text, c.byref(size))
        return text.raw[: size.value]

    def _call(self, what: str, function: Any, *arguments: Any) -> None:
        self._library.errors.clear()
        self._check(what, function(*arguments))

    def _check(self, what: str, status: int) -> None:
        if status != _SUCCEEDED:
            said = "; ".join(self._library.errors) or "the library does not say why"
            raise OSError(f"it does not {what}: {said}")
