"""Small files written whole or not at all; the user's cache; the state of sources."""

import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import get_ident

from core.errors import HNError


def user_cache() -> Path:
    """Where this project keeps what can be made again; deleting it costs only time."""
    variable = "LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME"
    root = os.environ.get(variable)
    if not root:
        try:
            root = str(Path.home() / ".cache")
        except RuntimeError:  # a user without a home, as in containers
            root = tempfile.gettempdir()
    return Path(root) / "hn-capture"


def state_of(files: Iterable[Path]) -> str:
    """16 letters that change when a byte of the files does."""
    contents = hashlib.sha256()
    for file in sorted(files):
        contents.update(file.read_bytes())
    return contents.hexdigest()[:16]


def sync_folder(path: Path) -> None:
    """Have the disk keep the names of the files in a folder, and its own, if it can."""
    if sys.platform == "win32":  # it keeps names by itself, and opens no folders
        return
    for folder in (path, path.parent):
        with suppress(OSError):  # not every file system does, nor may everybody ask
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def write_atomically(path: Path, data: bytes) -> None:
    """Put `data` at `path`; whoever reads it sees the old content or the new, after a
    power cut too."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{get_ident()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextmanager
def whole_folder(out: Path) -> Iterator[Path]:
    """Where to write what `out`, a new or empty folder, is to hold.

    It gets all of it when the block has ended well, and nothing if not.
    """
    out = out.resolve()
    is_there = out.exists()
    # Beside it, or inside when it may be a disk of its own or the shell's folder.
    hidden = (out if is_there else out.parent) / f".{out.name}.partial"
    try:
        hidden.mkdir(parents=True)
    except FileExistsError as error:
        raise HNError(
            f"{hidden} is there: another program writes {out} now, or was killed; if "
            "none does, delete it"
        ) from error
    folder = hidden / out.name  # recordings are called as their folder
    folder.mkdir()
    try:
        yield folder
        if is_there:
            for entry in folder.iterdir():
                entry.rename(out / entry.name)
        else:
            folder.rename(out)
    finally:
        shutil.rmtree(hidden, ignore_errors=True)
