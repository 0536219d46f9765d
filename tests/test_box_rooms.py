"""The benchmark's rooms: what is rendered is what a hand and a ruler find."""

from itertools import pairwise

import numpy as np
import pytest

from benchmarks.box_furniture import random_room
from benchmarks.box_rooms import Box, BoxRoom, Sphere, rays_of, render
from benchmarks.box_views import (
    FLOOR_SHARES,
    SENSORS,
    distortion,
    floor_share,
    random_view,
    random_walk,
    sense,
    stratified_views,
    turned,
)
from core import HNBins, Intrinsics
from core.geometry import angle_deg
from core.simulation.walk import camera_pose

LENS = Intrinsics(9, 7, 4.0, 2.0, 4.0, 3.0)
"""Its pixel (3, 8) looks 45 deg to the right, (5, 4) 45 deg down."""
EYE = np.array((-0.5, -1.0, 1.2))
ALONG_X = camera_pose(EYE, 0.0, 0.0, 0.0)
SMALL = SENSORS["kinect"].resized(64, 48)


def view_of(*furniture, pose=ALONG_X):
    return render(BoxRoom((4.0, 6.0, 2.5), furniture), LENS, pose)


def box(centre, half):
    return Box(np.array(centre), np.array(half), np.eye(3))


def test_walls_floor_and_ceiling_are_where_a_ruler_finds_them():
    view = view_of()
    assert view.depth_m[3, 4] == pytest.approx(2.5)  # x from -0.5 to the wall at 2
    assert view.depth_m[3, 8] == pytest.approx(2.0)  # y from -1 to -3, at the right
    assert view.depth_m[5, 4] == pytest.approx(1.2)
    assert view.depth_m[0, 4] == pytest.approx(1.3 / 1.5)  # the ray rises 3 for 2
    np.testing.assert_allclose(view.normals[3, 4], (0, 0, -1), atol=1e-6)
    np.testing.assert_allclose(view.normals[3, 8], (-1, 0, 0), atol=1e-6)
    np.testing.assert_allclose(view.normals[5, 4], (0, -1, 0), atol=1e-6)
    np.testing.assert_allclose(view.normals[0, 4], (0, 1, 0), atol=1e-6)
    assert view.is_floor[5, 4]
    assert not view.is_floor[[3, 3, 0], [4, 8, 4]].any()


def test_the_nearest_of_boxes_and_balls_hides_the_others():
    ball = Sphere(np.array((0.9, -1.0, 1.2)), 0.3)
    assert view_of(ball).depth_m[3, 4] == pytest.approx(1.1)
    np.testing.assert_allclose(view_of(ball).normals[3, 4], (0, 0, -1), atol=1e-6)
    cupboard = box((0.5, -1.0, 1.0), (0.2, 0.6, 0.4))
    assert view_of(ball, cupboard).depth_m[3, 4] == pytest.approx(0.8)
    on_the_floor = box((0.7, -1.0, 0.1), (0.2, 0.5, 0.1))
    assert view_of(on_the_floor).depth_m[5, 4] == pytest.approx(1.0)
    assert not view_of(on_the_floor).is_floor[5, 4]
    over_the_floor = view_of(Sphere(np.array((0.1, -1.0, 0.6)), 0.2))
    assert over_the_floor.depth_m[5, 4] == pytest.approx(0.6 - 0.2 / np.sqrt(2.0))
    assert not over_the_floor.is_floor[5, 4]


def test_a_turned_box_shows_its_turned_face():
    turn = np.radians(30.0)
    R = np.array(
        ((np.cos(turn), -np.sin(turn), 0), (np.sin(turn), np.cos(turn), 0), (0, 0, 1))
    )
    sideboard = box((0, 0, 0), (0.2, 1.0, 2.0)).moved(R, np.array((1.0, -1.0, 1.0)))
    view = view_of(sideboard)
    assert view.depth_m[3, 4] == pytest.approx(1.5 - 0.2 / np.cos(turn))
    # Facing the camera and turned left with it: x right is -y of the world.
    np.testing.assert_allclose(
        view.normals[3, 4], (np.sin(turn), 0, -np.cos(turn)), atol=1e-6
    )
    assert sideboard.contains(np.array((1.0 - 0.19, -1.0, 1.0)), 0.0)
    assert not sideboard.contains(np.array((1.0 - 0.3, -1.0, 1.0)), 0.02)


