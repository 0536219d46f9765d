"""Intel / RealSense D400 and D500 cameras through pyrealsense2.

Traps of the SDK that shape this file: its pipeline repeats frames and pairs what does
not belong together (librealsense #5125), and shows one of seven accelerations; so the
sensors fill queues, and depth and colour are paired here. Its memory holds 16 frames a
stream (#946). Stopping a camera that is gone can take 45 s (#10543).
"""

import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from capture_app.sensors import failures
from capture_app.sensors.failures import SensorLostError
from capture_app.sensors.realsense_devices import (
    Devices,
    NotConnectedError,
    connected_devices,
    explained,
    find_device,
    is_connected,
    name_of,
    serial_of,
    usb_type,
)
from capture_app.sensors.realsense_frames import (
    ACCELERATION,
    CAMERA,
    COLOR,
    DEPTH,
    arrival_ms,
    calibration_of,
    import_sdk,
    sample_of,
)
from capture_app.sensors.realsense_modes import Mode, choose_mode
from capture_app.sensors.realsense_options import RealSenseSettings, apply_settings
from capture_app.sensors.realsense_pairing import Pair, Pairing
from capture_app.sensors.sensor import Progress, Sensor, SensorStatus
from capture_app.sensors.settling import MOST_FRAMES, Settling
from capture_app.sensors.up import UpFilter
from core.errors import SensorError
from core.frame import RgbdFrame

_ATTEMPTS = 3  # to open a camera; some fail once and then work
_PAUSE_S = 0.5  # between two of them
_RESET_S = 10.0  # for a camera that was reset to be connected again
_FIRST_FRAME_S = 5.0
_STOP_S = 3.0
_POLL_S = 0.05
# For so long nobody may read before a frame is lost: at 30 fps that takes 120 MB for
# depth and colour of 848x480, and 280 MB for 1280x720.
_LONGEST_PAUSE_S = 2.0
_MOTIONS = 64  # accelerations; the newest count


