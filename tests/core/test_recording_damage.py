"""Recordings that something went wrong with: nothing that was written is lost."""

import errno
import os
import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from lopsided import assert_same_but_for_jpeg, lopsided_frame
from mcap.writer import Writer
from small_disk import disk_of

from core.errors import RecordingError
from core.recording import Recording, RecordingWriter, repair_recording
from core.recording.mcap_writer import ChunkWriter

NUM_FRAMES = 5
WRITE_FOREVER = """
import sys
from pathlib import Path
from lopsided import lopsided_frame
from core.recording import RecordingWriter
writer = RecordingWriter(Path(sys.argv[1]))
for number in range(100_000):
    writer.write(lopsided_frame(number))
    print(number + 1, flush=True)
"""


@pytest.fixture(scope="module")
def take(tmp_path_factory) -> tuple[bytes, bytes, list[int]]:
    """capture.mcap and scene.json of a whole recording, and where its frames end."""
    path = tmp_path_factory.mktemp("take") / "scene"
    file = path / "capture.mcap"
    writer = RecordingWriter(path, device="D435")
    ends = [file.stat().st_size]
    for number in range(NUM_FRAMES):
        writer.write(lopsided_frame(number))
        ends.append(file.stat().st_size)
    writer.close()
    return file.read_bytes(), (path / "scene.json").read_bytes(), ends


def put(path: Path, capture: bytes, scene: bytes | None = None) -> Path:
    path.mkdir()
    (path / "capture.mcap").write_bytes(capture)
    if scene is not None:
        (path / "scene.json").write_bytes(scene)
    return path


def assert_frames(path: Path, numbers: list[int]) -> None:
    recording = Recording(path)
    assert len(recording) == len(numbers)
    assert recording.is_cut_off or recording.scene.frames == len(numbers)
    for frame, number in zip(recording, numbers, strict=True):
        assert_same_but_for_jpeg(frame, lopsided_frame(number))


