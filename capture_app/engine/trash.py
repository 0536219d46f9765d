"""Recordings that were thrown away: hidden beside the others until they are brought
back or deleted for good.

`recordings/.trash/kitchen` is the folder as it was, and `kitchen.json` beside it says
what it was called and when it went. Hidden folders are passed over by whatever looks
for recordings.
"""

import json
import logging
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from capture_app.engine.naming import next_segment
from core.errors import RecordingError
from core.files import write_atomically
from core.lock import is_locked
from core.recording.writer import CAPTURE_FILE

logger = logging.getLogger(__name__)

TRASH = ".trash"


@dataclass(frozen=True)
class Trashed:
    """A recording in the trash."""

    name: str
    """What it was called."""
    path: Path
    """Where it lies now."""
    deleted: str
    """When it was thrown away, ISO 8601 with the time zone."""


def discard(recording: Path) -> Trashed:
    """Move a recording into the trash beside it; RecordingError says why that cannot
    be."""
    recording = Path(os.path.abspath(recording))  # a link is moved, not what it is to
    _check_can_go(recording)
    place = next_segment(recording.parent / TRASH / recording.name)
    now = datetime.now().astimezone().isoformat(timespec="milliseconds")
    trashed = Trashed(recording.name, place, now)
    note = json.dumps({"name": trashed.name, "deleted": now}, ensure_ascii=False) + "\n"
    try:
        place.parent.mkdir(exist_ok=True)
        write_atomically(_note_of(place), note.encode())  # so that no name is lost
        recording.rename(place)
    except OSError as error:
        _forget(place)
        raise RecordingError(
            f"{recording} cannot be moved to the trash ({error.strerror}); it stays "
            "where it is: close what has it open, and see that its folder can be "
            "written to"
        ) from error
    return trashed


def restore(trashed: Trashed) -> Path:
    """Bring a recording back and say where: under its name, or beside what has taken
    that meanwhile, as kitchen-2. RecordingError says why that cannot be."""
    _check_is_there(trashed)
    home = next_segment(trashed.path.parent.parent / trashed.name)
    try:
        trashed.path.rename(home)
    except OSError as error:
        raise RecordingError(
            f"{trashed.path} cannot be brought back as {home} ({error.strerror}); it "
            "stays in the trash"
        ) from error
    _forget(trashed.path)
    return home


def trashed_in(recordings: Path) -> list[Trashed]:
    """What was thrown away in a folder and those below it, the newest first."""
    found = [
        _read(path)
        for trash in recordings.rglob(TRASH)
        for path in trash.iterdir()
        if path.is_dir()
    ]
    return sorted(found, key=_time, reverse=True)


def delete_forever(trashed: Trashed) -> None:
    """Remove a recording from the disk; OSError says what could not be removed."""
    _check_is_there(trashed)
    if trashed.path.is_symlink():
        trashed.path.unlink()
    else:
        shutil.rmtree(trashed.path)
    _forget(trashed.path)


def _check_can_go(recording: Path) -> None:
    capture = recording / CAPTURE_FILE
    if not capture.is_file():
        raise RecordingError(
            f"{recording} has no {CAPTURE_FILE}; only a recording can be thrown away"
        )
    if is_locked(capture):
        raise RecordingError(
            f"{recording} is still being recorded; stop that first, then throw it away"
        )


def _check_is_there(trashed: Trashed) -> None:
    if trashed.path.parent.name != TRASH:
        raise ValueError(f"{trashed.path} does not lie in a trash")
    if not trashed.path.is_dir():
        raise RecordingError(
            f"{trashed.name} is not in the trash any more: there is no {trashed.path}"
        )


def _read(path: Path) -> Trashed:
    """What the note beside it says, or what can be told without one."""
    try:
        values = json.loads(_note_of(path).read_text("utf-8"))
        name, deleted = str(values["name"]), str(values["deleted"])
        datetime.fromisoformat(deleted)
        if not name or Path(name).name != name:
            raise ValueError(f"{name!r} is no folder's name")
        return Trashed(name, path, deleted)
    except (OSError, ValueError, KeyError, TypeError) as error:
        logger.warning("the note of %s cannot be read: %s", path, error)
        changed = datetime.fromtimestamp(path.stat().st_mtime).astimezone()
        return Trashed(path.name, path, changed.isoformat(timespec="milliseconds"))


def _time(trashed: Trashed) -> float:
    return datetime.fromisoformat(trashed.deleted).timestamp()


def _note_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.json")


def _forget(path: Path) -> None:
    """Remove the note of what does not lie there, and a trash that is empty."""
    with suppress(OSError):
        _note_of(path).unlink(missing_ok=True)
        path.parent.rmdir()
