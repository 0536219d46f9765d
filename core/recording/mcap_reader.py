"""Reading the MCAP file of a recording: where its chunks are, and what one holds.

A file that was cut off has no index; its chunks are found one after the other, by
their lengths, and beyond damage by what every chunk begins with.

Every call opens the file anew, which costs 0.03 ms: nothing has to be closed, and
processes and threads that share a recording never move each other's place in it.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
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
from core.lock import is_locked

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
_CHUNK_HEAD = struct.Struct("<QQQII4sQ")  # what precedes a chunk's compressed records
_CHUNK_MARK = struct.pack("<I4s", 4, b"zstd")  # in the middle of it
_MARK_OFFSET = _HEAD.size + struct.calcsize("<QQQI")
_INDEX_HEAD = struct.Struct("<HI")  # what precedes the entries of a message index
_SEARCHED_AT_ONCE = 2**20
_OPCODES = frozenset(opcode.value for opcode in Opcode)
_FOOTER_BODY = struct.Struct("<QQI")  # where the index starts, and its checksum
_END_SIZE = _FOOTER_BODY.size + len(MCAP0_MAGIC)


@dataclass(frozen=True, eq=False)
class FileIndex:
    """Where everything is in a file."""

    chunks: np.ndarray
    """(n, 2) int64, offset and length of every chunk, in the file's order."""
    metadata: Mapping[str, Mapping[str, str]]
    num_messages: Mapping[int, int] | None
    """By channel id; None for a file that was cut off or whose index is damaged."""

    is_being_written: bool = False
    """By a program that has the file open now, as far as the system knows."""

    @property
    def is_cut_off(self) -> bool:
        """Whether the file itself has no index."""
        return self.num_messages is None


class Record(NamedTuple):
    """A whole record of a file that may have been cut off."""

    opcode: int
    offset: int
    length: int
    """With its head of nine bytes."""


def read_index(path: Path) -> FileIndex:
    """The index at the end of the file; without one, what a walk through it finds."""
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
        summary = _read_summary(file)
    if summary is None:
        return _walk(path)
    chunks, metadata, num_messages = summary
    return FileIndex(chunks, _read_metadata(path, metadata), num_messages)


def read_messages(path: Path, offset: int, length: int) -> list[Message]:
    """The messages of one chunk; raises one of DAMAGE when its checksum is wrong."""
    return read_chunk(path, offset, length)[1]


def read_chunk(path: Path, offset: int, length: int) -> tuple[Chunk, list[Message]]:
    """A chunk as it is stored, with its messages; as `read_messages`."""
    data = _read(path, offset, length)
    if data[:1] != bytes([Opcode.CHUNK]):
        raise ValueError(f"there is no chunk at byte {offset}")
    chunk = Chunk.read(_body(data))
    records = breakup_chunk(chunk, validate_crc=True)
    return chunk, [record for record in records if isinstance(record, Message)]


def _read_metadata(
    path: Path, places: Iterable[tuple[int, int]]
) -> dict[str, Mapping[str, str]]:
    """The metadata records at these offsets, of these lengths."""
    metadata: dict[str, Mapping[str, str]] = {}
    for offset, length in places:
        try:
            record = Metadata.read(_body(_read(path, offset, length)))
        except DAMAGE as error:
            raise RecordingError(
                f"{path} is damaged where its calibration is; use a copy"
            ) from error
        metadata[record.name] = record.metadata
    return metadata


def _walk(path: Path) -> FileIndex:
    """What is whole in a file without an index."""
    chunks, metadata = [], []
    for record in whole_records(path):
        if record.opcode == Opcode.CHUNK:
            chunks.append((record.offset, record.length))
        elif record.opcode == Opcode.METADATA:
            metadata.append((record.offset, record.length))
    return FileIndex(
        np.array(chunks, np.int64).reshape(-1, 2),
        _read_metadata(path, metadata),
        num_messages=None,
        is_being_written=is_locked(path),
    )


def whole_records(path: Path) -> Iterator[Record]:
    """The whole records of a file; what is damaged or cut off is passed over."""
    with path.open("rb", buffering=0) as file:  # a few bytes here and there
        size = file.seek(0, 2)
        position = len(MCAP0_MAGIC)
        while True:
            record = _record_at(file, position, size)
            if record is not None:
                yield record
                position = record.offset + record.length
                continue
            chunk = _next_chunk(file, position, size)
            if chunk is None:
                return
            position = chunk.offset
            if _record_at(file, position, size) is None:
                # One of its two lengths is wrong, and so it is not known where it ends.
                yield chunk
                position += _HEAD.size + _CHUNK_HEAD.size


def _record_at(file: BinaryIO, position: int, size: int) -> Record | None:
    """The record that begins here; None when its parts contradict each other."""
    file.seek(position)
    head = file.read(_HEAD.size + _CHUNK_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    opcode, body_length = _HEAD.unpack_from(head)
    end = position + _HEAD.size + body_length
    # Zeros are what a power cut leaves where data did not reach the disk.
    if opcode not in _OPCODES or end > size:
        return None
    of_opcode = {Opcode.CHUNK: _CHUNK_HEAD, Opcode.MESSAGE_INDEX: _INDEX_HEAD}
    if opcode in of_opcode:
        body_head = of_opcode[opcode]
        if len(head) < _HEAD.size + body_head.size:
            return None
        *_, num_bytes = body_head.unpack_from(head, _HEAD.size)
        is_right = body_length == body_head.size + num_bytes
    else:
        file.seek(end)
        following = file.read(1)
        is_right = not following or following[0] in _OPCODES
    return Record(opcode, position, end - position) if is_right else None


def _next_chunk(file: BinaryIO, position: int, size: int) -> Record | None:
    """The first whole chunk from here on, wherever it begins."""
    while position < size:
        file.seek(position)
        block = file.read(_SEARCHED_AT_ONCE + _HEAD.size + _CHUNK_HEAD.size)
        mark = block.find(_CHUNK_MARK, _MARK_OFFSET)
        if mark < 0:
            position += _SEARCHED_AT_ONCE
            continue
        position += mark - _MARK_OFFSET
        head = block[mark - _MARK_OFFSET + _HEAD.size :]
        if len(head) >= _CHUNK_HEAD.size:
            *_, num_bytes = _CHUNK_HEAD.unpack_from(head)
            length = _HEAD.size + _CHUNK_HEAD.size + num_bytes
            if position + length <= size:
                return Record(Opcode.CHUNK, position, length)
            position += 1
        elif mark == _MARK_OFFSET:
            return None  # the file ends here, not only the block
    return None


def _read_summary(
    file: BinaryIO,
) -> tuple[np.ndarray, list[tuple[int, int]], Mapping[int, int]] | None:
    """Chunks, places of metadata, and messages by channel, from the end of a file.

    None when there is no index, or a damaged one.
    """
    size = file.seek(0, 2)
    if size < len(MCAP0_MAGIC) + _END_SIZE:
        return None
    file.seek(size - _END_SIZE)
    end = file.read()
    start, _, checksum = _FOOTER_BODY.unpack_from(end)
    if end[_FOOTER_BODY.size :] != MCAP0_MAGIC or not 0 < start < size:
        return None
    file.seek(start)
    # The checksum covers everything from the start of the index up to itself.
    covered = file.read(max(0, size - start - len(MCAP0_MAGIC) - 4))
    if checksum not in (zlib.crc32(covered), 0):  # MCAP: 0 says "not computed"
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
    metadata = [(m.offset, m.length) for m in summary.metadata_indexes]
    counts = summary.statistics.channel_message_counts
    return chunks.reshape(-1, 2), metadata, counts


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
