"""Recordings are healthy MCAP files, and the doctor who says so notices every fault."""

import io
from dataclasses import replace
from pathlib import Path

import pytest
from lopsided import lopsided_frame
from lopsided_take import write_take
from mcap.writer import CompressionType, Writer
from mcap_bytes import MAGIC, Op, fields, records
from mcap_doctor import examine
from small_disk import disk_of

from core.errors import RecordingError
from core.recording import RecordingWriter, repair_recording

BODY = 9  # where a record's body starts, after its opcode and length
CHUNK_DATA = BODY + 40  # where a chunk's messages start, if it is not compressed


@pytest.fixture(scope="module")
def healthy() -> bytes:
    """Two chunks of one message each, by the writer of the `mcap` package."""
    file = io.BytesIO()
    writer = Writer(
        file, chunk_size=1, compression=CompressionType.NONE, enable_data_crcs=True
    )
    writer.start(profile="ros2", library="another")
    schema = writer.register_schema("std_msgs/msg/Int64", "ros2msg", b"int64 data")
    qos = {"offered_qos_profiles": ""}
    channel = writer.register_channel("/count", "cdr", schema, qos)
    for time in (40, 70):
        writer.add_message(channel, time, bytes(12), time)
    writer.add_metadata("camera", {"lens": "wide"})
    writer.finish()
    return file.getvalue()


def place(data: bytes, op: Op) -> tuple[int, int]:
    """Where the first record of a kind starts and ends, also one in a chunk."""
    for record in records(data[: -len(MAGIC)], len(MAGIC)):
        if record.op == op:
            return record.offset, record.end
        if record.op == Op.CHUNK:
            for inner in records(fields(record).data):
                if inner.op == op:
                    start = record.offset + CHUNK_DATA
                    return start + inner.offset, start + inner.end
    raise AssertionError(op)


def test_a_file_of_another_writer_is_healthy(healthy):
    assert examine(healthy) == ([], [])


@pytest.mark.parametrize(
    ("op", "position", "complaint"),
    [
        (Op.HEADER, BODY + 4, "profile is"),
        (Op.SCHEMA, BODY, "schema 0 is reserved"),
        (Op.SCHEMA, BODY + 6, "summary: SCHEMA 1"),
        (Op.SCHEMA, BODY + 28, "SCHEMA 1 is 's"),
        (Op.CHANNEL, BODY, "message of channel 1, which is unknown"),
        (Op.CHANNEL, BODY + 2, "CHANNEL 1 has unknown schema 0"),
        (Op.CHANNEL, BODY + 8, "summary: CHANNEL 1"),
        (Op.CHANNEL, BODY + 18, "CHANNEL 1 is 'b"),
        (Op.CHANNEL, BODY + 29, "CHANNEL 1 has no offered_qos_profiles"),
        (Op.MESSAGE, BODY, "message of channel 0, which is unknown"),
        (Op.MESSAGE, BODY + 6, "message index entry"),
        (Op.MESSAGE, BODY + 14, ": crc"),
        (Op.CHUNK, 0, "no chunk"),
        (Op.CHUNK, 1, "cannot be read further"),
        (Op.CHUNK, BODY, ": start"),
        (Op.CHUNK, BODY + 8, ": end"),
        (Op.CHUNK, BODY + 16, ": size"),
        (Op.CHUNK, BODY + 24, ": crc"),
        (Op.MESSAGE_INDEX, 0, "message index says"),
        (Op.MESSAGE_INDEX, BODY, "message index entry"),
        (Op.MESSAGE_INDEX, BODY + 6, "message index entry"),
        (Op.MESSAGE_INDEX, BODY + 14, "message index says"),
        (Op.METADATA, BODY + 4, "metadata indexes"),
        (Op.DATA_END, BODY, "DATA_END crc"),
        (Op.CHUNK_INDEX, BODY, ": start"),
        (Op.CHUNK_INDEX, BODY + 8, ": end"),
        (Op.CHUNK_INDEX, BODY + 16, "there is no chunk"),
        (Op.CHUNK_INDEX, BODY + 24, ": chunk length"),
        (Op.CHUNK_INDEX, BODY + 36, ": index offsets"),
        (Op.CHUNK_INDEX, BODY + 38, ": index offsets"),
        (Op.CHUNK_INDEX, -28, ": index length"),
        (Op.CHUNK_INDEX, -16, ": compressed size"),
        (Op.CHUNK_INDEX, -8, ": size"),
        (Op.STATISTICS, BODY, "statistics: messages"),
        (Op.STATISTICS, BODY + 8, "statistics: schemas"),
        (Op.STATISTICS, BODY + 10, "statistics: channels"),
        (Op.STATISTICS, BODY + 14, "statistics: attachments"),
        (Op.STATISTICS, BODY + 18, "statistics: metadata"),
        (Op.STATISTICS, BODY + 22, "statistics: chunks"),
        (Op.STATISTICS, BODY + 26, "statistics: start"),
        (Op.STATISTICS, BODY + 34, "statistics: end"),
        (Op.STATISTICS, BODY + 46, "statistics: channel messages"),
        (Op.STATISTICS, BODY + 48, "statistics: channel messages"),
        (Op.METADATA_INDEX, BODY, "metadata indexes"),
        (Op.METADATA_INDEX, BODY + 8, "metadata indexes"),
        (Op.METADATA_INDEX, BODY + 20, "metadata indexes"),
        (Op.SUMMARY_OFFSET, BODY, "summary offsets"),
        (Op.SUMMARY_OFFSET, BODY + 1, "summary offsets"),
        (Op.SUMMARY_OFFSET, BODY + 9, "summary offsets"),
        (Op.FOOTER, BODY, "footer: summary start"),
        (Op.FOOTER, BODY + 8, "footer: offsets start"),
        (Op.FOOTER, BODY + 16, "footer: crc"),
    ],
)
def test_the_doctor_notices_one_wrong_bit_in_a_field(healthy, op, position, complaint):
    start, end = place(healthy, op)
    wrong = bytearray(healthy)
    wrong[end + position if position < 0 else start + position] ^= 1
    errors = examine(bytes(wrong)).errors
    assert any(complaint in error for error in errors), errors


