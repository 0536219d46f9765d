"""Frames of one recording for another, as they are stored."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from core.recording.frames import NUMBER
from core.recording.mcap_reader import DAMAGE, read_index, read_messages
from core.recording.provenance import decode_provenance
from core.recording.ros import CdrReader
from core.recording.writer import CAPTURE_FILE, RecordingWriter


class CopiedFrame(NamedTuple):
    """What tells a frame from others."""

    number: int
    timestamp_ns: int


def copy_frames(path: Path, writer: RecordingWriter) -> Iterator[CopiedFrame]:
    """Append the frames of the recording `path`, up to the first that is not whole.

    Nothing is decoded: it takes a fraction of the time of writing frames. The writer's
    own frames must have the same calibration. RecordingError if there is no frame.
    """
    file = path / CAPTURE_FILE
    index = read_index(file)
    calibration, _ = decode_provenance(file, index.metadata)
    for offset, length in index.chunks.tolist():
        try:
            messages = read_messages(file, offset, length)
            numbers = [m for m in messages if m.channel_id == NUMBER.id]
            number = CdrReader(numbers[0].data).take("q")[0]
        except (*DAMAGE, IndexError):
            return
        writer.write_messages(messages, number, calibration)
        yield CopiedFrame(number, messages[0].log_time)
