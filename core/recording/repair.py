"""Rebuilding a recording that was cut off or has damaged frames."""

import errno
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from mcap.records import Message

from core.errors import RecordingError
from core.recording import frames
from core.recording.mcap_reader import DAMAGE, FileIndex, read_index, read_messages
from core.recording.mcap_writer import ChunkWriter
from core.recording.provenance import decode_provenance, kept_metadata
from core.recording.renumber import set_annotations_aside, settle_annotations
from core.recording.scene import load_scene, save_scene
from core.recording.writer import CAPTURE_FILE

logger = logging.getLogger(__name__)

CUT_FILE = "capture.cut.mcap"
_PARTIAL_FILE = ".capture.partial.mcap"


@dataclass(frozen=True)
class RepairResult:
    """What a repair found."""

    num_frames: int
    """Whole frames, all of them kept."""
    num_damaged: int
    """Frames whose checksum is wrong; they are left out."""
    cut_file: Path | None
    """Where the file as it was is now; None when nothing had to be repaired."""
    cut_annotations: Path | None = None
    """Where the annotations as they were are now; None when none had to be renumbered
    or left out."""


def repair_recording(
    path: Path, progress: Callable[[int, int], None] | None = None
) -> RepairResult:
    """Rebuild a recording from its whole frames; the file as it was stays beside it.

    `progress` hears (frames done, frames in all). A whole recording is left alone.
    """
    if not (path / CAPTURE_FILE).is_file():
        raise RecordingError(
            f"{path} holds no {CAPTURE_FILE}; expected the folder of a recording"
        )
    partial = path / _PARTIAL_FILE
    try:
        settle_annotations(path, _is_replaced(path))
        partial.unlink(missing_ok=True)
        try:
            return _repair(path, partial, progress)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise RecordingError(
            f"{path} could not be repaired ({error.strerror or error}) and is as it "
            "was; a repair needs as much room again, in a folder that you may write to"
        ) from error


def _repair(
    path: Path, partial: Path, progress: Callable[[int, int], None] | None
) -> RepairResult:
    file, cut_file = path / CAPTURE_FILE, path / CUT_FILE
    index = read_index(file)
    if index.is_being_written:
        raise RecordingError(
            f"{path} is being recorded; wait for its end, or stop the program that "
            "records it"
        )
    num_chunks = len(index.chunks)
    if not num_chunks:
        raise RecordingError(
            f"{path} holds no whole frame of a recording; nothing of it can be saved"
        )
    _, scene_text = decode_provenance(file, index.metadata)
    scene = load_scene(path, scene_text)
    kept = _copy(file, partial, index, progress)
    if not index.is_cut_off and len(kept) == num_chunks:
        return RepairResult(num_chunks, 0, None)
    if _is_replaced(path):
        raise RecordingError(
            f"{cut_file} is there from an earlier repair; move it away and try again"
        )
    try:
        cut_annotations = set_annotations_aside(path, kept)
        _put_in_place(partial, file, cut_file)
    finally:
        settle_annotations(path, _is_replaced(path))
    try:
        save_scene(path, replace(scene, frames=len(kept)))
    except OSError as error:  # the frames matter more than their number here
        logger.warning("%s keeps its old scene.json: %s", path, error)
    return RepairResult(len(kept), num_chunks - len(kept), cut_file, cut_annotations)


def _copy(
    file: Path,
    partial: Path,
    contents: FileIndex,
    progress: Callable[[int, int], None] | None,
) -> list[int]:
    """Write the good chunks of `file` to `partial`; which ones these are."""
    kept = []
    writer = ChunkWriter(partial, frames.TOPICS)
    try:
        for name, values in kept_metadata(contents.metadata):
            writer.write_metadata(name, values)
        chunks = contents.chunks.tolist()
        for index, (offset, length) in enumerate(chunks):
            messages = _whole_messages(file, offset, length)
            if messages is not None:
                writer.write_chunk(messages)
                kept.append(index)
            if progress is not None:
                progress(index + 1, len(chunks))
    finally:
        writer.finish()
    if not kept:
        raise RecordingError(f"every frame in {file} is damaged; nothing can be saved")
    if writer.num_chunks != len(kept):  # on a full disk the last ones make room
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    return kept


def _whole_messages(file: Path, offset: int, length: int) -> list[Message] | None:
    try:
        return read_messages(file, offset, length)
    except DAMAGE:
        return None


def _is_replaced(path: Path) -> bool:
    """Whether a repair has given capture.mcap its new content."""
    file, cut_file = path / CAPTURE_FILE, path / CUT_FILE
    # A link to the same file is what a repair leaves that was interrupted here.
    return file.exists() and cut_file.exists() and not cut_file.samefile(file)


def _put_in_place(partial: Path, file: Path, cut_file: Path) -> None:
    """Give `file` its new content and keep the old one as `cut_file`."""
    if not cut_file.exists():
        try:
            os.link(file, cut_file)
        except OSError:  # a file system without links, such as FAT: one short moment
            os.replace(file, cut_file)  # without capture.mcap
    os.replace(partial, file)
