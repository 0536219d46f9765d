"""A steady beat for sensors that could deliver faster than a camera does."""

import time

_LARGEST_DELAY_S = 1.0


class Pace:
    """Sleeps from beat to beat of a monotonic clock, so that delays do not add up."""

    def __init__(self) -> None:
        self._due_s = time.monotonic()

    def wait(self, period_s: float) -> None:
        """Return `period_s` after the previous beat, at once when that has passed."""
        now = time.monotonic()
        self._due_s += period_s
        if self._due_s < now - _LARGEST_DELAY_S:
            # The machine slept or the reader hung: go on from here, do not race.
            self._due_s = now
        time.sleep(max(0.0, self._due_s - now))