def test_the_doctor_notices_what_is_missing_twice_or_in_the_wrong_place(healthy):
    def found(op: Op) -> bytes:
        start, end = place(healthy, op)
        return healthy[start:end]

    faults = {
        "magic at the start": b"X" + healthy[1:],
        "magic at the end": healthy[:-1] + b"X",
        "the first record is no header": healthy.replace(found(Op.HEADER), b""),
        "there is not one header": healthy.replace(
            found(Op.METADATA), found(Op.HEADER) + found(Op.METADATA)
        ),
        "0 DATA_END": healthy.replace(found(Op.DATA_END), b""),
        "last DATA_END": healthy.replace(found(Op.FOOTER), found(Op.DATA_END)),
        "METADATA in the summary": healthy.replace(
            found(Op.METADATA_INDEX), found(Op.METADATA)
        ),
        "message index says": healthy.replace(found(Op.MESSAGE_INDEX), b""),
        "is there twice": healthy.replace(
            found(Op.MESSAGE_INDEX), 2 * found(Op.MESSAGE_INDEX)
        ),
        "summary: chunks": healthy.replace(found(Op.CHUNK_INDEX), b""),
        "there are 0 statistics": healthy.replace(found(Op.STATISTICS), b""),
    }
    for complaint, data in faults.items():
        errors = examine(data).errors
        assert any(complaint in error for error in errors), (complaint, errors)


def capture(path: Path) -> bytes:
    return (path / "capture.mcap").read_bytes()


def test_a_whole_recording_is_healthy(tmp_path):
    write_take(tmp_path / "scene")
    assert examine(capture(tmp_path / "scene")) == ([], [])


def test_a_recording_without_frames_is_healthy(tmp_path):
    RecordingWriter(tmp_path / "scene").close()
    assert examine(capture(tmp_path / "scene")) == ([], [])


def test_a_clock_that_jumps_is_no_fault_but_is_noticed(tmp_path):
    with RecordingWriter(tmp_path / "scene") as writer:
        for number, time in enumerate((70, 3, 50, 50)):
            frame = lopsided_frame(number)
            writer.write(replace(frame, timestamp_ns=time))
    errors, warnings = examine(capture(tmp_path / "scene"))
    assert errors == []
    assert {warning.split(" in ")[0] for warning in warnings} == {
        "time goes back to 3",
        "time goes back to 50",
    }


def test_a_cut_recording_is_not_healthy_until_it_is_repaired(tmp_path):
    path = tmp_path / "scene"
    write_take(path)
    whole = capture(path)
    (path / "capture.mcap").write_bytes(whole[: len(whole) * 3 // 4])
    assert examine(capture(path)).errors
    repair_recording(path)
    assert examine(capture(path)) == ([], [])


def test_a_recording_that_lost_its_first_frame_is_healthy_when_repaired(tmp_path):
    path = tmp_path / "scene"
    write_take(path)
    wrong = bytearray(capture(path))
    start, end = place(bytes(wrong), Op.CHUNK)
    wrong[(start + end) // 2] ^= 1
    (path / "capture.mcap").write_bytes(wrong)
    assert examine(capture(path)).errors
    assert repair_recording(path).num_damaged == 1
    assert examine(capture(path)) == ([], [])


def test_a_take_that_was_stopped_by_a_full_disk_is_healthy(tmp_path):
    path = tmp_path / "scene"
    writer = RecordingWriter(path)
    with disk_of(40_000), pytest.raises(RecordingError, match="make room"):
        for number in range(9):
            writer.write(lopsided_frame(number))
    assert writer.num_frames > 0
    assert examine(capture(path)) == ([], [])
