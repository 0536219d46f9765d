"""Rebuilding a recording that was cut off or has damaged frames."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from mcap.opcode import Opcode
from mcap.records import Message

from core.errors import RecordingError
from core.recording import frames
from core.recording.mcap_reader import (
    DAMAGE,
    Record,
    read_index,
    read_messages,
    read_metadata,
    whole_records,
)
from core.recording.mcap_writer import ChunkWriter
from core.recording.scene import load_scene, save_scene
from core.recording.writer import CAPTURE_FILE, FORMAT_VERSION, METADATA_NAME

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


def repair_recording(
    path: Path, progress: Callable[[int, int], None] | None = None
) -> RepairResult:
    """Rebuild a recording from its whole frames; the file as it was stays beside it.

    `progress` hears (frames done, frames in all). A whole recording is left alone.
    """
    file, cut_file, partial = path / CAPTURE_FILE, path / CUT_FILE, path / _PARTIAL_FILE
    if not file.is_file():
        raise RecordingError(
            f"{path} holds no {CAPTURE_FILE}; expected the folder of a recording"
        )
    is_indexed = read_index(file) is not None
    provenance, chunks = _survey(path)
    try:
        partial.unlink(missing_ok=True)
        num_damaged = _copy(file, partial, provenance, chunks, progress)
        if is_indexed and num_damaged == 0:
            return RepairResult(len(chunks), 0, None)
        _put_in_place(partial, file, cut_file)
    finally:
        partial.unlink(missing_ok=True)
    num_frames = len(chunks) - num_damaged
    scene = load_scene(path, provenance["scene"])
    save_scene(path, replace(scene, frames=num_frames))
    return RepairResult(num_frames, num_damaged, cut_file)


def _survey(path: Path) -> tuple[dict[str, str], list[Record]]:
    """The provenance and the whole chunks of a file that may have been cut off."""
    file = path / CAPTURE_FILE
    records = list(whole_records(file))
    chunks = [record for record in records if record.opcode == Opcode.CHUNK]
    found = (
        read_metadata(file, record.offset, record.length)
        for record in records
        if record.opcode == Opcode.METADATA
    )
    try:
        provenance = next(r.metadata for r in found if r.name == METADATA_NAME)
        if chunks and provenance["version"] == FORMAT_VERSION:
            return provenance, chunks
    except (*DAMAGE, StopIteration):
        pass
    raise RecordingError(
        f"{path} holds no whole frame of a recording; nothing of it can be saved"
    )


def _copy(
    file: Path,
    partial: Path,
    provenance: dict[str, str],
    chunks: list[Record],
    progress: Callable[[int, int], None] | None,
) -> int:
    """Write the good chunks of `file` to `partial`; how many were damaged."""
    num_damaged = 0
    writer = ChunkWriter(partial, frames.TOPICS)
    try:
        writer.write_metadata(METADATA_NAME, provenance)
        for done, chunk in enumerate(chunks, start=1):
            messages = _whole_messages(file, chunk)
            if messages is None:
                num_damaged += 1
            else:
                writer.write_chunk(messages)
            if progress is not None:
                progress(done, len(chunks))
    finally:
        writer.finish()
    if num_damaged == len(chunks):
        raise RecordingError(f"every frame in {file} is damaged; nothing can be saved")
    return num_damaged


def _whole_messages(file: Path, chunk: Record) -> list[Message] | None:
    try:
        return read_messages(file, chunk.offset, chunk.length)
    except DAMAGE:
        return None


def _put_in_place(partial: Path, file: Path, cut_file: Path) -> None:
    """Give `file` its new content and keep the old one as `cut_file`."""
    # A link to the same file is what a repair leaves that was interrupted here.
    if cut_file.exists() and not cut_file.samefile(file):
        raise RecordingError(
            f"{cut_file} is there from an earlier repair; move it away and try again"
        )
    if not cut_file.exists():
        try:
            os.link(file, cut_file)
        except OSError:  # a file system without links, such as FAT: one short moment
            os.replace(file, cut_file)  # without capture.mcap
    os.replace(partial, file)
