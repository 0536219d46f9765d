"""The paper's chain: laws of its regulariser, truths of drawn rooms, its one rule."""

from itertools import pairwise

import numpy as np
import pytest
from lopsided import rotation

from core.frame import Intrinsics
from core.geometry import angle_deg, pixel_rays
from core.paper_method import (
    FIDELITY,
    manhattan_up,
    paper_floor,
    paper_surfaces,
    percentile_floor,
    raw_normals,
    regularised_normals,
)
from core.registration import register_depth
from core.simulation import room_views

CAMERA = Intrinsics(321, 243, 290.0, 284.0, 170.5, 113.0)
LEFT = np.array((0.36, -0.48, -0.8))
RIGHT = np.array((-0.6, 0.0, -0.8))


def _unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def _angles_deg(normals, truth):
    """Degrees of each normal off the truth where there is a normal."""
    seen = np.any(normals != 0, axis=-1)
    cosines = np.sum(normals * truth, axis=-1)[seen]
    return np.degrees(np.arccos(np.clip(cosines, -1.0, 1.0)))


def _edge(height=41, width=70, edge=30):
    """Normals of a plane left of an edge and another right of it."""
    truth = np.empty((height, width, 3), np.float32)
    truth[:, :edge], truth[:, edge:] = LEFT, RIGHT
    return truth


def _noisy(normals, noise_deg, seed=5):
    jitter = np.random.default_rng(seed).normal(0, np.radians(noise_deg), normals.shape)
    return _unit(normals + jitter).astype(np.float32)


def _objective(normals, given):
    """Total variation plus weighted squared distance, as the paper states it."""
    u, seen = normals.astype(np.float64), np.any(given != 0, axis=-1)
    right, down = np.zeros_like(u), np.zeros_like(u)
    right[:, :-1] = np.diff(u, axis=1) * (seen[:, 1:] & seen[:, :-1])[..., None]
    down[:-1] = np.diff(u, axis=0) * (seen[1:] & seen[:-1])[..., None]
    variation = np.sqrt((right**2 + down**2).sum(axis=-1)).sum()
    return variation + FIDELITY * ((u - given) ** 2).sum()


def test_two_noisy_planes_become_flat_and_keep_their_edge():
    truth = _edge()
    noisy = _noisy(truth, 8.0)
    result = regularised_normals(noisy)
    assert _angles_deg(noisy, truth).mean() > 8.0
    assert _angles_deg(result, truth).mean() < 1.5
    left, right = (_unit(result[:, i].mean(axis=0)) for i in (29, 30))
    assert abs(angle_deg(left, right) - angle_deg(LEFT, RIGHT)) < 8.0


@pytest.mark.parametrize("shape", [(17, 24), (1, 9), (1, 1)])
def test_equal_normals_are_left_as_they_are(shape):
    given = np.broadcast_to(LEFT.astype(np.float32), (*shape, 3))
    np.testing.assert_allclose(regularised_normals(given), given, atol=1e-6)


def test_normals_stay_unit_vectors_and_missing_ones_missing():
    given = _noisy(_edge(), 20.0)
    missing = np.random.default_rng(8).random(given.shape[:2]) < 0.3
    given[missing] = 0.0
    result = regularised_normals(given)
    assert result.dtype == np.float32
    np.testing.assert_array_equal(np.any(result != 0, axis=-1), ~missing)
    lengths = np.linalg.norm(result[~missing], axis=-1)
    np.testing.assert_allclose(lengths, 1.0, atol=1e-5)


def test_nothing_is_smoothed_across_missing_cells():
    noisy = _noisy(_edge(), 12.0)
    noisy[:, 33], noisy[25] = 0.0, 0.0
    result = regularised_normals(noisy)
    for part in (np.s_[:25, :33], np.s_[:25, 34:], np.s_[26:, :33], np.s_[26:, 34:]):
        alone = regularised_normals(noisy[part])
        np.testing.assert_allclose(result[part], alone, atol=1e-5)


