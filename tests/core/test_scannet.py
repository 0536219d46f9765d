"""ScanNet's folders, against what its sensorData.h does with them."""

import logging
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from lopsided import COLOR, DEPTH, lopsided_frame, lopsided_transform, rotation
from written_images import depth_of, pose_of, refusal, write_color, write_depth

from core.images import EncodedImage
from core.interchange import open_frames
from core.interchange.image_folder import FrameSource
from core.interchange.scannet import SCANNET
from core.recording import Recording, RecordingWriter

K_COLOR = np.array([[61.5, 0, 33.25], [0, 63.5, 19.75], [0, 0, 1]])
K_DEPTH = np.array([[31.5, 0, 19.25], [0, 33.5, 11.75], [0, 0, 1]])


def save(path: Path, matrix: np.ndarray) -> None:
    """As SensorData.py writes a matrix, in a 4 x 4 one when it is smaller."""
    whole = np.eye(4)
    whole[: len(matrix), : len(matrix)] = matrix
    path.parent.mkdir(exist_ok=True)
    np.savetxt(path, whole, fmt="%f")


def read(path: Path) -> np.ndarray:
    """As other programs read a matrix."""
    return np.loadtxt(path)


def color_of(number: int) -> np.ndarray:
    rgb = np.zeros((44, 64, 3), np.uint8)
    rgb[...] = 200, 100 + number, 10
    rgb[:15] = 90, 5, 60
    return rgb


@pytest.fixture
def scan(tmp_path) -> Path:
    """Frames 0, 9 and 10: colour 64 x 44, depth 40 x 24; frame 9 is lost."""
    for number in (0, 9, 10):
        write_color(tmp_path / "color" / f"{number}.jpg", color_of(number))
        write_depth(tmp_path / "depth" / f"{number}.png", depth_of(number))
        lost = np.full((4, 4), -np.inf)
        save(
            tmp_path / "pose" / f"{number}.txt",
            lost if number == 9 else pose_of(number),
        )
    save(tmp_path / "intrinsic" / "intrinsic_color.txt", K_COLOR)
    save(tmp_path / "intrinsic" / "intrinsic_depth.txt", K_DEPTH)
    save(tmp_path / "intrinsic" / "extrinsic_color.txt", np.eye(4))
    save(tmp_path / "intrinsic" / "extrinsic_depth.txt", lopsided_transform())
    return tmp_path


def test_a_scan_has_two_cameras_and_the_poses_of_the_depth_camera(scan):
    source = open_frames(scan)
    assert len(source) == 3
    frame = source[2]
    assert np.array_equal(frame.rgb, cv2.imread(f"{scan}/color/10.jpg")[..., ::-1])
    assert np.array_equal(frame.depth, depth_of(10))
    assert frame.depth_scale == 0.001
    assert np.array_equal(frame.color_intrinsics.K, K_COLOR)
    assert np.array_equal(frame.depth_intrinsics.K, K_DEPTH)
    assert source.pose(1) is None
    # saveToPointCloud: the pose and the extrinsic take points of the depth camera.
    point = np.array([0.3, -0.2, 1.7, 1.0])
    pose = source.pose(2)
    assert pose is not None
    in_color = lopsided_transform() @ point
    assert frame.T_color_depth @ point == pytest.approx(in_color, abs=2e-6)
    in_world = pose_of(10) @ point
    assert pose @ frame.T_color_depth @ point == pytest.approx(in_world, abs=2e-6)


def test_both_cameras_may_be_related_to_a_third(scan):
    to_third = np.eye(4)
    to_third[:3, :3] = rotation(-0.4, 0.1, 0.9)
    to_third[:3, 3] = 0.1, 0.2, -0.3
    save(scan / "intrinsic" / "extrinsic_color.txt", to_third)
    point = np.array([0.3, -0.2, 1.7, 1.0])
    in_color = open_frames(scan)[0].T_color_depth @ point
    assert to_third @ in_color == pytest.approx(lopsided_transform() @ point, abs=4e-6)
    save(scan / "intrinsic" / "extrinsic_color.txt", 2 * np.eye(3))
    assert "extrinsic_color.txt is no rigid transform" in refusal(scan)


def test_the_frames_of_the_small_release_have_their_matrices_above(scan):
    expected = open_frames(scan)[1]
    for kind in ("color", "depth"):
        file = scan / "intrinsic" / f"intrinsic_{kind}.txt"
        file.rename(scan / f"intrinsics_{kind}.txt")
        (scan / "intrinsic" / f"extrinsic_{kind}.txt").unlink()
    frame = open_frames(scan)[1]
    assert frame.color_intrinsics == expected.color_intrinsics
    assert frame.depth_intrinsics == expected.depth_intrinsics
    assert np.array_equal(frame.T_color_depth, np.eye(4))


