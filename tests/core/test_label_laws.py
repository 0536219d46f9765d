"""Laws that labels keep for every frame, whatever it shows."""

import numpy as np
import pytest
from analytic_rooms import aligned, look
from hypothesis import given, settings
from hypothesis import strategies as st
from lopsided import rotation

from core import (
    IGNORE_LABEL,
    FloorPlane,
    HNBins,
    Intrinsics,
    Labeler,
    RgbdFrame,
    label_frame,
)
from core.geometry import angle_deg, pixel_rays, project, transform
from core.orientation import CAMERA_HEIGHTS

CAMERA = Intrinsics(163, 121, 128.0, 131.0, 84.0, 57.0)
POSITION = (0.1, -0.3, 1.3)
HALL = np.array(((-3.3, -2.9, 0.0), (3.1, 4.2, 2.6)))

yaws, turns = st.floats(-180, 180), st.floats(-30, 30)
pitches, rolls = st.floats(-38, -18), st.floats(-15, 15)
seeds = st.integers(0, 10**6)
turns_of_up = st.tuples(st.floats(-0.2, 1.2), st.just(0.0), st.floats(-0.4, 0.4))


def _tilted(up, degrees):
    """An IMU's up that is so many degrees off."""
    across = np.cross(up, (0.3, 0.1, -0.9))
    tilted = up + np.tan(np.radians(degrees)) * across / np.linalg.norm(across)
    return tilted / np.linalg.norm(tilted)


def _far_from_edges(heights, bins, metres=0.025):
    edges = np.array(bins.height_edges)
    return np.abs(heights[..., None] - edges).min(axis=-1) > metres


@settings(deadline=None, max_examples=12)
@given(yaws, turns, pitches, rolls)
def test_a_point_keeps_its_height_when_the_camera_turns(yaw, turn, pitch, roll):
    here, there = (
        look(CAMERA, POSITION, angle, pitch, roll, room=HALL)
        for angle in (yaw, yaw + turn)
    )
    now, later = (
        label_frame(view.frame(5e-4, up_hint=_tilted(view.up, 2.0)))
        for view in (here, there)
    )
    assert angle_deg(now.floor.up, later.floor.up) < 0.5
    assert abs(now.floor.camera_height - later.floor.camera_height) < 0.015
    judged = _far_from_edges(here.heights, now.bins)
    points, heights = here.points[judged], here.heights[judged]
    points = transform(there.T_camera_world, points)
    u, v = np.rint(project(points, CAMERA)).astype(int).T
    is_same = (points[:, 2] > 0) & (u >= 0) & (u < 163) & (v >= 0) & (v < 121)
    u, v = np.where(is_same, u, 0), np.where(is_same, v, 0)
    is_same &= np.abs(there.heights[v, u] - heights) < 0.01
    assert is_same.mean() > 0.1
    bins = [labels.classes % now.bins.num_heights for labels in (now, later)]
    assert (bins[0][judged] == bins[1][v, u])[is_same].mean() > 0.99


@settings(deadline=None, max_examples=12)
@given(yaws, pitches, rolls)
def test_every_view_of_a_room_has_its_true_classes(yaw, pitch, roll):
    view = look(CAMERA.resized(326, 242), POSITION, yaw, pitch, roll, room=HALL)
    labels = label_frame(view.frame(5e-4, up_hint=_tilted(view.up, 3.0)))
    assert angle_deg(labels.floor.up, view.up) < 0.5
    assert labels.floor.camera_height == pytest.approx(1.3, abs=0.01)
    judged = _far_from_edges(view.heights, labels.bins)
    truth = labels.bins.classify(view.heights, view.cosines)
    assert (labels.classes == truth)[judged].mean() > 0.98
    assert (labels.classes % 10 == truth % 10)[judged].mean() > 0.998


@settings(deadline=None, max_examples=12)
@given(st.floats(0.6, 1.6), yaws, pitches, seeds)
def test_a_larger_world_in_larger_bins_has_the_same_classes(times, yaw, pitch, seed):
    view = look(CAMERA, POSITION, yaw, pitch, 4.0, room=HALL)
    depth = view.noisy(5e-4, 2e-3, seed)
    bins = HNBins(height_edges=(0.31, 0.8, 1.4))
    larger = HNBins(height_edges=tuple(times * edge for edge in bins.height_edges))
    frame, of_larger = (
        view.frame(scale, depth=depth, up_hint=view.up)
        for scale in (5e-4, times * 5e-4)
    )
    one, other = label_frame(frame, bins), label_frame(of_larger, larger)
    height = times * one.floor.camera_height
    assert other.floor.camera_height == pytest.approx(height, rel=0.01)
    assert (one.classes == other.classes).mean() > 0.98
    floor = FloorPlane(one.floor.up, height)
    again = label_frame(of_larger, larger, floor=floor)
    assert (one.classes == again.classes).mean() > 0.99


