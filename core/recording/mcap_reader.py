"""Reading the MCAP file of a recording: its index, one chunk, and what is left of it.

Every call opens the file anew, which costs 0.03 ms: nothing has to be closed, and
processes and threads that share a recording never move each other's place in it.
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import numpy as np
import zstandard
from mcap.data_stream import ReadDataStream
from mcap.exceptions import McapError
from mcap.opcode import Opcode
from mcap.reader import make_reader
from mcap.records import Chunk, Message, Metadata
from mcap.stream_reader import breakup_chunk
from mcap.writer import MCAP0_MAGIC

from core.errors import RecordingError

DAMAGE = (McapError, zstandard.ZstdError, struct.error, ValueError, KeyError)
"""What decoding damaged bytes raises."""
_HEAD = struct.Struct("<BQ")  # a record's opcode and length


@dataclass(frozen=True, eq=False)
class FileIndex:
    """Where everything is in a whole file."""

    chunks: np.ndarray
    """(n, 2) int64, offset and length of every chunk, in the file's order."""
    num_messages: Mapping[int, int]
    """By channel id."""
    metadata: Mapping[str, Mapping[str, str]]


class Record(NamedTuple):
    """A whole record of a file that may have been cut off."""

    opcode: int
    offset: int
    length: int
    """With its head of nine bytes."""


def read_index(path: Path) -> FileIndex | None:
    """The index at the end of the file, or None when the file was cut off."""
    with path.open("rb") as file:
        start = file.read(len(MCAP0_MAGIC))
        if not start:
            raise RecordingError(
                f"{path} is empty (0 bytes); nothing of this take is left: delete it"
            )
        if not MCAP0_MAGIC.startswith(start):
            raise RecordingError(
                f"{path} is not an MCAP file; expected the capture.mcap of a recording"
            )
        size = file.seek(0, 2)
        file.seek(max(0, size - len(MCAP0_MAGIC)))
        if size < 2 * len(MCAP0_MAGIC) or file.read() != MCAP0_MAGIC:
            return None
        file.seek(0)
        try:
            reader = make_reader(file)
            summary = reader.get_summary()
            metadata = {
                record.name: record.metadata for record in reader.iter_metadata()
            }
        except DAMAGE:
            return None
    if summary is None or summary.statistics is None:
        return None
    chunks = [(c.chunk_start_offset, c.chunk_length) for c in summary.chunk_indexes]
    return FileIndex(
        np.array(chunks, np.int64).reshape(-1, 2),
        summary.statistics.channel_message_counts,
        metadata,
    )


def read_messages(path: Path, offset: int, length: int) -> list[Message]:
    """The messages of one chunk; raises one of DAMAGE when its checksum is wrong."""
    data = _read(path, offset, length)
    if len(data) != length or data[0] != Opcode.CHUNK:
        raise ValueError(f"there is no chunk at byte {offset}")
    chunk = Chunk.read(_body(data))
    records = breakup_chunk(chunk, validate_crc=True)
    return [record for record in records if isinstance(record, Message)]


def read_metadata(path: Path, offset: int, length: int) -> Metadata:
    """The metadata record at `offset`."""
    return Metadata.read(_body(_read(path, offset, length)))


def whole_records(path: Path) -> Iterator[Record]:
    """The records from the start of the file to the first that was cut off."""
    size = path.stat().st_size
    position = len(MCAP0_MAGIC)
    with path.open("rb") as file:
        while True:
            file.seek(position)
            head = file.read(_HEAD.size)
            if len(head) < _HEAD.size:
                return
            opcode, body_length = _HEAD.unpack(head)
            length = _HEAD.size + body_length
            # Zeros are what a power cut leaves where data did not reach the disk.
            if opcode == 0 or position + length > size:
                return
            yield Record(opcode, position, length)
            position += length


def _read(path: Path, offset: int, length: int) -> bytes:
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(length)


def _body(record: bytes) -> ReadDataStream:
    stream = BytesIO(record)
    stream.seek(_HEAD.size)
    return ReadDataStream(stream)
