import numpy as np
import pytest

from core.floor import measure_floor, refined_floor
from core.geometry import angle_deg
from core.normals import SurfaceSamples
from core.orientation import joint_up, scene_up
from core.paper_method import manhattan_up, percentile_floor

RNG = np.random.default_rng(7)


def _rotation(pitch_deg, roll_deg):
    """Takes the upright world to a pitched and rolled camera."""
    p, r = np.radians((pitch_deg, roll_deg))
    pitch = [[1, 0, 0], [0, np.cos(p), np.sin(p)], [0, -np.sin(p), np.cos(p)]]
    roll = [[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]]
    return np.array(roll) @ np.array(pitch)


def _samples(normals, points):
    return SurfaceSamples(normals.astype(np.float32), points.astype(np.float32))


def _room(pitch_deg, roll_deg, camera_height=1.3, noise_deg=2.0, floor_points=1500):
    """Normals and points of a floor, two walls and a table, and the true up."""
    surfaces = [
        ((0, -1, 0), (-1, 1), (camera_height, camera_height), (1.2, 3), floor_points),
        ((0, 0, -1), (-2, 2), (-1, camera_height), (3, 3), 1500),
        ((1, 0, 0), (-2, -2), (-1, camera_height), (1, 3), 900),
        ((0, -1, 0), (0.4, 1.2), (0.55, 0.55), (1.5, 2.2), 700),
    ]
    turn = _rotation(pitch_deg, roll_deg)
    normals, points = [], []
    for normal, *ranges, count in surfaces:
        jitter = RNG.normal(0, np.radians(noise_deg), (count, 3))
        jittered = np.array(normal) + jitter
        normals.append(jittered / np.linalg.norm(jittered, axis=1, keepdims=True))
        points.append(np.column_stack([RNG.uniform(*r, count) for r in ranges]))
    normals, points = (np.concatenate(x) @ turn.T for x in (normals, points))
    return normals, points, turn @ np.array((0.0, -1.0, 0.0))


@pytest.mark.parametrize(("pitch", "roll"), [(-35, 12), (-10, -17), (8, 5)])
def test_up_is_found_without_any_prior(pitch, roll):
    normals, points, up = _room(pitch, roll)
    assert angle_deg(scene_up(_samples(normals, points)), up) < 0.5
    assert angle_deg(manhattan_up(normals), up) < 1.0


def test_up_settles_from_a_prior_that_is_ten_degrees_off():
    normals, points, up = _room(-50, 15)
    tilted = up + 0.17 * np.cross(up, (1.0, 0.0, 0.0))
    found = joint_up(_samples(normals, points), tilted / np.linalg.norm(tilted))
    assert angle_deg(found, up) < 0.5


def _refined_floor(normals, points, up):
    return refined_floor(_samples(normals, points), up)


@pytest.mark.parametrize("find", [percentile_floor, _refined_floor])
def test_the_floor_lies_at_the_cameras_height(find):
    normals, points, up = _room(-30, 10, camera_height=1.45)
    floor = find(normals, points, up)
    assert floor.source == "measured"
    assert floor.camera_height == pytest.approx(1.45, abs=0.02)


@pytest.mark.parametrize("find", [percentile_floor, _refined_floor])
def test_a_view_without_a_floor_is_discarded(find):
    normals, points, up = _room(-5, 10, floor_points=0)
    above = (points @ up) > -0.9  # nothing but walls and the table top, which is higher
    assert find(normals[above], points[above], up) is None


def test_a_table_top_near_the_camera_is_not_a_floor():
    normals, points, up = _room(-30, 10, floor_points=0)
    on_table = (normals @ up > 0.9) & (points @ up > -0.56)
    lower = points[on_table] + 0.1 * up  # now 0.45 m below the camera
    assert percentile_floor(normals[on_table], lower, up) is not None
    assert _refined_floor(normals[on_table], lower, up) is None


@pytest.mark.parametrize(
    ("camera_height", "is_floor"),
    [(0.45, False), (0.55, True), (2.1, True), (2.3, False)],
)
def test_a_floor_that_nobody_could_carry_a_camera_above_is_none(
    camera_height, is_floor
):
    normals, points, up = _room(-30, 10, camera_height)
    assert (_refined_floor(normals[:1500], points[:1500], up) is not None) == is_floor


def _floor(normals, points, prior=None):
    return measure_floor(_samples(normals, points), prior)


@pytest.mark.parametrize("degrees", [2.0, 5.0, 10.0])
def test_a_prior_that_is_a_little_off_is_made_exact(degrees):
    normals, points, up = _room(-30, 10)
    across = np.cross(up, (0.0, 0.0, 1.0))
    prior = up + np.tan(np.radians(degrees)) * across / np.linalg.norm(across)
    floor = _floor(normals, points, prior / np.linalg.norm(prior))
    assert angle_deg(floor.up, up) < 0.5
    assert floor.camera_height == pytest.approx(1.3, abs=0.02)


def test_a_prior_that_is_far_off_finds_no_wrong_floor():
    normals, points, _ = _room(-30, 10)
    before = np.array((1.0, -1.0, 0.0)) / np.sqrt(2.0)
    assert _floor(normals, points, before) is None


@pytest.mark.parametrize("length", [1.0 - 9e-4, 1.0 + 9e-4])
def test_a_hint_whose_length_is_only_nearly_one_is_a_direction(length):
    # A roof at 17 deg misleads the up that walls and floors agree on.
    slope = np.radians(17.0)
    normals = np.tile((0.0, -1.0, 0.0), (3000, 1))
    normals[:2700] = 0.0, -np.cos(slope), -np.sin(slope)
    points = RNG.uniform((-1.0, 1.3, 1.0), (1.0, 1.3, 3.0), (3000, 3))
    points[:2700, 1] -= 0.7
    floor = _floor(normals, points, np.array((0.0, -length, 0.0)))
    assert floor.camera_height == pytest.approx(1.3, abs=0.01)
    np.testing.assert_allclose(floor.up, (0.0, -1.0, 0.0), atol=1e-6)


def test_a_few_points_measure_no_floor():
    normals, points, up = _room(-30, 10)
    assert _floor(normals[:199], points[:199], up) is None
    assert _floor(normals[:300], points[:300], up) is not None
