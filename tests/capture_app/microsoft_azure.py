"""Microsoft's own libk4a and libk4arecord, by way of ctypes: no camera, no pyk4a.

Structures and calls are those of k4atypes.h, record.h and playback.h, version 1.4.
"""

import ctypes as c
import sys
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from azure_recordings import COLOR_SIZE, DEPTH_SIZE, Take, in_order

from capture_app.sensors.libk4a import Configuration, Float3, ImuSample


class CameraCalibration(c.Structure):
    """k4a_calibration_camera_t."""

    _fields_ = (
        ("rotation", c.c_float * 9),
        ("translation", c.c_float * 3),
        ("model", c.c_int),
        ("num_parameters", c.c_uint),
        ("parameters", c.c_float * 15),
        ("width", c.c_int),
        ("height", c.c_int),
        ("metric_radius", c.c_float),
    )


class Extrinsics(c.Structure):
    """k4a_calibration_extrinsics_t: row by row, millimetres."""

    _fields_ = (("rotation", c.c_float * 9), ("translation", c.c_float * 3))


class Calibration(c.Structure):
    """k4a_calibration_t; extrinsics[from][to] of depth, colour, gyroscope and
    accelerometer."""

    _fields_ = (
        ("depth", CameraCalibration),
        ("color", CameraCalibration),
        ("extrinsics", (Extrinsics * 4) * 4),
        ("depth_mode", c.c_int),
        ("color_resolution", c.c_int),
    )


MISSING = "libk4arecord is not here: pip install pyk4a-bundle (Linux)"
COLOR_FORMATS = {"MJPG": 0, "NV12": 1, "YUY2": 2, "BGRA": 3}
_DEPTH_FORMAT = 4
_DEPTH_MODES = {None: 0, "NFOV_2X2BINNED": 1, "PASSIVE_IR": 5}
_RATES = {5: 0, 15: 1, 30: 2}


@cache
def libraries() -> tuple[c.CDLL, c.CDLL] | None:
    """libk4a and libk4arecord from the pyk4a-bundle wheel, None where that is not.

    The wheel carries the libraries; its own module wants NumPy 1 and is not imported.
    """
    for folder in (Path(entry) / "pyk4a_bundle.libs" for entry in sys.path):
        found = [
            sorted(folder.glob(f"{n}*")) for n in ("libudev", "libk4a-", "libk4ar")
        ]
        if all(found):
            udev, k4a, record = (str(paths[0]) for paths in found)
            c.CDLL(udev, mode=c.RTLD_GLOBAL)
            return c.CDLL(k4a, mode=c.RTLD_GLOBAL), c.CDLL(record)
    return None


def _loaded() -> tuple[c.CDLL, c.CDLL]:
    loaded = libraries()
    assert loaded is not None
    return loaded


def _call(function: Any, *arguments: Any) -> None:
    status = function(*arguments)
    assert status == 0, f"{function.__name__} failed with {status}"


class Recorder:
    """libk4arecord writing a file; what is written is on disk when it is closed."""

    def __init__(self, path: Path, take: Take) -> None:
        self._k4a, self._record = _loaded()
        self._take = take
        configuration = Configuration(
            color_format=COLOR_FORMATS[take.color_format or "MJPG"],
            color_resolution=1 if take.color_format else 0,
            depth_mode=_DEPTH_MODES[take.depth_mode],
            fps=_RATES[take.fps],
            depth_delay_us=take.depth_delay_us,
        )
        self._handle = c.c_void_p()
        record = self._record
        _call(
            record.k4a_record_create,
            str(path).encode(),
            None,
            configuration,
            c.byref(self._handle),
        )
        if take.calibration is not None:
            _call(
                record.k4a_record_add_attachment,
                self._handle,
                b"calibration.json",
                take.calibration,
                c.c_size_t(len(take.calibration)),
            )
        if take.accelerations:
            _call(record.k4a_record_add_imu_track, self._handle)
        _call(record.k4a_record_write_header, self._handle)

    def write(self) -> None:
        """Hand over everything in the take."""
        for time_us, name, content in in_order(self._take):
            if name == "IMU":
                sample = ImuSample(25, Float3(*content), time_us, Float3(), time_us)
                _call(self._record.k4a_record_write_imu_sample, self._handle, sample)
            else:
                self._write_image(time_us, name, content)

    def _write_image(self, time_us: int, name: str, content: Any) -> None:
        is_color = name == "COLOR"
        data = content if is_color else content.astype("<u2").tobytes()
        image_format = (
            COLOR_FORMATS[self._take.color_format or ""] if is_color else _DEPTH_FORMAT
        )
        width, height = COLOR_SIZE if is_color else DEPTH_SIZE
        stride = 0 if self._take.color_format == "MJPG" else len(data) // height
        if self._take.color_format == "NV12":
            stride = width
        buffer = c.create_string_buffer(data, len(data))
        image, capture = c.c_void_p(), c.c_void_p()
        k4a = self._k4a
        _call(
            k4a.k4a_image_create_from_buffer,
            image_format,
            width,
            height,
            stride if is_color else 2 * width,
            buffer,
            c.c_size_t(len(data)),
            None,
            None,
            c.byref(image),
        )
        k4a.k4a_image_set_device_timestamp_usec(image, c.c_uint64(time_us))
        _call(k4a.k4a_capture_create, c.byref(capture))
        kind = "color" if is_color else "depth"
        getattr(k4a, f"k4a_capture_set_{kind}_image")(capture, image)
        _call(self._record.k4a_record_write_capture, self._handle, capture)
        k4a.k4a_image_release(image)
        k4a.k4a_capture_release(capture)

    def close(self) -> None:
        """Finish the file."""
        self._record.k4a_record_close(self._handle)


