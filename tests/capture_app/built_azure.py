"""An Azure Kinect without a camera: captures that libk4a itself builds."""

import ctypes as c
import json
import time

import cv2
import numpy as np
import pytest
from azure_recordings import calibration, jpeg

from capture_app.sensors import libk4a
from capture_app.sensors.libk4a_files import find_file, load_library
from core.errors import SensorError

PERIOD_US = 33_333
START_US = 7_654_000
_STRIDE = 2 * 640 + 100  # longer than a row, as a library may have it
_MJPG, _DEPTH16 = 0, 4


def has_libk4a() -> bool:
    """Whether libk4a is on this computer."""
    try:
        find_file()
    except SensorError:
        return False
    return True


needs_libk4a = pytest.mark.skipif(
    not has_libk4a(), reason="libk4a is not here: pip install pyk4a-bundle"
)


def depth_image(number: int) -> np.ndarray:
    """(576, 640) uint16, every pixel of its own."""
    rng = np.random.default_rng(number)
    return rng.integers(0, 65536, (576, 640), np.uint16)


class BuiltDevice:
    """Frames of these numbers, at 30 a second by their times; then it is gone."""

    def __init__(self, *numbers: int, accelerations: tuple = ()) -> None:
        self.library = load_library()
        self.color = {number: jpeg(number) for number in numbers}
        self.num_started = self.num_closed = 0
        self.is_silent = False
        self._numbers = numbers
        self._accelerations = accelerations
        self._buffers: list[c.Array] = []

    def serial(self) -> str:
        return "000123"

    def calibration(self) -> bytes:
        return json.dumps(calibration()).encode() + b"\0"

    def start(self) -> None:
        self.num_started += 1
        self._left = list(self._numbers)
        self._samples = list(self._accelerations)

    def images(self, timeout_s: float) -> libk4a.Images | None:
        if self.is_silent:
            time.sleep(timeout_s)
            return None
        if not self._left:
            raise OSError("it does not send any more: the camera is gone")
        number = self._left.pop(0)
        return self.library.images(self.capture(number))

    def acceleration(self) -> np.ndarray | None:
        return np.array(self._samples.pop(0)) if self._samples else None

    def close(self) -> None:
        self.num_closed += 1

    def capture(self, number: int, has_color: bool = True) -> c.c_void_p:
        """A capture of libk4a's, as a camera's would be."""
        capture = c.c_void_p()
        calls = self.library.calls
        assert calls.k4a_capture_create(c.byref(capture)) == 0
        rows = np.zeros((576, _STRIDE), np.uint8)
        rows[:, : 2 * 640] = depth_image(number).astype("<u2").view(np.uint8)
        time_us = START_US + number * PERIOD_US
        depth = self._image(_DEPTH16, (640, 576), _STRIDE, rows.tobytes(), time_us)
        calls.k4a_capture_set_depth_image(capture, depth)
        calls.k4a_image_release(depth)
        if has_color:
            data = self.color[number]
            color = self._image(_MJPG, (1280, 720), 0, data, time_us - 200)
            calls.k4a_capture_set_color_image(capture, color)
            calls.k4a_image_release(color)
        return capture

    def _image(
        self, kind: int, size: tuple[int, int], stride: int, data: bytes, time_us: int
    ) -> c.c_void_p:
        image = c.c_void_p()
        buffer = c.create_string_buffer(data, len(data))
        self._buffers.append(buffer)  # the library does not copy it
        calls = self.library.calls
        status = calls.k4a_image_create_from_buffer(
            kind,
            *size,
            stride,
            buffer,
            c.c_size_t(len(data)),
            None,
            None,
            c.byref(image),
        )
        assert status == 0
        calls.k4a_image_set_device_timestamp_usec(image, c.c_uint64(time_us))
        return image


def rgb_of(number: int) -> np.ndarray:
    """(720, 1280, 3) what OpenCV decodes of the colour."""
    return cv2.imdecode(np.frombuffer(jpeg(number), np.uint8), 1)[..., ::-1]
