"""How fast things run and what got lost, counted from any thread."""

import threading
import time
from collections import deque
from dataclasses import dataclass

from core.quality import LONGEST_GAP

_WINDOW_S = 2.0


@dataclass(frozen=True)
class LiveStats:
    """One look at a running session."""

    camera_fps: float
    label_fps: float
    prediction_fps: float
    latency_ms: float
    """From a frame's arrival to its finished picture, the median of the last second."""
    num_frames: int
    """Frames that the sensor delivered."""
    num_lost: int
    """Frames missing between them, by their numbers."""
    serious_share: float | None
    """0..1, of the newest frame where the HN network is seriously wrong, if known."""


class Rate:
    """Events a second over the last two seconds."""

    def __init__(self) -> None:
        self._times: deque[float] = deque()
        self._lock = threading.Lock()

    def tick(self) -> None:
        """Count one event."""
        with self._lock:
            self._times.append(time.monotonic())

    @property
    def per_second(self) -> float:
        """The rate now; 0 when nothing happened lately."""
        with self._lock:
            oldest = time.monotonic() - _WINDOW_S
            while self._times and self._times[0] < oldest:
                self._times.popleft()
            if len(self._times) < 2:
                return 0.0
            return (len(self._times) - 1) / (self._times[-1] - self._times[0])


class Gaps:
    """The frame numbers that a sensor skipped."""

    def __init__(self) -> None:
        self._last: int | None = None

    def before(self, number: int) -> range:
        """The numbers missing between the last frame and this; none at the first, nor
        where the numbers jump."""
        last, self._last = self._last, number
        if last is None or number > last + LONGEST_GAP:
            return range(0)
        return range(last + 1, number)
