"""MCAP as bytes: records and their fields, read without any reader of MCAP.

The layouts are those of https://mcap.dev/spec. Attachments are left out: no recording
has any.
"""

import struct
from collections.abc import Iterator
from enum import IntEnum
from types import SimpleNamespace
from typing import NamedTuple

MAGIC = b"\x89MCAP0\r\n"
HEAD = struct.Struct("<BQ")  # a record's opcode and the length of its body


class Op(IntEnum):
    """What a record is."""

    HEADER = 1
    FOOTER = 2
    SCHEMA = 3
    CHANNEL = 4
    MESSAGE = 5
    CHUNK = 6
    MESSAGE_INDEX = 7
    CHUNK_INDEX = 8
    STATISTICS = 11
    METADATA = 12
    METADATA_INDEX = 13
    SUMMARY_OFFSET = 14
    DATA_END = 15


# Names and types: numbers as in `struct`, "s" a string, "b" bytes after a 32-bit length
# and "L" after a 64-bit one, "m" a map of strings, "t" an array of (time, offset), "n"
# a map of channels to numbers. What follows a message's fields is its data.
LAYOUTS = {
    Op.HEADER: "profile:s library:s",
    Op.FOOTER: "summary_start:Q offsets_start:Q crc:I",
    Op.SCHEMA: "id:H name:s encoding:s data:b",
    Op.CHANNEL: "id:H schema:H topic:s encoding:s metadata:m",
    Op.MESSAGE: "channel:H sequence:I log_time:Q publish_time:Q",
    Op.CHUNK: "start:Q end:Q size:Q crc:I compression:s data:L",
    Op.MESSAGE_INDEX: "channel:H entries:t",
    Op.CHUNK_INDEX: "start:Q end:Q chunk_offset:Q chunk_length:Q index_offsets:n "
    "index_length:Q compression:s compressed_size:Q size:Q",
    Op.STATISTICS: "messages:Q schemas:H channels:I attachments:I metadata:I chunks:I "
    "start:Q end:Q channel_messages:n",
    Op.METADATA: "name:s values:m",
    Op.METADATA_INDEX: "offset:Q length:Q name:s",
    Op.SUMMARY_OFFSET: "opcode:B start:Q length:Q",
    Op.DATA_END: "crc:I",
}


class Record(NamedTuple):
    """A record and where it is in the bytes around it."""

    op: Op
    offset: int
    length: int
    body: bytes

    @property
    def end(self) -> int:
        return self.offset + self.length


class UnreadableError(Exception):
    """Bytes that are no records: nothing after them can be examined."""


def records(data: bytes, start: int = 0) -> Iterator[Record]:
    """The records from `start` to the end of the data."""
    while start < len(data):
        code, length = HEAD.unpack_from(data, start)
        end = start + HEAD.size + length
        if code not in Op.__members__.values() or end > len(data):
            raise UnreadableError(f"opcode {code}, {length} bytes at {start}")
        yield Record(Op(code), start, end - start, data[start + HEAD.size : end])
        start = end


def fields(record: Record) -> SimpleNamespace:
    """The fields of a record by name."""
    body, position = record.body, 0

    def take(code: str) -> int:
        nonlocal position
        (value,) = struct.unpack_from(f"<{code}", body, position)
        position += struct.calcsize(f"<{code}")
        return value

    def take_bytes(code: str) -> bytes:
        nonlocal position
        length = take(code)
        position += length
        if position > len(body):
            raise UnreadableError(f"{record.op.name} at {record.offset} ends early")
        return body[position - length : position]

    def take_pairs(kinds: str) -> list[tuple]:
        end = take("I") + position
        pairs = []
        while position < end:
            pairs.append(tuple(take_value(kind) for kind in kinds))
        return pairs

    def take_value(kind: str) -> object:
        match kind:
            case "s":
                return take_bytes("I").decode()
            case "b":
                return take_bytes("I")
            case "L":
                return take_bytes("Q")
            case "m":
                return dict(take_pairs("ss"))
            case "t":
                return take_pairs("QQ")
            case "n":
                return dict(take_pairs("HQ"))
            case _:
                return take(kind)

    named = (field.split(":") for field in LAYOUTS[record.op].split())
    return SimpleNamespace(**{name: take_value(kind) for name, kind in named})
