"""hn-convert: frames from anywhere to recordings and other layouts, and repair."""

import logging
import shutil
import subprocess
import sys
from pathlib import Path
from typing import get_args

import cv2
import numpy as np
import pytest
from lopsided import assert_same_but_for_jpeg, lopsided_frame
from written_images import pose_of

from capture_app.convert_command import ConvertConfig, Target, convert, convert_command
from core.annotations import save_annotation
from core.errors import HNError
from core.frame import Intrinsics, RgbdFrame
from core.images import EncodedImage
from core.interchange import open_frames
from core.interchange.layouts import LAYOUTS
from core.recording import Recording, RecordingWriter
from core.survey import has_clock


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


def test_colour_files_and_poses_of_images_are_kept_as_they_are(images, tmp_path):
    poses = np.stack([pose_of(number) for number in range(3)])
    poses[1] = np.nan
    np.savetxt(images / "poses.txt", poses.reshape(3, 16), fmt="%.17g")
    result = convert(images, tmp_path / "out")
    assert result == f"{tmp_path / 'out'}: 3 frames, 2 of them with poses"
    recording = Recording(tmp_path / "out")
    assert recording.pose(1) is None
    for number in (0, 2):
        assert np.allclose(recording.pose(number), poses[number], rtol=0, atol=1e-12)
    for number in range(3):
        file = images / "color" / f"{number}.png"
        assert recording.encoded_color(number) == EncodedImage("png", file.read_bytes())


def test_a_recording_is_copied_with_everything_in_it(tmp_path):
    with RecordingWriter(tmp_path / "a", tags=["home"]) as writer:
        writer.write(lopsided_frame(0))
    save_annotation(tmp_path / "a", 0, np.zeros((48, 80), np.uint8), ["wall"])
    convert(tmp_path / "a", tmp_path / "b")
    copy = Recording(tmp_path / "b")
    assert np.array_equal(copy[0].rgb, Recording(tmp_path / "a")[0].rgb)
    assert copy.scene.tags == ("home",)
    assert list(copy.annotations) == [0]
    with pytest.raises(HNError, match="already holds files"):
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

    def write(writer: RecordingWriter, frame: RgbdFrame, *others: object) -> None:
        out.mkdir()
        (out / "notes.txt").write_text("mine")
        raise HNError("the disk is gone")

    monkeypatch.setattr(RecordingWriter, "write", write)
    with pytest.raises(HNError, match="the disk is gone"):
        convert(images, out)
    assert [file.name for file in out.iterdir()] == ["notes.txt"]
    assert sorted(file.name for file in tmp_path.iterdir()) == ["images", "out"]


def test_a_recording_of_images_without_a_clock_has_none_either(images, tmp_path):
    convert(images, tmp_path / "images_only")
    assert not has_clock(Recording(tmp_path / "images_only"))
    convert(tmp_path / "images_only", tmp_path / "tum", "tum")
    convert(tmp_path / "tum", tmp_path / "timed")
    assert has_clock(Recording(tmp_path / "timed"))


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
    with pytest.raises(HNError, match=r"already holds files, such as capture\.mcap"):
        convert(images, tmp_path / "out")
    with pytest.raises(HNError, match="is a file"):
        convert(images, images / "K.txt")
    with pytest.raises(HNError, match="already holds files"):
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
    copied = hn_convert(path, tmp_path / "out")
    assert copied.returncode == 0
    assert f"hn-convert --repair {path}" in copied.stderr
    assert len(Recording(tmp_path / "out")) == 3
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
        ConvertConfig(repair=tmp_path, to="tum"),
        ConvertConfig(repair=tmp_path, every=3),
        ConvertConfig(repair=tmp_path, intrinsics=tmp_path),
    ):
        with pytest.raises(HNError, match="give IN and OUT, or --repair RECORDING"):
            convert_command(config)
    with pytest.raises(HNError, match=r"holds no capture\.mcap"):
        convert_command(ConvertConfig(repair=tmp_path))


