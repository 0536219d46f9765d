"""Image folders that others wrote."""

import json
import logging
from pathlib import Path

import cv2
import numpy as np
import pytest
from written_images import (
    HEIGHT,
    WIDTH,
    K,
    depth_of,
    pose_of,
    refusal,
    rgb_of,
    with_orientation,
    write_color,
    write_depth,
)

from core.interchange import FrameSource, open_frames


@pytest.fixture
def folders(tmp_path) -> Path:
    """rgb/ and depth/ with frames 8, 9 and 10, and K.txt."""
    for number in (8, 9, 10):
        write_color(tmp_path / "rgb" / f"{number}.png", rgb_of(number))
        write_depth(tmp_path / "depth" / f"{number}.png", depth_of(number))
    (tmp_path / "K.txt").write_text(K)
    return tmp_path


def test_frames_come_in_the_order_of_their_numbers(folders):
    source = open_frames(folders)
    assert source.name == folders.name
    assert len(source) == 3
    assert [frame.number for frame in source] == [0, 1, 2]
    assert source[-1].number == 2
    for number, frame in zip((8, 9, 10), source, strict=True):
        assert np.array_equal(frame.rgb, rgb_of(number))
        assert np.array_equal(frame.depth, depth_of(number))
    frame = source[1]
    assert frame.is_aligned
    assert frame.depth_scale == 0.001
    assert source[2].timestamp_ns == 66_666_667
    assert np.array_equal(
        frame.color_intrinsics.K, [[31.5, 0, 19.25], [0, 33.5, 11.75], [0, 0, 1]]
    )
    assert source.pose(0) is None


@pytest.mark.parametrize(
    "names",
    [
        ("1712345678987654321", "1712345679020987654", "1712345679054320987"),  # ns
        ("1712345678987", "1712345679020", "1712345679054"),  # ms
        ("1305031102.983", "1305031103.016", "1305031103.050"),  # s
        ("a_00", "b_00", "c_00"),
    ],
)
def test_names_that_are_times_count_as_numbers_only_for_the_order(folders, names):
    for number, name in zip((8, 9, 10), names, strict=True):
        for kind in ("rgb", "depth"):
            file = folders / kind / f"{number}.png"
            file.rename(file.with_name(f"{name}.png"))
    frames = list(open_frames(folders))
    assert [frame.number for frame in frames] == [0, 1, 2]
    assert [f.timestamp_ns for f in frames] == [0, 33_333_333, 66_666_667]
    for number, frame in zip((8, 9, 10), frames, strict=True):
        assert np.array_equal(frame.depth, depth_of(number))


@pytest.mark.parametrize("name", ["rgb", "color", "images", "image"])
def test_colour_folders_go_by_several_names(folders, name):
    (folders / "rgb").rename(folders / name)
    assert len(open_frames(folders)) == 3


def test_frames_pair_by_number_where_names_differ(folders, caplog):
    for file in sorted((folders / "rgb").iterdir()):
        file.rename(file.with_name(f"color_{int(file.stem):05d}.png"))
    write_color(folders / "rgb" / "color_00003.png", rgb_of(3))
    with caplog.at_level(logging.WARNING):
        source = open_frames(folders)
    for number, frame in zip((8, 9, 10), source, strict=True):
        assert np.array_equal(frame.rgb, rgb_of(number))
        assert np.array_equal(frame.depth, depth_of(number))
    assert source.unpaired == ("color_00003.png",)
    assert "1 images have no partner" in caplog.text


def test_numbers_that_two_images_share_are_refused(folders):
    write_color(folders / "rgb" / "left_9.png", rgb_of(9))
    assert len(open_frames(folders)) == 3  # the names decide
    for number in (8, 9, 10):
        file = folders / "rgb" / f"{number}.png"
        file.rename(file.with_name(f"right_{number}.png"))
    assert "several images" in refusal(folders)


def test_the_numbers_pair_where_they_pair_more_than_the_names(tmp_path):
    for number in range(12):
        write_color(tmp_path / "rgb" / f"{number}.png", rgb_of(number))
        write_depth(tmp_path / "depth" / f"{number:02d}.png", depth_of(number))
    (tmp_path / "K.txt").write_text(K)
    source = open_frames(tmp_path)
    assert len(source) == 12
    for number, frame in enumerate(source):
        assert np.array_equal(frame.rgb, rgb_of(number))
        assert np.array_equal(frame.depth, depth_of(number))