def test_every_whole_frame_of_a_recording_that_was_cut_off_is_there(
    tmp_path, take, caplog
):
    capture, scene, ends = take
    cuts = [(len(capture) - 1, NUM_FRAMES), (ends[-1] + 20, NUM_FRAMES)]
    for whole, (end, next_end) in enumerate(pairwise(ends[1:]), start=1):
        # The index of a chunk follows it; a cut there leaves the frame itself whole.
        cuts += [(end, whole), (end + 5, whole), ((end + next_end) // 2, whole)]
        cuts += [(next_end - 400, whole), (next_end - 1, whole + 1)]
    for number, (cut, num_whole) in enumerate(cuts):
        path = put(tmp_path / f"cut{number}", capture[:cut], scene)
        caplog.clear()
        assert Recording(path).is_cut_off
        assert f"{num_whole} whole frames" in caplog.text
        assert f"hn-convert --repair {path}" in caplog.text
        assert_frames(path, list(range(num_whole)))
        result = repair_recording(path)
        assert (result.num_frames, result.num_damaged) == (num_whole, 0)
        assert_frames(path, list(range(num_whole)))
        assert (path / "capture.cut.mcap").read_bytes() == capture[:cut]
        names = {"capture.mcap", "capture.cut.mcap", "scene.json"}
        assert {file.name for file in path.iterdir()} == names


def test_a_recording_without_a_whole_frame_says_that_nothing_is_left(tmp_path, take):
    capture, scene, ends = take
    for number, cut in enumerate((3, 8, 12, ends[0], ends[1] // 2)):
        path = put(tmp_path / f"cut{number}", capture[:cut], scene)
        with pytest.raises(RecordingError, match="before its first frame"):
            Recording(path)
        with pytest.raises(RecordingError, match="nothing of it can be saved"):
            repair_recording(path)
        assert (path / "capture.mcap").read_bytes() == capture[:cut]
        assert len(list(path.iterdir())) == 2


def test_a_frame_with_a_wrong_bit_is_named_and_the_others_are_kept(tmp_path, take):
    capture, scene, ends = take
    middle = (ends[2] + ends[3]) // 2  # in frame 2, counted from 0
    wrong = capture[:middle] + bytes([capture[middle] ^ 4]) + capture[middle + 1 :]
    path = put(tmp_path / "scene", wrong, scene)
    recording = Recording(path)
    assert_same_but_for_jpeg(recording[3], lopsided_frame(3))
    with pytest.raises(RecordingError, match=r"frame 2 of .* is damaged"):
        recording[2]
    heard = []
    result = repair_recording(path, lambda *progress: heard.append(progress))
    assert (result.num_frames, result.num_damaged) == (4, 1)
    assert heard == [(k, 5) for k in range(1, 6)]
    assert_frames(path, [0, 1, 3, 4])


def test_a_whole_recording_is_not_touched_by_repair(tmp_path, take):
    capture, scene, _ = take
    path = put(tmp_path / "scene", capture, scene)
    assert repair_recording(path).cut_file is None
    assert (path / "capture.mcap").read_bytes() == capture
    assert len(list(path.iterdir())) == 2


def test_the_file_that_an_earlier_repair_kept_is_not_overwritten(tmp_path, take):
    capture, scene, ends = take
    path = put(tmp_path / "scene", capture[: ends[3]], scene)
    (path / "capture.cut.mcap").write_bytes(b"precious")
    with pytest.raises(RecordingError, match="earlier repair"):
        repair_recording(path)
    assert (path / "capture.cut.mcap").read_bytes() == b"precious"
    # One that was interrupted between keeping the old file and replacing it goes on.
    (path / "capture.cut.mcap").unlink()
    os.link(path / "capture.mcap", path / "capture.cut.mcap")
    repair_recording(path)
    assert_frames(path, [0, 1, 2])


def test_what_is_no_recording_is_refused_in_one_sentence(tmp_path, take):
    capture, _, _ = take
    folder = tmp_path / "folder"
    folder.mkdir()
    with RecordingWriter(tmp_path / "zero"):
        pass
    with (put(tmp_path / "other", b"") / "capture.mcap").open("wb") as file:
        writer = Writer(file)
        writer.start()
        writer.add_message(writer.register_channel("/a", "json", 0), 1, b"{}", 1)
        writer.finish()
    cases = {
        tmp_path / "nowhere": "does not exist",
        folder: "holds no capture.mcap",
        put(tmp_path / "empty", b""): "is empty",
        put(tmp_path / "garbage", b"GIF89a and so on"): "is not an MCAP file",
        put(tmp_path / "zeros", capture[:9] + bytes(9)): "cut off before its first",
        put(tmp_path / "tail", capture[:8] + b"?" * 99 + capture[:8]): "cut off before",
        tmp_path / "zero": "has no frames",
        tmp_path / "other": "of another program",
        tmp_path / "zero" / "capture.mcap": "is a file",
    }
    for path, expected in cases.items():
        with pytest.raises(RecordingError) as caught:
            Recording(path)
        assert expected in str(caught.value)
        assert "\n" not in str(caught.value)


def test_frames_survive_kill_9(tmp_path):
    path = tmp_path / "scene"
    process = subprocess.Popen(
        [sys.executable, "-c", WRITE_FOREVER, path],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)},
    )
    with process:
        assert process.stdout is not None
        acknowledged = 0
        while acknowledged < 30:
            acknowledged = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
        acknowledged = max([acknowledged, *map(int, process.stdout.read().split())])
    num_frames = len(Recording(path))
    assert num_frames in (acknowledged, acknowledged + 1)
    assert_frames(path, list(range(num_frames)))
    assert repair_recording(path).num_frames == num_frames
    assert not Recording(path).is_cut_off
    assert_frames(path, list(range(num_frames)))


def test_zeros_that_a_power_cut_leaves_end_a_recording(tmp_path, take):
    capture, _, ends = take
    path = put(tmp_path / "hole", capture[: ends[2]] + bytes(99))
    assert_frames(path, [0, 1])


# Where a chunk's record says how long it is: in its head, and before its content.
@pytest.mark.parametrize("place", [0, 1, 3, 8, 45, 46, 52])
@pytest.mark.parametrize("bits", [1, 0x80, 0xFF])
def test_a_wrong_length_in_a_file_without_index_costs_one_frame_at_most(
    tmp_path, take, place, bits
):
    capture, scene, ends = take
    cut = bytearray(capture[: ends[-1]])
    start = capture.index(b"zstd", ends[2]) - 41  # of the chunk of frame 2
    assert start == ends[2]
    cut[start + place] ^= bits
    path = put(tmp_path / "scene", bytes(cut), scene)
    numbers = set()
    recording = Recording(path)
    for index in range(len(recording)):
        try:
            frame = recording[index]
        except RecordingError:
            continue
        number = frame.number - lopsided_frame(0).number
        assert_same_but_for_jpeg(frame, lopsided_frame(number))
        numbers.add(number)
    assert numbers | {2} == set(range(NUM_FRAMES))
    assert repair_recording(path).num_frames == len(numbers)


def test_frames_after_a_hole_are_found(tmp_path, take):
    capture, scene, ends = take
    hole = capture[: ends[1] + 100] + bytes(ends[3] - ends[1] - 100)
    path = put(tmp_path / "scene", hole + capture[ends[3] : ends[-1]], scene)
    assert repair_recording(path).num_damaged == 1  # of the other nothing is left
    assert_frames(path, [0, 3, 4])


def test_the_disk_is_told_to_keep_frames_while_they_come(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(ChunkWriter, "sync", lambda self: synced.append(True))
    now = [100.0]
    monkeypatch.setattr("core.recording.writer.time.monotonic", lambda: now[0])
    with RecordingWriter(tmp_path / "scene") as writer:
        for number in range(9):  # 4 s
            writer.write(lopsided_frame(number))
            now[0] += 0.5
        assert len(synced) == 2
    assert len(synced) == 3  # and at the end


def test_a_frame_is_not_there_when_the_disk_cannot_keep_the_ones_before(
    tmp_path, monkeypatch
):
    def full(self):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    writer = RecordingWriter(tmp_path / "scene")
    writer.write(lopsided_frame(0))
    monkeypatch.setattr("core.recording.writer.SYNC_PERIOD_S", 0.0)
    with monkeypatch.context() as patch:
        patch.setattr(ChunkWriter, "sync", full)
        with pytest.raises(RecordingError, match="No space"):
            writer.write(lopsided_frame(1))
    assert writer.num_frames == 1
    assert_frames(tmp_path / "scene", [0])


def test_a_recording_can_be_read_while_it_is_written_but_not_repaired(tmp_path, caplog):
    path = tmp_path / "scene"
    with RecordingWriter(path) as writer:
        with pytest.raises(RecordingError, match="is being recorded and has no frame"):
            Recording(path)
        writer.write(lopsided_frame(0))
        early = Recording(path)
        assert "is being recorded; its first 1 frames" in caplog.text
        with pytest.raises(RecordingError, match="is being recorded; wait"):
            repair_recording(path)
        writer.write(lopsided_frame(1))
        assert_same_but_for_jpeg(early[0], lopsided_frame(0))
        assert_frames(path, [0, 1])
    assert early.is_cut_off
    assert not Recording(path).is_cut_off


@pytest.mark.parametrize("has_room_for_index", [True, False])
def test_a_take_on_a_full_disk_is_closed_whole(tmp_path, take, has_room_for_index):
    capture, _, ends = take
    index_size = len(capture) - ends[-1]
    assert index_size < ends[2] - ends[1]
    spare = index_size if has_room_for_index else 10
    path = tmp_path / "scene"
    writer = RecordingWriter(path)
    with disk_of(ends[3] + spare):
        with pytest.raises(
            RecordingError, match=r"was closed with its . whole"
        ) as caught:
            for number in range(NUM_FRAMES):
                writer.write(lopsided_frame(number))
        assert os.strerror(errno.EFBIG) in str(caught.value)
    num_frames = 3 if has_room_for_index else 2  # the last one made room
    assert writer.num_frames == num_frames
    assert_frames(path, list(range(num_frames)))
    writer.close()


def test_on_a_full_disk_the_only_frame_stays_though_its_index_does_not_fit(
    tmp_path, take
):
    _, _, ends = take
    writer = RecordingWriter(tmp_path / "scene")
    with disk_of(ends[1] + 10):
        writer.write(lopsided_frame(0))
        with pytest.raises(RecordingError, match="--repair"):
            writer.close()
    assert_frames(tmp_path / "scene", [0])
    assert repair_recording(tmp_path / "scene").num_frames == 1


def test_frames_that_a_full_disk_takes_back_count_as_dropped(tmp_path, take):
    _, _, ends = take
    writer = RecordingWriter(tmp_path / "scene")
    with disk_of(ends[3] + 10), pytest.raises(RecordingError, match="2 whole frames"):
        for number in range(NUM_FRAMES):
            writer.write(lopsided_frame(number))
    third = lopsided_frame(2).number
    assert Recording(tmp_path / "scene").scene.dropped == (third,)
    writer.count_drop([third + 1, third + 2])  # what was queued
    writer.close()
    scene = Recording(tmp_path / "scene").scene
    assert scene.dropped == (third, third + 1, third + 2)
    assert scene.frames == writer.num_frames == 2
