"""The MCAP file of a recording: one chunk a frame, which is there whole or not at all.

Built from the record types of the `mcap` package. Its own Writer is not used because a
chunk that fails to reach a full disk stays in that Writer's index: the take is lost.
"""

import errno
import os
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import zstandard
from mcap.data_stream import RecordBuilder
from mcap.records import (
    Channel,
    Chunk,
    ChunkIndex,
    Header,
    McapRecord,
    Message,
    MessageIndex,
    Metadata,
    MetadataIndex,
    Schema,
)
from mcap.writer import MCAP0_MAGIC

from core.lock import lock
from core.recording.mcap_summary import AppendedChunk, end_of_file, record_bytes
from core.recording.ros import DEFINITIONS

# MCAP's ros2 profile asks every channel for this; empty stands for ROS's defaults.
CHANNEL_METADATA = {"offered_qos_profiles": ""}
ZSTD_LEVEL = 1  # level 3 costs 2 ms more a frame and saves 3 % of the file
_NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True)
class Topic:
    """A stream of messages of one type; in MCAP, a channel."""

    id: int
    name: str
    message_type: str
    is_optional: bool = False
    """Whether a file names it only once it has a message; its type is one that topics
    of every file have."""

    def message(self, timestamp_ns: int, data: bytes) -> Message:
        """A message of this topic."""
        return Message(self.id, timestamp_ns, data, timestamp_ns, 0)