def test_the_objective_falls_to_below_that_of_the_true_normals():
    truth = _edge()
    given = _noisy(truth, 8.0)
    given[5:9, 10:50] = 0.0
    path = [_objective(given, given)]
    for iterations in (5, 10, 20, 40, 80, 160):
        path.append(_objective(regularised_normals(given, iterations), given))
    assert all(after < before for before, after in pairwise(path))
    seen = np.any(given != 0, axis=-1, keepdims=True)
    assert path[-1] < _objective(truth * seen, given) < path[0]
    assert path[4] < 1.03 * path[-1]


def test_regularising_commutes_with_turning_the_normals_and_with_transposing():
    given = _noisy(_edge(), 8.0)
    given[20, 40:] = 0.0
    result = regularised_normals(given)
    turn = rotation(0.4, -1.1, 2.0).astype(np.float32)
    np.testing.assert_allclose(
        regularised_normals(given @ turn.T), result @ turn.T, atol=1e-4
    )
    transposed = regularised_normals(given.swapaxes(0, 1))
    np.testing.assert_allclose(transposed.swapaxes(0, 1), result, atol=1e-4)


def _depth_of(planes, camera=CAMERA, depth_scale=0.0002):
    """uint16 depth of the nearest of planes (n, d): points with n @ p = d."""
    rays = np.dstack((pixel_rays(camera), np.ones((camera.height, camera.width))))
    depth_m = np.full(rays.shape[:2], np.inf)
    for normal, distance in planes:
        along = rays @ np.asarray(normal)
        hit = distance / np.where(np.abs(along) > 1e-9, along, 1e-9)
        depth_m = np.minimum(depth_m, np.where(hit > 0.05, hit, np.inf))
    units = np.rint(np.where(np.isfinite(depth_m), depth_m, 0.0) / depth_scale)
    return np.where(units < 65535, units, 0).astype(np.uint16)


def test_raw_normals_of_a_slanted_plane_are_its_normal_beside_holes_too():
    normal = _unit(np.array((0.7, -0.3, -0.6)))
    depth = _depth_of([(normal, -0.5)], depth_scale=2e-5)
    depth[100:121, 55:80] = 0
    normals = raw_normals(depth, 2e-5, CAMERA)
    assert normals.shape == (122, 161, 3)
    assert not normals[50:60, 28:40].any()
    assert _angles_deg(normals, normal).max() < 0.1


def test_raw_normals_face_the_camera_whatever_the_depth():
    random = np.random.default_rng(9)
    depth = random.integers(1, 65536, (243, 321)).astype(np.uint16)
    depth[random.random(depth.shape) < 0.7] = 0
    rays = np.dstack((pixel_rays(CAMERA), np.ones(depth.shape)))
    centres = (rays[:-1:2, :-1:2] + rays[1::2, 1::2]) / 2
    normals = raw_normals(depth, 0.0002, CAMERA)[:-1, :-1]
    seen = np.any(normals != 0, axis=-1)
    assert seen.mean() > 0.5
    assert (np.sum(normals * centres, axis=-1)[seen] < 0).all()


