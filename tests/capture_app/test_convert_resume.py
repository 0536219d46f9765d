"""hn-convert that was interrupted, and started again."""

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from azure_recordings import START_US, walk, write_by_hand
from mcap.records import Message
from recorded_file import push_frames, record
from software_camera import SoftwareCamera

from capture_app import convert_recording
from capture_app.convert_command import Target, convert
from capture_app.sensors import azure_kinect_file, files
from capture_app.sensors.sensor import Sensor
from core.errors import HNError
from core.frame import Intrinsics, RgbdFrame
from core.images import decode_color
from core.interchange import ImageFolder
from core.recording import Recording, RecordingWriter, reopening
from core.recording.mcap_reader import read_index, read_messages
from core.recording.mcap_writer import ChunkWriter

NUM_FRAMES = 7


@pytest.fixture
def mkv(tmp_path: Path) -> Path:
    """Seven frames, the second image of which has no partner, with accelerations."""
    take = walk(NUM_FRAMES + 1)
    del take.colors[1]
    take.accelerations = [
        (START_US + n * 90_000, (9.7 - 0.1 * n, 1.0 + 0.2 * n, 0.3)) for n in range(17)
    ]
    return write_by_hand(tmp_path / "walk.mkv", take)


@pytest.fixture
def interrupted_at(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Have the next conversion be interrupted when it writes its n-th frame."""
    write = RecordingWriter.write

    def interrupted_at(limit: int) -> None:
        num_written = 0

        def counted(
            self: RecordingWriter, *arguments: object, **others: object
        ) -> None:
            nonlocal num_written
            if num_written == limit:
                monkeypatch.setattr(RecordingWriter, "write", write)
                raise KeyboardInterrupt
            num_written += 1
            write(self, *arguments, **others)  # type: ignore[arg-type]

        monkeypatch.setattr(RecordingWriter, "write", counted)

    return interrupted_at


def messages_of(path: Path) -> list[list[Message]]:
    """What every chunk holds, byte for byte."""
    file = path / "capture.mcap"
    index = read_index(file)
    assert not index.is_cut_off
    return [read_messages(file, *place) for place in index.chunks.tolist()]


def assert_same(path: Path, expected_path: Path) -> None:
    """Frame for frame, colour byte for byte."""
    recording, expected = Recording(path), Recording(expected_path)
    assert messages_of(path) == messages_of(expected_path)
    for index, (a, b) in enumerate(zip(recording, expected, strict=True)):
        assert (a.number, a.timestamp_ns) == (b.number, b.timestamp_ns)
        np.testing.assert_array_equal(a.depth, b.depth)
        assert recording.encoded_color(index) == expected.encoded_color(index)
        np.testing.assert_array_equal(a.up_hint, b.up_hint)
        np.testing.assert_array_equal(recording.pose(index), expected.pose(index))
    assert recording.calibration.to_json() == expected.calibration.to_json()
    ours, theirs = recording.scene, expected.scene
    for name in ("dropped", "device", "notes", "frames", "settings"):
        assert getattr(ours, name) == getattr(theirs, name)


@pytest.mark.parametrize("every", [1, 3])
@pytest.mark.parametrize("limit", [1, 2])
def test_a_file_is_gone_on_with_frame_for_frame(
    mkv: Path,
    tmp_path: Path,
    interrupted_at: Callable[[int], None],
    every: int,
    limit: int,
) -> None:
    whole = convert(mkv, tmp_path / "whole", every=every)
    out = tmp_path / "out"
    interrupted_at(limit)
    with pytest.raises(KeyboardInterrupt):
        convert(mkv, out, every=every)
    assert not out.exists()
    result = convert(mkv, out, every=every)
    assert result.replace("out", "whole") == whole
    if every == 1:
        assert "7 frames, 1 lost before" in result
    assert_same(out, tmp_path / "whole")
    assert not list(tmp_path.glob(".*"))


def test_it_can_be_interrupted_as_often_as_one_likes(
    mkv: Path, tmp_path: Path, interrupted_at: Callable[[int], None]
) -> None:
    convert(mkv, tmp_path / "whole")
    for limit in (2, 0, 3, 1):  # frames of each run: those copied are not written
        interrupted_at(limit)
        with pytest.raises(KeyboardInterrupt):
            convert(mkv, tmp_path / "out")
    (kept,) = tmp_path.glob(".*/out")
    assert len(Recording(kept)) == 6
    convert(mkv, tmp_path / "out")
    assert_same(tmp_path / "out", tmp_path / "whole")


def test_what_was_converted_is_not_decoded_again(
    mkv: Path,
    tmp_path: Path,
    interrupted_at: Callable[[int], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    interrupted_at(5)
    with pytest.raises(KeyboardInterrupt):
        convert(mkv, tmp_path / "out")
    num_decoded = 0

    def counted(data: bytes) -> np.ndarray | None:
        nonlocal num_decoded
        num_decoded += 1
        return decode_color(data)

    monkeypatch.setattr(azure_kinect_file, "decode_color", counted)
    convert(mkv, tmp_path / "out")
    assert num_decoded == 3  # the first, when the file is opened, and the last two


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Four images with poses, one of them unknown."""
    folder = tmp_path / "images"
    for name in ("color", "depth"):
        (folder / name).mkdir(parents=True)
    poses = np.stack([np.eye(4)] * 4)
    poses[:, 0, 3] = (0.5, 1.5, 2.5, 3.5)
    poses[1] = np.nan
    np.savetxt(folder / "poses.txt", poses.reshape(4, 16), fmt="%.17g")
    for number in range(4):
        rng = np.random.default_rng(number)
        bgr = rng.integers(0, 256, (24, 40, 3), np.uint8)
        depth = rng.integers(0, 9000, (24, 40), np.uint16)
        cv2.imwrite(str(folder / "color" / f"{number}.png"), bgr)
        cv2.imwrite(str(folder / "depth" / f"{number}.png"), depth)
    (folder / "K.txt").write_text("31.5 0 19.25 0 33.5 11.75 0 0 1")
    return folder


def test_a_folder_is_gone_on_with(
    images: Path,
    tmp_path: Path,
    interrupted_at: Callable[[int], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = convert(images, tmp_path / "whole")
    assert whole.endswith("4 frames, 3 of them with poses")
    interrupted_at(3)
    with pytest.raises(KeyboardInterrupt):
        convert(images, tmp_path / "out")
    read: list[int] = []
    getitem = ImageFolder.__getitem__
    monkeypatch.setattr(
        ImageFolder,
        "__getitem__",
        lambda folder, index: read.append(index) or getitem(folder, index),
    )
    assert convert(images, tmp_path / "out").replace("out", "whole") == whole
    assert read == [3]
    assert_same(tmp_path / "out", tmp_path / "whole")


def test_a_db3_is_gone_on_with_frame_for_frame(
    tmp_path: Path, interrupted_at: Callable[[int], None]
) -> None:
    db3 = record(tmp_path / "a.db3", SoftwareCamera(), push_frames(0, 1, 3, 4, 5))
    whole = convert(db3, tmp_path / "whole")
    assert whole.endswith("5 frames, 1 lost before")
    interrupted_at(3)
    with pytest.raises(KeyboardInterrupt):
        convert(db3, tmp_path / "out")
    assert convert(db3, tmp_path / "out").replace("out", "whole") == whole
    assert_same(tmp_path / "out", tmp_path / "whole")


class RestartedClock(Sensor):
    """Eight frames; the clock of the device began anew at the fifth."""

    def __init__(self) -> None:
        self.name, self.num_frames, self.encoded_color = "rolls", 8, None

    def open(self, progress: object = None) -> None:
        starts_ns = (4_294_800_000_000,) * 4 + (1_000_000,) * 4
        self._left = list(enumerate(starts_ns))

    def close(self) -> None:
        pass

    def read(self, timeout_s: float) -> RgbdFrame | None:
        if not self._left:
            return None
        number, start_ns = self._left.pop(0)
        rgb = np.full((24, 40, 3), number, np.uint8)
        depth = np.full((24, 40), number + 1, np.uint16)
        camera = Intrinsics(40, 24, 30.0, 30.0, 19.0, 11.0)
        time_ns = start_ns + 33_333_333 * (number % 4)
        return RgbdFrame.aligned(
            rgb, depth, camera, 0.001, timestamp_ns=time_ns, number=number + number // 6
        )


@pytest.mark.parametrize("every", [1, 3])
def test_no_frame_is_lost_or_doubled_where_the_clock_began_anew(
    tmp_path: Path,
    interrupted_at: Callable[[int], None],
    monkeypatch: pytest.MonkeyPatch,
    every: int,
) -> None:
    rolls = tmp_path / "rolls.db3"
    rolls.write_bytes(b"")
    monkeypatch.setattr(files, "open_file", lambda *_, **__: RestartedClock())
    whole = convert(rolls, tmp_path / "whole", every=every)
    for limit in (1, 2) if every == 3 else (2, 6, 7):
        out = tmp_path / f"out{limit}"
        interrupted_at(limit)
        with pytest.raises(KeyboardInterrupt):
            convert(rolls, out, every=every)
        assert convert(rolls, out, every=every).replace(out.name, "whole") == whole
        assert_same(out, tmp_path / "whole")


@pytest.mark.parametrize("every", [1, 3])
def test_damage_before_and_after_is_told_as_without_an_interrupt(
    tmp_path: Path,
    interrupted_at: Callable[[int], None],
    caplog: pytest.LogCaptureFixture,
    every: int,
) -> None:
    take = walk(12)
    for index in (0, 2, 7):
        take.colors[index] = (take.colors[index][0], b"no image")
    mkv = write_by_hand(tmp_path / "walk.mkv", take)
    mkv.write_bytes(mkv.read_bytes()[:-20])  # cut off
    convert(mkv, tmp_path / "whole", every=every)
    expected = caplog.messages
    assert len(expected) == 2
    assert "3 damaged frames were left out" in expected[0]
    caplog.clear()
    interrupted_at(2)
    with pytest.raises(KeyboardInterrupt):
        convert(mkv, tmp_path / "out", every=every)
    caplog.clear()
    convert(mkv, tmp_path / "out", every=every)
    assert caplog.messages == expected
    assert_same(tmp_path / "out", tmp_path / "whole")


def _changed_image(images: Path) -> None:
    (images / "depth" / "1.png").write_bytes((images / "depth" / "2.png").read_bytes())


def _no_poses(images: Path) -> None:
    (images / "poses.txt").unlink()


def _changed_calibration(images: Path) -> None:
    (images / "K.txt").write_text("31.5 0 19.25 0 33.5 11.5 0 0 1")


@pytest.mark.parametrize(
    ("change", "every", "to"),
    [
        (_changed_image, 1, "recording"),
        (_no_poses, 1, "recording"),
        (_changed_calibration, 1, "recording"),
        (None, 2, "recording"),
        (None, 1, "tum"),
    ],
)
def test_what_belongs_to_other_arguments_or_files_is_neither_used_nor_lost(
    images: Path,
    tmp_path: Path,
    interrupted_at: Callable[[int], None],
    change: Callable[[Path], None] | None,
    every: int,
    to: Target,
) -> None:
    out = tmp_path / "out"
    original = shutil.copytree(images, tmp_path / "original")
    interrupted_at(2)
    with pytest.raises(KeyboardInterrupt):
        convert(images, out)
    if change is not None:
        change(images)
    with pytest.raises(HNError, match=r"out\.partial keeps what was written") as caught:
        convert(images, out, to, every=every)
    assert "from other files or with other options" in str(caught.value)
    assert len(Recording(tmp_path / ".out.partial" / "out")) == 2
    shutil.rmtree(images)
    shutil.copytree(original, images)  # with its dates
    convert(images, out)
    convert(original, tmp_path / "whole")
    assert len(Recording(out)) == 4
    shutil.rmtree(out)
    assert not list(tmp_path.glob(".*"))


def test_what_a_kept_run_is_made_from_can_be_read(
    images: Path, tmp_path: Path, interrupted_at: Callable[[int], None]
) -> None:
    interrupted_at(2)
    with pytest.raises(KeyboardInterrupt):
        convert(images, tmp_path / "out")
    note = json.loads((tmp_path / ".out.partial" / "source.json").read_text())
    assert (note["source"], note["every"]) == (str(images), 1)


def test_a_damaged_frame_of_what_was_converted_is_converted_again(
    mkv: Path, tmp_path: Path, interrupted_at: Callable[[int], None]
) -> None:
    convert(mkv, tmp_path / "whole")
    interrupted_at(4)
    with pytest.raises(KeyboardInterrupt):
        convert(mkv, tmp_path / "out")
    (file,) = tmp_path.glob(".*/out/capture.mcap")
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    convert(mkv, tmp_path / "out")
    assert_same(tmp_path / "out", tmp_path / "whole")


@pytest.fixture
def disk_full_at(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Have the disk have no room for the n-th frame that is written from now on."""
    write = ChunkWriter.write_chunk

    def disk_full_at(limit: int) -> None:
        num_written = 0

        def full(
            writer: ChunkWriter,
            messages: Sequence[Message],
            compressed: bytes | None = None,
        ) -> None:
            nonlocal num_written
            if compressed is None and num_written == limit:
                monkeypatch.setattr(ChunkWriter, "write_chunk", write)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            num_written += compressed is None
            write(writer, messages, compressed)

        monkeypatch.setattr(ChunkWriter, "write_chunk", full)

    return disk_full_at


@pytest.mark.parametrize("kind", ["images", "mkv"])
def test_a_full_disk_keeps_every_frame(
    kind: str,
    tmp_path: Path,
    disk_full_at: Callable[[int], None],
    interrupted_at: Callable[[int], None],
    request: pytest.FixtureRequest,
) -> None:
    source = request.getfixturevalue(kind)
    convert(source, tmp_path / "whole")
    kept = tmp_path / ".out.partial" / "out"
    disk_full_at(1)
    with pytest.raises(HNError, match="No space left"):
        convert(source, tmp_path / "out")
    assert len(Recording(kept)) == 1
    interrupted_at(1)
    with pytest.raises(KeyboardInterrupt):
        convert(source, tmp_path / "out")
    disk_full_at(1)
    with pytest.raises(HNError, match="No space left"):
        convert(source, tmp_path / "out")
    assert len(Recording(kept)) == 3
    convert(source, tmp_path / "out")
    assert_same(tmp_path / "out", tmp_path / "whole")
    assert not list(tmp_path.glob(".*"))


def test_it_takes_no_room_twice(
    images: Path,
    tmp_path: Path,
    interrupted_at: Callable[[int], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    interrupted_at(2)
    with pytest.raises(KeyboardInterrupt):
        convert(images, tmp_path / "out")
    inode = (tmp_path / ".out.partial" / "out" / "capture.mcap").stat().st_ino
    convert(images, tmp_path / "out")
    assert (tmp_path / "out" / "capture.mcap").stat().st_ino == inode


def test_an_interrupt_while_going_on_loses_nothing(
    mkv: Path,
    tmp_path: Path,
    interrupted_at: Callable[[int], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    interrupted_at(4)
    with pytest.raises(KeyboardInterrupt):
        convert(mkv, tmp_path / "out")

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(reopening, "KeptFrame", interrupted)  # at the first
        with pytest.raises(KeyboardInterrupt):
            convert(mkv, tmp_path / "out")
    assert len(Recording(tmp_path / ".out.partial" / "out")) == 4


def test_a_wrong_source_leaves_nothing_of_a_first_run_alone(
    images: Path, tmp_path: Path, interrupted_at: Callable[[int], None]
) -> None:
    third = images / "color" / "3.png"
    third.write_bytes(b"oops")
    with pytest.raises(HNError, match=r"3\.png is not an image"):
        convert(images, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["images"]
    interrupted_at(2)
    with pytest.raises(KeyboardInterrupt):
        convert(images, tmp_path / "out")
    with pytest.raises(HNError, match=r"3\.png is not an image"):
        convert(images, tmp_path / "out")
    assert len(Recording(tmp_path / ".out.partial" / "out")) == 3


def test_in_a_folder_that_is_there_it_is_gone_on_with_in_there(
    images: Path, tmp_path: Path, interrupted_at: Callable[[int], None]
) -> None:
    convert(images, tmp_path / "whole")
    out = tmp_path / "out"
    out.mkdir()
    interrupted_at(2)
    with pytest.raises(KeyboardInterrupt):
        convert(images, out)
    assert [path.name for path in out.iterdir()] == [".out.partial"]
    convert(images, out)
    assert_same(out, tmp_path / "whole")
    names = ["images", "out", "whole"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    assert not list(out.glob(".*"))


def test_of_two_at_once_the_second_is_told_so_until_the_end_of_the_first(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def while_the_file_is_closed_already(source: object) -> None:
        with pytest.raises(HNError, match="another program writes"):
            convert(images, tmp_path / "out")

    name = "annotations_of"
    monkeypatch.setattr(convert_recording, name, while_the_file_is_closed_already)
    convert(images, tmp_path / "out")
    assert len(Recording(tmp_path / "out")) == 4


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs fork and signals")
def test_it_can_be_killed_at_any_moment(images: Path, tmp_path: Path) -> None:
    convert(images, tmp_path / "whole")
    folder = tmp_path / "killed"
    folder.mkdir()
    program = Path(__file__).with_name("killed_conversions.py")
    subprocess.run([sys.executable, program, images, folder], check=True)
    outs = list(folder.glob("[0-9]*"))
    assert len(outs) > 20
    for out in outs:
        assert_same(out, tmp_path / "whole")
        assert len(list(out.iterdir())) == 2
    # Killed after it was moved, all but the folder may be left.
    assert not list(folder.glob(".*.partial/*/"))


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals and a fifo")
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL])
def test_ctrl_c_and_a_killed_program_lose_no_frame(
    images: Path, tmp_path: Path, ending: signal.Signals
) -> None:
    convert(images, tmp_path / "whole")
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)  # reading it waits for us
    program = (
        "import signal, sys; from pathlib import Path; "
        "from capture_app.convert_command import main; "
        "from core.interchange import ImageFolder; get = ImageFolder.__getitem__; "
        "ImageFolder.__getitem__ = lambda folder, index: "
        f"Path({str(fifo)!r}).read_bytes() if index == 2 else get(folder, index); "
        # What a shell runs in the background ignores Ctrl-C, and so do its children.
        "signal.signal(signal.SIGINT, signal.default_int_handler); main()"
    )
    out = tmp_path / "out"
    process = subprocess.Popen(
        [sys.executable, "-c", program, images, out], stderr=subprocess.PIPE, text=True
    )
    pipe = opened_when_read(fifo, process)
    with pytest.raises(HNError, match="another program writes"):
        convert(images, out)  # it does
    process.send_signal(ending)
    _, told = process.communicate()
    os.close(pipe)
    fifo.unlink()
    if ending is signal.SIGINT:
        assert process.returncode == 130
        kept = tmp_path / ".out.partial"
        assert told == (
            "hn-convert: the same command goes on after the 2 frames kept in "
            f"{kept}\nhn-convert: interrupted\n"
        )
    assert len(Recording(tmp_path / ".out.partial" / "out")) == 2
    convert(images, out)
    assert_same(out, tmp_path / "whole")
    names = ["images", "out", "whole"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names


def opened_when_read(fifo: Path, process: subprocess.Popen) -> int:
    """The writing end of a fifo, once the process reads it: two frames are written."""
    while True:
        assert process.poll() is None
        try:
            return os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:  # nobody reads it yet
            time.sleep(0.01)
