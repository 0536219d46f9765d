"""The motion between two frames: against poses that the rooms were seen from."""

from dataclasses import replace

import numpy as np
import pytest
from analytic_rooms import FURNITURE, View, look
from lopsided import rotation

from core import Intrinsics
from core.normals import SurfaceSamples, sample_surfaces
from core.planes import PlaneField, cell_camera, fit_planes
from core.tracking import Motion, relative_motion

CAMERA = Intrinsics(324, 243, 271.0, 239.0, 158.0, 127.0)
START = ((-0.6, -0.9, 1.43), 35.0, -21.0, 4.0)
HALL = np.array(((-9.0, -9.0, 0.0), (9.0, 2.1, 9.0)))
"""From its middle a camera that looks north sees nothing but one wall."""


def surfaces(view: View, noise: float = 6e-4) -> tuple[PlaneField, SurfaceSamples]:
    field = fit_planes(view.noisy(1e-3, noise, seed=3), 1e-3)
    return field, sample_surfaces(field, CAMERA)


def motion_of(previous: View, current: View, **options) -> Motion | None:
    field, _ = surfaces(previous)
    return relative_motion(field, surfaces(current)[1], cell_camera(CAMERA), **options)


def true_motion(previous: View, current: View) -> np.ndarray:
    return previous.T_camera_world @ np.linalg.inv(current.T_camera_world)


def turn_deg(R: np.ndarray) -> float:
    return np.degrees(np.arccos(np.clip((np.trace(R) - 1) / 2, -1, 1)))


def errors(T: np.ndarray, true: np.ndarray) -> tuple[float, float]:
    """Degrees and metres."""
    off = np.linalg.inv(true) @ T
    return turn_deg(off[:3, :3]), np.linalg.norm(off[:3, 3])


def moved(T_previous_current: np.ndarray, view: View) -> View:
    """What the camera of a view sees after a motion."""
    T_world_camera = np.linalg.inv(view.T_camera_world) @ T_previous_current
    forward, position = T_world_camera[:3, 2], tuple(T_world_camera[:3, 3])
    yaw, pitch = np.degrees(
        (np.arctan2(-forward[0], forward[1]), np.arcsin(forward[2]))
    )
    unrolled = look(CAMERA, position, yaw, pitch).T_camera_world @ T_world_camera
    roll = np.degrees(np.arctan2(unrolled[1, 0], unrolled[0, 0]))
    return look(CAMERA, position, yaw, pitch, roll)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("axis", range(6), ids=["pitch", "yaw", "roll", "x", "y", "z"])
def test_each_turn_and_shift_is_found_with_its_sign_and_size(axis, sign):
    true = np.eye(4)
    if axis < 3:
        angles = np.zeros(3)
        angles[axis] = sign * np.radians(2.5 + 0.4 * axis)
        true[:3, :3] = rotation(*angles)
    else:
        true[axis - 3, 3] = sign * (0.02 + 0.01 * axis)
    first = look(CAMERA, *START)
    second = moved(true, first)
    np.testing.assert_allclose(true_motion(first, second), true, atol=1e-9)
    motion = motion_of(first, second)
    angle, distance = errors(motion.T_previous_current, true)
    assert angle < 0.06 and distance < 0.003
    assert motion.inlier_share > 0.75


def test_motions_compose():
    views = [
        look(CAMERA, *START),
        look(CAMERA, (-0.57, -0.93, 1.40), 33.2, -22.5, 4.8),
        look(CAMERA, (-0.53, -0.91, 1.42), 31.5, -23.0, 6.1),
    ]
    ab, bc, ac = (
        motion_of(views[i], views[j]).T_previous_current
        for i, j in ((0, 1), (1, 2), (0, 2))
    )
    angle, distance = errors(ab @ bc, ac)
    assert angle < 0.08 and distance < 0.004
    angle, distance = errors(
        motion_of(views[1], views[0]).T_previous_current @ ab, np.eye(4)
    )
    assert angle < 0.08 and distance < 0.004


def test_a_camera_that_stands_still_has_not_moved():
    view = look(CAMERA, *START)
    field = fit_planes(view.noisy(1e-3, 6e-4, seed=5), 1e-3)
    motion = relative_motion(field, surfaces(view)[1], cell_camera(CAMERA))
    angle, distance = errors(motion.T_previous_current, np.eye(4))
    assert angle < 0.04 and distance < 0.002


def test_a_guess_finds_a_motion_that_is_too_large_without_one():
    first = look(CAMERA, *START)
    second = look(CAMERA, (-0.74, -0.82, 1.3), 52.0, -17.0, -2.0)
    true = true_motion(first, second)
    assert motion_of(first, second) is None
    guess = true.copy()
    guess[:3, :3] = guess[:3, :3] @ rotation(0.02, -0.03, 0.01)
    guess[:3, 3] += (0.03, -0.02, 0.01)
    motion = motion_of(first, second, guess=guess)
    angle, distance = errors(motion.T_previous_current, true)
    assert angle < 0.3 and distance < 0.02


def test_nobody_carries_a_camera_so_far_between_two_frames():
    first = look(CAMERA, *START)
    for position, yaw in (((-0.6, -0.9, 1.43), 62.0), ((-0.2, -0.45, 1.43), 35.0)):
        second = look(CAMERA, position, yaw, *START[2:])
        assert motion_of(first, second, guess=true_motion(first, second)) is None


@pytest.mark.parametrize(
    "pose",
    [
        ((0.9, 0.5, 0.7), 150.0, -35.0, -8.0),
        ((-1.2, 0.2, 1.9), -80.0, 12.0, 3.0),
        ((1.4, -1.0, 1.1), 95.0, -5.0, 15.0),
    ],
)
def test_a_jump_is_lost(pose):
    assert motion_of(look(CAMERA, *START), look(CAMERA, *pose)) is None


