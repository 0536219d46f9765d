import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from core import Intrinsics
from core.geometry import (
    angle_deg,
    pixel_rays,
    project,
    quaternion,
    rotation_matrix,
    transform,
    unproject,
)

BROWN = (0.208, -0.586, 7.2e-4, 1.05e-3, 0.499)
RATIONAL = (5.6, 3.6, 4e-5, 5e-5, 0.18, 5.9, 5.6, 0.98)  # a wide time-of-flight lens


@pytest.mark.parametrize("distortion", [(), BROWN, RATIONAL])
def test_a_pixels_ray_projects_back_to_the_pixel(distortion):
    camera = Intrinsics(640, 576, 505.0, 505.3, 327.0, 330.5, distortion)
    rays = pixel_rays(camera).reshape(-1, 2).astype(np.float64)
    points = 1.7 * np.column_stack((rays, np.ones(len(rays))))
    v, u = np.divmod(np.arange(640 * 576), 640)
    error = project(points, camera) - np.column_stack((u, v))
    assert np.abs(error).max() < 0.02


def test_unprojected_depth_keeps_its_z_and_missing_depth_is_the_origin():
    camera = Intrinsics(3, 2, 2.0, 4.0, 1.0, 0.5)
    depth = np.array([[0.0, 2.0, 2.0], [1.0, 1.0, 4.0]], np.float32)
    points = unproject(depth, camera)
    np.testing.assert_allclose(points[0], [(0, 0, 0), (0, -0.25, 2), (1, -0.25, 2)])
    np.testing.assert_allclose(points[1, 2], (2, 0.5, 4))


def test_transforms_take_points_of_the_second_frame_to_the_first():
    T_a_b = np.eye(4)
    T_a_b[:3, :3] = [[0, -1, 0], [1, 0, 0], [0, 0, 1]]
    T_a_b[:3, 3] = 10, 20, 30
    np.testing.assert_allclose(transform(T_a_b, np.array([(1.0, 2, 3)])), [(8, 21, 33)])


def test_angles_are_exact_even_when_they_are_tiny():
    turned = np.array((np.sin(1e-8), 0.0, np.cos(1e-8)))
    assert angle_deg(np.array((0, 0, 1.0)), turned) == pytest.approx(np.degrees(1e-8))


@pytest.mark.parametrize("turn", [0.0, 1e-9, 1.0, 3.0, np.pi - 1e-7, np.pi])
def test_rotations_are_the_same_as_quaternions(turn):
    axes = np.random.default_rng(5).normal(size=(20, 3))
    for axis in axes / np.linalg.norm(axes, axis=1, keepdims=True):
        expected = Rotation.from_rotvec(axis * turn)
        found = quaternion(expected.as_matrix())
        np.testing.assert_allclose(
            rotation_matrix(found), expected.as_matrix(), rtol=0, atol=4e-15
        )
        np.testing.assert_allclose(
            Rotation.from_quat(found).as_matrix(), expected.as_matrix(), atol=4e-15
        )
        assert found[3] >= 0