def test_true_classes_of_floor_wall_and_ceiling():
    classes = view_of().hn_classes(HNBins())
    assert classes[5, 4] == 0  # floor: lowest height, flat
    assert classes[3, 4] == 10 + 4  # wall at 1.2 m
    assert classes[0, 4] == 9  # a ceiling at 2.5 m counts as flat
    signed = HNBins((1.0,), (45.0, 120.0), signed_angles=True)
    assert view_of().hn_classes(signed)[0, 4] == 2 * 2 + 1


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_normals_are_unit_and_face_the_camera_and_the_floor_is_at_height_0(seed):
    rng = np.random.default_rng(seed)
    view = random_view(rng, SMALL, shares=(0.05, 0.9))
    np.testing.assert_allclose(np.linalg.norm(view.normals, axis=-1), 1.0, atol=1e-5)
    assert (np.sum(view.normals * rays_of(SMALL), axis=-1) < 0.0).all()
    assert np.abs(view.heights[view.is_floor]).max() < 1e-5
    assert view.heights.min() > -1e-5
    assert ((view.ray_cosines > 0.0) & (view.ray_cosines <= 1.00001)).all()


def test_neighbouring_points_lie_in_the_plane_that_the_normal_names():
    rng = np.random.default_rng(4)
    view = random_view(rng, SENSORS["kinect"], clutter=(10, 10))
    points = rays_of(view.intrinsics) * view.depth_m[..., None]
    for axis in (0, 1):
        step = np.diff(points, axis=axis)
        normals = view.normals[tuple(np.s_[:size] for size in step.shape[:2])]
        off = np.abs(np.sum(step * normals, axis=-1))
        assert np.quantile(off, 0.9) < 1e-5


def test_up_turns_against_the_camera():
    pitched = view_of(pose=camera_pose(EYE, 0.0, np.radians(-30.0), 0.0))
    np.testing.assert_allclose(pitched.up, (0, -np.sqrt(0.75), -0.5), atol=1e-9)
    # Leaning to the right, the camera sees up at its upper left.
    rolled = view_of(pose=camera_pose(EYE, 0.3, 0.0, np.radians(20.0)))
    expected = (-np.sin(np.radians(20.0)), -np.cos(np.radians(20.0)), 0)
    np.testing.assert_allclose(rolled.up, expected, atol=1e-9)
    assert rolled.camera_height == 1.2


def test_a_room_is_its_seed_and_its_furniture_stands_inside():
    first = random_room(np.random.default_rng(5), 20)
    again = random_room(np.random.default_rng(5), 20)
    assert len(first.furniture) >= 20
    for solid, same in zip(first.furniture, again.furniture, strict=True):
        np.testing.assert_array_equal(solid.centre, same.centre)
        assert (np.abs(solid.centre[:2]) < np.array(first.size[:2]) / 2 + 1.1).all()


def test_every_stratum_has_its_share_of_floor():
    views = list(stratified_views(np.random.default_rng(6), SMALL, 2))
    assert len(views) == 10
    for index, view in enumerate(views):
        low, high = FLOOR_SHARES[index % 5 : index % 5 + 2]
        assert low <= view.is_floor.mean() < high


def test_a_walk_moves_little_between_frames_and_hides_its_floor_for_a_while():
    views = list(random_walk(np.random.default_rng(7)).views(SMALL))
    steps = np.diff([view.T_world_camera[:3, 3] for view in views], axis=0)
    assert np.linalg.norm(steps, axis=1).max() < 0.08
    turns = [angle_deg(a.up, b.up) for a, b in pairwise(views)]
    assert max(turns) < 3.0
    shares = np.array([view.is_floor.mean() for view in views])
    assert 0.05 < (shares < 0.01).mean() < 0.6
    assert (shares > 0.02).mean() > 0.4


def test_sensed_depth_is_near_the_truth_and_distortion_shifts_it():
    rng = np.random.default_rng(8)
    view = random_view(rng, SENSORS["kinect"], (-30.0, 0.0))
    frame = sense(view, "kinect", rng)
    seen = frame.depth > 0
    error = np.abs(frame.depth * frame.depth_scale - view.depth_m)[seen]
    assert 0.5 < seen.mean() < 1.0
    assert 0.0005 < np.median(error) < 0.02
    wrong = sense(view, "none", rng, distortion(rng, view.depth_m.shape))
    ratio = wrong.depth * wrong.depth_scale / view.depth_m - 1.0
    assert 0.002 < ratio.std() < 0.015
    assert floor_share(view, np.where(view.is_floor, 900, 0)) == 1.0


def test_an_up_is_turned_by_as_many_degrees_as_asked():
    rng = np.random.default_rng(9)
    up = np.array((0.0, -0.6, -0.8))
    assert angle_deg(turned(up, 7.0, rng), up) == pytest.approx(7.0)
