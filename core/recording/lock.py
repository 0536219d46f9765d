"""Telling a file that is being written from one that was cut off.

The lock goes with the program that holds it, however that ends. Where a system has no
such locks, or a network disk does not pass them on, nothing is known.
"""

from contextlib import suppress
from pathlib import Path
from typing import IO

try:
    import fcntl
except ImportError:  # Windows, where nobody can replace a file that is open
    fcntl = None  # type: ignore[assignment]


def lock(file: IO[bytes]) -> None:
    """Have others see that this file is being written, until it is closed."""
    if fcntl is not None:
        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX)


def is_locked(path: Path) -> bool:
    """Whether a program is writing the file, as far as that is known."""
    if fcntl is None:
        return False
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
    return False
