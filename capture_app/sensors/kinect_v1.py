"""The first Kinect (Xbox 360, Kinect for Windows v1) through libfreenect; no Windows.

The library runs in a process of its own (kinect_v1_process.py). The camera does not
tell its calibration along with raw disparity: frames have that of NYUv2's Kinect, which
fits others to some pixels and a few percent of depth. No camera was at hand: what is
tested is libfreenect's own stand-in, fakenect, which replays recorded images.
"""

import math
import os
import select
import subprocess
import time
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from capture_app.sensors.child import command
from capture_app.sensors.failures import (
    SensorLostError,
    stalled,
    unplugged,
)
from capture_app.sensors.frame_counter import FrameCounter
from capture_app.sensors.kinect_v1_process import (
    DEPTH_BYTES,
    FAILED,
    FPS,
    HEADER,
    TICKS_PER_S,
    ticks_between,
)
from capture_app.sensors.libfreenect import (
    ABSENT,
    CAMERA,
    HEIGHT,
    WIDTH,
    Context,
    check_platform,
)
from capture_app.sensors.sensor import Progress, Sensor, SensorStatus
from capture_app.sensors.up import UpFilter
from core.errors import SensorError
from core.frame import RgbdFrame
from core.nyuv2 import (
    DEPTH_SCALE,
    R_COLOR_ACCELEROMETER,
    RAW_COLOR_CAMERA,
    RAW_DEPTH_CAMERA,
    T_RAW_COLOR_DEPTH,
    depth_units_of_raw,
)

NAME = "kinect1"

_OPENING_S = 10.0  # it may have to load its firmware first
_OPENING_STEPS = 100
_CLOSING_S = 2.0


class Message(NamedTuple):
    """What the process sends."""

    kind: int
    ticks: int
    acceleration: np.ndarray | None
    """(3,) m/s2."""
    data: np.ndarray
    """(n,) uint8."""


