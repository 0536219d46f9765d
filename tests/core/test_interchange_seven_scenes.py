"""The layout of 7-Scenes."""

import logging
import shutil

import numpy as np
from written_images import (
    K,
    depth_of,
    pose_of,
    refusal,
    rgb_of,
    write_color,
    write_depth,
)

from core.interchange import open_frames


def test_three_files_are_a_frame(tmp_path):
    depth = depth_of(5)
    depth[3, 2:9] = 65535  # what that data set writes for missing
    write_color(tmp_path / "frame-000005.color.png", rgb_of(5))
    write_depth(tmp_path / "frame-000005.depth.png", depth)
    write_color(tmp_path / "frame-000006.color.png", rgb_of(6))
    write_depth(tmp_path / "frame-000006.depth.png", depth_of(6))
    # Others add depth on the colour camera's pixels under this name.
    write_depth(tmp_path / "frame-000006.depth.proj.png", depth_of(7))
    np.savetxt(tmp_path / "frame-000006.pose.txt", pose_of(6), fmt="%.17g")
    (tmp_path / "camera-intrinsics.txt").write_text(K)
    source = open_frames(tmp_path)
    assert len(source) == 2
    assert (source[0].depth[3, 2:9] == 0).all()
    assert np.array_equal(source[0].depth[4], depth[4])
    assert np.array_equal(source[1].rgb, rgb_of(6))
    assert np.array_equal(source[1].depth, depth_of(6))
    assert source[1].depth_scale == 0.001
    assert source.pose(0) is None
    assert np.array_equal(source.pose(1), pose_of(6))
    np.savetxt(tmp_path / "frame-000006.pose.txt", np.full((4, 4), np.nan))
    assert source.pose(1) is None


def test_without_a_calibration_the_data_sets_own_is_taken_and_named(tmp_path, caplog):
    path = tmp_path / "seq-01"
    write_color(path / "frame-000000.color.png", np.zeros((480, 640, 3), np.uint8))
    write_depth(path / "frame-000000.depth.png", depth_of(0, 640, 480))
    with caplog.at_level(logging.WARNING):
        camera = open_frames(path)[0].color_intrinsics
    assert (camera.fx, camera.fy, camera.cx, camera.cy) == (585, 585, 320, 240)
    assert "fx = fy = 585, cx = 320, cy = 240" in caplog.text
    write_color(path / "frame-000000.color.png", rgb_of(0))
    write_depth(path / "frame-000000.depth.png", depth_of(0))
    assert "no calibration" in refusal(path)


def test_a_scene_says_which_sequences_it_has(tmp_path):
    for name in ("seq-02", "seq-01"):
        write_color(tmp_path / name / "frame-000000.color.png", rgb_of(0))
    message = refusal(tmp_path)
    assert f"such as {tmp_path / 'seq-01'} (found seq-01, seq-02)" in message


def test_folders_called_like_sequences_do_not_hide_other_frames(tmp_path):
    write_color(tmp_path / "seq-01" / "notes.png", rgb_of(0))
    assert "holds no frames" in refusal(tmp_path)
    write_color(tmp_path / "seq-01" / "frame-000000.color.png", rgb_of(0))
    write_color(tmp_path / "color" / "4.png", rgb_of(4))
    write_depth(tmp_path / "depth" / "4.png", depth_of(4))
    (tmp_path / "K.txt").write_text(K)
    (frame,) = open_frames(tmp_path)
    assert np.array_equal(frame.depth, depth_of(4))


def test_a_real_sequence_is_the_same_without_its_calibration(real_data, tmp_path):
    for kind in ("color.jpg", "depth.png", "pose.txt"):
        shutil.copy(real_data / "redkitchen" / f"frame-000100.{kind}", tmp_path)
    copy, original = open_frames(tmp_path), open_frames(real_data / "redkitchen")
    assert copy[0].color_intrinsics == original[100].color_intrinsics
    assert np.array_equal(copy[0].depth, original[100].depth)
    assert np.array_equal(copy.pose(0), original.pose(100))