def write(path: Path, take: Take) -> Path:
    """The recording, written by libk4arecord."""
    recorder = Recorder(path, take)
    recorder.write()
    recorder.close()
    return path


class Capture(NamedTuple):
    """What libk4arecord calls a capture; None for an image that it lacks."""

    color_us: int | None
    color: np.ndarray | None
    """(n,) uint8 as in the file, or (H, W, 4) BGRA if that was asked for."""
    depth_us: int | None
    depth: np.ndarray | None


def play(path: Path, as_bgra: bool = False) -> list[Capture]:
    """Every capture that libk4arecord reads from a file."""
    k4a, record = _loaded()
    playback, capture = c.c_void_p(), c.c_void_p()
    _call(record.k4a_playback_open, str(path).encode(), c.byref(playback))
    if as_bgra:
        _call(record.k4a_playback_set_color_conversion, playback, COLOR_FORMATS["BGRA"])
    captures = []
    while record.k4a_playback_get_next_capture(playback, c.byref(capture)) == 0:
        color_us, color = _image(k4a, capture, "color")
        depth_us, depth = _image(k4a, capture, "depth")
        if as_bgra and color is not None:
            color = color.reshape(*COLOR_SIZE[::-1], 4)
        if depth is not None:
            depth = depth.view("<u2").reshape(DEPTH_SIZE[::-1])
        captures.append(Capture(color_us, color, depth_us, depth))
        k4a.k4a_capture_release(capture)
    record.k4a_playback_close(playback)
    return captures


def _image(
    k4a: c.CDLL, capture: c.c_void_p, kind: str
) -> tuple[int | None, np.ndarray | None]:
    get = k4a[f"k4a_capture_get_{kind}_image"]
    get.restype = c.c_void_p
    image = c.c_void_p(get(capture))
    if not image:
        return None, None
    k4a.k4a_image_get_buffer.restype = c.c_void_p
    k4a.k4a_image_get_size.restype = c.c_size_t
    k4a.k4a_image_get_device_timestamp_usec.restype = c.c_uint64
    data = c.string_at(k4a.k4a_image_get_buffer(image), k4a.k4a_image_get_size(image))
    time_us = k4a.k4a_image_get_device_timestamp_usec(image)
    k4a.k4a_image_release(image)
    return time_us, np.frombuffer(data, np.uint8)


def calibration_of(path: Path) -> Calibration:
    """What libk4arecord says of a file's cameras."""
    _, record = _loaded()
    playback, result = c.c_void_p(), Calibration()
    _call(record.k4a_playback_open, str(path).encode(), c.byref(playback))
    _call(record.k4a_playback_get_calibration, playback, c.byref(result))
    record.k4a_playback_close(playback)
    return result


def calibration_for(data: bytes, depth_mode: int, color_resolution: int) -> Calibration:
    """What libk4a makes of a calibration.json."""
    k4a, _ = _loaded()
    result = Calibration()
    _call(
        k4a.k4a_calibration_get_from_raw,
        data + b"\0",
        c.c_size_t(len(data) + 1),
        depth_mode,
        color_resolution,
        c.byref(result),
    )
    return result


def depth_pixel_in_color(
    cameras: Calibration, pixel: tuple[float, float], depth_mm: float
) -> np.ndarray | None:
    """(2,) where libk4a sees a depth pixel in colour, None when it does not."""
    k4a, _ = _loaded()
    target, is_valid = (c.c_float * 2)(), c.c_int()
    _call(
        k4a.k4a_calibration_2d_to_2d,
        c.byref(cameras),
        (c.c_float * 2)(*pixel),
        c.c_float(depth_mm),
        0,
        1,
        target,
        c.byref(is_valid),
    )
    return np.array(target) if is_valid else None
