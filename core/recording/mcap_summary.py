"""The end of an MCAP file: where everything is, and how much of it.

Written once nothing more comes, so that a reader finds any chunk without a walk.
"""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from mcap.data_stream import RecordBuilder
from mcap.opcode import Opcode
from mcap.records import (
    DataEnd,
    Footer,
    McapRecord,
    Statistics,
    SummaryOffset,
)
from mcap.writer import MCAP0_MAGIC


class AppendedChunk(NamedTuple):
    """A chunk that is on disk, in few bytes: a long take has a hundred thousand."""

    start: int
    """Its first byte in the file."""
    times_ns: tuple[int, int]
    """Of its first and its last message."""
    record: bytes
    """Its record of the summary."""
    num_messages: Mapping[int, int]
    """By channel; one object for all chunks that have as many."""


def end_of_file(
    offset: int,
    schemas: Sequence[McapRecord],
    channels: Sequence[McapRecord],
    chunks: Sequence[AppendedChunk],
    metadata: Sequence[McapRecord],
) -> bytes:
    """What follows the last chunk, which ends at `offset`, up to the last byte.

    `metadata` are the indexes of the metadata records.
    """
    data_end = record_bytes([DataEnd(0)])
    statistics = _statistics(len(schemas), len(channels), len(metadata), chunks)
    groups = [
        (Opcode.SCHEMA, record_bytes(schemas)),
        (Opcode.CHANNEL, record_bytes(channels)),
        (Opcode.STATISTICS, record_bytes([statistics])),
        (Opcode.CHUNK_INDEX, b"".join(chunk.record for chunk in chunks)),
        (Opcode.METADATA_INDEX, record_bytes(metadata)),
    ]
    start = offset + len(data_end)
    summary = b""
    offsets: list[McapRecord] = []
    for opcode, group in groups:
        if group:
            group_start = start + len(summary)
            offsets.append(SummaryOffset(opcode, group_start, len(group)))
            summary += group
    offset_start = start + len(summary)
    summary += record_bytes(offsets)
    # The checksum covers the footer too, up to the checksum itself.
    footer = record_bytes([Footer(start, offset_start, 0)])
    checksum = zlib.crc32(summary + footer[:-4])
    footer = record_bytes([Footer(start, offset_start, checksum)])
    return data_end + summary + footer + MCAP0_MAGIC


def _statistics(
    num_schemas: int,
    num_channels: int,
    num_metadata: int,
    chunks: Sequence[AppendedChunk],
) -> Statistics:
    counts: dict[int, int] = {}
    for chunk in chunks:
        for id, count in chunk.num_messages.items():
            counts[id] = counts.get(id, 0) + count
    times_ns = [time for chunk in chunks for time in chunk.times_ns]
    return Statistics(
        attachment_count=0,
        channel_count=num_channels,
        channel_message_counts=counts,
        chunk_count=len(chunks),
        message_count=sum(counts.values()),
        message_end_time=max(times_ns, default=0),
        message_start_time=min(times_ns, default=0),
        metadata_count=num_metadata,
        schema_count=num_schemas,
    )


def record_bytes(records: Iterable[McapRecord]) -> bytes:
    """The records one after the other, as a file has them."""
    builder = RecordBuilder()
    for record in records:
        record.write(builder)
    return builder.end()