@settings(deadline=None, max_examples=20)
@given(st.floats(0, 1), seeds, st.sampled_from(("live", "paper")))
def test_exactly_the_missing_pixels_are_ignored(share, seed, method):
    view = look(CAMERA, POSITION, 30.0, room=HALL)
    missing = np.random.default_rng(seed).random(view.depth_m.shape) < share
    depth = np.where(missing, 0, view.depth(1e-3)).astype(np.uint16)
    floor = FloorPlane(view.up, POSITION[2])
    labels = label_frame(view.frame(depth=depth), method=method, floor=floor)
    np.testing.assert_array_equal(labels.classes == IGNORE_LABEL, missing)


def _one_pixel(rng, shape):
    depth = np.zeros(shape)
    depth[tuple(rng.integers(0, shape))] = rng.integers(1, 65536)
    return depth


def _checkerboard(rng, shape):
    is_white = (np.indices(shape) // rng.integers(1, 9)).sum(axis=0) % 2
    return rng.integers(0, 65536, 2)[is_white]


def _plane(normal, units, rays):
    """A plane so many units away, to its horizon."""
    along = -(rays @ normal[:2] + normal[2])
    with np.errstate(divide="ignore", over="ignore"):
        depth = units / along
    return np.where((depth > 0) & (depth < 65535.5), depth, 0)


def _holes(rng, shape):
    return rng.random(shape) > rng.random()


IMAGES = {  # of random numbers, image shape and a plane at some distance
    "noise": lambda rng, shape, plane: rng.integers(0, 65536, shape),
    "near noise": lambda rng, shape, plane: rng.integers(0, 5, shape),
    "nearest and farthest": lambda rng, shape, plane: rng.choice((1, 65535), shape),
    "one value": lambda rng, shape, plane: np.full(shape, rng.integers(1, 65536)),
    "missing": lambda rng, shape, plane: np.zeros(shape),
    "one pixel": lambda rng, shape, plane: _one_pixel(rng, shape),
    "checkerboard": lambda rng, shape, plane: _checkerboard(rng, shape),
    "plane": lambda rng, shape, plane: plane,
    "noisy plane": lambda rng, shape, plane: plane * rng.uniform(0.98, 1.0, shape),
    "plane with holes": lambda rng, shape, plane: plane * _holes(rng, shape),
    "steps": lambda rng, shape, plane: plane // 40 * 40,
    "plane in noise": lambda rng, shape, plane: np.where(
        _holes(rng, shape), plane, rng.integers(0, 65536, shape)
    ),
}


@st.composite
def cameras(draw):
    width = draw(st.integers(16, 600))
    height = draw(st.integers(16, max(16, min(600, 24_000 // width))))
    fx, fy = (width * 10.0 ** draw(st.floats(-0.5, 0.5)) for _ in range(2))
    cx, cy = (size * draw(st.floats(-0.2, 1.2)) for size in (width, height))
    return Intrinsics(width, height, fx, fy, cx, cy)


@st.composite
def frames(draw, of_cameras):
    """Any depth image, unit and hint that a frame of the cameras can have."""
    camera = draw(of_cameras)
    rng = np.random.default_rng(draw(seeds))
    depth_scale = 10.0 ** draw(st.just(-3.0) | st.floats(-6, 0))
    up = rotation(*draw(turns_of_up)) @ (0.0, -1.0, 0.0)
    floor = _plane(up, draw(st.floats(0.2, 3.0)) / depth_scale, pixel_rays(camera))
    image = IMAGES[draw(st.sampled_from(sorted(IMAGES)))]
    hint = draw(st.sampled_from((None, up, _tilted(up, 10.0), _tilted(up, 170.0))))
    return aligned(
        camera,
        depth=np.minimum(image(rng, floor.shape, floor), 65535).astype(np.uint16),
        depth_scale=depth_scale,
        up_hint=hint,
    )


def _assert_sound(labels, frame):
    assert labels.classes.shape == frame.depth.shape
    is_ignored = labels.classes == IGNORE_LABEL
    np.testing.assert_array_equal(is_ignored, frame.depth == 0)
    assert (labels.classes[~is_ignored] < labels.bins.num_classes).all()
    assert np.isfinite(labels.floor.up).all()
    assert 0.0 <= labels.floor.confidence <= 1.0
    assert np.isfinite(labels.floor.camera_height)
    if labels.floor.source == "measured":
        assert CAMERA_HEIGHTS[0] <= labels.floor.camera_height <= CAMERA_HEIGHTS[1]


@settings(deadline=None, max_examples=150)
@given(frames(cameras()))
def test_any_frame_has_sound_labels_or_none(frame):
    labels = label_frame(frame)
    live = Labeler()(frame)
    assert (labels is None) == (live is None)
    if labels is not None:
        _assert_sound(labels, frame)
        np.testing.assert_array_equal(live.classes, labels.classes)


streams = cameras().flatmap(
    lambda camera: st.lists(frames(st.just(camera)), min_size=2, max_size=5)
)


@settings(deadline=None, max_examples=40)
@given(streams)
def test_any_stream_has_sound_labels_or_none(stream):
    labeler = Labeler()
    for frame in stream:
        labels = labeler(frame)
        if labels is not None:
            _assert_sound(labels, frame)


@settings(deadline=None, max_examples=150)
@given(frames(cameras()), seeds)
def test_what_is_seen_by_looking_down_is_below_the_camera(frame, seed):
    up = np.random.default_rng(seed).normal(size=3)
    up /= np.linalg.norm(up)
    labels = label_frame(frame, HNBins((1.0,), ()), floor=FloorPlane(up, 1.0))
    _assert_sound(labels, frame)
    rays = pixel_rays(frame.color_intrinsics).astype(np.float64)
    slope = rays @ up[:2] + up[2]
    clearly = frame.depth_scale * frame.depth * np.abs(slope) > 1e-4
    clearly &= np.abs(slope) > 1e-4 * (1 + np.abs(rays).max())
    np.testing.assert_array_equal(labels.classes[clearly], (slope > 0)[clearly])


@settings(deadline=None, max_examples=30)
@given(
    st.tuples(*[st.floats(-3, 12)] * 2),
    st.tuples(*[st.floats(-1e9, 1e9)] * 2),
    st.booleans(),
)
def test_an_absurd_camera_has_sound_labels_or_none(exponents, centre, has_hint):
    fx, fy = (10.0**exponent for exponent in exponents)
    depth = np.random.default_rng(1).integers(900, 1500, (48, 130)).astype(np.uint16)
    depth[:, 20:] = 1000
    frame = aligned(
        Intrinsics(130, 48, fx, fy, *centre),
        depth=depth,
        depth_scale=1e-3,
        up_hint=np.array((0.0, -0.8, -0.6)) if has_hint else None,
    )
    labels = label_frame(frame)
    if labels is not None:
        _assert_sound(labels, frame)


def test_a_distorted_colour_camera_sees_the_true_classes_on_its_own_grid():
    barrel = (-0.21, 0.08, 7e-4, 1e-3, -0.01)
    depth_camera = Intrinsics(320, 250, 190.0, 193.0, 165.0, 118.0)
    color_camera = Intrinsics(260, 201, 205.0, 203.0, 126.0, 104.0, barrel)
    T_color_depth = np.eye(4)
    T_color_depth[:3, 3] = -0.025, 0.004, -0.003
    view = look(depth_camera, POSITION, 30.0, -25.0, 5.0, room=HALL)
    R_world_camera = view.T_camera_world[:3, :3].T
    position = POSITION - R_world_camera @ T_color_depth[:3, 3]
    truth = look(color_camera, tuple(position), 30.0, -25.0, 5.0, room=HALL)
    frame = RgbdFrame(
        np.zeros((201, 260, 3), np.uint8),
        view.depth(1e-3),
        1e-3,
        color_camera,
        depth_camera,
        T_color_depth,
        up_hint=_tilted(view.up, 2.0),
    )
    labels = label_frame(frame)
    judged = (labels.classes != IGNORE_LABEL) & _far_from_edges(
        truth.heights, labels.bins
    )
    assert labels.floor.camera_height == pytest.approx(position[2], abs=0.01)
    assert judged.mean() > 0.7
    expected = labels.bins.classify(truth.heights, truth.cosines)
    assert (labels.classes == expected)[judged].mean() > 0.97


def test_an_image_of_twelve_megapixels_has_labels():
    camera = Intrinsics(4096, 3072, 3100.0, 3120.0, 2030.0, 1561.0)
    up = rotation(np.radians(30), 0.0, 0.0) @ (0.0, -1.0, 0.0)
    slope = pixel_rays(camera) @ up[:2].astype(np.float32) + np.float32(up[2])
    is_seen = slope < -0.15
    depth = np.where(is_seen, -1.4 / np.minimum(slope, -0.15), 0.0) * 1000
    frame = aligned(
        camera, depth=np.rint(depth).astype(np.uint16), depth_scale=1e-3, up_hint=up
    )
    labels = label_frame(frame)
    assert labels.floor.camera_height == pytest.approx(1.4, abs=0.005)
    np.testing.assert_array_equal(labels.classes == IGNORE_LABEL, ~is_seen)
    assert (labels.classes[is_seen] == 0).mean() > 0.999


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_a_floor_that_is_not_a_number_is_refused(wrong):
    with pytest.raises(ValueError, match="up must be"):
        FloorPlane(np.array((0.0, -1.0, wrong)), 1.3)
    with pytest.raises(ValueError, match="camera_height"):
        FloorPlane(np.array((0.0, -1.0, 0.0)), wrong)
