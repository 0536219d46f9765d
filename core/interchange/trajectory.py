"""Poses that a tracker of its own took at its own times, and poses in between.

Lines are "timestamp tx ty tz qx qy qz qw", camera to world, as in TUM RGB-D.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import NamedTuple

import numpy as np

from core.errors import DatasetError
from core.geometry import quaternion, rotation_matrix
from core.interchange.calibration import read_text

LARGEST_GAP_NS = 100_000_000  # to interpolate over; our choice: 3 frames at 30 a second
LATEST_S = 2**31  # as in a recording; no clock is later


class Sample(NamedTuple):
    """Where the camera was at one time."""

    position: np.ndarray
    """(3,) metres in the world."""
    rotation: np.ndarray
    """(4,) unit quaternion x y z w, camera to world."""

    def pose(self) -> np.ndarray:
        """(4, 4) T_world_camera."""
        pose = np.eye(4)
        pose[:3, :3] = rotation_matrix(self.rotation)
        pose[:3, 3] = self.position
        return pose


class Trajectory:
    """The samples of a file; those that say nan are left out."""

    def __init__(self, path: Path) -> None:
        self._samples = dict(_samples(path))
        self._times = sorted(self._samples)

    def is_at(self, times_ns: Collection[int]) -> bool:
        """Whether every sample is of one of these times."""
        return self._samples.keys() <= set(times_ns)

    def at(self, time_ns: int) -> np.ndarray | None:
        """(4, 4) T_world_camera of the sample of just this time, or None."""
        sample = self._samples.get(time_ns)
        return None if sample is None else sample.pose()

    def around(self, time_ns: int) -> np.ndarray | None:
        """(4, 4) T_world_camera between the samples before and after, or of just this
        time; None where they are more than 0.1 s apart."""
        if time_ns in self._samples:
            return self.at(time_ns)
        position = bisect_left(self._times, time_ns)
        if not 0 < position < len(self._times):
            return None
        before_ns, after_ns = self._times[position - 1 : position + 1]
        if after_ns - before_ns > LARGEST_GAP_NS:
            return None
        share = (time_ns - before_ns) / (after_ns - before_ns)
        before, after = self._samples[before_ns], self._samples[after_ns]
        return _between(before, after, share).pose()


def pose_line(time: str, pose: np.ndarray) -> str:
    """One line of a trajectory, every bit of the pose's numbers."""
    numbers = [*pose[:3, 3].tolist(), *quaternion(pose[:3, :3]).tolist()]
    return " ".join([time, *map(repr, numbers)])


def timed_lines(path: Path, num_words: int) -> Iterator[tuple[int, list[str]]]:
    """Time in ns and the words after it, so many at least, of each line that is no
    comment."""
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        words = line.replace(",", " ").split()
        if not words or words[0].startswith("#"):
            continue
        time_ns = nanoseconds(words[0])
        if time_ns is None or len(words) <= num_words:
            raise DatasetError(
                f"line {number} of {path} is {line[:80]!r}; expected a time in seconds "
                f"and {num_words} more"
            )
        yield time_ns, words[1:]


def nanoseconds(seconds: str) -> int | None:
    """Exactly what the text says, which a float would round; None for no such time."""
    try:
        time = Decimal(seconds)
    except InvalidOperation:
        return None
    if not (time.is_finite() and 0 <= time < LATEST_S):
        return None
    return round(time * 10**9)


def _samples(path: Path) -> Iterator[tuple[int, Sample]]:
    for time_ns, words in timed_lines(path, 7):
        try:
            numbers = np.array([float(word) for word in words[:7]])
        except ValueError as error:
            raise DatasetError(f"{path} holds more than numbers: {error}") from error
        if not np.isfinite(numbers).all():
            continue
        length = np.linalg.norm(numbers[3:])
        if abs(length - 1) > 0.02:  # rounded to two digits, it is still a rotation
            raise DatasetError(
                f"{path} has the rotation {' '.join(words[3:7])}, of length "
                f"{length:.3g}; expected a unit quaternion qx qy qz qw"
            )
        yield time_ns, Sample(numbers[:3], numbers[3:] / length)


def _between(a: Sample, b: Sample, share: float) -> Sample:
    """Along the straight line and the shortest turn (slerp) from a to b."""
    position = (1 - share) * a.position + share * b.position
    end = b.rotation if a.rotation @ b.rotation >= 0 else -b.rotation
    apart, together = np.linalg.norm(a.rotation - end), np.linalg.norm(a.rotation + end)
    angle = 2 * np.arctan2(apart, together)
    if angle == 0:
        return Sample(position, a.rotation)
    rotation = np.sin((1 - share) * angle) * a.rotation + np.sin(share * angle) * end
    return Sample(position, rotation / np.sin(angle))
