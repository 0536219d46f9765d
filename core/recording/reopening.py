"""Going on with a recording whose writer was interrupted."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from core.recording.frames import NUMBER, TOPICS, Calibration
from core.recording.mcap_reader import DAMAGE, read_chunk, read_index
from core.recording.mcap_writer import ChunkWriter
from core.recording.provenance import decode_provenance, kept_metadata
from core.recording.ros import CdrReader
from core.recording.scene import SceneInfo


class KeptFrame(NamedTuple):
    """A frame that is there already."""

    number: int
    timestamp_ns: int


class Reopened(NamedTuple):
    """A file that can be written on, and what it holds."""

    file: ChunkWriter
    calibration: Calibration
    scene: SceneInfo
    """As it was when the recording began."""
    frames: tuple[KeptFrame, ...]


def reopen(path: Path) -> Reopened:
    """The file `path` behind its frames, up to the first that is not whole.

    Nothing changes in it before the next frame is written. RecordingError if it does
    not come as far as the first.
    """
    index = read_index(path)
    calibration, scene = decode_provenance(path, index.metadata)
    file = ChunkWriter(path, TOPICS, goes_on=True)
    try:
        for name, values in kept_metadata(index.metadata):
            file.write_metadata(name, values)
        frames = tuple(_whole_frames(path, index.chunks, file))
    except BaseException:
        file.leave()
        raise
    return Reopened(file, calibration, SceneInfo.from_json(scene), frames)


def _whole_frames(
    path: Path, chunks: np.ndarray, file: ChunkWriter
) -> Iterator[KeptFrame]:
    """Have `file` step over the frames of `path` that are whole."""
    for offset, length in chunks.tolist():
        if offset != file.end:
            return
        try:
            chunk, messages = read_chunk(path, offset, length)
            numbers = [m for m in messages if m.channel_id == NUMBER.id]
            number = CdrReader(numbers[0].data).take("q")[0]
        except (*DAMAGE, IndexError):
            return
        file.write_chunk(messages, chunk.data)
        yield KeptFrame(number, messages[0].log_time)
