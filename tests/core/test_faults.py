"""Recordings that end where nobody chose to, and folders that two want."""

import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from lopsided import assert_same_but_for_jpeg, lopsided_frame
from mounted import mounted_tmpfs

from core.errors import RecordingError
from core.recording import Recording, RecordingWriter

NUM_FRAMES = 5
CHUNK = 6  # the opcode of a chunk in MCAP's specification
NUM_RACES = 25
RACE = """
import os, sys
from pathlib import Path
from lopsided import lopsided_frame
from core.errors import RecordingError
from core.recording import RecordingWriter

def write(path, who, start):
    os.read(start, 1)
    try:
        writer = RecordingWriter(path, tags=(str(who),))
        for number in range(4):
            writer.write(lopsided_frame(100 * who + number))
    except RecordingError as error:
        path.with_suffix(f".{who}").write_text(str(error))

for race in range(int(sys.argv[2])):
    path = Path(sys.argv[1]) / str(race)
    start, gun = os.pipe()
    children = []
    for who in (1, 2):
        children.append(os.fork())
        if children[-1] == 0:
            write(path, who, start)
            os._exit(0)  # at once, as a kill does
    os.write(gun, b"go")
    for child in children:
        os.waitpid(child, 0)
"""


def records(data: bytes) -> Iterator[tuple[int, int]]:
    """Opcode and end of every record: a byte, a length of eight bytes, and as many
    bytes more, after the eight that every MCAP file begins with."""
    place = 8
    while place < len(data) - 8:
        opcode, length = struct.unpack_from("<BQ", data, place)
        place += 9 + length
        yield opcode, place


def test_a_file_that_ends_at_any_record_opens_with_its_whole_frames(tmp_path):
    path = tmp_path / "scene"
    with RecordingWriter(path) as writer:
        for number in range(NUM_FRAMES):
            writer.write(lopsided_frame(number))
    file = path / "capture.mcap"
    data = file.read_bytes()
    ends = list(records(data))
    assert ends[-1][1] == len(data) - 8 and len(ends) > 50
    chunk_ends = [end for opcode, end in ends if opcode == CHUNK]
    assert len(chunk_ends) == NUM_FRAMES
    places = {0, 8, len(data), *(end for _, end in ends)}
    cuts = {place + step for place in places for step in (-1, 0, 1)}
    for cut in sorted(cuts & set(range(len(data) + 1)), reverse=True):
        os.truncate(file, cut)
        num_whole = sum(end <= cut for end in chunk_ends)
        if num_whole == 0:
            with pytest.raises(RecordingError, match=r"before its first|is empty"):
                Recording(path)
            continue
        recording = Recording(path)
        assert len(recording) == num_whole
        assert recording.is_cut_off == (cut < len(data))
        for number, frame in enumerate(recording):
            assert_same_but_for_jpeg(frame, lopsided_frame(number))


def test_of_two_who_want_one_folder_one_gets_it_and_nothing_is_mixed(tmp_path):
    places = os.pathsep.join(
        (str(Path(__file__).parents[2]), str(Path(__file__).parent))
    )
    subprocess.run(
        [sys.executable, "-c", RACE, tmp_path, str(NUM_RACES)],
        check=True,
        env={**os.environ, "PYTHONPATH": places},
    )
    for race in range(NUM_RACES):
        path = tmp_path / str(race)
        (refusal,) = tmp_path.glob(f"{race}.*")
        loser = int(refusal.suffix[1:])
        sentence = refusal.read_text()
        assert str(path) in sentence and "choose another name" in sentence
        winner = 3 - loser
        recording = Recording(path)
        assert recording.scene.tags == (str(winner),)
        assert len(recording) == 4
        for number, frame in enumerate(recording):
            assert_same_but_for_jpeg(frame, lopsided_frame(100 * winner + number))
        assert {file.name for file in path.iterdir()} == {"capture.mcap", "scene.json"}


@pytest.mark.parametrize("left", [100, 9_000, 60_000])
def test_a_disk_that_is_full_in_the_middle_of_a_frame_leaves_the_frames_before(
    tmp_path, left
):
    with mounted_tmpfs(tmp_path / "disk", 2**20) as disk:
        writer = RecordingWriter(disk / "scene")
        for number in range(NUM_FRAMES):
            writer.write(lopsided_frame(number))
        free = os.statvfs(disk)
        (disk / "other").write_bytes(bytes(free.f_bavail * free.f_frsize - left))
        with pytest.raises(RecordingError) as caught:
            for number in range(NUM_FRAMES, 20):
                writer.write(lopsided_frame(number))
        writer.close()
        assert os.strerror(28) in str(caught.value)  # ENOSPC
        assert f"closed with its {writer.num_frames} whole frames" in str(caught.value)
        (disk / "other").unlink()
        # The index needs room too: the last frame makes it.
        assert writer.num_frames >= NUM_FRAMES - 1
        recording = Recording(disk / "scene")
        assert not recording.is_cut_off
        assert len(recording) == writer.num_frames
        for number, frame in enumerate(recording):
            assert_same_but_for_jpeg(frame, lopsided_frame(number))


def test_a_disk_without_any_room_is_one_sentence(tmp_path):
    with mounted_tmpfs(tmp_path / "disk", 2**16) as disk:
        (disk / "other").write_bytes(bytes(2**16))
        with pytest.raises(RecordingError, match=os.strerror(28)) as caught:
            RecordingWriter(disk / "scene")
        assert str(disk / "scene") in str(caught.value)
        assert "\n" not in str(caught.value)
