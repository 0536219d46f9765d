"""A stand-in for the official `mcap doctor`: is a file what the format says it is?

It trusts no reader of MCAP: the bytes alone count. The rules are those of
https://mcap.dev/spec and of its registry's profile ros2; the checks are those of
foxglove/mcap, go/cli/mcap/cmd/doctor.go, and what that leaves out: footer, summary
offsets, metadata indexes, and where the entries of message indexes point.
"""

import struct
import zlib
from collections import Counter
from itertools import groupby
from types import SimpleNamespace
from typing import NamedTuple

import zstandard
from mcap_bytes import MAGIC, Op, Record, UnreadableError, fields, records

DATA_OPS = {
    Op.HEADER,
    Op.SCHEMA,
    Op.CHANNEL,
    Op.CHUNK,
    Op.MESSAGE_INDEX,
    Op.METADATA,
    Op.DATA_END,
}
CHUNK_OPS = {Op.SCHEMA, Op.CHANNEL, Op.MESSAGE}
SUMMARY_OPS = {
    Op.SCHEMA,
    Op.CHANNEL,
    Op.STATISTICS,
    Op.CHUNK_INDEX,
    Op.METADATA_INDEX,
    Op.SUMMARY_OFFSET,
    Op.FOOTER,
}


class Diagnosis(NamedTuple):
    """What the doctor found; a file without errors is healthy."""

    errors: list[str]
    warnings: list[str]


def examine(data: bytes) -> Diagnosis:
    """The diagnosis of a whole file."""
    doctor = _Doctor(data)
    try:
        doctor.examine()
    except (UnreadableError, struct.error, UnicodeDecodeError) as error:
        doctor.errors.append(f"cannot be read further: {error}")
    return Diagnosis(doctor.errors, doctor.warnings)