CAMERA = Intrinsics(40, 24, 31.1 / 3, 33.7 / 7, 19.9, 11.3, (0.21, -0.2, 7e-4, 1e-3))


@pytest.fixture
def room(tmp_path) -> Path:
    """A recording: a JPEG without a pose, three with, times and numbers of its own."""
    with RecordingWriter(tmp_path / "room", tags=["home"], device="D435") as writer:
        for number in range(4):
            depth = np.random.default_rng(number).integers(0, 13100, (24, 40))
            depth[2, 3:7] = 0
            rgb = np.full((24, 40, 3), (180, 90 + number, 20), np.uint8)
            frame = RgbdFrame.aligned(
                rgb,
                depth.astype(np.uint16),
                CAMERA,
                0.001,
                timestamp_ns=1_712_345_678_987_654_321 + number * 33_333_333,
                number=70 + 2 * number,
            )
            writer.write(frame, pose_of(number) if number else None)
    return tmp_path / "room"


@pytest.mark.parametrize(
    "to", [name for name in get_args(Target) if name != "recording"]
)
def test_a_recording_comes_back_from_every_layout(room, tmp_path, to):
    result = convert(room, tmp_path / "there", to)
    poses = "" if to == "nyu" else ", 3 of them with poses"
    assert result == f"{tmp_path / 'there'}: 4 frames{poses}"
    convert(tmp_path / "there", tmp_path / "back")
    original, back = Recording(room), Recording(tmp_path / "back")
    assert len(back) == 4
    units = 5 if to == "tum" else 1
    for index in range(4):
        frame, expected = back[index], original[index]
        assert np.array_equal(frame.depth, expected.depth * units)
        assert frame.depth_scale * units == expected.depth_scale
        assert np.array_equal(frame.rgb, expected.rgb)
        if to != "7scenes":  # its colour files are PNG
            assert back.encoded_color(index) == original.encoded_color(index)
        assert frame.color_intrinsics == frame.depth_intrinsics == CAMERA
        if to == "tum":
            assert frame.timestamp_ns == expected.timestamp_ns
        pose = back.pose(index)
        if index == 0 or to == "nyu":
            assert pose is None
        else:
            assert np.allclose(pose, pose_of(index), rtol=0, atol=1e-9)


def test_every_target_is_a_layout_that_is_written():
    written = {layout.name for layout in LAYOUTS if layout.write is not None}
    assert written | {"recording"} == set(get_args(Target))


def test_every_nth_frame_of_a_recording_keeps_what_is_known_of_it(room, tmp_path):
    for index in (0, 2, 3):
        classes = np.full((24, 40), index % 2, np.uint8)
        save_annotation(room, index, classes, ["wall", "floor"])
    result = convert(room, tmp_path / "out", every=2)
    assert result == f"{tmp_path / 'out'}: 2 frames, 1 of them with poses"
    original, out = Recording(room), Recording(tmp_path / "out")
    assert [frame.number for frame in out] == [0, 1]  # no gap, as nothing was lost
    assert out[1].timestamp_ns == original[2].timestamp_ns
    assert out.encoded_color(1) == original.encoded_color(2)
    assert np.allclose(out.pose(1), original.pose(2), rtol=0, atol=1e-14)
    assert sorted(out.annotations) == [0, 1]
    assert (out.scene.tags, out.scene.device) == (("home",), "D435")
    assert out.scene.name == "out"
    assert convert(room, tmp_path / "last", "tum", every=9).endswith(": 1 frames")
    with pytest.raises(HNError, match="--every must be at least 1, got 0"):
        convert(room, tmp_path / "none", every=0)


def test_annotations_that_a_layout_has_no_place_for_are_told(room, tmp_path, caplog):
    save_annotation(room, 1, np.zeros((24, 40), np.uint8), ["wall"])
    with caplog.at_level(logging.WARNING):
        convert(room, tmp_path / "tum", "tum")
    assert "the annotations of 1 frames are not kept" in caplog.text
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        convert(room, tmp_path / "nyu", "nyu")
    assert "annotations" not in caplog.text
    assert "the poses of 3 frames are not kept" in caplog.text