def test_a_frame_without_depth_or_of_another_size_is_lost():
    view = look(CAMERA, *START)
    field, samples = surfaces(view)
    nothing = fit_planes(np.zeros(view.depth_m.shape, np.uint16), 1e-3)
    camera = cell_camera(CAMERA)
    assert relative_motion(nothing, samples, camera) is None
    empty = sample_surfaces(nothing, CAMERA)
    assert relative_motion(field, empty, camera) is None
    # A wall in front looks alike in images of any size.
    facing = look(CAMERA, (0.0, 0.0, 4.5), 0.0, 0.0, 0.0, (), HALL)
    field, samples = surfaces(facing)
    assert relative_motion(field, samples, camera) is not None
    smaller = cell_camera(CAMERA.resized(200, 150))
    assert relative_motion(field, samples, smaller) is None


def test_surfaces_that_face_elsewhere_are_not_the_same():
    field, samples = surfaces(look(CAMERA, *START))
    camera = cell_camera(CAMERA)
    leaning = samples.normals @ rotation(0.0, 0.3, 0.0).T.astype(np.float32)
    assert relative_motion(field, SurfaceSamples(leaning, samples.points), camera)
    turned = samples.normals @ rotation(0.0, 0.8, 0.0).T.astype(np.float32)
    elsewhere = SurfaceSamples(turned, samples.points)
    assert relative_motion(field, elsewhere, camera) is None


@pytest.mark.parametrize("noise", [6e-4, 0.0])
@pytest.mark.parametrize("guessed", [(0.0, 0.0, 0.0), (0.05, -0.07, 0.01)])
def test_along_a_single_wall_only_what_it_shows_is_told(noise, guessed):
    first = look(CAMERA, (0.0, 0.0, 4.5), 9.0, -7.0, 2.0, (), HALL)
    second = look(CAMERA, (0.025, 0.02, 4.48), 10.0, -6.0, 3.0, (), HALL)
    guess = np.eye(4)
    guess[:3, 3] = guessed
    (field, _), (_, samples) = surfaces(first, noise), surfaces(second, noise)
    motion = relative_motion(field, samples, cell_camera(CAMERA), guess)
    T = motion.T_previous_current
    north, east, up = first.T_camera_world[:3, [1, 0, 2]].T
    # The wall is nearer by what the camera went north; it may have slid along it.
    assert north @ T[:3, 3] == pytest.approx(0.02, abs=0.002)
    assert abs(east @ T[:3, 3]) < 0.01 and abs(up @ T[:3, 3]) < 0.01
    # Both saw the wall's normal; the roll about it is not known.
    before, now = (view.T_camera_world[:3, 1] for view in (first, second))
    assert np.degrees(np.arccos(T[:3, :3] @ now @ before)) < 0.05
    assert turn_deg(T[:3, :3]) < 1.6
    covariance = np.linalg.inv(motion.information)
    for axis, low, high in ((north, 0.0, 0.02), (east, 0.03, 0.06), (up, 0.03, 0.06)):
        assert low < np.sqrt(axis @ covariance[3:, 3:] @ axis) < high


def test_a_step_along_what_no_error_tells_is_none():
    from core.kernels.tracking import solve_damped

    known = np.array((4.0, 0.0, 0.0, 0.0, 9.0, 2.0))
    asked = np.array((0.01, 0.0, 0.0, 0.0, -0.03, 0.02))
    equations = np.column_stack((np.diag(known), -known * asked))
    step = np.full(6, 7.0)
    solve_damped(equations, np.full((6, 6), 7.0), step)
    np.testing.assert_allclose(step, asked, rtol=0.005, atol=1e-12)


def test_where_all_directions_are_seen_the_information_covers_the_error():
    v, u = np.indices((CAMERA.height, CAMERA.width))
    stretch = 1.0 + 0.008 * np.sin(u / 47.0) * np.cos(v / 39.0 + 1.0)
    first = look(CAMERA, *START)
    field, _ = surfaces(replace(first, depth_m=first.depth_m * stretch))
    chi_squares = []
    for k in range(8):
        position = -0.6 + 0.01 * k, -0.9 - 0.007 * k, 1.40 + 0.012 * k
        second = look(CAMERA, position, 35.0 + 0.4 * k, -21.0 - 0.5 * k, 4.0 + 0.3 * k)
        _, samples = surfaces(replace(second, depth_m=second.depth_m * stretch))
        motion = relative_motion(field, samples, cell_camera(CAMERA))
        off = np.linalg.inv(true_motion(first, second)) @ motion.T_previous_current
        step = np.append((off[2, 1], off[0, 2], off[1, 0]), off[:3, 3])
        chi_squares.append(step @ motion.information @ step)
        sigmas = np.sqrt(np.diag(np.linalg.inv(motion.information)))
        assert (sigmas[:3] < np.radians(0.5)).all() and (sigmas[3:] < 0.01).all()
    assert 0.01 < np.mean(chi_squares) < 6.0  # of as many numbers


def test_a_thing_that_moves_by_itself_does_not_pull_the_camera_along():
    box = np.array(((-1.0, 0.4, 0.9), (-0.6, 0.8, 1.4)))
    flown = box + np.array((0.09, 0.05, 0.06))
    pose = (-0.57, -0.93, 1.40), 33.2, -22.5, 4.8
    first = look(CAMERA, *START, furniture=(*FURNITURE, box))
    second = look(CAMERA, *pose, furniture=(*FURNITURE, flown))
    assert (first.depth_m != look(CAMERA, *START).depth_m).mean() > 0.04
    motion = motion_of(first, second)
    angle, distance = errors(motion.T_previous_current, true_motion(first, second))
    assert angle < 0.2 and distance < 0.006