class ChunkWriter:
    """Appends chunks to a new MCAP file; a chunk that does not fit leaves no trace.

    With `goes_on` the file is one that is there. What is written again byte for byte
    is stepped over; the first bytes that differ take the place of all that follows.
    """

    def __init__(
        self, path: Path, topics: Sequence[Topic], goes_on: bool = False
    ) -> None:
        self._path = path
        # Unbuffered: a frame that was written survives the end of the process.
        self._file = path.open("r+b" if goes_on else "xb", buffering=0)
        lock(self._file)
        self._is_stepping = goes_on
        self._end = 0
        self._chunks: list[AppendedChunk] = []
        self._metadata: list[McapRecord] = []
        self._compressor = zstandard.ZstdCompressor(level=ZSTD_LEVEL)
        types = sorted(
            {topic.message_type for topic in topics if not topic.is_optional}
        )
        self._schemas: list[McapRecord] = [
            Schema(id, DEFINITIONS[name].encode(), "ros2msg", name)
            for id, name in enumerate(types, start=1)
        ]
        self._channels = {
            topic.id: Channel(
                topic.id,
                topic.name,
                "cdr",
                CHANNEL_METADATA,
                types.index(topic.message_type) + 1,
            )
            for topic in topics
        }
        self._always = frozenset(t.id for t in topics if not t.is_optional)
        self._named: frozenset[int] = frozenset()
        try:
            self._append(MCAP0_MAGIC + record_bytes([Header("ros2", "hn-capture")]))
        except BaseException:
            self.leave() if goes_on else self.discard()
            raise

    @property
    def end(self) -> int:
        """The byte at which the next record begins."""
        return self._end

    @property
    def num_chunks(self) -> int:
        """How many chunks are on disk."""
        return len(self._chunks)

    def write_metadata(self, name: str, values: dict[str, str]) -> None:
        """Add named texts."""
        data = record_bytes([Metadata(name, values)])
        self._metadata.append(MetadataIndex(self._end, len(data), name))
        self._append(data)

    def write_chunk(
        self, messages: Sequence[Message], compressed: bytes | None = None
    ) -> None:
        """Add one chunk; when it raises OSError the file ends with the chunk before.

        `compressed` is what its records have become before, where that is known.
        """
        content = RecordBuilder()
        # A reader without the summary learns the types here.
        named = self._named | self._always | {m.channel_id for m in messages}
        schemas = () if self._chunks else self._schemas
        for record in (*schemas, *self._channels_of(named - self._named)):
            record.write(content)
        indexes: dict[int, MessageIndex] = {}
        for message in messages:
            entry = (message.log_time, content.count)
            index = MessageIndex(message.channel_id, [])
            indexes.setdefault(message.channel_id, index).records.append(entry)
            message.write(content)
        data = content.end()
        times = [message.log_time for message in messages]
        chunk = Chunk(
            compression="zstd",
            data=compressed or self._compressor.compress(data),
            message_end_time=max(times),
            message_start_time=min(times),
            uncompressed_crc=zlib.crc32(data),
            uncompressed_size=len(data),
        )
        self._append_chunk(chunk, indexes)
        self._named = named

    def _append_chunk(self, chunk: Chunk, indexes: Mapping[int, MessageIndex]) -> None:
        builder = RecordBuilder()
        chunk.write(builder)
        chunk_length = builder.count
        offsets = {}
        for id, message_index in indexes.items():
            offsets[id] = self._end + builder.count
            message_index.write(builder)
        index = ChunkIndex(
            chunk_length=chunk_length,
            chunk_start_offset=self._end,
            compression=chunk.compression,
            compressed_size=len(chunk.data),
            message_end_time=chunk.message_end_time,
            message_index_length=builder.count - chunk_length,
            message_index_offsets=offsets,
            message_start_time=chunk.message_start_time,
            uncompressed_size=chunk.uncompressed_size,
        )
        start = self._end
        self._append(builder.end())
        counts: Mapping[int, int] = {
            id: len(message_index.records) for id, message_index in indexes.items()
        }
        if self._chunks and self._chunks[-1].num_messages == counts:
            counts = self._chunks[-1].num_messages
        times_ns = (chunk.message_start_time, chunk.message_end_time)
        record = record_bytes([index])
        self._chunks.append(AppendedChunk(start, times_ns, record, counts))

    def sync(self) -> None:
        """Have the disk keep what was written, even if the power goes."""
        os.fsync(self._file.fileno())

    def finish(self) -> None:
        """Write the index and close; on a full disk the last chunks make room."""
        try:
            try:
                self._append(self._summary())
            except OSError as error:
                if error.errno not in _NO_SPACE:
                    raise
                self._drop_chunks(num_bytes=len(self._summary()))
                self._append(self._summary())
            self.sync()
        finally:
            self._file.close()

    def leave(self) -> None:
        """Close the file as it is."""
        self._file.close()

    def discard(self) -> None:
        """Close and delete the file."""
        self.leave()
        self._path.unlink()

    def _drop_chunks(self, num_bytes: int) -> None:
        """Make room of so many bytes; the first chunk is worth more than an index."""
        end = self._end
        while len(self._chunks) > 1 and end - self._end < num_bytes:
            self._end = self._chunks.pop().start
        self._cut()

    def _append(self, data: bytes) -> None:
        if self._is_stepping:
            if self._file.read(len(data)) == data:
                self._end += len(data)
                return
            self._is_stepping = False
            self._cut()
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except BaseException:
            self._cut()
            raise
        self._end += len(data)

    def _cut(self) -> None:
        self._file.truncate(self._end)
        self._file.seek(self._end)

    def _summary(self) -> bytes:
        """Everything after the last chunk, with the file's last byte."""
        schemas, channels = self._types()
        return end_of_file(self._end, schemas, channels, self._chunks, self._metadata)

    def _types(self) -> tuple[list[McapRecord], list[McapRecord]]:
        """The schemas and channels that the chunks bring."""
        if not self._chunks:
            return [], []
        # On a full disk the chunks that named an optional topic may have made room.
        used = self._always.union(*(chunk.num_messages for chunk in self._chunks))
        return self._schemas, self._channels_of(used)

    def _channels_of(self, ids: frozenset[int]) -> list[McapRecord]:
        """In the order of the topics."""
        return [channel for id, channel in self._channels.items() if id in ids]
