"""A recording or a folder of images, played like a camera."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from capture_app.sensors.pace import Pace
from capture_app.sensors.sensor import Progress, Sensor
from core.errors import SensorError
from core.frame import RgbdFrame
from core.interchange import FrameSource, open_frames

_DEFAULT_FPS = 30.0


class ReplaySensor(Sensor):
    """Frames of `path` at the pace of their timestamps, or 30 a second without any.

    Every frame is delivered, however slow the reader. After the last one the stream
    ends. Gaps in the numbers are frames that were lost; numbers or timestamps that do
    not rise are counted on.
    """

    def __init__(self, path: Path) -> None:
        self.name = path.resolve().name
        self.fps = _DEFAULT_FPS
        self._path = path
        self._source: FrameSource | None = None

    def open(self, progress: Progress | None = None) -> None:
        """Open the files; RecordingError or DatasetError says why that cannot be."""
        self.close()
        self._source = open_frames(self._path)
        if len(self._source) == 0:
            self.close()
            raise SensorError(
                f"{self._path} holds no frame; replay needs at least one frame"
            )
        self.fps = _measured_fps(self._source)
        self._next = 0
        self._last: RgbdFrame | None = None
        self._number_offset = 0
        self._clock_offset_ns = 0
        self._pace = Pace()

    def read(self, timeout_s: float) -> RgbdFrame | None:
        """The next frame when it is due, None after the last."""
        if self._source is None:
            raise SensorError(f"the replay of {self._path} is closed; open it to read")
        if self._next == len(self._source):
            return None
        frame = self._source[self._next]
        if self._last is not None:
            frame = self._following(self._last, frame)
        self._pace.follow(frame.timestamp_ns)
        self._next += 1
        self._last = frame
        return frame

    def close(self) -> None:
        """Close the files; safe to call twice."""
        source, self._source = self._source, None
        close = getattr(source, "close", None)
        if close is not None:
            close()

    def _following(self, last: RgbdFrame, frame: RgbdFrame) -> RgbdFrame:
        """`frame` with a number and a timestamp that follow those of `last`."""
        number = frame.number + self._number_offset
        if number <= last.number:
            self._number_offset += last.number + 1 - number
            number = last.number + 1
        timestamp_ns = frame.timestamp_ns + self._clock_offset_ns
        if timestamp_ns <= last.timestamp_ns:
            next_ns = last.timestamp_ns + round(1e9 / self.fps)
            self._clock_offset_ns += next_ns - timestamp_ns
            timestamp_ns = next_ns
        if (number, timestamp_ns) == (frame.number, frame.timestamp_ns):
            return frame
        return replace(frame, number=number, timestamp_ns=timestamp_ns)


def _measured_fps(source: FrameSource) -> float:
    """The rate of the first frames' timestamps; 30 where they do not say."""
    first = [source[i].timestamp_ns for i in range(min(len(source), 6))]
    periods_ns = [period for period in np.diff(first) if period > 0]
    return 1e9 / float(np.median(periods_ns)) if periods_ns else _DEFAULT_FPS
