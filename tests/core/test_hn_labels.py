"""Labels against the truth of rendered rooms, and the laws they keep."""

import numpy as np
import pytest

from core import (
    IGNORE_LABEL,
    FloorPlane,
    HNBins,
    Intrinsics,
    Labeler,
    RgbdFrame,
    label_frame,
)
from core.floor_tracker import CONTRADICTIONS
from core.geometry import angle_deg, pixel_rays
from core.nyuv2 import NYU40_NAMES
from core.registration import register_depth
from core.simulation import SimulatedCamera


def _unit(*vector):
    return np.array(vector) / np.linalg.norm(vector)


def _with(frame, **changes):
    names = (
        "rgb depth depth_scale color_intrinsics depth_intrinsics T_color_depth "
        "timestamp_ns up_hint number"
    )
    return RgbdFrame(**({n: getattr(frame, n) for n in names.split()} | changes))


FLOOR = NYU40_NAMES.index("floor")


def _floor_views(noise):
    """Three frames of a walk that see the floor, with their truth."""
    camera = SimulatedCamera(seed=3, num_frames=60, noise=noise)
    views = []
    for i in range(0, 60, 5):
        truth = camera.truth(i)
        if (truth.semantic == FLOOR).mean() > 0.05 and len(views) < 3:
            views.append((camera.frame(i), truth))
    assert len(views) == 3
    return views


@pytest.fixture(scope="module")
def room():
    return _floor_views("none")


@pytest.fixture(scope="module")
def noisy_room():
    return _floor_views("kinect")


def _agreement(frame, truth, labels):
    """Share of labelled pixels of the true class, more than 2 cm from a height edge."""
    edges = np.array(labels.bins.height_edges)
    distance = np.abs(truth.heights[..., None] - edges).min(axis=-1)
    judged = (labels.classes != IGNORE_LABEL) & (distance > 0.02)
    right = labels.classes == truth.hn_classes(labels.bins)
    return right[judged].mean()


def test_labels_of_noise_free_depth_are_the_true_classes(room):
    for frame, truth in room:
        labels = label_frame(frame)
        assert angle_deg(labels.floor.up, truth.floor.up) < 0.7
        assert abs(labels.floor.camera_height - truth.floor.camera_height) < 0.02
        assert _agreement(frame, truth, labels) > 0.95


def test_labels_of_kinect_depth_are_nearly_the_true_classes(noisy_room):
    for frame, truth in noisy_room:
        labels = label_frame(frame)
        assert angle_deg(labels.floor.up, truth.floor.up) < 1.0
        assert abs(labels.floor.camera_height - truth.floor.camera_height) < 0.03
        assert _agreement(frame, truth, labels) > 0.95


@pytest.mark.parametrize("method", ["live", "paper"])
def test_up_is_found_without_an_imu(noisy_room, method):
    errors = []
    for frame, truth in noisy_room:
        labels = label_frame(_with(frame, up_hint=None), method=method)
        if labels is not None:
            errors.append(angle_deg(labels.floor.up, truth.floor.up))
    assert len(errors) >= 2
    assert max(errors) < 2.0


def test_exactly_the_pixels_without_depth_are_ignored(noisy_room):
    for frame, _ in noisy_room:
        labels = label_frame(frame)
        missing = register_depth(frame) == 0
        assert missing.any()
        np.testing.assert_array_equal(labels.classes == IGNORE_LABEL, missing)


def test_labels_are_on_the_colour_grid_when_it_is_not_the_depth_grid(room):
    frame, truth = room[0]
    assert not frame.is_aligned
    small = frame.color_intrinsics.resized(320, 200)
    rgb = np.zeros((200, 320, 3), np.uint8)
    labels = label_frame(_with(frame, rgb=rgb, color_intrinsics=small))
    assert labels.classes.shape == (200, 320)
    rows = ((np.arange(200) + 0.5) * 480 / 200).astype(int)
    cols = ((np.arange(320) + 0.5) * 2).astype(int)
    expected = truth.hn_classes(labels.bins)[rows[:, None], cols]
    judged = labels.classes != IGNORE_LABEL
    assert (labels.classes == expected)[judged].mean() > 0.93


