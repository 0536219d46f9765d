"""Depth and colour of one instant, found among the samples of a camera or a file."""

import math
from collections import deque
from typing import NamedTuple

import numpy as np

from capture_app.sensors.realsense_frames import ACCELERATION, COLOR, DEPTH, Sample

# The threads of the SDK bring samples a few frames out of order, no more than this. A
# stream that waits longer for another one waits for something that is not in the file.
_MOST_WAITING = 16
_MOST_ACCELERATIONS = 2000  # the fastest accelerometers measure 400 times a second
# A camera's own clock starts anew every 71 minutes, when its 32 bits of microseconds
# are used up (#14469), for one stream a moment before the other.
_CLOCK_MS = 2**32 / 1000


class Pair(NamedTuple):
    """Images of one instant and how the camera was accelerated before."""

    depth: Sample
    """Its times rise from pair to pair, when the camera's clock starts anew too."""
    color: Sample
    acceleration: np.ndarray | None
    """(3,) m/s2, the mean since the pair before; None if nothing was measured."""


class Pairing:
    """Every depth and every colour image once, in order, whatever order they come in.

    `fps` is that of the faster one. `has_imu` makes a pair wait for the accelerations
    measured before it.
    """

    def __init__(self, fps: float, has_imu: bool) -> None:
        self._period_ms = 1000 / fps
        self._offset_ms = 0.0
        self._last_ms: float | None = None
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

    def change_clock(self) -> None:
        """Leave out what waits: times are those of another clock from here on."""
        for samples in self._waiting.values():
            samples.clear()

    def end(self) -> None:
        """No more samples will come; nothing needs to wait for them."""
        self._waits_for_imu = False

    def take(self) -> Pair | None:
        """The next pair, None if more samples are needed for it."""
        if not self._pairs:
            return None
        depth, color = self._pairs[0]
        accelerations = self._waiting[ACCELERATION]
        is_measured = accelerations and _delay_ms(depth, accelerations[-1]) > 0
        if (
            self._waits_for_imu
            and not is_measured
            and len(self._pairs) <= _MOST_WAITING
        ):
            return None
        self._pairs.popleft()
        before = []
        while accelerations and _delay_ms(depth, accelerations[0]) <= 0:
            before.append(accelerations.popleft().data)
        acceleration = np.mean(before, axis=0) if before else None
        return Pair(self._rising(depth), color, acceleration)

    def _match(self) -> None:
        """Pair from the oldest on: then it does not matter which stream came first."""
        depths, colors = self._waiting[DEPTH], self._waiting[COLOR]
        while depths and colors:
            delay_ms = _delay_ms(depths[0], colors[0])
            if abs(delay_ms) <= self._period_ms / 2:
                self._pairs.append((depths.popleft(), colors.popleft()))
            elif delay_ms > 0:
                depths.popleft()
            else:
                colors.popleft()
        for images in (depths, colors):
            if len(images) > _MOST_WAITING:
                images.popleft()

    def _rising(self, sample: Sample) -> Sample:
        """The sample at its time; one period after the last if a clock was set back."""
        time_ms = sample.time_ms + self._offset_ms
        last_ms = self._last_ms
        if last_ms is not None and time_ms <= last_ms:
            begins_anew = _CLOCK_MS / 2 < last_ms - time_ms < _CLOCK_MS
            set_back_ms = last_ms + self._period_ms - time_ms
            self._offset_ms += _CLOCK_MS if begins_anew else set_back_ms
            time_ms = sample.time_ms + self._offset_ms
        self._last_ms = time_ms
        return sample._replace(time_ms=time_ms)


def _delay_ms(first: Sample, second: Sample) -> float:
    """How much later the second is, whether or not the clock has started anew."""
    return math.remainder(second.time_ms - first.time_ms, _CLOCK_MS)
