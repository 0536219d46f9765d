"""hn-convert: anything that holds frames to a recording, and repair."""

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from lopsided import assert_same_but_for_jpeg, lopsided_frame

from capture_app.convert_command import ConvertConfig, convert, convert_command
from core.annotations import save_annotation
from core.errors import HNError
from core.frame import RgbdFrame
from core.interchange import open_frames
from core.recording import Recording, RecordingWriter


def hn_convert(*arguments: object) -> subprocess.CompletedProcess:
    program = "from capture_app.convert_command import main; main()"
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        capture_output=True,
        text=True,
    )


@pytest.fixture
def images(tmp_path) -> Path:
    folder = tmp_path / "images"
    for name in ("color", "depth"):
        (folder / name).mkdir(parents=True)
    for number in range(3):
        bgr = np.full((24, 40, 3), (20, 90, 180 + number), np.uint8)
        depth = np.random.default_rng(number).integers(0, 9000, (24, 40), np.uint16)
        cv2.imwrite(str(folder / "color" / f"{number}.png"), bgr)
        cv2.imwrite(str(folder / "depth" / f"{number}.png"), depth)
    (folder / "K.txt").write_text("31.5 0 19.25 0 33.5 11.75 0 0 1")
    return folder


def test_every_frame_of_an_image_folder_becomes_one_of_a_recording(images, tmp_path):
    out = tmp_path / "recordings" / "room"
    result = hn_convert(images, out)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == f"{out}: 3 frames\n"
    recording, source = Recording(out), open_frames(images)
    assert len(recording) == len(source)
    for frame, expected in zip(recording, source, strict=True):
        assert_same_but_for_jpeg(frame, expected)


def test_an_image_folder_with_poses_says_that_they_stay_behind(images, tmp_path):
    np.savetxt(images / "poses.txt", np.tile(np.eye(4).ravel(), (3, 1)))
    assert "has no poses" in convert(images, tmp_path / "out")


def test_a_recording_is_copied_with_everything_in_it(tmp_path):
    with RecordingWriter(tmp_path / "a", tags=["home"]) as writer:
        writer.write(lopsided_frame(0))
    save_annotation(tmp_path / "a", 0, np.zeros((48, 80), np.uint8), ["wall"])
    convert(tmp_path / "a", tmp_path / "b")
    copy = Recording(tmp_path / "b")
    assert np.array_equal(copy[0].rgb, Recording(tmp_path / "a")[0].rgb)
    assert copy.scene.tags == ("home",)
    assert list(copy.annotations) == [0]
    with pytest.raises(HNError, match="already exists"):
        convert(tmp_path / "a", tmp_path / "b")
    with pytest.raises(HNError, match="lies inside"):
        convert(tmp_path / "a", tmp_path / "a" / "inner")


def test_a_conversion_that_fails_half_way_leaves_nothing(images, tmp_path):
    (images / "depth" / "2.png").write_bytes(b"oops")
    result = hn_convert(images, tmp_path / "out")
    assert result.returncode == 2
    assert "2.png is not an image" in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_folder_that_was_there_stays_when_a_conversion_fails(images, tmp_path):
    (images / "depth" / "2.png").write_bytes(b"oops")
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(HNError, match="is not an image"):
        convert(images, out)
    assert list(out.iterdir()) == []
    link = tmp_path / "link"
    link.symlink_to(out)
    with pytest.raises(HNError, match="is not an image"):
        convert(images, link)
    assert link.is_symlink()
    assert list(out.iterdir()) == []


def test_the_working_folder_can_be_where_a_conversion_fails(
    images, tmp_path, monkeypatch
):
    (images / "depth" / "2.png").write_bytes(b"oops")
    out = tmp_path / "out"
    out.mkdir()
    monkeypatch.chdir(out)
    with pytest.raises(HNError, match="is not an image"):
        convert(images, Path("."))
    assert list(out.iterdir()) == []


def test_files_that_others_put_there_meanwhile_stay(images, tmp_path, monkeypatch):
    out = tmp_path / "out"

    def write(writer: RecordingWriter, frame: RgbdFrame) -> None:
        (out / "notes.txt").write_text("mine")
        raise HNError("the disk is gone")

    monkeypatch.setattr(RecordingWriter, "write", write)
    with pytest.raises(HNError, match="the disk is gone"):
        convert(images, out)
    assert [file.name for file in out.iterdir()] == ["notes.txt"]


def test_image_names_that_are_times_can_be_converted(images, tmp_path):
    for number in range(3):
        for kind in ("color", "depth"):
            file = images / kind / f"{number}.png"
            file.rename(file.with_name(f"{1712345678987654321 + number}.png"))
    convert(images, tmp_path / "out")
    assert [f.number for f in Recording(tmp_path / "out")] == [0, 1, 2]


def test_a_repair_says_where_the_annotations_of_before_are(tmp_path):
    path = tmp_path / "scene"
    with RecordingWriter(path) as writer:
        writer.write(lopsided_frame(0))
        end = (path / "capture.mcap").stat().st_size
        writer.write(lopsided_frame(1))
    save_annotation(path, 1, np.zeros((48, 80), np.uint8), ["wall"])
    data = bytearray((path / "capture.mcap").read_bytes())
    data[end - 1000] ^= 1
    (path / "capture.mcap").write_bytes(data)
    result = convert_command(ConvertConfig(repair=path))
    assert result.endswith(
        f"1 frames kept (1 were damaged); before: {path / 'capture.cut.mcap'} and "
        f"{path / 'annotations.cut'}"
    )
    assert list(Recording(path).annotations) == [0]


def test_nothing_is_overwritten(images, tmp_path):
    convert(images, tmp_path / "out")
    before = (tmp_path / "out" / "capture.mcap").read_bytes()
    with pytest.raises(HNError, match="already holds a recording"):
        convert(images, tmp_path / "out")
    with pytest.raises(HNError, match="is not empty"):
        convert(images, images)
    assert (tmp_path / "out" / "capture.mcap").read_bytes() == before
    assert len(open_frames(images)) == 3


def test_a_recording_that_was_cut_off_is_repaired(tmp_path):
    path = tmp_path / "scene"
    with RecordingWriter(path) as writer:
        for number in range(3):
            writer.write(lopsided_frame(number))
    whole = (path / "capture.mcap").read_bytes()
    (path / "capture.mcap").write_bytes(whole[:-9])
    refused = hn_convert(path, tmp_path / "out")
    assert refused.returncode == 2
    assert f"hn-convert --repair {path}" in refused.stderr
    result = hn_convert("--repair", path)
    assert (result.returncode, result.stderr) == (0, "")
    assert "3 frames kept" in result.stdout
    assert_same_but_for_jpeg(Recording(path)[2], lopsided_frame(2))
    assert "nothing to repair" in convert_command(ConvertConfig(repair=path))


def test_wrong_use_is_one_sentence(tmp_path):
    for config in (
        ConvertConfig(),
        ConvertConfig(source=tmp_path),
        ConvertConfig(source=tmp_path, repair=tmp_path),
    ):
        with pytest.raises(HNError, match="give IN and OUT, or --repair RECORDING"):
            convert_command(config)
    with pytest.raises(HNError, match=r"holds no capture\.mcap"):
        convert_command(ConvertConfig(repair=tmp_path))
