"""hn-convert that was interrupted, and started again."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from azure_recordings import START_US, walk, write_by_hand

from capture_app.convert_command import convert
from capture_app.sensors import azure_kinect_file
from core.errors import HNError
from core.images import decode_color
from core.recording import Recording, RecordingWriter

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


def assert_same(path: Path, expected_path: Path) -> None:
    """Frame for frame, colour byte for byte."""
    recording, expected = Recording(path), Recording(expected_path)
    assert len(recording) == len(expected)
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
    images: Path, tmp_path: Path, interrupted_at: Callable[[int], None]
) -> None:
    whole = convert(images, tmp_path / "whole")
    assert whole.endswith("4 frames, 3 of them with poses")
    interrupted_at(3)
    with pytest.raises(KeyboardInterrupt):
        convert(images, tmp_path / "out")
    (images / "color" / "1.png").write_bytes(b"it is not read any more")
    assert convert(images, tmp_path / "out").replace("out", "whole") == whole
    assert_same(tmp_path / "out", tmp_path / "whole")


def test_what_belongs_to_other_arguments_or_another_file_is_not_used(
    mkv: Path, tmp_path: Path, interrupted_at: Callable[[int], None]
) -> None:
    out = tmp_path / "out"
    interrupted_at(2)
    with pytest.raises(KeyboardInterrupt):
        convert(mkv, out)
    assert convert(mkv, out, every=2).endswith("4 frames")
    assert [frame.number for frame in Recording(out)] == [0, 1, 2, 3]
    out.rename(tmp_path / "first")
    interrupted_at(2)
    with pytest.raises(KeyboardInterrupt):
        convert(mkv, out)
    write_by_hand(mkv, walk(3))
    assert convert(mkv, out).endswith("3 frames")
    assert not list(tmp_path.glob(".*"))


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


def test_a_conversion_that_fails_keeps_nothing(
    images: Path, tmp_path: Path, interrupted_at: Callable[[int], None]
) -> None:
    interrupted_at(2)
    with pytest.raises(KeyboardInterrupt):
        convert(images, tmp_path / "out")
    (images / "color" / "3.png").write_bytes(b"oops")
    with pytest.raises(HNError, match=r"3\.png is not an image"):
        convert(images, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["images"]


def test_in_a_folder_that_is_there_an_interrupt_leaves_nothing(
    images: Path, tmp_path: Path, interrupted_at: Callable[[int], None]
) -> None:
    (tmp_path / "out").mkdir()
    interrupted_at(2)
    with pytest.raises(KeyboardInterrupt):
        convert(images, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["images", "out"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals and a fifo")
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL])
def test_ctrl_c_and_a_killed_program_lose_no_frame(
    images: Path, tmp_path: Path, ending: signal.Signals
) -> None:
    convert(images, tmp_path / "whole")
    third = images / "color" / "2.png"
    content = third.read_bytes()
    third.unlink()
    os.mkfifo(third)  # reading it waits for us
    program = (
        "import signal; from capture_app.convert_command import main; "
        # What a shell runs in the background ignores Ctrl-C, and so do its children.
        "signal.signal(signal.SIGINT, signal.default_int_handler); main()"
    )
    out = tmp_path / "out"
    process = subprocess.Popen(
        [sys.executable, "-c", program, images, out], stderr=subprocess.PIPE, text=True
    )
    pipe = opened_when_read(third, process)
    with pytest.raises(HNError, match="another program writes"):
        convert(images, out)  # it does
    process.send_signal(ending)
    _, told = process.communicate()
    os.close(pipe)
    if ending is signal.SIGINT:
        assert process.returncode == 130
        kept = tmp_path / ".out.interrupted"
        assert told == (
            "hn-convert: the same command goes on after the 2 frames kept in "
            f"{kept}\nhn-convert: interrupted\n"
        )
    third.unlink()
    third.write_bytes(content)
    (images / "color" / "1.png").write_bytes(b"it is not read any more")
    convert(images, out)
    assert_same(out, tmp_path / "whole")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "images",
        "out",
        "whole",
    ]


def opened_when_read(fifo: Path, process: subprocess.Popen) -> int:
    """The writing end of a fifo, once the process reads it: two frames are written."""
    while True:
        assert process.poll() is None
        try:
            return os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:  # nobody reads it yet
            time.sleep(0.01)
