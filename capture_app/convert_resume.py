"""Going on with a conversion that was interrupted, or failed."""

import hashlib
import json
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import HNError, RecordingError
from core.files import whole_folder
from core.recording.mcap_reader import read_index
from core.recording.provenance import decode_provenance
from core.recording.scene import SceneInfo
from core.recording.writer import CAPTURE_FILE

logger = logging.getLogger(__name__)


@contextmanager
def resumable_folder(
    out: Path, source: Path, every: int, intrinsics: Path | None = None
) -> Iterator[tuple[Path, bool]]:
    """A `whole_folder` for a recording, and whether an earlier run has begun it.

    Whatever ends the block early keeps the frames for the next run of the same, unless
    this is the first and the source is at fault: once mended it is not the same.
    """
    note = _note(source, every, intrinsics)
    with whole_folder(out, note, holds_frames) as folder:
        for unfinished in list(folder.rglob(".*")):
            unfinished.unlink()
        goes_on = holds_frames(folder)
        try:
            yield folder, goes_on
        except BaseException as error:
            is_of_disk = isinstance(error.__cause__, OSError)
            if isinstance(error, HNError) and not (goes_on or is_of_disk):
                shutil.rmtree(folder)
            num_frames = _num_frames(folder)
            if num_frames:
                logger.warning(
                    "the same command goes on after the %d frames kept in %s",
                    num_frames,
                    folder.parent,
                )
            raise


def _note(source: Path, every: int, intrinsics: Path | None) -> str:
    """What the frames depend on."""
    what = {
        "source": str(source.resolve()),
        "state": _state(source),
        "every": every,
        "intrinsics": None if intrinsics is None else intrinsics.read_text(),
    }
    return json.dumps(what, indent=2) + "\n"


def _state(source: Path) -> str:
    """16 letters that change when a file of the source does, by its size or date."""
    files = [source]
    for place, folders, names in os.walk(source, followlinks=True):
        folders[:] = [name for name in folders if not name.startswith(".")]
        files += [Path(place, name) for name in names if not name.startswith(".")]
    state = hashlib.sha256()
    for file in sorted(file for file in files if file.is_file()):
        status = file.stat()
        line = f"{file}\0{status.st_size}\0{status.st_mtime_ns}\n"
        state.update(os.fsencode(line))
    return state.hexdigest()[:16]


def holds_frames(recording: Path) -> bool:
    """Whether there is a frame to go on after."""
    return _num_frames(recording) > 0


def _num_frames(recording: Path) -> int:
    """How many whole frames there are."""
    file = recording / CAPTURE_FILE
    try:
        index = read_index(file)
        _, scene = decode_provenance(file, index.metadata)
        SceneInfo.from_json(scene)
    except (RecordingError, ValueError, OSError):  # it had not come to the first
        return 0
    return len(index.chunks)
