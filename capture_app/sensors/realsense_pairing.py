"""Depth and colour of one instant, found among the samples of a camera or a file."""

from collections import deque
from typing import NamedTuple

import numpy as np

from capture_app.sensors.realsense_frames import (
    ACCELERATION,
    COLOR,
    DEPTH,
    Sample,
    are_of_one_instant,
)

# The threads of the SDK bring samples a few frames out of order, no more than this. A
# stream that waits longer for another one waits for something that is not in the file.
_MOST_WAITING = 16
_MOST_ACCELERATIONS = 2000  # the fastest accelerometers measure 400 times a second


class Pair(NamedTuple):
    """Images of one instant and how the camera was accelerated before."""

    depth: Sample
    color: Sample
    acceleration: np.ndarray | None
    """(3,) m/s2, the mean since the pair before; None if nothing was measured."""


class Pairing:
    """Every depth and every colour image once, in order, whatever order they come in.

    `fps` is that of the faster one. `has_imu` makes a pair wait for the accelerations
    measured before it.
    """

    def __init__(self, fps: float, has_imu: bool) -> None:
        self._fps = fps
        self._waits_for_imu = has_imu
        self._waiting: dict[str, deque[Sample]] = {
            DEPTH: deque(),
            COLOR: deque(),
            ACCELERATION: deque(maxlen=_MOST_ACCELERATIONS),
        }
        self._last = dict.fromkeys(self._waiting, -1)
        self._pairs: deque[tuple[Sample, Sample]] = deque()

    def add(self, sample: Sample) -> None:
        """Take in a sample; one that came before is left out."""
        if sample.number <= self._last[sample.stream]:
            return
        self._last[sample.stream] = sample.number
        self._waiting[sample.stream].append(sample)
        if sample.stream != ACCELERATION:
            self._match()

    def end(self) -> None:
        """No more samples will come; nothing needs to wait for them."""
        self._waits_for_imu = False

    def take(self) -> Pair | None:
        """The next pair, None if more samples are needed for it."""
        if not self._pairs:
            return None
        depth, color = self._pairs[0]
        accelerations = self._waiting[ACCELERATION]
        is_measured = accelerations and accelerations[-1].time_ms > depth.time_ms
        if (
            self._waits_for_imu
            and not is_measured
            and len(self._pairs) <= _MOST_WAITING
        ):
            return None
        self._pairs.popleft()
        before = []
        while accelerations and accelerations[0].time_ms <= depth.time_ms:
            before.append(accelerations.popleft().data)
        return Pair(depth, color, np.mean(before, axis=0) if before else None)

    def _match(self) -> None:
        """Pair from the oldest on: then it does not matter which stream came first."""
        depths, colors = self._waiting[DEPTH], self._waiting[COLOR]
        while depths and colors:
            if are_of_one_instant(depths[0], colors[0], self._fps):
                self._pairs.append((depths.popleft(), colors.popleft()))
            elif depths[0].time_ms < colors[0].time_ms:
                depths.popleft()
            else:
                colors.popleft()
        for images in (depths, colors):
            if len(images) > _MOST_WAITING:
                images.popleft()
