import numpy as np
import pytest

from core.floor import percentile_floor, refined_floor
from core.geometry import angle_deg
from core.orientation import joint_up, manhattan_up, scene_up

RNG = np.random.default_rng(7)


def _rotation(pitch_deg, roll_deg):
    """Takes the upright world to a pitched and rolled camera."""
    p, r = np.radians((pitch_deg, roll_deg))
    pitch = [[1, 0, 0], [0, np.cos(p), np.sin(p)], [0, -np.sin(p), np.cos(p)]]
    roll = [[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]]
    return np.array(roll) @ np.array(pitch)


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
    assert angle_deg(scene_up(normals, points), up) < 0.5
    assert angle_deg(manhattan_up(normals), up) < 1.0


def test_up_settles_from_a_prior_that_is_ten_degrees_off():
    normals, _, up = _room(-50, 15)
    tilted = up + 0.17 * np.cross(up, (1.0, 0.0, 0.0))
    assert angle_deg(joint_up(normals, tilted / np.linalg.norm(tilted)), up) < 0.5


@pytest.mark.parametrize("find", [percentile_floor, refined_floor])
def test_the_floor_lies_at_the_cameras_height(find):
    normals, points, up = _room(-30, 10, camera_height=1.45)
    floor = find(normals, points, up)
    assert floor.source == "measured"
    assert floor.camera_height == pytest.approx(1.45, abs=0.02)


@pytest.mark.parametrize("find", [percentile_floor, refined_floor])
def test_a_view_without_a_floor_is_discarded(find):
    normals, points, up = _room(-5, 10, floor_points=0)
    above = (points @ up) > -0.9  # nothing but walls and the table top, which is higher
    assert find(normals[above], points[above], up) is None


def test_a_table_top_near_the_camera_is_not_a_floor():
    normals, points, up = _room(-30, 10, floor_points=0)
    on_table = (normals @ up > 0.9) & (points @ up > -0.56)
    lower = points[on_table] + 0.1 * up  # now 0.45 m below the camera
    assert percentile_floor(normals[on_table], lower, up) is not None
    assert refined_floor(normals[on_table], lower, up) is None