class KinectV1Sensor(Sensor):
    """Colour and depth of 640x480, 30 a second, paired by time, with the up direction
    that the accelerometer measures. The motor is left alone.

    With `serial`, and after the first opening, it is that camera and no other.
    `environment` goes to the process that reads it.
    """

    name = NAME

    def __init__(
        self, serial: str | None = None, environment: Mapping[str, str] | None = None
    ) -> None:
        self.fps = float(FPS)
        self._serial = serial
        self._environment = environment or {}
        self._process: subprocess.Popen[bytes] | None = None

    def open(self, progress: Progress | None = None) -> None:
        """Start the process and its streams; SensorError says why that cannot be."""
        self.close()
        check_platform()
        arguments = () if self._serial is None else (self._serial,)
        self._process = subprocess.Popen(
            command("capture_app.sensors.kinect_v1_process", *arguments),
            env={**os.environ, **self._environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            bufsize=0,
        )
        self._reader = MessageReader(self._process)
        try:
            ready = self._first_message(progress)
            text = ready.data.tobytes().decode(errors="replace")
            if ready.kind == FAILED:
                raise SensorError(text)
        except BaseException:
            self.close()
            raise
        self._serial = text or None
        self.name = f"{CAMERA} {text}".strip()
        self._up = UpFilter(R_COLOR_ACCELEROMETER)
        self._counter = FrameCounter(self.fps)
        self._ticks: int | None = None

    def read(self, timeout_s: float) -> RgbdFrame | None:
        """The next frame; SensorError when the camera or the library is gone."""
        if self._process is None:
            raise SensorError(f"the {CAMERA} is closed; open it before reading")
        deadline = time.monotonic() + timeout_s
        while (left_s := deadline - time.monotonic()) > 0:
            message = self._reader.next(left_s)
            if message is None:
                break
            if message.kind == FAILED:
                raise unplugged(CAMERA)
            frame = self._frame(message)
            if frame is not None:
                return frame
        raise stalled(CAMERA, timeout_s)

    def close(self) -> None:
        """End the process; safe to call twice, and never waits long."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        assert process.stdout is not None
        process.stdout.close()
        try:
            process.wait(_CLOSING_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _first_message(self, progress: Progress | None) -> Message:
        """What the process says once it has opened the camera, or could not."""
        for step in range(_OPENING_STEPS):
            message = self._reader.next(_OPENING_S / _OPENING_STEPS)
            if message is not None:
                return message
            if progress is not None:
                progress(step, _OPENING_STEPS)
        raise stalled(CAMERA, _OPENING_S)

    def _frame(self, message: Message) -> RgbdFrame | None:
        if message.acceleration is not None:
            self._up.update(message.acceleration)
        if self._ticks is None:
            self._ticks = message.ticks
        self._ticks += ticks_between(self._ticks, message.ticks)
        timestamp_ns = self._ticks * 1_000_000_000 // TICKS_PER_S
        number = self._counter.number(timestamp_ns)
        if number is None:
            return None
        raw = message.data[:DEPTH_BYTES].view(np.uint16).reshape(HEIGHT, WIDTH)
        return RgbdFrame(
            rgb=message.data[DEPTH_BYTES:].reshape(HEIGHT, WIDTH, 3).copy(),
            depth=depth_units_of_raw(raw),
            depth_scale=DEPTH_SCALE,
            color_intrinsics=RAW_COLOR_CAMERA,
            depth_intrinsics=RAW_DEPTH_CAMERA,
            T_color_depth=T_RAW_COLOR_DEPTH,
            timestamp_ns=timestamp_ns,
            up_hint=self._up.up,
            number=number,
        )


class MessageReader:
    """Reads what the process sends, without ever waiting longer than it may."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        assert process.stdout is not None
        self._process = process
        self._pipe = process.stdout.fileno()
        self._head: bytearray | None = None
        self._start(HEADER.size)

    def next(self, timeout_s: float) -> Message | None:
        """The next message, None if it is not there in time: it may come later.

        A SensorLostError when the process has ended without a last message.
        """
        deadline = time.monotonic() + timeout_s
        if self._head is None:
            if not self._fill(deadline):
                return None
            self._head = self._buffer
            self._start(HEADER.unpack(self._head)[1])
        if not self._fill(deadline):
            return None
        kind, _, ticks, *acceleration = HEADER.unpack(self._head)
        data, self._head = np.frombuffer(self._buffer, np.uint8), None
        self._start(HEADER.size)
        is_known = not math.isnan(acceleration[0])
        return Message(kind, ticks, np.array(acceleration) if is_known else None, data)

    def _start(self, num_bytes: int) -> None:
        self._buffer, self._num_read = bytearray(num_bytes), 0

    def _fill(self, deadline: float) -> bool:
        """Read until the buffer is full; False if it is not by then."""
        while self._num_read < len(self._buffer):
            left_s = max(0.0, deadline - time.monotonic())
            if not select.select([self._pipe], [], [], left_s)[0]:
                return False
            num_bytes = os.readv(
                self._pipe, [memoryview(self._buffer)[self._num_read :]]
            )
            if num_bytes == 0:
                raise self._death()
            self._num_read += num_bytes
        return True

    def _death(self) -> SensorLostError:
        status = self._process.wait(_CLOSING_S)
        return SensorLostError(
            f"the library for {CAMERA} cameras crashed (status {status}); plug the "
            "camera in again, and install libfreenect anew if that does not help"
        )


def probe() -> SensorStatus:
    """Which of them are connected, or what is missing. It may crash: see probe.py."""
    try:
        context = Context()
    except (SensorError, OSError) as error:
        return SensorStatus(NAME, False, str(error))
    serials = context.serials()
    context.close()
    if not serials:
        return SensorStatus(NAME, False, ABSENT)
    described = "; ".join(f"{CAMERA}, serial {s or 'unknown'}" for s in serials)
    return SensorStatus(NAME, True, described)
