"""The process that reads a Kinect v1: python -m capture_app.sensors.kinect_v1_process.

It writes messages to its standard output: a `HEADER`, then so many bytes. "ready" comes
first and has the serial number, if that is known; "frame" has the raw disparity, then
the colour; "failed" has the reason as text and is the last.
"""

import math
import os
import signal
import struct
import sys
import threading
from collections import deque

from capture_app.sensors.child import take_stdout
from capture_app.sensors.libfreenect import (
    ABSENT,
    CAMERA,
    HEIGHT,
    WIDTH,
    Context,
    failure,
)
from core.errors import SensorError

READY, FRAME, FAILED = 1, 2, 3
HEADER = struct.Struct("<BII3d")
"""Kind, bytes that follow, ticks of the depth image, x y z of the acceleration in m/s2
(not numbers if it is unknown)."""
DEPTH_BYTES, COLOR_BYTES = 2 * WIDTH * HEIGHT, 3 * WIDTH * HEIGHT
TICKS_PER_S = 60_000_000
FPS = 30
MOST_WAITING = 2 * FPS
"""Messages: two seconds, 92 MB."""

_LONGEST_DELAY = TICKS_PER_S // FPS // 2  # between colour and depth of one frame
_WAIT_S = 0.1
_UNKNOWN = (math.nan,) * 3


class Pairing:
    """Depth and colour as they come, joined to frames; each image is in one at most."""

    def __init__(self) -> None:
        self.frames: deque[tuple[bytes, bytes, int]] = deque()
        """Depth, colour and the ticks of the depth image; taken out by the caller."""
        self._depth: tuple[bytes, int] | None = None
        self._color: tuple[bytes, int] | None = None

    def on_depth(self, image: bytes, ticks: int) -> None:
        """Take a depth image."""
        self._depth = image, ticks
        self._join()

    def on_color(self, image: bytes, ticks: int) -> None:
        """Take a colour image."""
        self._color = image, ticks
        self._join()

    def _join(self) -> None:
        if self._depth is None or self._color is None:
            return
        (depth, ticks), (color, color_ticks) = self._depth, self._color
        if abs(ticks_between(color_ticks, ticks)) <= _LONGEST_DELAY:
            self.frames.append((depth, color, ticks))
            self._depth = self._color = None


def ticks_between(first: int, second: int) -> int:
    """How much later the second is; the clock starts anew every 71 seconds."""
    return (second - first + 2**31) % 2**32 - 2**31


class Sender:
    """Writes messages on a thread of its own, so that the camera never waits for the
    reader. When it cannot keep up, the oldest that wait are lost."""

    def __init__(self, pipe: int, most_waiting: int = MOST_WAITING) -> None:
        self.is_broken = False
        """Whether the reader has closed its end."""
        self._pipe = pipe
        self._waiting: deque[tuple[bytes, ...]] = deque(maxlen=most_waiting)
        self._changed = threading.Condition()
        self._is_over = False
        self._thread = threading.Thread(target=self._run, name="sender", daemon=True)
        self._thread.start()

    def put(self, *parts: bytes) -> None:
        """Have a message sent after those before it."""
        with self._changed:
            self._waiting.append(parts)
            self._changed.notify()

    def finish(self, stop: threading.Event) -> None:
        """Wait until all is sent, or until `stop`."""
        with self._changed:
            self._is_over = True
            self._changed.notify()
        while self._thread.is_alive() and not stop.is_set():
            self._thread.join(_WAIT_S)

    def _run(self) -> None:
        while (parts := self._next()) is not None:
            try:
                for part in parts:
                    rest = memoryview(part)
                    while rest:
                        rest = rest[os.write(self._pipe, rest) :]
            except BrokenPipeError:
                self.is_broken = True
                return

    def _next(self) -> tuple[bytes, ...] | None:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._is_over)
            return self._waiting.popleft() if self._waiting else None


def main() -> None:
    """Stream the camera of the serial number on the command line, or the first one."""
    sender = Sender(take_stdout())
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    # Ctrl-C reaches everybody in a terminal; here it is the reader's to answer.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        _stream(sys.argv[1] if len(sys.argv) > 1 else None, sender, stop)
    except (OSError, SensorError) as error:
        told = failure(error) if isinstance(error, OSError) else error
        text = str(told).encode()
        sender.put(HEADER.pack(FAILED, len(text), 0, *_UNKNOWN), text)
    sender.finish(stop)


def _stream(serial: str | None, sender: Sender, stop: threading.Event) -> None:
    """Until the camera, the reader or the reader's program is gone."""
    parent = os.getppid()
    pairing = Pairing()
    context = Context()
    try:
        serial = chosen(serial, context.serials())
        context.open(serial, pairing.on_depth, pairing.on_color)
        text = (serial or "").encode()
        sender.put(HEADER.pack(READY, len(text), 0, *_UNKNOWN), text)
        while not (stop.is_set() or sender.is_broken or os.getppid() != parent):
            context.wait(_WAIT_S)
            while pairing.frames:
                depth, color, ticks = pairing.frames.popleft()
                acceleration = context.acceleration() or _UNKNOWN
                num_bytes = len(depth) + len(color)
                header = HEADER.pack(FRAME, num_bytes, ticks, *acceleration)
                sender.put(header, depth, color)
    finally:
        context.close()


def chosen(serial: str | None, connected: list[str | None]) -> str | None:
    """Which of those connected to open: the one asked for, or the first, so that the
    same can be asked for again. None if its serial number is hidden."""
    if not connected:
        raise SensorError(ABSENT)
    if serial is None or None in connected:
        return serial or connected[0]
    if serial not in connected:
        raise SensorError(
            f"no {CAMERA} of serial number {serial} is connected; hn-record --list "
            "shows those that are"
        )
    return serial


if __name__ == "__main__":
    main()
