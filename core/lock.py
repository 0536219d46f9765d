"""Telling what is being written from what was cut off.

The lock goes with the program that holds it, however that ends. Where a system has no
such locks, or a network disk does not pass them on, nothing is known.
"""

import sys
from contextlib import suppress
from pathlib import Path
from typing import IO

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


def lock(file: IO[bytes]) -> None:
    """Have others see that this file is being written, until it is closed."""
    if sys.platform != "win32":  # where nobody can replace a file that is open
        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX)


def is_locked(path: Path) -> bool:
    """Whether a program is writing the file, as far as that is known."""
    if sys.platform != "win32":
        with path.open("rb") as file, suppress(OSError):
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
    return False


def try_lock(file: IO[bytes]) -> bool:
    """Lock the file until it is closed; False when another program has done so."""
    try:
        if sys.platform == "win32":
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # the second is what Windows says
        return False
    except OSError:
        return True
    return True
