"""Folders of the user's cache that appear at once, when they are complete."""

import errno
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

import core
from core.errors import DatasetError
from core.files import state_of, user_cache

UNFINISHED = "unfinished-"
ABANDONED_S = 3600.0
"""After so long without a sign of life a folder is one of a run that was killed."""

_in_use: set[Path] = set()
"""What this process has asked for, and may be reading."""


def cache_folder() -> Path:
    """Where prepared frames are kept; deleting it costs nothing but time."""
    return user_cache() / "training"


def cached(
    subject: object, state: object, choice: object, fill: Callable[[Path], None]
) -> Path:
    """The folder of these three; where there is none yet, `fill` makes its content.

    `subject` is what is cached; what was cached of it in another `state`, or by other
    code, is deleted then. One subject may be cached with several choices. While `fill`
    takes long it calls `show_life`. DatasetError where the disk is full.
    """
    subject_key, state_key = _key(subject), _key((_code_version(), state))
    folder = cache_folder() / "-".join((subject_key, state_key, _key(choice)))
    _in_use.add(folder)
    if folder.is_dir():
        show_life(folder)  # it was used later than others
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=folder.parent))
    try:
        fill(unfinished)
        try:
            unfinished.rename(folder)
        except OSError:
            if not folder.is_dir():  # else another run was faster
                raise
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise DatasetError(
            f"the disk of {cache_folder()} is full; free some of it, or have the "
            "frames made while training (--keep no)"
        ) from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    for old in folder.parent.glob(f"{subject_key}-*"):
        if not old.name.startswith(f"{subject_key}-{state_key}-"):
            _delete(old)
    for old in folder.parent.glob(f"{UNFINISHED}*"):
        if time.time() - _last_write(old) > ABANDONED_S:
            _delete(old)
    return folder


def show_life(folder: Path) -> None:
    """Tell other runs that a folder is in use."""
    with suppress(OSError):  # deleted by hand, or in a cache that is only read
        os.utime(folder)


def cached_bytes(name: str) -> int:
    """What the folders that have a file of this name take."""
    return sum(map(_size, _folders_with(name)))


def drop_oldest(name: str, num_bytes: int) -> None:
    """Delete folders that have a file of this name, the least recently used first,
    until those left take at most `num_bytes`; none that this process uses."""
    folders = sorted(_folders_with(name), key=_last_use)
    sizes = {folder: _size(folder) for folder in folders}
    for folder in folders:
        if sum(sizes.values()) <= num_bytes:
            return
        if folder not in _in_use:
            _delete(folder)
            del sizes[folder]


def _folders_with(name: str) -> list[Path]:
    found = (file.parent for file in cache_folder().glob(f"*/{name}"))
    return [folder for folder in found if not folder.name.startswith(UNFINISHED)]


def _size(folder: Path) -> int:
    """What the files in a folder take; 0 if another run deleted it."""
    try:
        return sum(file.stat().st_size for file in folder.iterdir())
    except OSError:
        return 0


def _last_use(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except OSError:
        return 0.0


def _delete(folder: Path) -> None:
    """Delete a folder, at once for whoever looks it up."""
    doomed = folder.with_name(f"{UNFINISHED}{folder.name}")
    with suppress(OSError):  # another run was faster, or still reads it
        folder.rename(doomed)
        shutil.rmtree(doomed)


def _last_write(folder: Path) -> float:
    """When something in the folder was last written, in seconds; now, if it is gone."""
    try:
        return max(path.stat().st_mtime for path in (folder, *folder.iterdir()))
    except OSError:
        return time.time()


def _key(part: object) -> str:
    return hashlib.sha256(json.dumps(part).encode()).hexdigest()[:16]


@lru_cache(maxsize=1)
def _code_version() -> str:
    folders = [Path(core.__file__).parent, Path(__file__).parent]
    return state_of(file for folder in folders for file in folder.rglob("*.py"))
