"""Wrong bytes in a recording's file: a frame is right, or it is refused."""

import errno
import os
import random
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from mcap.opcode import Opcode

from core.errors import RecordingError
from core.frame import Intrinsics, RgbdFrame
from core.recording import Recording, RecordingWriter, repair_recording
from core.recording.mcap_reader import whole_records

NUM_FRAMES = 3


def small_frame(number: int) -> RgbdFrame:
    depth = np.random.default_rng(number).integers(0, 65536, (7, 11), np.uint16)
    transform = np.eye(4)
    transform[0, 3] = 0.0251
    return RgbdFrame(
        rgb=np.full((8, 12, 3), (180, 60, 20), np.uint8),
        depth=depth,
        depth_scale=1 / 8000,
        color_intrinsics=Intrinsics(12, 8, 7.1, 6.9, 5.7, 3.2),
        depth_intrinsics=Intrinsics(11, 7, 8.1, 8.3, 4.9, 2.7),
        T_color_depth=transform,
        timestamp_ns=10**18 + number,
        number=number,
    )


@pytest.fixture(autouse=True)
def nobody_waits_for_the_disk(monkeypatch):
    """A thousand repairs with three syncs each would be most of this file's time."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


@pytest.fixture
def take(tmp_path) -> Path:
    """A recording of three small frames."""
    with RecordingWriter(tmp_path / "scene") as writer:
        for number in range(NUM_FRAMES):
            writer.write(small_frame(number))
    return tmp_path / "scene"


def flip(file: Path, position: int, bits: int) -> None:
    data = bytearray(file.read_bytes())
    data[position] ^= bits
    file.write_bytes(data)


def start_of_index(capture: bytes) -> int:
    """The first number of the footer, which ends 12 bytes before the file does."""
    return int.from_bytes(capture[-28:-20], "little")


def whole_frames(path: Path) -> set[int]:
    """The numbers of the frames that can be read; what they hold is checked."""
    numbers = set()
    try:
        recording = Recording(path)
    except RecordingError:
        return numbers
    for index in range(len(recording)):
        try:
            frame = recording[index]
        except RecordingError:
            continue
        expected = small_frame(frame.number)
        assert frame.depth.tobytes() == expected.depth.tobytes()
        assert frame.depth_scale == expected.depth_scale
        assert frame.timestamp_ns == expected.timestamp_ns
        assert frame.color_intrinsics == expected.color_intrinsics
        assert frame.depth_intrinsics == expected.depth_intrinsics
        assert np.array_equal(frame.T_color_depth, expected.T_color_depth)
        numbers.add(frame.number)
    return numbers


def frame_places(file: Path) -> list[tuple[int, int]]:
    """Where each frame begins and ends."""
    records = [r for r in whole_records(file) if r.opcode == Opcode.CHUNK]
    return [(chunk.offset, chunk.offset + chunk.length) for chunk in records]


def flips(whole: bytes, count: int) -> Iterator[tuple[int, bytes]]:
    """Places, and the file with a wrong byte there."""
    choose = random.Random(3)
    # Where the calibration and the index are, a byte matters most.
    parts = [(0, len(whole)), (0, 900), (start_of_index(whole), len(whole))]
    for number in range(count):
        place = choose.randrange(*parts[number % 3])
        wrong = bytearray(whole)
        wrong[place] ^= choose.randrange(1, 256)
        yield place, bytes(wrong)


def test_a_wrong_byte_anywhere_never_gives_a_wrong_frame(take):
    file = take / "capture.mcap"
    assert whole_frames(take) == {0, 1, 2}
    chunks = frame_places(file)
    num_saved = 0
    for place, wrong in flips(file.read_bytes(), 400):
        file.write_bytes(wrong)
        readable = whole_frames(take)
        try:
            result = repair_recording(take)
        except RecordingError:  # the calibration is gone, and there is one only
            assert not readable
            continue
        is_in_frame = any(start <= place < end for start, end in chunks)
        assert result.num_frames == NUM_FRAMES or (
            is_in_frame and result.num_frames == NUM_FRAMES - 1
        )
        repaired = whole_frames(take)
        assert len(repaired) == result.num_frames
        assert repaired >= readable
        num_saved += 1
        (take / "capture.cut.mcap").unlink(missing_ok=True)
    assert num_saved > 200


def test_a_wrong_byte_in_a_file_that_was_cut_off_gives_no_wrong_frame_either(take):
    """By lengths alone a frame is not found behind the wrong byte, but before it."""
    file = take / "capture.mcap"
    whole = file.read_bytes()
    chunks = frame_places(file)
    first, (_, last) = chunks[0][0], chunks[-1]
    choose = random.Random(4)
    num_saved = 0
    for place, wrong in flips(whole, 600):
        cut = choose.choice((len(whole) - 1, start_of_index(whole) + 5, last, last - 1))
        file.write_bytes(wrong[:cut])
        readable = whole_frames(take)
        before = {n for n, (_, end) in enumerate(chunks) if end <= min(place, cut)}
        if place >= first:
            assert readable >= before
        try:
            result = repair_recording(take)
        except RecordingError:
            assert not readable
            continue
        repaired = whole_frames(take)
        assert len(repaired) == result.num_frames
        assert repaired >= readable
        num_saved += 1
        (take / "capture.cut.mcap").unlink(missing_ok=True)
    assert num_saved > 200


def test_a_length_that_no_memory_holds_is_damage(take):
    file = take / "capture.mcap"
    data = bytearray(file.read_bytes())
    start = data.index(b"\x28\xb5\x2f\xfd")  # of a Zstandard frame
    data[start + 4] |= 0xC0  # the size that follows has eight bytes
    data[start + 5 : start + 13] = (2**50).to_bytes(8, "little")
    file.write_bytes(data)
    with pytest.raises(RecordingError, match=r"frame 0 of .* is damaged \(\w"):
        Recording(take)[0]
    assert repair_recording(take).num_frames == NUM_FRAMES - 1


@pytest.mark.parametrize("name", ["depth_scale", "fx", "T_color_depth"])
def test_a_wrong_digit_in_the_calibration_is_noticed(take, name):
    file = take / "capture.mcap"
    data = file.read_bytes()
    digit = re.compile(rb"\d").search(data, data.index(name.encode()))
    assert digit is not None
    flip(file, digit.start(), 1)
    for read in (Recording, repair_recording):
        with pytest.raises(RecordingError, match="checksum is wrong"):
            read(take)


@pytest.mark.parametrize("value", [2**40, 2**62, 2**64 - 1])
def test_an_index_without_a_checksum_may_say_anything(take, value):
    """MCAP lets a writer leave the checksum out, and other tools do."""
    file = take / "capture.mcap"
    whole = file.read_bytes()[:-12] + bytes(4) + file.read_bytes()[-8:]
    # From the statistics on; before them are the types of the messages.
    start = whole.index(bytes([Opcode.STATISTICS, 106]), start_of_index(whole))
    for place in range(start, len(whole) - 28, 5):
        wrong = whole[:place] + value.to_bytes(8, "little") + whole[place + 8 :]
        file.write_bytes(wrong)
        assert whole_frames(take) <= {0, 1, 2}
        try:
            repair_recording(take)
        except RecordingError as error:
            assert os.strerror(errno.EINVAL) not in str(error)
        (take / "capture.cut.mcap").unlink(missing_ok=True)