def test_a_calibration_that_is_given_stands_before_another(images, room, tmp_path):
    other = tmp_path / "other.txt"
    other.write_text("30 0 19 0 32 11 0 0 1")
    convert(images, tmp_path / "out", intrinsics=other)
    assert Recording(tmp_path / "out").calibration.color.fy == 32
    (images / "K.txt").unlink()
    with pytest.raises(HNError, match=r"no calibration; .* --intrinsics"):
        convert(images, tmp_path / "none")
    with pytest.raises(HNError, match="room is a recording, which has its calibration"):
        convert(room, tmp_path / "none", intrinsics=other)
    with pytest.raises(HNError, match=r"cannot read .*nowhere\.txt"):
        convert(images, tmp_path / "none", intrinsics=tmp_path / "nowhere.txt")
    assert not (tmp_path / "none").exists()


def test_options_are_told_apart_from_paths(room, tmp_path):
    result = hn_convert(room, tmp_path / "out", "--to", "open3d", "--every", "3")
    assert result.returncode == 0
    assert result.stdout == f"{tmp_path / 'out'}: 2 frames, 1 of them with poses\n"
    assert result.stderr.count("\n") == 3
    assert "hn-convert: the times of frames are not kept" in result.stderr
    assert "these are not kept: device, tags, created\n" in result.stderr
    assert len(list((tmp_path / "out" / "depth").iterdir())) == 2


def test_frames_go_into_an_empty_folder_that_is_there(room, tmp_path, monkeypatch):
    """It may be a disk of its own: nothing is written beside it."""
    out = tmp_path / "out"
    out.mkdir()
    inode = out.stat().st_ino
    write, written = Path.write_bytes, []
    monkeypatch.setattr(
        Path,
        "write_bytes",
        lambda path, data: written.append(path) or write(path, data),
    )
    convert(room, out, "tum")
    assert len(written) == 8
    assert all(path.is_relative_to(out) for path in written)
    assert out.stat().st_ino == inode
    assert len(open_frames(out)) == 4
    assert not [file for file in out.iterdir() if file.name.startswith(".")]


@pytest.mark.parametrize("is_there", [False, True])
@pytest.mark.parametrize("to", ["recording", "tum"])
def test_what_a_killed_conversion_left_is_removed(images, tmp_path, to, is_there):
    out = tmp_path / "out"
    if is_there:
        out.mkdir()
    left = (out if is_there else tmp_path) / ".out.partial" / "out"
    (left / "rgb").mkdir(parents=True)
    (left.parent / "source.json").write_text("of another one without a frame")
    (left / "rgb" / "1.png").write_bytes(b"half")
    convert(images, out, to)
    assert len(open_frames(out)) == 3
    assert not (out / "rgb" / "1.png").exists()
    assert not list(tmp_path.rglob("*.partial"))


def test_real_sequences_go_through_every_layout(real_data, tmp_path):
    for number in (100, 101, 102):
        for kind in ("color.jpg", "depth.png", "pose.txt"):
            file = real_data / "redkitchen" / f"frame-{number:06d}.{kind}"
            (tmp_path / "kitchen").mkdir(exist_ok=True)
            shutil.copy(file, tmp_path / "kitchen")
    last = tmp_path / "kitchen"
    for to in ("tum", "scannet", "open3d", "recording"):
        assert "3 frames with poses" in convert(last, tmp_path / to, to)
        last = tmp_path / to
    original, copy = open_frames(tmp_path / "kitchen"), Recording(last)
    for index in range(3):
        assert copy.encoded_color(index) == original.encoded_color(index)
        assert np.array_equal(
            np.rint(copy[index].depth * copy[index].depth_scale * 1000),
            original[index].depth,
        )
        # Its rotations are longer than 1 by so much, and what is kept is a rotation.
        assert np.allclose(copy.pose(index), original.pose(index), atol=1e-4)
    assert copy[0].color_intrinsics == original[0].color_intrinsics
