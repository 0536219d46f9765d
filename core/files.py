"""Files and folders written whole or not at all; the user's cache; what lies where."""

import errno
import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from threading import get_ident
from typing import IO

from core.errors import HNError
from core.lock import try_lock

NOTE = "source.json"
"""In a hidden folder that is kept: what it is made from."""
_LOCK = "lock"


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
    """HNError unless `out` is a folder that is empty or not there yet.

    It may have what `whole_folder` has hidden in it.
    """
    hidden = _hidden_name(out.resolve())
    try:
        found = sorted(entry.name for entry in out.iterdir() if entry.name != hidden)
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
def whole_folder(
    out: Path,
    note: str | None = None,
    is_worth_keeping: Callable[[Path], bool] = Path.is_dir,
) -> Iterator[Path]:
    """Where to write what `out`, a new or empty folder, is to hold.

    It gets all of it when the block has ended well, and nothing if not. With a `note`
    of what it is made from, what is worth it stays hidden then, also when the program
    is killed, and who comes with the same note next finds it there.

    HNError when another program writes `out`, and when something is kept for it that
    has another note.
    """
    out = out.resolve()
    # Beside it, or inside when it may be a disk of its own or the shell's folder.
    hidden = (out if out.exists() else out.parent) / _hidden_name(out)
    folder = hidden / out.name  # recordings are called as their folder
    note_file = hidden / NOTE

    def is_kept() -> bool:
        return note_file.is_file() and is_worth_keeping(folder)

    missing = [parent for parent in hidden.parents if not parent.exists()]
    try:
        with _claim(hidden, out):
            try:
                check_is_new(out)
                if not is_kept():
                    _empty(folder, note, out)
                elif note_file.read_text("utf-8") != note:
                    raise HNError(
                        f"{hidden} keeps what was written of {out} from other files or "
                        f"with other options than now ({NOTE} in it has them); choose "
                        "another name, or delete that folder to start over"
                    )
                yield folder
                _move(folder, out)
                note_file.unlink(missing_ok=True)
            finally:
                if not is_kept():
                    shutil.rmtree(hidden, ignore_errors=True)
        if sys.platform == "win32":  # it removes no file that is open
            with suppress(OSError):
                (hidden / _LOCK).unlink()
                hidden.rmdir()
    finally:
        for parent in missing:
            with suppress(OSError):  # it holds something
                parent.rmdir()


def _hidden_name(out: Path) -> str:
    return f".{out.name}.partial"


def _claim(hidden: Path, out: Path) -> IO[bytes]:
    """Make the hidden folder, or take it over from a program that has ended.

    It is this program's until the file is closed, or removed with the folder.
    """
    lock = hidden / _LOCK
    try:
        hidden.mkdir(parents=True, exist_ok=True)
        file = lock.open("ab")
    except OSError as error:
        raise _cannot_make(out, error) from error
    try:  # who removes it had it until then
        is_ours = try_lock(file) and os.path.samestat(
            os.fstat(file.fileno()), lock.stat()
        )
    except FileNotFoundError:
        is_ours = False
    if not is_ours:
        file.close()
        raise HNError(
            f"another program writes {out} now; wait for its end, or choose another "
            "name"
        )
    return file


def _empty(folder: Path, note: str | None, out: Path) -> None:
    """Have a new folder with this note, in place of what a program left there."""
    shutil.rmtree(folder, ignore_errors=True)
    note_file = folder.parent / NOTE
    try:
        note_file.unlink(missing_ok=True)
        folder.mkdir()
        if note is not None:
            write_atomically(note_file, note.encode())
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
