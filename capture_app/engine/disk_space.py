"""The room on a disk, and how long a recording can go on with it."""

import math
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from capture_app.engine.problems import ProblemLog
from capture_app.engine.worker import Worker
from core.errors import HNError

# Measured: a frame of 640x480 on disk, its depth losslessly, its colour as JPEG.
FRAME_BYTES, FRAME_PIXELS = 290 * 1024, 640 * 480
WATCH_PERIOD_S = 2.0
MIN_FREE_BYTES = 1_000_000_000  # left to the system, and to what else is open
_SETTLED_S = 2.0  # a rate of less than that is chance


@dataclass(frozen=True)
class DiskSpace:
    """One look at the disk of a running recording."""

    free_bytes: int
    """What can still be written, by anybody."""
    min_free_bytes: int
    """The floor: with less than that left, a recording ends."""
    written_bytes: int
    """By the recording so far."""
    seconds: float
    """Of the recording that they hold."""

    @property
    def is_used_up(self) -> bool:
        """Whether the recording has to end."""
        return self.free_bytes < self.min_free_bytes

    @property
    def seconds_left(self) -> float | None:
        """Until the floor, at the rate so far; None while that is not known."""
        if self.seconds < _SETTLED_S or self.written_bytes <= 0:
            return None
        usable = max(0, self.free_bytes - self.min_free_bytes)
        return usable * self.seconds / self.written_bytes


class DiskWatch:
    """How long a recording could be, looked up on a thread of its own: a network disk
    may keep whoever asks waiting."""

    def __init__(
        self, min_free_bytes: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._min_free_bytes = min_free_bytes
        self._clock = clock
        self._looked_s = -math.inf
        self._space: DiskSpace | None = None
        self.problems = ProblemLog()
        self._worker = Worker("disk watch", self._look, self._report)

    def look(self, folder: Path, bytes_per_s: float) -> DiskSpace | None:
        """The newest answer, None while there is none; asks anew every other second."""
        if self._clock() - self._looked_s >= WATCH_PERIOD_S:
            self._looked_s = self._clock()
            self._worker.inbox.put((folder, bytes_per_s))
        return self._space

    def close(self) -> None:
        """Stop the thread; safe to call twice."""
        self._worker.close()

    def _look(self, question: tuple[Path, float]) -> None:
        folder, bytes_per_s = question
        minute = round(60 * bytes_per_s)
        try:
            free = free_bytes(folder)
        except OSError:  # a disk that is gone; a recording will say so
            self._space = None
            return
        self._space = DiskSpace(free, self._min_free_bytes, minute, 60.0)

    def _report(self, what: str, error: Exception) -> None:
        self._space = None
        self.problems.add(
            f"The {what} thread stopped ({type(error).__name__}: {error}). How long "
            "the disk lasts is shown again while a recording is on.",
            is_warning=True,
        )


def expected_rate(fps: float, width: int, height: int) -> float:
    """Bytes a second that a recording of such frames has been seen to take."""
    return fps * FRAME_BYTES * width * height / FRAME_PIXELS


def free_bytes(path: Path) -> int:
    """What can be written to the disk of `path`, which need not exist yet."""
    folder = path.absolute()
    # Nobody may look into some folders; a drive may be missing, and has no parent.
    while not os.path.exists(folder) and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free


def bytes_to_leave(min_free_gb: float) -> int:
    """The floor that --min-free-gb asks for; HNError when it is no size."""
    if not 0 <= min_free_gb < 1e9:
        raise HNError(
            f"--min-free-gb must be 0 or more and below 1e9, got {min_free_gb:g}"
        )
    return round(1e9 * min_free_gb)


def size_in_words(num_bytes: int) -> str:
    """412 GB, 1.3 GB or 86 MB; rounded down, so that no room is made up."""
    if num_bytes < 10**9:
        return f"{num_bytes // 10**6} MB"
    if num_bytes < 10**10:
        return f"{num_bytes // 10**8 / 10:.1f} GB"
    return f"{num_bytes // 10**9} GB"


def time_in_words(seconds: float) -> str:
    """9 h 40 min, 12 min, or less than a minute."""
    hours, minutes = divmod(int(seconds / 60), 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min" if minutes else "less than a minute"
