"""The Kinect v2 (Xbox One) through the package kinect-next; Windows only.

Written after its documentation and sources: no camera and no Windows were at hand, and
nothing here has ever seen a frame of a real one. Tested are the arithmetic, against a
made-up camera, and the sentences where it cannot be used.
"""

import sys
import time
from importlib.util import find_spec
from typing import Any

from capture_app.sensors.failures import package_missing, stalled, unplugged
from capture_app.sensors.frame_counter import FrameCounter
from capture_app.sensors.kinect_v2_calibration import calibration_of
from capture_app.sensors.probe import check_connected
from capture_app.sensors.sensor import Progress, Sensor, SensorStatus
from core.errors import SensorError
from core.frame import RgbdFrame

NAME = "kinect2"
CAMERA = "Kinect v2"

_FPS = 30
_DEPTH_SCALE = 0.001
_STARTING_S = 5.0  # the package: up to three seconds, and a pause after that
_PROBING_S = 1.0


class KinectV2Sensor(Sensor):
    """Colour of 1920x1080 and raw depth of 512x424 of one instant, 30 a second.

    The SDK mirrors its images; here they are as everybody else's.
    """

    name = NAME

    def __init__(self) -> None:
        self.fps = float(_FPS)
        self._kinect: Any = None

    def open(self, progress: Progress | None = None) -> None:
        """Open the camera and learn its calibration from the first frame."""
        self.close()
        package = _package()
        check_connected(NAME)
        self._package = package
        streams = package.StreamType.COLOR | package.StreamType.DEPTH
        try:
            self._kinect = package.KinectSensor(streams)
            self._kinect.wait_for_frames(timeout_ms=int(_STARTING_S * 1000))
            # The SDK has no calibration before its first frame.
            self._calibration = calibration_of(self._kinect.mapper)
        except package.KinectError as error:
            self.close()
            raise SensorError(
                f"the {CAMERA} camera does not start ({error}); close other programs "
                "that use it, and use a USB 3 port and its power supply"
            ) from error
        self.name = CAMERA
        self._counter = FrameCounter(self.fps)

    def read(self, timeout_s: float) -> RgbdFrame | None:
        """The next pair of colour and depth; SensorError when the camera is lost."""
        if self._kinect is None:
            raise SensorError(f"the {CAMERA} is closed; open it before reading")
        deadline = time.monotonic() + timeout_s
        while (left_s := deadline - time.monotonic()) > 0:
            try:
                frames = self._kinect.wait_for_frames(timeout_ms=int(left_s * 1000) + 1)
            except self._package.KinectTimeoutError:
                break
            except self._package.KinectError as error:
                raise unplugged(CAMERA) from error
            frame = self._frame(frames)
            if frame is not None:
                return frame
        if not self._kinect.is_available:
            raise unplugged(CAMERA)
        raise stalled(CAMERA, timeout_s)

    def close(self) -> None:
        """Close the camera; safe to call twice."""
        kinect, self._kinect = self._kinect, None
        if kinect is not None:
            kinect.close()

    def _frame(self, frames: Any) -> RgbdFrame | None:
        if frames.color is None or frames.depth is None:
            return None
        number = self._counter.number(frames.relative_time_ns)
        if number is None:
            return None
        calibration = self._calibration
        return RgbdFrame(
            rgb=frames.color.as_rgb()[:, ::-1].copy(),
            depth=frames.depth.data[:, ::-1].copy(),
            depth_scale=_DEPTH_SCALE,
            color_intrinsics=calibration.color,
            depth_intrinsics=calibration.depth,
            T_color_depth=calibration.T_color_depth,
            timestamp_ns=frames.relative_time_ns,
            number=number,
        )


def probe() -> SensorStatus:
    """Whether one is connected, or what is missing. It may crash: see probe.py."""
    try:
        package = _package()
        with package.KinectSensor(package.StreamType.DEPTH) as kinect:
            deadline = time.monotonic() + _PROBING_S
            while not kinect.is_available and time.monotonic() < deadline:
                time.sleep(0.05)
            if kinect.is_available:
                return SensorStatus(NAME, True, CAMERA)
    except SensorError as error:
        return SensorStatus(NAME, False, str(error))
    except package.KinectError as error:
        reason = f"the {CAMERA} cannot be used ({error}); install Microsoft's Kinect "
        return SensorStatus(NAME, False, reason + "for Windows SDK 2.0")
    return SensorStatus(
        NAME,
        False,
        f"no {CAMERA} is connected; plug it into a USB 3 port and its power supply "
        "into a socket",
    )


def _package() -> Any:
    """kinect_next; SensorError says why it cannot be used."""
    if sys.platform != "win32":
        raise SensorError(
            f"a {CAMERA} is read through Microsoft's SDK, which is for Windows only"
        )
    if find_spec("kinect_next") is None:
        raise package_missing(CAMERA, "kinect-next")
    import kinect_next

    return kinect_next
