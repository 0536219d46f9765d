"""Folders of the user's cache that appear at once, when they are complete."""

import hashlib
import json
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

import core
from core.files import state_of, user_cache

UNFINISHED = "unfinished-"
ABANDONED_S = 3600.0


def cache_folder() -> Path:
    """Where prepared frames are kept; deleting it costs nothing but time."""
    return user_cache() / "training"


def cached(
    subject: object, state: object, choice: object, fill: Callable[[Path], None]
) -> Path:
    """The folder of these three; where there is none yet, `fill` makes its content.

    `subject` is what is cached; what was cached of it in another `state`, or by other
    code, is deleted then. One subject may be cached with several choices.
    """
    subject_key, state_key = _key(subject), _key((_code_version(), state))
    folder = cache_folder() / "-".join((subject_key, state_key, _key(choice)))
    if folder.is_dir():
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
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    for old in folder.parent.glob(f"{subject_key}-*"):
        if not old.name.startswith(f"{subject_key}-{state_key}-"):
            _delete(old)
    for old in folder.parent.glob(f"{UNFINISHED}*"):
        if time.time() - _last_write(old) > ABANDONED_S:
            _delete(old)
    return folder


def cached_bytes() -> int:
    """What is in the cache by now."""
    num_bytes = 0
    for file in cache_folder().glob("*/*"):
        with suppress(OSError):  # another run deleted it
            num_bytes += file.stat().st_size
    return num_bytes


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
