"""When a camera's automatic exposure has settled."""

from collections import deque

import numpy as np

# All our choice; a D435 takes 5 to 20 frames.
MOST_FRAMES = 30  # after these it is taken as settled
_STEADY_FRAMES = 8
_STEADY = 0.03  # of the brightness, from the darkest to the brightest of these


class Settling:
    """Asked frame by frame from the first one on.

    The brightness itself is asked: not every system passes on the camera's exposure.
    """

    def __init__(self) -> None:
        self.num_frames = 0
        self._last: deque[float] = deque(maxlen=_STEADY_FRAMES)

    def add(self, rgb: np.ndarray) -> None:
        """Take in the next image, (H, W, 3) uint8."""
        self.num_frames += 1
        self._last.append(float(rgb.mean()))

    @property
    def is_over(self) -> bool:
        """Whether the last images are equally bright, or there were many."""
        if self.num_frames >= MOST_FRAMES:
            return True
        if len(self._last) < _STEADY_FRAMES:
            return False
        darkest, brightest = min(self._last), max(self._last)
        return brightest - darkest <= _STEADY * brightest
