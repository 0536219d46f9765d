"""Reading the MCAP file of a recording: its index, one chunk, and what is left of it.

Every call opens the file anew, which costs 0.03 ms: nothing has to be closed, and
processes and threads that share a recording never move each other's place in it.
"""

import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, NamedTuple

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

DAMAGE = (
    McapError,
    zstandard.ZstdError,
    struct.error,
    ValueError,
    KeyError,
    MemoryError,  # a length that no memory holds
    OverflowError,
)
"""What decoding damaged bytes raises."""
_HEAD = struct.Struct("<BQ")  # a record's opcode and length
_FOOTER_BODY = struct.Struct("<QQI")  # where the index starts, and its checksum
_END_SIZE = _FOOTER_BODY.size + len(MCAP0_MAGIC)


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
    """The index at the end of the file, or None when it was cut off or is damaged."""
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
        if not _has_whole_summary(file, size):
            return None
        file.seek(0)
        try:
            summary = make_reader(file).get_summary()
            if summary is None or summary.statistics is None:
                return None
            chunks = np.array(
                [(c.chunk_start_offset, c.chunk_length) for c in summary.chunk_indexes],
                np.int64,
            )
        except DAMAGE:
            return None
    metadata = [
        read_metadata(path, m.offset, m.length) for m in summary.metadata_indexes
    ]
    return FileIndex(
        chunks.reshape(-1, 2),
        summary.statistics.channel_message_counts,
        {record.name: record.metadata for record in metadata},
    )


def read_messages(path: Path, offset: int, length: int) -> list[Message]:
    """The messages of one chunk; raises one of DAMAGE when its checksum is wrong."""
    data = _read(path, offset, length)
    if data[:1] != bytes([Opcode.CHUNK]):
        raise ValueError(f"there is no chunk at byte {offset}")
    chunk = Chunk.read(_body(data))
    records = breakup_chunk(chunk, validate_crc=True)
    return [record for record in records if isinstance(record, Message)]


def read_metadata(path: Path, offset: int, length: int) -> Metadata:
    """The metadata record at `offset`."""
    try:
        return Metadata.read(_body(_read(path, offset, length)))
    except DAMAGE as error:
        raise RecordingError(
            f"{path} is damaged where its calibration is; use a copy"
        ) from error


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


def _has_whole_summary(file: BinaryIO, size: int) -> bool:
    """Whether the file ends with an index whose checksum is right."""
    if size < len(MCAP0_MAGIC) + _END_SIZE:
        return False
    file.seek(size - _END_SIZE)
    end = file.read()
    start, _, checksum = _FOOTER_BODY.unpack_from(end)
    if end[_FOOTER_BODY.size :] != MCAP0_MAGIC or not 0 < start < size:
        return False
    file.seek(start)
    # The checksum covers everything from the start of the index up to itself.
    summary = file.read(max(0, size - start - len(MCAP0_MAGIC) - 4))
    return checksum in (zlib.crc32(summary), 0)  # MCAP: 0 says "not computed"


def _read(path: Path, offset: int, length: int) -> bytes:
    with path.open("rb") as file:
        if not 0 <= offset <= offset + length <= file.seek(0, 2):
            raise ValueError(f"there are no {length} bytes at byte {offset}")
        file.seek(offset)
        return file.read(length)


def _body(record: bytes) -> ReadDataStream:
    stream = BytesIO(record)
    stream.seek(_HEAD.size)
    return ReadDataStream(stream)
