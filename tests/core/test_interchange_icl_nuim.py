"""ICL-NUIM, whose renderer has its y axis up: frames must meet in one world."""

from pathlib import Path

import numpy as np
import pytest
from lopsided import rotation
from scipy.spatial.transform import Rotation
from written_images import K, refusal, write_color, write_depth

from core.geometry import transform, unproject
from core.interchange import open_frames

# The renderer's numbers, as its page has them.
FX, FY, CX, CY = 481.20, -480.00, 319.50, 239.50
# Its world, y up: the floor 1.2 m below the origin, and a slope that is like nothing
# else when any axis is turned over. Rows are a unit normal and its distance.
FLOOR = np.array([0.0, 1.0, 0.0, -1.2])
SLOPE = np.array([0.36, 0.48, -0.8, -4.0])


def renderer_pose(number: int) -> np.ndarray:
    """(4, 4) T_world_camera, both with y up."""
    pose = np.eye(4)
    pose[:3, :3] = rotation(0.2, 0.3 * number - 0.4, 0.1)
    pose[:3, 3] = 0.1 * number, 0.3, -0.2
    return pose


def render(pose: np.ndarray) -> np.ndarray:
    """(480, 640) uint16 depth in 1/5000 m of the nearer of the two planes."""
    v, u = np.mgrid[:480, :640]
    rays = np.dstack([(u - CX) / FX, (v - CY) / FY, np.ones((480, 640))])
    rays = rays @ pose[:3, :3].T
    depths = []
    for *normal, distance in (FLOOR, SLOPE):
        with np.errstate(divide="ignore"):
            depth = (distance - pose[:3, 3] @ normal) / (rays @ np.array(normal))
        depths.append(np.where(depth > 0, depth, np.inf))
    depth = np.minimum(*depths) * 5000
    return np.where(depth < 65535, np.rint(depth), 0).astype(np.uint16)


@pytest.fixture
def sequence(tmp_path) -> Path:
    """Frames 0 to 2, of which the first has no pose."""
    associations, poses = [], []
    for number in range(3):
        pose = renderer_pose(number)
        write_color(
            tmp_path / "rgb" / f"{number}.png",
            np.full((480, 640, 3), (200, 90 + number, 20), np.uint8),
        )
        write_depth(tmp_path / "depth" / f"{number}.png", render(pose))
        associations.append(f"{number} depth/{number}.png {number} rgb/{number}.png")
        if number > 0:
            turn = Rotation.from_matrix(pose[:3, :3]).as_quat()
            poses.append(" ".join(map(str, [number, *pose[:3, 3], *turn])))
    (tmp_path / "associations.txt").write_text("\n".join(associations) + "\n")
    (tmp_path / "livingRoom9.gt.freiburg").write_text("\n".join(poses) + "\n")
    return tmp_path


def test_points_of_two_frames_lie_on_the_same_planes_of_one_world(sequence):
    source = open_frames(sequence)
    assert source.pose(0) is None
    for index in (1, 2):
        frame, pose = source[index], source.pose(index)
        assert np.linalg.det(pose[:3, :3]) == pytest.approx(1)
        points = unproject(frame.depth * frame.depth_scale, frame.depth_intrinsics)
        world = transform(pose, points[frame.depth > 0].astype(np.float64))
        # In a world whose y points down, the planes are the mirror images of theirs.
        normals = np.stack([FLOOR[:3], SLOPE[:3]]) * (1, -1, 1)
        apart = np.abs(world @ normals.T - (FLOOR[3], SLOPE[3]))
        assert apart.min(axis=1).max() < 1e-3  # depth is rounded to 0.2 mm
        assert (np.argmin(apart, axis=1) == 0).mean() > 0.1  # both are seen
        assert (np.argmin(apart, axis=1) == 1).mean() > 0.1


def test_the_camera_is_known_and_has_a_positive_focal_length(sequence):
    frame = open_frames(sequence)[1]
    camera = frame.color_intrinsics
    assert (camera.fx, camera.fy, camera.cx, camera.cy) == (481.2, 480.0, 319.5, 239.5)
    assert frame.depth_scale == 1 / 5000
    assert frame.rgb[0, 0].tolist() == [200, 91, 20]
    assert [f.timestamp_ns for f in open_frames(sequence)] == [
        0,
        33_333_333,
        66_666_667,
    ]


def test_a_calibration_of_ones_own_comes_first(sequence):
    (sequence / "K.txt").write_text(K)
    assert open_frames(sequence)[0].color_intrinsics.fy == 33.5


def test_without_a_trajectory_it_is_still_known(sequence):
    (sequence / "livingRoom9.gt.freiburg").unlink()
    source = open_frames(sequence)
    assert source.pose(1) is None
    assert source[0].depth_scale == 1 / 5000


def test_wrong_lines_and_two_trajectories_are_refused(sequence):
    (sequence / "livingRoom1.gt.freiburg").write_text("")
    assert "livingRoom1.gt.freiburg and livingRoom9" in refusal(sequence)
    file = sequence / "associations.txt"
    file.write_text(file.read_text() + "3 depth/3.png 4 rgb/4.png\n")
    assert "has the line '3 depth/3.png 4 rgb/4.png'" in refusal(sequence)
    # Others pair TUM's images by a file of this name: those are not rendered.
    file.write_text("1.5 rgb/1.5.png 1.51 depth/1.51.png\n")
    assert "no calibration" in refusal(sequence)