class _Doctor:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.errors: list[str] = []
        self.warnings: list[str] = []
        self._schemas: dict[int, SimpleNamespace] = {}
        self._channels: dict[int, SimpleNamespace] = {}
        self._chunks: dict[int, tuple[Record, list[Record]]] = {}
        self._used_channels: set[int] = set()
        self._num_messages: Counter[int] = Counter()
        self._times: list[int] = []

    def examine(self) -> None:
        data = self.data
        self._check(data.startswith(MAGIC), "the magic at the start is wrong")
        self._check(data.endswith(MAGIC), "the magic at the end is wrong")
        found = list(records(data[: -len(MAGIC)], len(MAGIC)))
        ends = [k for k, record in enumerate(found) if record.op == Op.DATA_END]
        if len(ends) != 1 or found[-1].op != Op.FOOTER:
            raise UnreadableError(f"{len(ends)} DATA_END, last {found[-1].op.name}")
        data_section, summary = found[: ends[0] + 1], found[ends[0] + 1 :]
        self._check_opcodes(data_section, DATA_OPS, "the data section")
        self._check_opcodes(summary, SUMMARY_OPS, "the summary")
        self._examine_header(found)
        self._examine_data(data_section)
        self._examine_summary(summary)
        self._examine_footer(data_section[-1], summary)
        self._examine_metadata(data_section, summary)
        self._examine_statistics(data_section, summary)

    def _check(self, is_right: bool, complaint: str) -> None:
        if not is_right:
            self.errors.append(complaint)

    def _equal(self, what: str, said: object, is_: object) -> None:
        self._check(said == is_, f"{what} says {said!r} but it is {is_!r}")

    def _check_opcodes(self, found: list[Record], allowed: set[Op], where: str) -> None:
        for record in found:
            self._check(record.op in allowed, f"{record.op.name} in {where}")

    def _examine_header(self, found: list[Record]) -> None:
        is_header = [record.op == Op.HEADER for record in found]
        self._check(is_header[0], "the first record is no header")
        self._check(sum(is_header) == 1, "there is not one header")
        if is_header[0]:
            header = fields(found[0])
            self._check(header.profile == "ros2", f"profile is {header.profile!r}")
            self._check(header.library != "", "library is empty")

    def _examine_data(self, section: list[Record]) -> None:
        data_end = section[-1]
        crc = fields(data_end).crc
        if crc:
            self._equal("DATA_END crc", crc, zlib.crc32(self.data[: data_end.offset]))
        indexes: list[Record] | None = None
        for record in section:
            if record.op == Op.CHUNK:
                indexes = []
                self._chunks[record.offset] = (record, indexes)
            elif record.op != Op.MESSAGE_INDEX:
                indexes = None
            elif indexes is None:
                self.errors.append(f"message index at {record.offset}, no chunk")
            else:
                indexes.append(record)
        for record in section:
            if record.op == Op.CHUNK:
                self._examine_chunk(*self._chunks[record.offset])
            elif record.op in (Op.SCHEMA, Op.CHANNEL):
                self._define(record)

    def _define(self, record: Record) -> None:
        """A schema or channel in the data section."""
        value = fields(record)
        what = f"{record.op.name} {value.id}"
        known = self._schemas if record.op == Op.SCHEMA else self._channels
        if value.id in known:
            self._equal(f"repeated {what}", value, known[value.id])
            self.warnings.append(f"{what} is repeated in the data section")
        known[value.id] = value
        if record.op == Op.SCHEMA:
            self._check(value.id != 0, "schema 0 is reserved")
            self._check(value.encoding == "ros2msg", f"{what} is {value.encoding!r}")
        else:
            known_schema = value.schema in self._schemas
            self._check(known_schema, f"{what} has unknown schema {value.schema}")
            self._check(value.encoding == "cdr", f"{what} is {value.encoding!r}")
            has_qos = "offered_qos_profiles" in value.metadata
            self._check(has_qos, f"{what} has no offered_qos_profiles")

    def _examine_chunk(self, record: Record, indexes: list[Record]) -> None:
        chunk, where = fields(record), f"chunk at {record.offset}"
        content = self._content(chunk, where)
        if content is None:
            return
        messages: dict[int, tuple[int, int]] = {}  # offset: channel, time
        inside = list(records(content))
        self._check_opcodes(inside, CHUNK_OPS, where)
        for inner in inside:
            if inner.op in (Op.SCHEMA, Op.CHANNEL):
                self._define(inner)
            elif inner.op == Op.MESSAGE:
                message = fields(inner)
                messages[inner.offset] = (message.channel, message.log_time)
                self._note_message(message)
        times = [time for _, time in messages.values()]
        if times:
            self._equal(f"{where}: start", chunk.start, min(times))
            self._equal(f"{where}: end", chunk.end, max(times))
        self._examine_message_indexes(where, indexes, messages)

    def _content(self, chunk: SimpleNamespace, where: str) -> bytes | None:
        """What is in a chunk, or None when it cannot be known."""
        if chunk.compression not in ("", "zstd"):
            self.errors.append(f"{where}: unknown compression {chunk.compression!r}")
            return None
        content = chunk.data
        if chunk.compression == "zstd":
            try:
                content = zstandard.ZstdDecompressor().decompress(content)
            except zstandard.ZstdError as error:
                self.errors.append(f"{where}: cannot be decompressed: {error}")
                return None
        self._equal(f"{where}: size", chunk.size, len(content))
        if chunk.crc:
            self._equal(f"{where}: crc", chunk.crc, zlib.crc32(content))
        return content

    def _note_message(self, message: SimpleNamespace) -> None:
        channel, time = message.channel, message.log_time
        known = channel in self._channels
        self._check(known, f"message of channel {channel}, which is unknown")
        if self._times and time < max(self._times):
            self.warnings.append(f"time goes back to {time} in channel {channel}")
        self._times.append(time)
        self._num_messages[channel] += 1
        self._used_channels.add(channel)

    def _examine_message_indexes(
        self, where: str, indexes: list[Record], messages: dict[int, tuple[int, int]]
    ) -> None:
        found: Counter[int] = Counter()
        channels: Counter[int] = Counter()
        for record in indexes:
            index = fields(record)
            channels[index.channel] += 1
            for time, offset in index.entries:
                found[offset] += 1
                self._equal(
                    f"{where}: message index entry {offset}",
                    (index.channel, time),
                    messages.get(offset),
                )
        once = all(count == 1 for count in (*found.values(), *channels.values()))
        self._check(once, f"{where}: a message index or entry is there twice")
        self._equal(f"{where}: message index", set(found), set(messages))

    def _examine_summary(self, summary: list[Record]) -> None:
        repeated: dict[Op, set[int]] = {Op.SCHEMA: set(), Op.CHANNEL: set()}
        indexed: Counter[int] = Counter()
        for record in summary:
            value = fields(record)
            if record.op in repeated:
                known = self._schemas if record.op == Op.SCHEMA else self._channels
                what = f"summary: {record.op.name} {value.id}"
                self._equal(what, value, known.get(value.id))
                repeated[record.op].add(value.id)
            elif record.op == Op.CHUNK_INDEX:
                indexed[value.chunk_offset] += 1
                self._examine_chunk_index(value)
        self._equal("summary: chunks", indexed, Counter(dict.fromkeys(self._chunks, 1)))
        for id in self._used_channels & set(self._channels):
            self._check(id in repeated[Op.CHANNEL], f"summary: no channel {id}")
            schema = self._channels[id].schema
            self._check(schema in repeated[Op.SCHEMA], f"summary: no schema {schema}")

    def _examine_chunk_index(self, index: SimpleNamespace) -> None:
        where = f"index of chunk {index.chunk_offset}"
        if index.chunk_offset not in self._chunks:
            self.errors.append(f"{where}: there is no chunk")
            return
        record, message_indexes = self._chunks[index.chunk_offset]
        chunk = fields(record)
        offsets = {fields(found).channel: found.offset for found in message_indexes}
        index_length = sum(found.length for found in message_indexes)
        self._equal(f"{where}: start", index.start, chunk.start)
        self._equal(f"{where}: end", index.end, chunk.end)
        self._equal(f"{where}: chunk length", index.chunk_length, record.length)
        self._equal(f"{where}: index offsets", index.index_offsets, offsets)
        self._equal(f"{where}: index length", index.index_length, index_length)
        self._equal(f"{where}: compression", index.compression, chunk.compression)
        self._equal(f"{where}: compressed size", index.compressed_size, len(chunk.data))
        self._equal(f"{where}: size", index.size, chunk.size)

    def _examine_footer(self, data_end: Record, summary: list[Record]) -> None:
        footer_record = summary[-1]
        footer = fields(footer_record)
        groups = []
        for op, group in groupby(summary[:-1], key=lambda record: record.op):
            members = list(group)
            start, end = members[0].offset, members[-1].end
            groups.append((op, start, end - start))
        offsets = [fields(r) for r in summary if r.op == Op.SUMMARY_OFFSET]
        said = [(o.opcode, o.start, o.length) for o in offsets if o.length]
        is_ = [group for group in groups if group[0] != Op.SUMMARY_OFFSET]
        self._equal("summary offsets", said, is_)
        starts = [group[1] for group in groups if group[0] == Op.SUMMARY_OFFSET]
        self._equal("footer: offsets start", [footer.offsets_start], starts)
        self._equal("footer: summary start", footer.summary_start, data_end.end)
        covered = self.data[data_end.end : footer_record.end - 4]  # up to the checksum
        self._equal("footer: crc", footer.crc, zlib.crc32(covered))

    def _examine_metadata(self, data: list[Record], summary: list[Record]) -> None:
        indexes = [fields(r) for r in summary if r.op == Op.METADATA_INDEX]
        said = sorted((i.offset, i.length, i.name) for i in indexes)
        found = [r for r in data if r.op == Op.METADATA]
        is_ = [(r.offset, r.length, fields(r).name) for r in found]
        self._equal("metadata indexes", said, is_)

    def _examine_statistics(self, data: list[Record], summary: list[Record]) -> None:
        found = [fields(record) for record in summary if record.op == Op.STATISTICS]
        if len(found) != 1:
            self.errors.append(f"there are {len(found)} statistics")
            return
        counts = Counter(record.op for record in data)
        is_ = {
            "messages": len(self._times),
            "schemas": len(self._schemas),
            "channels": len(self._channels),
            "attachments": 0,
            "metadata": counts[Op.METADATA],
            "chunks": counts[Op.CHUNK],
            "start": min(self._times, default=0),
            "end": max(self._times, default=0),
        }
        for name, value in is_.items():
            self._equal(f"statistics: {name}", getattr(found[0], name), value)
        said = {id: n for id, n in found[0].channel_messages.items() if n}
        self._equal("statistics: channel messages", said, dict(self._num_messages))
