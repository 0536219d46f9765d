"""The Azure Kinect, live, through libk4a.

No camera was at hand: its frames are tested with captures that libk4a itself builds,
the rest as far as the library goes without a device.
"""

import time
from typing import Protocol

import numpy as np

from capture_app.sensors import libk4a
from capture_app.sensors.azure_calibration import read_calibration
from capture_app.sensors.failures import stalled, told_by, unplugged
from capture_app.sensors.frame_counter import FrameCounter
from capture_app.sensors.libk4a_files import CAMERA, load_library
from capture_app.sensors.probe import check_connected
from capture_app.sensors.sensor import Progress, Sensor, SensorStatus
from capture_app.sensors.up import UpFilter
from core.errors import SensorError
from core.frame import RgbdFrame
from core.images import decode_color

NAME = "azure"
_ABSENT = (
    "no Azure Kinect is connected; plug it into a USB 3 port and its power supply into "
    "a socket (on Linux its udev rules must be installed)"
)


class OpenDevice(Protocol):
    """What the sensor asks of a camera that is open; libk4a.Device is one."""

    def serial(self) -> str:
        """Its serial number."""

    def calibration(self) -> bytes:
        """What its factory measured: JSON."""

    def start(self) -> None:
        """Send colour and depth, and what the IMU measures."""

    def images(self, timeout_s: float) -> libk4a.Images | None:
        """The next pair of images; OSError when the camera is gone."""

    def acceleration(self) -> np.ndarray | None:
        """(3,) m/s2, the mean since the last call."""

    def close(self) -> None:
        """Stop and close it."""


class AzureKinectSensor(Sensor):
    """Colour of 1280x720 and raw depth of 640x576, 30 a second, seen together, with the
    up direction that its accelerometer measures.

    With `serial`, and after the first opening, it is that camera and no other.
    `device` is for one that libk4a does not open.
    """

    name = NAME

    def __init__(
        self, serial: str | None = None, device: OpenDevice | None = None
    ) -> None:
        self.fps = float(libk4a.FPS)
        self._serial = serial
        self._given_device = device
        self._device: OpenDevice | None = None

    def open(self, progress: Progress | None = None) -> None:
        """Start the cameras; after a close, of the same device again."""
        self.close()
        device = self._given_device or _open(self._serial)
        try:
            self._serial = device.serial()
            self.name = f"{CAMERA} {self._serial}"
            self._calibration = read_calibration(
                self.name,
                device.calibration(),
                libk4a.COLOR_SIZE,
                libk4a.DEPTH_SIZE,
            )
            device.start()
        except OSError as error:
            device.close()
            raise _failure(error) from error
        except BaseException:
            device.close()
            raise
        self._device = device
        self._up = UpFilter(self._calibration.R_color_accelerometer)
        self._counter = FrameCounter(self.fps)

    def read(self, timeout_s: float) -> RgbdFrame | None:
        """The next pair of colour and depth; SensorError when the camera is lost."""
        if self._device is None:
            raise SensorError(f"the {CAMERA} is closed; open it before reading")
        deadline = time.monotonic() + timeout_s
        while (left_s := deadline - time.monotonic()) > 0:
            try:
                images = self._device.images(left_s)
                acceleration = self._device.acceleration()
            except OSError as error:
                raise unplugged(CAMERA) from error
            if acceleration is not None:
                self._up.update(acceleration)
            frame = None if images is None else self._frame(images)
            if frame is not None:
                return frame
        raise stalled(CAMERA, timeout_s)

    def close(self) -> None:
        """Stop the cameras; safe to call twice, and after the camera is gone."""
        device, self._device = self._device, None
        if device is not None:
            device.close()

    def _frame(self, images: libk4a.Images) -> RgbdFrame | None:
        """The frame of a capture, None when its colour is damaged or it is not new."""
        rgb = decode_color(images.color)
        width, height = libk4a.COLOR_SIZE
        if rgb is None or rgb.shape != (height, width, 3):
            return None
        number = self._counter.number(images.timestamp_ns)
        if number is None:
            return None
        return self._calibration.frame(
            rgb, images.depth, images.timestamp_ns, self._up.up, number
        )


def probe() -> SensorStatus:
    """Which of them are connected, or what is missing. It may crash: see probe.py."""
    try:
        library = load_library()
    except SensorError as error:
        return SensorStatus(NAME, False, str(error))
    indices = range(library.calls.k4a_device_get_installed_count())
    if not indices:
        return SensorStatus(NAME, False, _ABSENT)
    described, is_available = [], False
    for index in indices:
        try:
            described.append(_described(library, index))
            is_available = True
        except OSError as error:
            described.append(str(_failure(error)))
    return SensorStatus(NAME, is_available, "; ".join(described))


def _described(library: libk4a.Library, index: int) -> str:
    device = libk4a.Device(library, index)
    try:
        return f"{CAMERA}, serial {device.serial()}"
    finally:
        device.close()


def _open(serial: str | None) -> libk4a.Device:
    """The camera of this serial number, or the first one that opens."""
    check_connected(NAME)
    library = load_library()
    failure = SensorError(
        _ABSENT
        if serial is None
        else f"no {CAMERA} of serial number {serial} is "
        "connected; hn-record --list shows those that are"
    )
    for index in range(library.calls.k4a_device_get_installed_count()):
        try:
            device = libk4a.Device(library, index)
        except OSError as error:
            failure = _failure(error)
            continue
        if serial in (None, device.serial()):
            return device
        device.close()
    raise failure


def _failure(error: OSError) -> SensorError:
    """Why it does not open or start."""
    return told_by(CAMERA, str(error)) or SensorError(
        f"the {CAMERA} camera cannot be used ({error}); close other programs that use "
        "it, use a USB 3 port and its power supply, and on Linux install its udev rules"
    )
