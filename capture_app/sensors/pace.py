"""A steady beat for sensors that could deliver faster than a camera does."""

import time

_LARGEST_DELAY_S = 1.0
_LONGEST_WAIT_S = 1.0  # nobody sits through a gap in what was recorded


class Pace:
    """Sleeps from beat to beat of a monotonic clock, so that delays do not add up."""

    def __init__(self) -> None:
        self._due_s = time.monotonic()
        self._last_ns: int | None = None

    def follow(self, timestamp_ns: int) -> None:
        """Return when a frame of this time is due after the one before; the first one
        is due at once, and none later than in a second."""
        last_ns, self._last_ns = self._last_ns, timestamp_ns
        if last_ns is not None:
            self.wait(min((timestamp_ns - last_ns) / 1e9, _LONGEST_WAIT_S))

    def wait(self, period_s: float) -> None:
        """Return `period_s` after the previous beat, at once when that has passed."""
        now = time.monotonic()
        self._due_s += period_s
        if self._due_s < now - _LARGEST_DELAY_S:
            # The machine slept or the reader hung: go on from here, do not race.
            self._due_s = now
        time.sleep(max(0.0, self._due_s - now))
