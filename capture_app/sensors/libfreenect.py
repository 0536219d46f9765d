"""libfreenect, the library for the first Kinect, by way of ctypes.

It may abort or exit when it is unhappy, and it prints: only processes of their own load
it. Calls and numbers are those of libfreenect.h, version 0.5.
"""

import ctypes as c
import sys
from collections import deque
from collections.abc import Callable
from typing import Any

from capture_app.sensors.failures import library_missing, told_by
from core.errors import SensorError

CAMERA = "Kinect v1"
ABSENT = (
    f"no {CAMERA} is connected; plug it in, and its power supply into a socket (on "
    "Linux libfreenect's udev rules must be installed)"
)
WIDTH, HEIGHT = 640, 480

_NAMES = ("libfreenect.so.0.5", "libfreenect.so.0", "libfreenect.so")
_NAMES_MACOS = ("libfreenect.0.5.dylib", "libfreenect.dylib")
_INSTALL = "install libfreenect (Debian and Ubuntu: apt install libfreenect0.5)"
_MOTOR, _CAMERA = 1, 2
_MEDIUM, _RGB, _11_BIT = 1, 0, 0
_LOG_WARNINGS = 2
_MOST_MESSAGES = 5


class FrameMode(c.Structure):
    """freenect_frame_mode, which is passed by value."""

    _fields_ = (
        ("reserved", c.c_uint32),
        ("resolution", c.c_int),
        ("format", c.c_int32),
        ("bytes", c.c_int32),
        ("width", c.c_int16),
        ("height", c.c_int16),
        ("data_bits", c.c_int8),
        ("padding_bits", c.c_int8),
        ("framerate", c.c_int8),
        ("is_valid", c.c_int8),
    )


class _Attributes(c.Structure):
    """freenect_device_attributes, a linked list."""


_Attributes._fields_ = (
    ("next", c.POINTER(_Attributes)),
    ("serial", c.c_char_p),
)


class _Timeval(c.Structure):
    _fields_ = (("seconds", c.c_long), ("microseconds", c.c_long))


_Pointer = c.c_void_p
_ImageHandler = c.CFUNCTYPE(None, _Pointer, _Pointer, c.c_uint32)
_LogHandler = c.CFUNCTYPE(None, _Pointer, c.c_int, c.c_char_p)
_Double = c.POINTER(c.c_double)
# Name: result, arguments.
_SIGNATURES: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "init": (c.c_int, (c.POINTER(_Pointer), _Pointer)),
    "shutdown": (c.c_int, (_Pointer,)),
    "set_log_level": (None, (_Pointer, c.c_int)),
    "set_log_callback": (None, (_Pointer, _LogHandler)),
    "process_events_timeout": (c.c_int, (_Pointer, c.POINTER(_Timeval))),
    "num_devices": (c.c_int, (_Pointer,)),
    "select_subdevices": (None, (_Pointer, c.c_int)),
    "open_device": (c.c_int, (_Pointer, c.POINTER(_Pointer), c.c_int)),
    "open_device_by_camera_serial": (
        c.c_int,
        (_Pointer, c.POINTER(_Pointer), c.c_char_p),
    ),
    "close_device": (c.c_int, (_Pointer,)),
    "set_depth_callback": (None, (_Pointer, _ImageHandler)),
    "set_video_callback": (None, (_Pointer, _ImageHandler)),
    "find_depth_mode": (FrameMode, (c.c_int, c.c_int)),
    "find_video_mode": (FrameMode, (c.c_int, c.c_int)),
    "set_depth_mode": (c.c_int, (_Pointer, FrameMode)),
    "set_video_mode": (c.c_int, (_Pointer, FrameMode)),
    "start_depth": (c.c_int, (_Pointer,)),
    "start_video": (c.c_int, (_Pointer,)),
    "stop_depth": (c.c_int, (_Pointer,)),
    "stop_video": (c.c_int, (_Pointer,)),
    "update_tilt_state": (c.c_int, (_Pointer,)),
    "get_tilt_state": (_Pointer, (_Pointer,)),
    "get_mks_accel": (None, (_Pointer, _Double, _Double, _Double)),
}

OnImage = Callable[[bytes, int], None]
"""Called with an image's bytes and the camera's clock, 60 MHz in 32 bits."""