def test_scaling_the_depth_unit_and_the_bins_leaves_the_classes(room):
    frame, _ = room[1]
    bins = HNBins(height_edges=(0.3, 0.8, 1.4))
    double = HNBins(height_edges=(0.6, 1.6, 2.8))
    # 2.2 m is the tallest camera the floor rule takes: start from a shrunken room.
    small = _with(frame, depth_scale=0.0006)
    large = _with(frame, depth_scale=0.0012)
    T = frame.T_color_depth.copy()
    T[:3, 3] *= 0.6
    small = _with(small, T_color_depth=T)
    T = T.copy()
    T[:3, 3] *= 2.0
    large = _with(large, T_color_depth=T)
    a, b = label_frame(small, bins), label_frame(large, double)
    assert (a.classes == b.classes).mean() > 0.98  # noise levels do not scale


@pytest.mark.parametrize("value", [0, 1, 1500, 65535])
def test_depth_of_one_value_has_no_labels(value):
    camera = Intrinsics(64, 48, 60.0, 60.0, 31.0, 23.0)
    depth = np.full((48, 64), value, np.uint16)
    rgb = np.zeros((48, 64, 3), np.uint8)
    assert label_frame(RgbdFrame.aligned(rgb, depth, camera, 0.001)) is None


@pytest.mark.parametrize("shape", [(16, 16), (33, 70), (480, 8)])
def test_odd_and_tiny_images_never_crash(shape):
    height, width = shape
    camera = Intrinsics(width, height, width * 0.9, width * 0.9, width / 2, height / 2)
    rng = np.random.default_rng(5)
    depth = rng.integers(0, 5000, shape).astype(np.uint16)
    frame = RgbdFrame.aligned(np.zeros((*shape, 3), np.uint8), depth, camera, 0.001)
    for method in ("live", "paper"):
        labels = label_frame(frame, method=method)
        assert labels is None or labels.classes.shape == shape


def test_a_floor_is_found_under_any_roll_of_the_camera_with_a_hint():
    camera = Intrinsics(320, 240, 290.0, 292.0, 161.0, 117.0)
    rays = np.dstack((pixel_rays(camera), np.ones((240, 320))))
    for roll_deg in (0, 35, 90, 180):
        roll = np.radians(roll_deg)
        up = _unit(np.sin(roll) * 0.8, -np.cos(roll) * 0.8, -0.6)
        toward_floor = -(rays @ up)
        depth_m = np.where(toward_floor > 0.2, 1.2 / toward_floor.clip(0.2), 0.0)
        depth = np.rint(depth_m * 1000).astype(np.uint16)
        rgb = np.zeros((240, 320, 3), np.uint8)
        frame = RgbdFrame.aligned(rgb, depth, camera, 0.001, up_hint=up)
        labels = label_frame(frame)
        assert labels.floor.camera_height == pytest.approx(1.2, abs=0.005)
        assert (labels.classes[depth > 0] == 0).mean() > 0.99


def test_a_labeler_recovers_when_the_camera_jumps(noisy_room):
    before, after = (_with(noisy_room[i][0], up_hint=None) for i in (0, 2))
    truth = noisy_room[2][1]
    labeler = Labeler()
    assert labeler(before) is not None
    for _ in range(CONTRADICTIONS):
        labels = labeler(after)
    assert labels.floor.source == "measured"
    assert angle_deg(labels.floor.up, truth.floor.up) < 1.0
    assert abs(labels.floor.camera_height - truth.floor.camera_height) < 0.05


@pytest.mark.parametrize("method", ["live", "paper"])
def test_a_floor_that_is_known_is_taken_as_it_is(noisy_room, method):
    frame, truth = noisy_room[1]
    known = FloorPlane(truth.floor.up, truth.floor.camera_height + 3.0, "tracked", 0.5)
    labels = label_frame(frame, method=method, floor=known)
    assert labels.floor is known
    seen = labels.classes != IGNORE_LABEL  # the whole room is now 3 m higher
    assert (labels.classes[seen] % labels.bins.num_heights == 9).all()
    right = label_frame(frame, method=method, floor=truth.floor)
    assert _agreement(frame, truth, right) > 0.9


def test_labels_cannot_be_written(room):
    labels = label_frame(room[0][0])
    with pytest.raises(ValueError, match="read-only"):
        labels.classes[0, 0] = 3
