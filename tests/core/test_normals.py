import numpy as np
import pytest

from core import Intrinsics
from core.geometry import pixel_rays
from core.normals import normals, pixel_normals
from core.planes import fit_planes

CAMERA = Intrinsics(160, 120, 145.0, 147.0, 83.0, 57.0)
SCALE = 0.001


def _depth(normal, distance):
    """Metres along the axis of the plane normal @ p = -distance."""
    rays = np.dstack((pixel_rays(CAMERA), np.ones((120, 160))))
    return -distance / (rays @ normal)


def _units(depth_m):
    return np.rint(depth_m / SCALE).astype(np.uint16)


def _errors_deg(found, truth):
    return np.degrees(np.arccos(np.clip(found @ truth, -1.0, 1.0)))


def _unit(*vector):
    return np.array(vector) / np.linalg.norm(vector)


@pytest.mark.parametrize(
    "normal", [_unit(0.1, -0.9, -0.4), _unit(-0.5, 0.2, -0.8), _unit(0, 0, -1.0)]
)
def test_a_plane_has_its_own_normal_everywhere(normal):
    depth = _units(_depth(normal, 1.5).clip(0, 8))
    depth[_depth(normal, 1.5) > 8] = 0
    depth[_depth(normal, 1.5) < 0] = 0
    field = fit_planes(depth, SCALE)
    found = pixel_normals(field, depth, SCALE, CAMERA)
    seen = depth > 0
    assert np.median(_errors_deg(found[seen], normal)) < 0.05
    assert np.quantile(_errors_deg(found[seen], normal), 0.99) < 1.0
    assert not found[~seen].any()


def test_normals_face_the_camera():
    depth = _units(_depth(_unit(0.3, -0.3, -0.9), 2.0))
    cells = normals(fit_planes(depth, SCALE), CAMERA)
    assert (cells[..., 2] < 0).all()


def test_pixels_at_an_edge_keep_the_normal_of_their_own_surface():
    floor, wall = _unit(0.0, -1.0, -0.1), _unit(0.2, 0.0, -1.0)
    on_floor = _depth(floor, 0.6)
    on_floor[on_floor < 0] = np.inf
    on_wall = _depth(wall, 3.0)
    is_floor = on_floor < on_wall
    assert 0.2 < is_floor.mean() < 0.8
    depth = _units(np.minimum(on_floor, on_wall))
    found = pixel_normals(fit_planes(depth, SCALE), depth, SCALE, CAMERA)
    right = np.where(
        is_floor, _errors_deg(found, floor) < 15, _errors_deg(found, wall) < 15
    )
    assert right.mean() > 0.99


def test_a_step_in_depth_is_not_a_slope():
    depth = np.full((120, 160), 3000, np.uint16)
    depth[30:90, 50:110] = 1500
    found = pixel_normals(fit_planes(depth, SCALE), depth, SCALE, CAMERA)
    assert (_errors_deg(found, np.array((0, 0, -1.0))) < 5).mean() > 0.99


def test_noise_like_a_kinects_costs_less_than_two_degrees():
    normal = _unit(0.1, -0.8, -0.6)
    depth_m = _depth(normal, 1.4)
    depth_m[(depth_m < 0) | (depth_m > 6)] = 0
    noise = np.random.default_rng(3).normal(0, 1.4e-3, depth_m.shape) * depth_m**2
    depth = _units(depth_m + noise)
    found = pixel_normals(fit_planes(depth, SCALE), depth, SCALE, CAMERA)
    assert np.median(_errors_deg(found[depth > 0], normal)) < 2.0


@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (16, 16), (17, 33)])
def test_every_size_and_a_lone_pixel_have_normals(shape):
    depth = np.zeros(shape, np.uint16)
    depth[shape[0] // 2, shape[1] // 2] = 1234
    camera = Intrinsics(shape[1], shape[0], 20.0, 20.0, 3.0, 2.0)
    found = pixel_normals(fit_planes(depth, SCALE), depth, SCALE, camera)
    lengths = np.linalg.norm(found, axis=-1)
    np.testing.assert_allclose(lengths, (depth > 0).astype(float), atol=1e-5)