def test_an_orientation_tag_does_not_turn_colour_away_from_depth(folders):
    file = folders / "rgb" / "9.jpg"
    (folders / "rgb" / "9.png").unlink()
    write_color(file, rgb_of(9))
    file.write_bytes(with_orientation(file.read_bytes(), 3))  # upside down
    turned = cv2.imread(str(file))
    assert turned[0, 0, 2] > 150  # without care, the lower half is on top
    assert open_frames(folders)[1].rgb[0, 0, 0] < 130


def test_open3d_camera_files_are_read_column_by_column(folders):
    (folders / "K.txt").unlink()
    camera = {
        "width": WIDTH,
        "height": HEIGHT,
        "intrinsic_matrix": [31.5, 0, 0, 0, 33.5, 0, 19.25, 11.75, 1],
        "depth_scale": 4000.0,
    }
    file = folders / "camera_intrinsic.json"
    file.write_text(json.dumps(camera))
    frame = open_frames(folders)[0]
    assert frame.color_intrinsics.cx == 19.25
    assert frame.color_intrinsics.fy == 33.5
    assert frame.depth_scale == 1 / 4000
    file.write_text(json.dumps({**camera, "width": 41}))
    assert "is the calibration of 41x24 images" in refusal(folders)
    for scale in (-1000.0, 0.0, 1e-320, float("nan"), float("inf"), None):
        file.write_text(json.dumps({**camera, "depth_scale": scale}))
        assert "camera_intrinsic.json cannot be read" in refusal(folders)
    file.write_text(json.dumps({**camera, "width": float("inf")}))
    assert "camera_intrinsic.json cannot be read" in refusal(folders)
    file.write_text("{}")
    assert "expected Open3D's intrinsic_matrix" in refusal(folders)
    file.write_text('{"fx": 31.5, "fy": 33.5, "cx": 19.25, "cy": 11.75}')
    assert open_frames(folders)[0].color_intrinsics == frame.color_intrinsics


def test_depth_of_another_size_needs_both_calibrations(folders):
    for number in (8, 9, 10):
        depth = depth_of(number, width=30, height=20)
        write_depth(folders / "depth" / f"{number}.png", depth)
    message = refusal(folders)
    assert "colour is 40x24 and depth 30x20" in message
    assert "depth_K.txt" in message
    (folders / "depth_K.txt").write_text("21 0 14.5 0 22 9.5 0 0 1")
    assert "no T_color_depth.txt" in refusal(folders)
    transform = np.array(
        [[0, -1, 0, 0.1], [1, 0, 0, 0.2], [0, 0, 1, 0.3], [0, 0, 0, 1.0]]
    )
    np.savetxt(folders / "T_color_depth.txt", transform)
    frame = open_frames(folders)[1]
    assert (frame.depth_intrinsics.width, frame.depth_intrinsics.fy) == (30, 22)
    assert np.array_equal(frame.T_color_depth, transform)
    for wrong in (
        np.full((4, 4), np.nan),
        np.where(transform == 0.2, np.inf, transform),
        transform.T,
        transform @ np.diag([-1.0, 1, 1, 1]),  # a mirror
        transform * 1000,  # all of it in millimetres
        np.zeros((4, 4)),
    ):
        np.savetxt(folders / "T_color_depth.txt", wrong)
        assert "T_color_depth.txt is no rigid transform" in refusal(folders)
    np.savetxt(folders / "T_color_depth.txt", transform)
    (folders / "K.txt").unlink()
    assert "no calibration; add K.txt" in refusal(folders)


def test_poses_take_camera_points_to_the_world(folders):
    poses = np.stack([pose_of(number) for number in range(3)])
    poses[1] = np.inf
    np.savetxt(folders / "poses.txt", poses.reshape(3, 16), fmt="%.17g")
    source = open_frames(folders)
    assert np.array_equal(source.pose(2), poses[2])
    assert source.pose(1) is None
    np.savetxt(folders / "poses.txt", poses.reshape(3, 16)[:2])
    assert "expected 16 for each of the 3 frames" in refusal(folders)
    poses[1] = np.arange(16).reshape(4, 4)
    np.savetxt(folders / "poses.txt", poses.reshape(3, 16))
    assert "poses.txt is no rigid transform" in refusal(folders)


def test_nyu_folders_know_their_camera(tmp_path):
    (tmp_path / "label40").mkdir()
    write_color(tmp_path / "rgb" / "0003.png", np.zeros((480, 640, 3), np.uint8))
    write_depth(tmp_path / "depth" / "0003.png", depth_of(3, 640, 480))
    camera = open_frames(tmp_path)[0].color_intrinsics
    assert (round(camera.fx, 4), round(camera.cy, 4)) == (518.8579, 253.7362)
    write_color(tmp_path / "rgb" / "0003.png", rgb_of(3))
    write_depth(tmp_path / "depth" / "0003.png", depth_of(3))
    assert "no calibration" in refusal(tmp_path)


