"""A .bag, or a .db3 of a layout that we do not know, played by the RealSense SDK.

Traps of the SDK that shape this file (measured with 2.58 and 2.59): in real time it
drops frames, and a pipeline stalls when it need not keep to the time, so each sensor
calls back; while a callback waits, the SDK reads no further. Sensors start one after
another, which loses the first samples unless the playback is paused. A callback for
the end of the file can dead-lock, so its status is asked for. 2.58 keeps Python's lock
while it resumes, which can take 10 s.
"""

import contextlib
import math
import subprocess
import sys
import time
import weakref
from collections import deque
from collections.abc import Callable
from pathlib import Path
from threading import Condition
from typing import Any

from capture_app.sensors.realsense_contents import DamagedError
from capture_app.sensors.realsense_frames import (
    ACCELERATION,
    COLOR,
    DEPTH,
    Sample,
    calibration_of,
    check_color_format,
    import_sdk,
    sample_of,
)
from core.errors import SensorError

_MOST_WAITING = 16  # samples; a second of depth and colour would be 100 MB
_POLL_S = 0.02
_LONGEST_OPENING_S = 60.0
_OPEN = """
import sys
import pyrealsense2
try:
    pyrealsense2.context().load_device(sys.argv[1])
except RuntimeError as error:
    sys.exit(print(error) or 1)
"""


class Playback:
    """Every sample of one file, in no order between the streams.

    DamagedError if the SDK cannot read it, SensorError if we cannot.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rs = rs = import_sdk()
        self._samples = _Samples()
        self._sensors: list[Any] = []
        # Python cannot end while a thread of the SDK is in a callback.
        self._stop = weakref.finalize(self, _stop, self._samples, self._sensors)
        _try_to_open(path)
        try:
            self._device = rs.context().load_device(str(path.resolve()))
            self._read_header()
            self._start()
        except (RuntimeError, ValueError) as error:
            self.close()
            raise DamagedError(str(error)) from error

    def next(self, timeout_s: float) -> Sample | None:
        """The next sample, None after the last; SensorError if none comes in time."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            sample = self._samples.take(_POLL_S)
            if sample is not None:
                return sample
            if self._device.current_status() == self._rs.playback_status.stopped:
                return self._samples.take(0.0)
        raise SensorError(
            f"the RealSense SDK read nothing of {self._path} for {timeout_s:g} s; try "
            "again, and copy the file to a local disk if it is on a slow one"
        )

    def close(self) -> None:
        """Stop reading."""
        self._stop()

    def _read_header(self) -> None:
        rs = self._rs
        self._profiles = self._find_profiles()
        depth, color = self._profile(DEPTH), self._profile(COLOR)
        check_color_format(color.format().name, self._path)
        self.has_imu = ACCELERATION in self._profiles
        self.fps = (float(depth.fps()), float(color.fps()))
        """Of depth and of colour."""
        self.name = "RealSense"
        if self._device.supports(rs.camera_info.name):
            self.name = str(self._device.get_info(rs.camera_info.name))
        self.calibration = calibration_of(
            rs,
            depth,
            color,
            self._profiles.get(ACCELERATION),
            float(self._device.first_depth_sensor().get_depth_scale()),
        )

    def _find_profiles(self) -> dict[str, Any]:
        """The profile of each stream, the first one of its kind."""
        kinds = {
            self._rs.stream.depth: DEPTH,
            self._rs.stream.color: COLOR,
            self._rs.stream.accel: ACCELERATION,
        }
        profiles: dict[str, Any] = {}
        for sensor in self._device.query_sensors():
            for profile in sensor.get_stream_profiles():
                if (stream := kinds.get(profile.stream_type())) is not None:
                    profiles.setdefault(stream, profile)
        return profiles

    def _profile(self, stream: str) -> Any:
        if stream not in self._profiles:
            raise DamagedError(f"this version of the RealSense SDK finds no {stream}")
        return self._profiles[stream]

    def _start(self) -> None:
        streams = {p.unique_id(): stream for stream, p in self._profiles.items()}
        callback = _callback(self._samples, streams)
        self._device.set_real_time(False)
        self._device.pause()
        for sensor in self._device.query_sensors():
            profiles = [
                p for p in sensor.get_stream_profiles() if p.unique_id() in streams
            ]
            if profiles:
                sensor.open(profiles)
                self._sensors.append(sensor)
        for sensor in self._sensors:
            sensor.start(callback)
        self._device.resume()
        # Not before: resuming takes 10 s when a callback waits meanwhile.
        self._samples.limit(_MOST_WAITING)


def _stop(samples: "_Samples", sensors: list[Any]) -> None:
    samples.close()
    for sensor in sensors:
        # Sensors that reached the end of the file have stopped already.
        with contextlib.suppress(RuntimeError):
            sensor.stop()
        with contextlib.suppress(RuntimeError):
            sensor.close()


def _try_to_open(path: Path) -> None:
    """Let another process open the file first: damage can hang or crash the SDK."""
    command = [sys.executable, "-c", _OPEN, str(path.resolve())]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_LONGEST_OPENING_S)
    except subprocess.TimeoutExpired as error:
        raise DamagedError("the RealSense SDK does not finish opening it") from error
    if done.returncode != 0:
        reason = done.stdout.decode(errors="replace").strip()
        raise DamagedError(reason or "the RealSense SDK crashes")


def _callback(samples: "_Samples", streams: dict[int, str]) -> Callable[[Any], None]:
    """What the SDK's threads call. It keeps nothing alive but the samples."""

    def deliver(frame: Any) -> None:
        stream = streams.get(frame.get_profile().unique_id())
        if stream is None:
            return
        try:
            samples.put(sample_of(stream, frame))
        except Exception as error:
            samples.fail(error)

    return deliver


class _Samples:
    """Between the SDK's threads and the reader's. A full one makes the SDK wait."""

    def __init__(self) -> None:
        self._samples: deque[Sample] = deque()
        self._most: float = math.inf
        self._changed = Condition()
        self._is_closed = False
        self._error: Exception | None = None

    def limit(self, most: int) -> None:
        """How many may wait from now on."""
        with self._changed:
            self._most = most

    def put(self, sample: Sample) -> None:
        """Wait for room, then append; nothing once it is closed."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._is_closed or len(self._samples) < self._most
            )
            if not self._is_closed:
                self._samples.append(sample)
                self._changed.notify_all()

    def take(self, timeout_s: float) -> Sample | None:
        """The oldest one, None if there is none for so long."""
        with self._changed:
            self._changed.wait_for(lambda: self._samples or self._error, timeout_s)
            if self._error is not None:
                raise self._error
            if not self._samples:
                return None
            self._changed.notify_all()
            return self._samples.popleft()

    def fail(self, error: Exception) -> None:
        """Let the reader raise what a thread of the SDK ran into."""
        with self._changed:
            self._error = error
            self._changed.notify_all()

    def close(self) -> None:
        """Let go of the samples and of whoever waits."""
        with self._changed:
            self._is_closed = True
            self._samples.clear()
            self._changed.notify_all()