class RealSenseSensor(Sensor):
    """Colour, raw depth and, from cameras with an IMU, the up direction.

    With `serial`, and after the first opening, it is that camera and no other.
    `devices` finds what is connected; the SDK's software devices are in nobody's list.
    """

    name = "realsense"
    opening_text = "Opening the camera and letting its exposure settle"

    def __init__(
        self,
        serial: str | None = None,
        settings: RealSenseSettings = RealSenseSettings(),  # noqa: B008 - frozen
        devices: Devices = connected_devices,
    ) -> None:
        self.fps = float(settings.fps or 30)
        self._settings = settings
        self._devices = devices
        self._serial = serial
        self._was_open = False
        self._sensors: list[Any] = []
        self._images: Any = None
        self._motions: Any = None
        self._warnings: list[str] = []

    def open(self, progress: Progress | None = None) -> None:
        """Start depth and colour and wait until they look as they will.

        What fails is tried again, the last time after a reset of the camera.
        """
        rs = import_sdk()
        for attempt in range(1, _ATTEMPTS + 1):
            self.close()
            device = self._find()
            try:
                self._start(rs, device)
                self._settle(progress)
            except (RuntimeError, SensorLostError) as error:
                self.close()
                if attempt == _ATTEMPTS:
                    raise explained(error) from error
                if attempt == _ATTEMPTS - 1 and _may_reset(error):
                    self._reset(device, progress)
                _wait(_PAUSE_S, lambda: False, progress)
            except BaseException:
                self.close()
                raise
            else:
                return

    def read(self, timeout_s: float) -> RgbdFrame | None:
        """The next pair of depth and colour; SensorLostError when none comes."""
        if self._images is None:
            raise SensorError("the RealSense camera is closed; open it before reading")
        frame = self._take(timeout_s)
        if frame is None:
            raise self._lost(timeout_s)
        return frame

    def close(self) -> None:
        """Stop the streams; safe to call twice, and after the camera is gone."""
        sensors, self._sensors, self._images = self._sensors, [], None
        if sensors:
            stopping = threading.Thread(
                target=_stop, args=(sensors,), name="RealSense stop", daemon=True
            )
            stopping.start()
            stopping.join(_STOP_S)

    def take_warnings(self) -> list[str]:
        """Whether its port is too slow."""
        warnings, self._warnings = self._warnings, []
        return warnings

    def _find(self) -> Any:
        try:
            return find_device(self._devices, self._serial)
        except NotConnectedError as error:
            if self._was_open:
                raise failures.unplugged(CAMERA) from error
            raise

    def _start(self, rs: Any, device: Any) -> None:
        mode = choose_mode(rs, device, self._settings)
        apply_settings(rs, self._settings, mode.depth.sensor, mode.color.sensor)
        self._prepare(rs, device, mode)
        for sensor, profiles in mode.profiles_by_sensor():
            sensor.open(profiles)
            self._sensors.append(sensor)
            sees = sensor is mode.depth.sensor or sensor is mode.color.sensor
            sensor.start(self._images if sees else self._motions)
        self._serial, self._was_open = serial_of(device), True
        self._warnings = []
        if usb_type(device).startswith("2."):
            self._warnings.append(str(failures.usb_2(CAMERA)))

    def _prepare(self, rs: Any, device: Any, mode: Mode) -> None:
        """Everything that frames need, before the first one comes."""
        self.name = name_of(device)
        self.fps = float(mode.fps)
        self._streams = {
            rs.stream.depth: DEPTH,
            rs.stream.color: COLOR,
            rs.stream.accel: ACCELERATION,
        }
        self._calibration = calibration_of(
            rs,
            mode.depth.profile,
            mode.color.profile,
            mode.accelerometer and mode.accelerometer.profile,
            float(device.first_depth_sensor().get_depth_scale()),
        )
        self._up = UpFilter(self._calibration.R_color_accelerometer)
        self._accelerations: list[np.ndarray] = []
        self._pairing = Pairing(self.fps, has_imu=False)
        self._clocks: dict[str, Any] = {}  # not every system asks the camera's
        self._is_by_arrival = False
        num_images = round(2 * self.fps * _LONGEST_PAUSE_S)
        self._images = rs.frame_queue(num_images, keep_frames=True)
        self._motions = rs.frame_queue(_MOTIONS)

    def _settle(self, progress: Progress | None) -> None:
        """Read until the automatic exposure has settled, or for as long as it may."""
        if self._settings.settling_s == 0:
            return
        settling = Settling()
        end_s = time.monotonic() + _FIRST_FRAME_S
        while not settling.is_over and (now_s := time.monotonic()) < end_s:
            if progress is not None:
                progress(settling.num_frames, MOST_FRAMES)
            frame = self._take(_POLL_S)
            if frame is None:
                continue
            if settling.num_frames == 0:
                end_s = now_s + self._settings.settling_s
            settling.add(frame.rgb)
        if settling.num_frames == 0:
            raise failures.stalled(CAMERA, _FIRST_FRAME_S)

    def _take(self, timeout_s: float) -> RgbdFrame | None:
        """The next frame, None if there is none for so long."""
        deadline = time.monotonic() + timeout_s
        while (pair := self._pairing.take()) is None:
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                return None
            came, image = self._images.try_wait_for_frame(int(1000 * left_s) + 1)
            while motion := self._motions.poll_for_frame():
                self._add(motion)
            if came:
                self._add(image)
        return self._frame(pair)

    def _add(self, frame: Any) -> None:
        stream = self._streams.get(frame.get_profile().stream_type())
        if stream is None:
            return
        sample = sample_of(stream, frame)
        if stream == ACCELERATION:  # by arrival: its clock need not be that of images
            self._accelerations.append(sample.data)
            return
        self._clocks[stream] = frame.get_frame_timestamp_domain()
        by_arrival = len(set(self._clocks.values())) > 1
        if by_arrival != self._is_by_arrival:
            self._is_by_arrival = by_arrival
            self._pairing.change_clock()
        if by_arrival:
            sample = sample._replace(time_ms=arrival_ms(import_sdk(), frame))
        self._pairing.add(sample)

    def _frame(self, pair: Pair) -> RgbdFrame:
        if self._accelerations:
            self._up.update(np.mean(self._accelerations, axis=0))
            self._accelerations = []
        return self._calibration.frame(
            pair.depth, pair.color, pair.depth.number, self._up.up
        )

    def _lost(self, silent_s: float) -> SensorLostError:
        """Whether the camera was unplugged or has stalled."""
        if is_connected(self._devices, self._serial):
            return failures.stalled(CAMERA, silent_s)
        return failures.unplugged(CAMERA)

    def _reset(self, device: Any, progress: Progress | None) -> None:
        """Have the camera start anew, if it can, and wait until it is back."""
        serial = serial_of(device)
        with contextlib.suppress(RuntimeError):
            device.hardware_reset()
            _wait(_PAUSE_S, lambda: False, progress)  # it is gone only after a moment
            _wait(_RESET_S, lambda: is_connected(self._devices, serial), progress)


def probe() -> SensorStatus:
    """Which RealSense cameras are connected, or what is missing."""
    try:
        find_device(connected_devices, None)
        described = [_described(device) for device in connected_devices()]
    except SensorError as error:
        return SensorStatus(RealSenseSensor.name, False, str(error))
    return SensorStatus(RealSenseSensor.name, True, "; ".join(described))


def _described(device: Any) -> str:
    serial, usb = serial_of(device) or "unknown", usb_type(device) or "unknown"
    text = f"{name_of(device)}, serial {serial}, USB {usb}"
    if usb.startswith("2."):
        text += "; too slow for most of its modes: use a USB 3 port and cable"
    return text


def _may_reset(error: Exception) -> bool:
    """Not a camera that another program uses, or that is not ours to open."""
    told = failures.told_by(CAMERA, str(error))
    return told is None or isinstance(told, SensorLostError)


def _wait(
    seconds: float, is_over: Callable[[], bool], progress: Progress | None
) -> None:
    """Return when it is over, and after so many seconds; `progress` may give up."""
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s and not is_over():
        if progress is not None:
            progress(0, MOST_FRAMES)
        time.sleep(_POLL_S)


def _stop(sensors: Sequence[Any]) -> None:
    for sensor in sensors:
        # A sensor that is gone cannot be stopped, and needs not be.
        with contextlib.suppress(RuntimeError):
            sensor.stop()
        with contextlib.suppress(RuntimeError):
            sensor.close()