def test_folders_that_hold_no_frames_are_refused(tmp_path, folders):
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "holds no frames; expected capture.mcap" in refusal(empty)
    assert "does not exist" in refusal(tmp_path / "nowhere")
    assert "is a file" in refusal(folders / "K.txt")
    (empty / "rgb").mkdir()
    assert "no colour images" in refusal(empty)
    write_color(empty / "rgb" / "1.jpg", rgb_of(1))
    assert "no depth images" in refusal(empty)
    write_depth(empty / "depth" / "2.png", depth_of(2))
    assert "share a name or number (1.jpg, 2.png)" in refusal(empty)
    (empty / "capture.mcap").write_bytes(b"")
    assert "is empty" in refusal(empty)


def test_an_image_that_cannot_be_used_is_named(folders):
    file = folders / "depth" / "9.png"
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    assert "depth/9.png is not an image or is damaged" in refusal(folders)
    file.write_bytes(b"")
    assert "depth/9.png is not an image or is damaged" in refusal(folders)
    write_depth(file, (depth_of(9) // 256).astype(np.uint8))
    assert "depth/9.png has 1 channel(s) of uint8; expected" in refusal(folders)
    write_depth(file, depth_of(9)[:, 1:])
    assert "depth/9.png is 39x24; expected 40x24" in refusal(folders)
    file.unlink()
    frames = list(open_frames(folders))
    assert len(frames) == 2
    assert np.array_equal(frames[1].depth, depth_of(10))


def test_a_calibration_that_is_none_is_refused(folders):
    (folders / "K.txt").write_text("31.5 33.5 19.25 11.75")
    assert "K.txt has 4 numbers; expected the 9" in refusal(folders)
    (folders / "K.txt").write_text("31.5 0 0 0 33.5 0 19.25 11.75 1")
    assert "expected rows (fx 0 cx)" in refusal(folders)
    (folders / "K.txt").write_text("fx = 31.5")
    assert "K.txt holds more than numbers" in refusal(folders)
    (folders / "K.txt").write_text("-31.5 0 19.25 0 33.5 11.75 0 0 1")
    assert "K.txt is no calibration: " in refusal(folders)
    (folders / "K.txt").write_text(K, "utf-8-sig")  # as Windows' Notepad writes it
    assert open_frames(folders)[0].color_intrinsics.fx == 31.5
    (folders / "K.txt").write_text("31.5 nan 19.25 0 33.5 11.75 0 0 1")
    assert "K.txt is no camera matrix" in refusal(folders)
    (folders / "K.txt").write_text("31.5 0 nan 0 33.5 11.75 0 0 1")
    assert "K.txt is no camera matrix" in refusal(folders)


def check_real(source: FrameSource, num_frames: int, fx: float, size: tuple) -> None:
    assert len(source) == num_frames
    frame = source[num_frames - 1]
    assert frame.rgb.shape == (*size, 3)
    assert frame.color_intrinsics.fx == pytest.approx(fx, abs=1e-4)
    depth_m = frame.depth[frame.depth > 0] * frame.depth_scale
    assert 0.5 < np.median(depth_m) < 6.0  # rooms


def test_real_folders_open(real_data, caplog):
    kitchen = open_frames(real_data / "redkitchen")
    check_real(kitchen, 185, 585, (480, 640))
    first = [color.name for color, _ in kitchen.pairs[150:152]]
    assert [name[-16:-10] for name in first] == ["000150", "000160"]
    # Up in the world, as the data's own notes have it.
    up = kitchen.pose(0)[:3, :3].T @ (0.008, -0.892, -0.452)
    assert np.argmin(up) == 1  # up is against y, which points down in the camera
    assert up[1] < -0.8
    hololens = open_frames(real_data / "hololens")
    check_real(hololens, 30, 495.5677, (360, 540))
    up = hololens.pose(29)[:3, :3].T @ (0.003, 1.0, 0.001)
    assert up[1] < -0.6
    check_real(open_frames(real_data / "nyuv2" / "test"), 131, 518.8579, (480, 640))
    (sun, *_) = (real_data / "sunrgbd_toy" / "images").iterdir()
    source = open_frames(sun)
    assert len(source) == 1
    # Decoded, SUN's depth is whole millimetres of a room; as stored it is 8 times that.
    assert 500 < np.median(source[0].depth[source[0].depth > 0]) < 6000
    nyu = real_data / "nyuv2" / "test"  # the others have calibrations
    assert [record.args for record in caplog.records] == [(nyu,)]
