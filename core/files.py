"""Files and folders written whole or not at all; the user's cache; what lies where."""

import errno
import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
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


def find_files(folder: Path, name: str) -> list[Path]:
    """Every file of this name in a folder and below, in order.

    Hidden folders are passed over: they hold what is not written whole yet.
    """
    return sorted(
        file
        for file in folder.rglob(name)
        if not any(part.startswith(".") for part in file.relative_to(folder).parts)
    )


def check_is_new(out: Path) -> None:
    """HNError unless `out` is a folder that is empty or not there yet."""
    try:
        found = sorted(entry.name for entry in out.iterdir())
    except FileNotFoundError:
        return
    except NotADirectoryError as error:
        file = next(path for path in (out, *out.parents) if path.is_file())
        raise HNError(
            f"{file} is a file; what is written is a folder of its own"
        ) from error
    except OSError as error:
        raise _cannot_make(out, error) from error
    if found:
        raise HNError(
            f"{out} already holds files, such as {found[0]}; choose another name or "
            "move it away"
        )


@contextmanager
def whole_folder(out: Path) -> Iterator[Path]:
    """Where to write what `out`, a new or empty folder, is to hold.

    It gets all of it when the block has ended well, and nothing if not.
    """
    out = out.resolve()
    # Beside it, or inside when it may be a disk of its own or the shell's folder.
    hidden = (out if out.exists() else out.parent) / f".{out.name}.partial"
    missing = [folder for folder in hidden.parents if not folder.exists()]
    try:
        _claim(hidden, out)
        try:
            folder = hidden / out.name  # recordings are called as their folder
            folder.mkdir()
            yield folder
            _move(folder, out)
        finally:
            shutil.rmtree(hidden, ignore_errors=True)
    finally:
        for parent in missing:
            with suppress(OSError):  # it holds something
                parent.rmdir()


def _claim(hidden: Path, out: Path) -> None:
    try:
        hidden.mkdir(parents=True)
    except FileExistsError as error:
        raise HNError(
            f"{hidden} is there: another program writes {out} now, or was killed; if "
            "none does, delete it"
        ) from error
    except OSError as error:
        raise _cannot_make(out, error) from error


def _move(folder: Path, out: Path) -> None:
    """Make a hidden folder, or what is in it, visible as `out`."""
    hidden = folder.parent
    try:
        if hidden.parent != out:
            folder.rename(out)
            return
        if len(list(out.iterdir())) > 1:
            raise FileExistsError(errno.EEXIST, "it was empty and is not any more")
        for entry in folder.iterdir():
            entry.rename(out / entry.name)
    except OSError as error:
        names = (hidden.with_name(f"{out.name}-{n}") for n in count(2))
        kept = next(path for path in names if not path.exists())
        folder.rename(kept)
        raise HNError(
            f"{out} cannot take what was written ({error.strerror}); it is kept as "
            f"{kept}"
        ) from error


def _cannot_make(out: Path, error: OSError) -> HNError:
    return HNError(
        f"cannot make the folder {out}: {error.strerror}; choose another one"
    )