def test_cells_whose_pixels_span_no_plane_face_the_camera():
    depth = np.zeros((48, 60), np.uint16)
    depth[20, 51] = 1500
    diagonal = np.arange(4, 30)
    depth[diagonal, diagonal + 1] = 1300 + 71 * diagonal
    normals = raw_normals(depth, 0.001, Intrinsics(60, 48, 54.0, 56.0, 31.0, 22.0))
    seen = np.any(normals != 0, axis=-1)
    expected = np.zeros_like(seen)
    expected[[10, *diagonal // 2], [25, *(diagonal + 1) // 2]] = True
    np.testing.assert_array_equal(seen, expected)
    np.testing.assert_allclose(normals[seen] - (0, 0, -1), 0.0, atol=0.01)


def _room(turn, camera_height=1.35):
    """Depth of a floor and two walls seen by a camera turned by (3, 3), and its up."""
    floor, back, side = np.array(((0, -1, 0), (0, 0, -1), (1, 0, 0))) @ turn.T
    walls = [(back, -3.1), (side, -1.6)]
    return _depth_of([(floor, -camera_height), *walls]), floor, walls


def test_points_and_normals_lie_on_the_pixels_that_have_depth():
    depth, up, _ = _room(rotation(0.45, 0.3, 0.1))
    depth[np.random.default_rng(2).random(depth.shape) < 0.2] = 0
    normals, points = paper_surfaces(depth, 0.0002, CAMERA)
    assert normals.shape == points.shape == (243, 321, 3)
    for image in (normals, points):
        np.testing.assert_array_equal(np.any(image != 0, axis=-1), depth > 0)
    floor = np.abs(points @ up + 1.35) < 0.001
    assert floor.mean() > 0.2
    on_floor = normals * floor[..., None]
    assert np.median(_angles_deg(on_floor, up)) < 0.5


@pytest.mark.parametrize("pitch", [0.6, 0.35])
def test_the_floor_is_found_where_it_is(pitch):
    depth, up, _ = _room(rotation(pitch, 0.3, 0.1))
    floor = paper_floor(*paper_surfaces(depth, 0.0002, CAMERA))
    assert angle_deg(floor.up, up) < 0.5
    assert floor.camera_height == pytest.approx(1.35, abs=0.01)
    assert floor.source == "measured"


def test_a_view_of_walls_alone_is_discarded():
    turn = rotation(0.1, 0.3, 0.1)
    _, _, walls = _room(turn)
    surfaces = paper_surfaces(_depth_of(walls), 0.0002, CAMERA)
    assert surfaces[0].any()
    assert paper_floor(*surfaces) is None


def test_a_view_with_next_to_no_depth_is_discarded():
    depth, _, _ = _room(rotation(0.35, 0.3, 0.1))
    depth[:, 40:] = 0
    assert paper_floor(*paper_surfaces(depth, 0.0002, CAMERA)) is None
    assert paper_floor(*paper_surfaces(0 * depth, 0.0002, CAMERA)) is None


@pytest.mark.parametrize(("num_up", "is_kept"), [(5, False), (6, True)])
def test_more_than_half_of_the_lowest_percent_must_face_up(num_up, is_kept):
    up = np.array((0.0, -0.8, -0.6))
    tilts = np.radians(np.where(np.arange(1000) % 2, 16.0, 180.0))
    tilts[:num_up] = np.radians(14.0)
    sideways = np.array((1.0, 0.0, 0.0))
    normals = np.cos(tilts)[:, None] * up + np.sin(tilts)[:, None] * sideways
    heights = -1.4 + 0.002 * np.arange(1000)  # the lowest ten are the first percent
    points = heights[:, None] * up + np.arange(1000)[:, None] * sideways
    order = np.random.default_rng(3).permutation(1000)
    floor = percentile_floor(normals[order], points[order], up)
    assert (floor is not None) == is_kept
    if floor is not None:
        assert floor.camera_height == pytest.approx(1.4 - 0.002 * 9.99, abs=1e-6)
        assert floor.confidence == pytest.approx(0.6)


@pytest.mark.parametrize(
    "angles", [(-0.5, 0.6, 0.2), (0.3, -0.4, -0.35), (-0.1, 0.1, 0.0)]
)
def test_the_manhattan_frame_is_found_among_outliers(angles):
    random = np.random.default_rng(6)
    turn = rotation(*angles)
    axes = np.array(((0, -1, 0), (0, 0, -1), (1, 0, 0), (-1, 0, 0)))
    straight = np.repeat(axes, (900, 1400, 500, 200), axis=0)
    inliers = _unit(straight + random.normal(0, 0.05, straight.shape)) @ turn.T
    outliers = _unit(random.normal(size=(2000, 3)))
    up = manhattan_up(np.concatenate((inliers, outliers)))
    assert angle_deg(up, turn @ np.array((0.0, -1.0, 0.0))) < 1.5


def test_regularising_halves_the_normal_error_of_kinect_views():
    before, after = [], []
    for frame, truth in room_views(seed=3, num_frames=2, aligned=True):
        intrinsics = frame.color_intrinsics.pinhole()
        raw = raw_normals(register_depth(frame), frame.depth_scale, intrinsics)
        before.append(_angles_deg(raw, truth.normals[::2, ::2]))
        after.append(_angles_deg(regularised_normals(raw), truth.normals[::2, ::2]))
    before, after = np.concatenate(before), np.concatenate(after)
    assert np.median(after) < 0.5 * np.median(before)
    assert after.mean() < before.mean()