def test_colour_that_was_resized_to_lie_on_depth_has_the_camera_of_depth(scan):
    (scan / "intrinsic" / "extrinsic_depth.txt").unlink()
    # The matrix of the large images cannot be that of small ones.
    for number in (0, 9, 10):
        small = cv2.resize(color_of(number), (40, 24))
        write_color(scan / "color" / f"{number}.jpg", small)
    save(scan / "intrinsic" / "intrinsic_color.txt", np.diag((1.5, 1.5, 1)) @ K_COLOR)
    assert "centre at 50, 30 and the images are 40x24" in refusal(scan)
    (scan / "intrinsic" / "intrinsic_color.txt").unlink()
    assert open_frames(scan)[0].is_aligned


def test_calibration_that_is_not_there_or_wrong_is_named(scan):
    (scan / "intrinsic" / "intrinsic_color.txt").unlink()
    assert "add intrinsic/intrinsic_color.txt" in refusal(scan)
    (scan / "intrinsic" / "intrinsic_color.txt").write_text("1 2 3")
    assert "intrinsic_color.txt has 3 numbers" in refusal(scan)
    save(scan / "intrinsic" / "intrinsic_color.txt", K_COLOR.T)
    assert "intrinsic_color.txt is no camera matrix" in refusal(scan)


def record(path: Path, poses: list, colors: list | None = None, **changes) -> Recording:
    """Lopsided frames with depth in whole millimetres."""
    with RecordingWriter(path) as writer:
        for number, pose in enumerate(poses):
            frame = replace(lopsided_frame(number), depth_scale=0.001, **changes)
            writer.write(frame, pose, colors[number] if colors else None)
    return Recording(path)


def written(source: FrameSource, path: Path) -> FrameSource:
    path.mkdir()
    assert SCANNET.write is not None
    SCANNET.write(source, path, lambda done, total: None)
    return open_frames(path)


def test_what_is_written_is_read_again(tmp_path):
    source = record(tmp_path / "take", [pose_of(0), None, pose_of(2)])
    again = written(source, tmp_path / "scan")
    assert len(again) == 3
    for index in range(3):
        frame, expected = again[index], source[index]
        assert np.array_equal(frame.rgb, expected.rgb)
        assert again.encoded_color(index) == source.encoded_color(index)
        assert np.array_equal(frame.depth, expected.depth)
        assert frame.depth_scale == expected.depth_scale
        assert frame.color_intrinsics == expected.color_intrinsics
        assert frame.depth_intrinsics == expected.depth_intrinsics
        assert np.array_equal(frame.T_color_depth, expected.T_color_depth)
    assert again.pose(1) is None
    for index in (0, 2):
        assert again.pose(index) == pytest.approx(source.pose(index), abs=1e-14)


def test_other_programs_find_what_they_know(tmp_path):
    cameras = {
        "color_intrinsics": COLOR.pinhole(),
        "depth_intrinsics": DEPTH.pinhole(),
    }
    source = record(tmp_path / "take", [pose_of(0), None], **cameras)
    written(source, tmp_path / "scan")
    scan = tmp_path / "scan"
    names = sorted(str(file.relative_to(scan)) for file in scan.rglob("*.*"))
    assert names == [
        "color/0.jpg",
        "color/1.jpg",
        "depth/0.png",
        "depth/1.png",
        "intrinsic/extrinsic_color.txt",
        "intrinsic/extrinsic_depth.txt",
        "intrinsic/intrinsic_color.txt",
        "intrinsic/intrinsic_depth.txt",
        "pose/0.txt",
        "pose/1.txt",
    ]
    assert (read(scan / "pose" / "1.txt") == -np.inf).all()
    # saveToPointCloud, of depth pixel (70, 30) at 2.5 m.
    inverse = np.linalg.inv(read(scan / "intrinsic" / "intrinsic_depth.txt"))
    in_depth = inverse @ (70 * 2.5, 30 * 2.5, 2.5, 0) + (0, 0, 0, 1)
    ray = (70 - DEPTH.cx) / DEPTH.fx, (30 - DEPTH.cy) / DEPTH.fy
    in_color = lopsided_transform() @ (2.5 * ray[0], 2.5 * ray[1], 2.5, 1)
    in_world = read(scan / "pose" / "0.txt") @ in_depth
    assert in_world == pytest.approx(pose_of(0) @ in_color, abs=1e-12)
    matrix = read(scan / "intrinsic" / "intrinsic_color.txt")
    color_frame = read(scan / "intrinsic" / "extrinsic_depth.txt") @ in_depth
    u, v, z, _ = matrix @ color_frame
    x, y = in_color[:2] / in_color[2]
    assert u / z == pytest.approx(COLOR.fx * x + COLOR.cx)
    assert v / z == pytest.approx(COLOR.fy * y + COLOR.cy)


def test_what_other_programs_do_not_know_is_said(tmp_path, caplog):
    png = cv2.imencode(".png", lopsided_frame(0).rgb[..., ::-1])[1].tobytes()
    source = record(tmp_path / "take", [None], [EncodedImage("png", png)])
    with caplog.at_level(logging.WARNING):
        again = written(source, tmp_path / "scan")
    assert again.encoded_color(0) == EncodedImage("png", png)
    assert "1 colour images are PNG" in caplog.text
    assert "the color camera's distortion is kept in intrinsic/" in caplog.text
    assert "distortion_depth.txt" in caplog.text
