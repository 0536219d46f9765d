"""The room on a disk, and how long a recording can go on with it."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from core.errors import HNError

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
