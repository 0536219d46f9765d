"""Going on with a conversion that was interrupted.

What an interrupted run has written lies beside the new recording, in a hidden folder,
with a note of what it was made from. The next run of the same copies its frames, which
costs little, and converts the rest.
"""

import json
import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from core.errors import RecordingError
from core.files import whole_folder
from core.recording import RecordingWriter
from core.recording.copying import CopiedFrame, copy_frames
from core.recording.lock import is_locked
from core.recording.mcap_reader import read_index
from core.recording.writer import CAPTURE_FILE

logger = logging.getLogger(__name__)

_NOTE = "source.json"


@contextmanager
def resumable_folder(
    out: Path, source: Path, every: int, intrinsics: Path | None = None
) -> Iterator[tuple[Path, Path | None]]:
    """A `whole_folder`, and the recording that an interrupted run left, if one did.

    An interrupt keeps what was written for the next run of the same; any other end
    keeps nothing. In a folder that is there already, which may be a disk of its own,
    nothing is kept: there is no place beside it.
    """
    out = out.resolve()
    if out.exists():
        with whole_folder(out) as folder:
            yield folder, None
        return
    note = _note(source, every, intrinsics)
    kept = out.with_name(f".{out.name}.interrupted")
    _keep_longest(out.with_name(f".{out.name}.partial"), kept, out.name, note)
    with whole_folder(out) as folder:
        (folder.parent / _NOTE).write_text(note)
        is_interrupted = False
        try:
            yield folder, _left_by(kept, out.name, note)
        except KeyboardInterrupt:
            is_interrupted = True
            _keep_longest(folder.parent, kept, out.name, note)
            if kept.exists():
                logger.warning(
                    "the same command goes on after the %d frames kept in %s",
                    _num_frames(kept / out.name),
                    kept,
                )
            raise
        finally:
            if not is_interrupted:
                shutil.rmtree(kept, ignore_errors=True)


def copied_frames(left: Path | None, writer: RecordingWriter) -> Iterator[CopiedFrame]:
    """Append what an interrupted run has left, if anything."""
    if left is not None:
        yield from copy_frames(left, writer)


def _note(source: Path, every: int, intrinsics: Path | None) -> str:
    """What the frames depend on."""
    status = source.stat()
    return json.dumps(
        {
            "source": str(source.resolve()),
            "bytes": status.st_size,
            "changed_ns": status.st_mtime_ns,
            "every": every,
            "intrinsics": None if intrinsics is None else intrinsics.read_text(),
        }
    )


def _left_by(kept: Path, name: str, note: str) -> Path | None:
    """The recording in what was kept, None unless it is of this source."""
    try:
        is_same = (kept / _NOTE).read_text() == note
    except OSError:
        return None
    return kept / name if is_same and (kept / name / CAPTURE_FILE).is_file() else None


def _keep_longest(partial: Path, kept: Path, name: str, note: str) -> None:
    """Have `kept` be what was written last, unless it has more frames already.

    What a running program writes is left alone, and what is of another source.
    """
    written = _left_by(partial, name, note)
    if written is None or is_locked(written / CAPTURE_FILE):
        return
    before = _left_by(kept, name, note)
    most_before = 0 if before is None else _num_frames(before)
    if _num_frames(written) <= most_before:
        shutil.rmtree(partial, ignore_errors=True)
        return
    shutil.rmtree(kept, ignore_errors=True)
    with suppress(OSError):  # Windows, where a running program has it open
        partial.rename(kept)


def _num_frames(recording: Path) -> int:
    """How many whole frames there are."""
    try:
        return len(read_index(recording / CAPTURE_FILE).chunks)
    except RecordingError:  # it had not come to the first
        return 0
