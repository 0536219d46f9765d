"""The folder of Open3D's reconstruction system, read and written, beside Open3D."""

import json
import shutil
from pathlib import Path

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
    write_color,
    write_depth,
)

from core.frame import Intrinsics, RgbdFrame
from core.interchange import open_frames
from core.interchange.open3d_folder import OPEN3D
from core.recording import Recording, RecordingWriter


@pytest.fixture
def folder(tmp_path) -> Path:
    """color/ and depth/ with frames 0 to 2, and the recorder's camera file."""
    path = tmp_path / "realsense"
    for number in range(3):
        write_color(path / "color" / f"{number:06d}.png", rgb_of(number))
        write_depth(path / "depth" / f"{number:06d}.png", depth_of(number))
    camera = {
        "width": WIDTH,
        "height": HEIGHT,
        "intrinsic_matrix": [31.5, 0, 0, 0, 33.5, 0, 19.25, 11.75, 1],
        "depth_scale": 4000.0,
    }
    (path / "camera_intrinsic.json").write_text(json.dumps(camera))
    return path


def test_the_recorders_folder_is_read(folder):
    source = open_frames(folder)
    assert len(source) == 3
    frame = source[2]
    assert np.array_equal(frame.rgb, rgb_of(2))
    assert np.array_equal(frame.depth, depth_of(2))
    assert frame.depth_scale == 1 / 4000
    assert frame.color_intrinsics == Intrinsics(WIDTH, HEIGHT, 31.5, 33.5, 19.25, 11.75)
    assert source.pose(0) is None


def test_a_trajectory_log_has_the_pose_of_every_frame(folder):
    text = ""
    for k in range(3):
        rows = "\n".join(" ".join(map(repr, row)) for row in pose_of(k).tolist())
        text += f"{k} {k} {k + 1}\n{rows}\n"
    (folder / "trajectory.log").write_text(text)
    assert np.array_equal(open_frames(folder).pose(2), pose_of(2))
    (folder / "camera_intrinsic.json").unlink()
    (folder / "K.txt").write_text(K)
    assert np.array_equal(open_frames(folder).pose(1), pose_of(1))
    (folder / "trajectory.log").write_text(text[:-9])
    assert "expected 19 for each of the 3 frames" in refusal(folder)


def test_images_of_other_names_are_paired_by_a_match_file(folder):
    (folder / "color").rename(folder / "image")
    (folder / "image" / "000002.png").rename(folder / "image" / "12-5.png")
    matches = "0.1 depth/000000.png 0.2 image/000001.png\n\n"
    (folder / "rgbd.match").write_text(matches + "depth/000001.png image/12-5.png\n")
    frames = list(open_frames(folder))
    assert len(frames) == 2
    assert np.array_equal(frames[0].rgb, rgb_of(1))
    assert np.array_equal(frames[0].depth, depth_of(0))
    assert np.array_equal(frames[1].rgb, rgb_of(2))
    assert np.array_equal(frames[1].depth, depth_of(1))
    (folder / "rgbd.match").write_text(matches + "depth/000001.png\n")
    assert "line 3 of" in refusal(folder)
    (folder / "rgbd.match").write_text("")
    assert "names no images" in refusal(folder)


def test_open3d_reads_what_is_written(tmp_path):
    o3d = pytest.importorskip("open3d")
    camera = Intrinsics(WIDTH, HEIGHT, 31.5, 33.5, 19.25, 11.75, (0.1, -0.2, 0.01, 0.0))
    with RecordingWriter(tmp_path / "room") as writer:
        for number in range(3):
            frame = RgbdFrame.aligned(
                rgb_of(number), depth_of(number), camera, 1 / 4000
            )
            writer.write(frame, None if number == 1 else pose_of(number))
    out = tmp_path / "out"
    out.mkdir()
    recording = Recording(tmp_path / "room")
    OPEN3D.write(recording, out, lambda done, total: None)

    intrinsic = o3d.io.read_pinhole_camera_intrinsic(str(out / "camera_intrinsic.json"))
    assert (intrinsic.width, intrinsic.height) == (WIDTH, HEIGHT)
    assert np.array_equal(intrinsic.intrinsic_matrix, camera.K)
    trajectory = o3d.io.read_pinhole_camera_trajectory(str(out / "trajectory.log"))
    extrinsics = [parameters.extrinsic for parameters in trajectory.parameters]
    assert len(extrinsics) == 3
    assert np.allclose(extrinsics[2] @ pose_of(2), np.eye(4), atol=1e-12)
    assert np.isnan(extrinsics[1]).all()
    color = o3d.io.read_image(str(out / "color" / "000002.jpg"))
    depth = o3d.io.read_image(str(out / "depth" / "000002.png"))
    scale = json.loads((out / "camera_intrinsic.json").read_text())["depth_scale"]
    image = o3d.geometry.RGBDImage.create_from_color_and_depth(
        color, depth, depth_scale=scale, depth_trunc=100, convert_rgb_to_intensity=False
    )
    assert np.allclose(np.asarray(image.depth), depth_of(2) / 4000, rtol=1e-6)
    difference = np.asarray(image.color).astype(int) - recording[2].rgb
    assert np.abs(difference).max() <= 2  # its JPEG decoder is another


def test_a_real_sequence_opens_with_a_camera_file(real_data, tmp_path):
    examples = real_data / "open3d_test_data" / "examples" / "test_data"
    shutil.copytree(examples / "RGBD", tmp_path / "RGBD")
    assert "add K.txt" in refusal(tmp_path / "RGBD")
    camera = examples / "camera_primesense.json"
    shutil.copy(camera, tmp_path / "RGBD" / "camera_intrinsic.json")
    source = open_frames(tmp_path / "RGBD")
    assert len(source) == 5
    frame = source[4]
    assert frame.rgb.shape == (480, 640, 3)
    assert frame.color_intrinsics.cx == 319.5
    assert 0.5 < np.median(frame.depth[frame.depth > 0]) * frame.depth_scale < 6.0
    assert source.pose(1)[0, 3] == -0.31035872146799454