class Context:
    """The library in use. Calls that fail raise OSError with what it said."""

    def __init__(self) -> None:
        self._library = _load()
        self._context, self._device = c.c_void_p(), c.c_void_p()
        self._has_accelerometer = False
        self._messages: deque[str] = deque(maxlen=_MOST_MESSAGES)
        self._call("start", "init", c.byref(self._context), None)
        self._on_log = _LogHandler(
            lambda _context, _level, text: self._messages.append(
                text.decode(errors="replace").strip()
            )
        )
        self._library.freenect_set_log_callback(self._context, self._on_log)
        self._library.freenect_set_log_level(self._context, _LOG_WARNINGS)

    def serials(self) -> list[str | None]:
        """The serial number of every camera that is connected, None if it hides it."""
        num_devices = self._library.freenect_num_devices(self._context)
        try:
            list_them = self._library.freenect_list_device_attributes
        except AttributeError:  # fakenect, which stands in for the library
            return [None] * num_devices
        first = c.POINTER(_Attributes)()
        list_them.argtypes = (_Pointer, c.POINTER(c.POINTER(_Attributes)))
        list_them(self._context, c.byref(first))
        serials: list[str | None] = []
        entry = first
        while entry:
            serial = entry.contents.serial.decode(errors="replace")
            serials.append(serial if serial.strip("0") else None)
            entry = entry.contents.next
        free = self._library.freenect_free_device_attributes
        free.argtypes = (c.POINTER(_Attributes),)
        free(first)
        return serials

    def open(self, serial: str | None, on_depth: OnImage, on_color: OnImage) -> None:
        """Stream raw disparity, 11 bits in uint16, and RGB of a camera."""
        try:
            # The motor's board has the accelerometer; the motor itself is left alone.
            self._open_parts(serial, _CAMERA | _MOTOR)
            self._has_accelerometer = True
        except OSError:
            self._open_parts(serial, _CAMERA)
        library, device = self._library, self._device
        self._on_depth = _image_handler(on_depth, 2 * WIDTH * HEIGHT)
        self._on_color = _image_handler(on_color, 3 * WIDTH * HEIGHT)
        library.freenect_set_depth_callback(device, self._on_depth)
        library.freenect_set_video_callback(device, self._on_color)
        depth_mode = library.freenect_find_depth_mode(_MEDIUM, _11_BIT)
        color_mode = library.freenect_find_video_mode(_MEDIUM, _RGB)
        self._call("take its depth mode", "set_depth_mode", device, depth_mode)
        self._call("take its colour mode", "set_video_mode", device, color_mode)
        self._call("start its depth", "start_depth", device)
        self._call("start its colour", "start_video", device)

    def wait(self, timeout_s: float) -> None:
        """Take in what the camera sends; OSError when it is gone."""
        timeout = _Timeval(0, int(timeout_s * 1e6))
        self._call("go on", "process_events_timeout", self._context, c.byref(timeout))

    def acceleration(self) -> tuple[float, float, float] | None:
        """m/s2 along the accelerometer's axes, None where it cannot be read."""
        if not self._has_accelerometer:
            return None
        library, device = self._library, self._device
        if library.freenect_update_tilt_state(device) < 0:
            return None
        x, y, z = c.c_double(), c.c_double(), c.c_double()
        library.freenect_get_mks_accel(
            library.freenect_get_tilt_state(device), c.byref(x), c.byref(y), c.byref(z)
        )
        return x.value, y.value, z.value

    def close(self) -> None:
        """Stop the streams and leave the library."""
        if self._device:
            self._library.freenect_stop_depth(self._device)
            self._library.freenect_stop_video(self._device)
            self._library.freenect_close_device(self._device)
        self._library.freenect_shutdown(self._context)

    def _open_parts(self, serial: str | None, parts: int) -> None:
        self._library.freenect_select_subdevices(self._context, parts)
        device = c.byref(self._device)
        if serial is None:
            self._call("open", "open_device", self._context, device, 0)
        else:
            name = "open_device_by_camera_serial"
            self._call("open", name, self._context, device, serial.encode())

    def _call(self, what: str, name: str, *arguments: Any) -> None:
        self._messages.clear()
        if getattr(self._library, f"freenect_{name}")(*arguments) < 0:
            said = "; ".join(self._messages) or "the library does not say why"
            raise OSError(f"it does not {what}: {said}")


def check_platform() -> None:
    """SensorError on Windows."""
    if sys.platform == "win32":
        raise SensorError(
            f"a {CAMERA} is read through libfreenect, which Windows has no package of; "
            "use it on Linux or macOS"
        )


def failure(error: OSError) -> SensorError:
    """Why a camera that is connected does not open or start."""
    return told_by(CAMERA, str(error)) or SensorError(
        f"the {CAMERA} camera cannot be used ({error}); close other programs that use "
        "it, plug in its power supply, and on Linux install libfreenect's udev rules"
    )


def _image_handler(on_image: OnImage, num_bytes: int) -> Any:
    return _ImageHandler(
        lambda _device, data, ticks: on_image(c.string_at(data, num_bytes), ticks)
    )


def _load() -> c.CDLL:
    """The library; SensorError says that it is not here."""
    check_platform()
    first: OSError | None = None
    for name in _NAMES_MACOS if sys.platform == "darwin" else _NAMES:
        try:
            library = c.CDLL(name)
        except OSError as error:
            first = first or error
            continue
        for call, (result, arguments) in _SIGNATURES.items():
            function = library[f"freenect_{call}"]
            function.restype, function.argtypes = result, arguments
            setattr(library, f"freenect_{call}", function)
        return library
    raise library_missing(CAMERA, first, _INSTALL)
