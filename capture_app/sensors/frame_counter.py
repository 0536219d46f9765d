"""Numbers for the frames of cameras that do not number them."""


class FrameCounter:
    """Counts frame periods by the frames' times, so that a lost frame leaves a gap."""

    def __init__(self, fps: float) -> None:
        self._period_ns = 1e9 / fps
        self._number = -1
        self._last_ns: int | None = None

    def number(self, timestamp_ns: int) -> int | None:
        """The number of a frame, the first one's is 0; None unless it is a new one."""
        if self._last_ns is None:
            periods = 1
        elif timestamp_ns <= self._last_ns:
            return None
        else:
            passed_ns = timestamp_ns - self._last_ns
            periods = max(1, round(passed_ns / self._period_ns))
        self._number += periods
        self._last_ns = timestamp_ns
        return self._number
