"""Seconds on the clock of a sensor, which may jump."""

from core.quality import LONGEST_PAUSE_S


class Elapsed:
    """Adds up the steps from frame to frame.

    A step that goes back, stands still or is too long to be true counts as one period:
    a clock that is set anew neither ends a take nor makes it endless.
    """

    def __init__(self, period_s: float) -> None:
        self._period_ns = round(1e9 * period_s)
        self._elapsed_ns = 0
        self._last_ns: int | None = None

    def at(self, timestamp_ns: int) -> float:
        """Seconds from the first frame to the one that is taken now."""
        if self._last_ns is not None:
            step_ns = timestamp_ns - self._last_ns
            is_true = 0 < step_ns <= 1e9 * LONGEST_PAUSE_S
            self._elapsed_ns += step_ns if is_true else self._period_ns
        self._last_ns = timestamp_ns
        return self._elapsed_ns / 1e9
