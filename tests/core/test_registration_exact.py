"""The registered depth, pixel by pixel, against the direct form and against laws."""

import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lopsided import lopsided_frame, lopsided_transform, rotation
from reference_registration import reference_depth

from core import Intrinsics, RgbdFrame
from core.geometry import pixel_rays
from core.registration import register_depth

MILD = np.eye(4)
MILD[:3, :3], MILD[:3, 3] = rotation(0.02, -0.03, 0.05), (0.0251, -0.0047, 0.0031)
K1_TO_K3 = (0.21, -0.58, 7e-4, 1e-3, 0.499)
K1_TO_K6 = (0.1, -0.2, 3e-4, -4e-4, 0.05, 0.6, -0.07, 0.008)
CAMERAS = {
    "pinhole": (
        Intrinsics(330, 250, 260.3, 259.1, 163.2, 120.4),
        Intrinsics(320, 240, 268.9, 271.5, 165.6, 113.7),
        lopsided_transform(),
    ),
    "distorted": (
        Intrinsics(300, 250, 285.5, 284.25, 146.1, 130.9, K1_TO_K6),
        Intrinsics(320, 240, 281.3, 279.1, 168.7, 115.2, K1_TO_K3),
        lopsided_transform(),
    ),
    "undistorted in place": (
        Intrinsics(320, 240, 281.3, 279.1, 168.7, 115.2, K1_TO_K3),
        Intrinsics(320, 240, 281.3, 279.1, 168.7, 115.2, K1_TO_K3),
        np.eye(4),
    ),
    "squares of 3 or 4 pixels": (
        Intrinsics(160, 120, 77.3, 79.8, 81.0, 57.4),
        Intrinsics(400, 300, 246.9, 251.5, 190.6, 153.7),
        MILD,
    ),
    "squares of 0 or 1 pixel": (
        Intrinsics(320, 240, 330.3, 329.8, 153.0, 127.4),
        Intrinsics(200, 150, 132.9, 133.5, 105.6, 70.7),
        lopsided_transform(),
    ),
}


def _frame(depth, scale, depth_camera, color_camera, T_color_depth):
    rgb = np.zeros((color_camera.height, color_camera.width, 3), np.uint8)
    return RgbdFrame(rgb, depth, scale, color_camera, depth_camera, T_color_depth)


def _noise(camera, seed=0, hole_share=0.3):
    rng = np.random.default_rng(seed)
    depth = rng.integers(1, 65536, (camera.height, camera.width), dtype=np.uint16)
    depth[rng.random(depth.shape) < hole_share] = 0
    return depth


def _rank(units):
    """How far back units stand; what is missing stands behind everything."""
    return np.where(units == 0, 65536, units.astype(int))


def _assert_is_direct_form(frame):
    """Nearer than squares a little smaller make it, farther than a little larger."""
    registered = _rank(register_depth(frame))
    assert (registered <= _rank(reference_depth(frame, -1e-4)) + 1).all()
    assert (registered >= _rank(reference_depth(frame, 1e-4)) - 1).all()
    return (registered == _rank(reference_depth(frame))).mean()


@pytest.mark.parametrize("name", CAMERAS)
def test_noise_with_holes_registers_as_in_the_direct_form(name):
    depth_camera, *others = CAMERAS[name]
    frame = _frame(_noise(depth_camera), 2e-4, depth_camera, *others)
    assert 0.2 < (register_depth(frame) > 0).mean() < 1.0
    assert _assert_is_direct_form(frame) >= 0.9999


@pytest.mark.parametrize("scale", [1e-5, 1e-4, 1 / 8000, 1e-3, 0.01])
def test_any_depth_scale_registers_as_in_the_direct_form(scale):
    depth_camera, *others = CAMERAS["distorted"]
    frame = _frame(_noise(depth_camera, 1), scale, depth_camera, *others)
    assert _assert_is_direct_form(frame) >= 0.9999


@pytest.mark.parametrize("T_color_depth", [np.eye(4), lopsided_transform()])
def test_pixels_whose_distortion_has_no_inverse_are_missing(T_color_depth):
    depth_camera = Intrinsics(640, 480, 300.0, 300.0, 320.0, 240.0, (-0.9, 0, 0, 0))
    is_known = np.isfinite(pixel_rays(depth_camera)).all(axis=-1)
    assert not is_known.all()
    color_camera = Intrinsics(90, 70, 9.0, 9.5, 40.0, 33.0)
    depth = np.where(is_known, 2000, 1000).astype(np.uint16)
    frame = _frame(depth, 1e-3, depth_camera, color_camera, T_color_depth)
    _assert_is_direct_form(frame)
    depth = np.where(is_known, 2000, 0).astype(np.uint16)
    expected = _frame(depth, 1e-3, depth_camera, color_camera, T_color_depth)
    np.testing.assert_array_equal(register_depth(frame), register_depth(expected))


camera_numbers = st.tuples(
    st.integers(1, 40),
    st.integers(1, 40),
    st.floats(5, 60),
    st.floats(5, 60),
    st.floats(-10, 50),
    st.floats(-10, 50),
)
turns = st.tuples(*[st.floats(-3.2, 3.2)] * 3)
moves = st.tuples(*[st.floats(-2.0, 2.0)] * 3)


@settings(deadline=None, max_examples=100)
@given(camera_numbers, camera_numbers, turns, moves, st.integers(0, 9))
def test_any_two_cameras_register_as_in_the_direct_form(one, other, turn, move, seed):
    T = np.eye(4)
    T[:3, :3], T[:3, 3] = rotation(*turn), move
    depth_camera, color_camera = Intrinsics(*one), Intrinsics(*other)
    depth = _noise(depth_camera, seed)
    _assert_is_direct_form(_frame(depth, 1e-4, depth_camera, color_camera, T))


def test_the_nearest_wins_in_whatever_order_the_pixels_come():
    camera = Intrinsics(330, 250, 260.5, 259.25, 163.25, 120.5)
    color_camera = Intrinsics(320, 240, 320.9, 321.5, 165.6, 113.7)
    upside_down = Intrinsics(330, 250, 260.5, 259.25, 329 - 163.25, 249 - 120.5)
    depth = _noise(camera)
    registered = register_depth(_frame(depth, 2e-4, camera, color_camera, MILD))
    backwards = register_depth(
        _frame(
            depth[::-1, ::-1],
            2e-4,
            upside_down,
            color_camera,
            MILD @ np.diag((-1.0, -1.0, 1.0, 1.0)),
        )
    )
    np.testing.assert_array_equal(registered, backwards)


@pytest.mark.parametrize("units", [1, 2, 65534, 65535])
def test_a_lens_at_the_same_place_sees_the_same_depth(units):
    depth_camera, color_camera, _ = CAMERAS["squares of 3 or 4 pixels"]
    depth = np.full((120, 160), units, np.uint16)
    registered = register_depth(
        _frame(depth, 1e-3, depth_camera, color_camera, np.eye(4))
    )
    assert (registered == units).all()


def test_the_wall_ahead_is_as_much_farther_as_the_colour_camera_is_behind():
    depth_camera, color_camera, _ = CAMERAS["pinhole"]
    T = np.eye(4)
    T[:3, 3] = 0.02, -0.01, 0.01234
    depth = np.full((250, 330), 10_000, np.uint16)
    registered = register_depth(_frame(depth, 1e-4, depth_camera, color_camera, T))
    assert set(np.unique(registered)) == {0, 10_123}
    assert (registered > 0).mean() > 0.95


def test_what_is_behind_the_colour_camera_is_not_seen():
    depth_camera, color_camera, _ = CAMERAS["pinhole"]
    T = np.eye(4)
    T[2, 3] = -1.0
    depth = np.full((250, 330), 999, np.uint16)
    depth[:, 200:] = 1500
    registered = register_depth(_frame(depth, 1e-3, depth_camera, color_camera, T))
    assert set(np.unique(registered)) == {0, 500}
    T[:3, :3] = rotation(0.0, np.pi, 0.0)  # it looks back
    T[2, 3] = 0.0
    frame = _frame(depth, 1e-3, depth_camera, color_camera, T)
    assert not register_depth(frame).any()


def test_what_is_beside_the_colour_cameras_lens_is_not_seen():
    centred = Intrinsics(33, 25, 26.0, 26.0, 16.0, 12.0)
    color_camera = Intrinsics(36, 24, 29.0, 28.0, 17.5, 11.0)
    T = np.eye(4)
    T[2, 3] = -1.0
    depth = np.full((25, 33), 1000, np.uint16)
    assert not register_depth(_frame(depth, 1e-3, centred, color_camera, T)).any()


def test_depth_beyond_what_units_can_say_is_missing():
    depth_camera, color_camera, _ = CAMERAS["pinhole"]
    T = np.eye(4)
    T[2, 3] = 0.003
    depth = np.full((250, 330), 65532, np.uint16)
    depth[:, 200:] = 65533
    registered = register_depth(_frame(depth, 1e-3, depth_camera, color_camera, T))
    assert set(np.unique(registered)) == {0, 65535}
    assert (registered[:, -50:] == 0).all()


def test_a_frame_is_registered_into_the_memory_it_is_given():
    out = np.full((48, 80), 77, np.uint16)
    for number in range(2):
        frame = lopsided_frame(number)
        assert np.shares_memory(register_depth(frame, out), out)
        np.testing.assert_array_equal(out, register_depth(frame))
    aligned = RgbdFrame.aligned(
        frame.rgb, out, Intrinsics(80, 48, 71.3, 69.1, 38.7, 25.2), 1e-3
    )
    assert register_depth(aligned, np.zeros_like(out)) is aligned.depth


@pytest.mark.parametrize(
    "out",
    [
        np.empty((80, 48), np.uint16),
        np.empty((48, 80), np.int16),
        np.empty((48, 160), np.uint16)[:, ::2],
        np.broadcast_to(np.uint16(0), (48, 80)),
    ],
)
def test_memory_that_does_not_fit_is_refused(out):
    with pytest.raises(ValueError, match="out must be"):
        register_depth(lopsided_frame(0), out)


def test_the_next_frame_of_the_same_cameras_needs_no_new_memory():
    frames = [
        _frame(_noise(CAMERAS["pinhole"][0], seed), 2e-4, *CAMERAS["pinhole"])
        for seed in range(3)
    ]
    out = np.empty((240, 320), np.uint16)
    register_depth(frames[0], out)
    tracemalloc.start()
    for frame in frames:
        register_depth(frame, out)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10_000


def test_threads_do_not_disturb_each_other():
    frames = [
        _frame(_noise(CAMERAS[name][0], seed), 2e-4, *CAMERAS[name])
        for name in ("pinhole", "distorted")
        for seed in range(8)
    ]
    expected = [register_depth(frame) for frame in frames]
    with ThreadPoolExecutor(4) as pool:
        registered = list(pool.map(register_depth, frames * 8))
    for there, alone in zip(registered, expected * 8, strict=True):
        np.testing.assert_array_equal(there, alone)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, 1e300])
def test_a_transform_that_is_not_a_motion_is_refused(wrong):
    depth_camera, color_camera, T = CAMERAS["pinhole"]
    T = T.copy()
    T[1, 3] = wrong
    frame = _frame(_noise(depth_camera), 1e-3, depth_camera, color_camera, T)
    with pytest.raises(ValueError, match="T_color_depth"):
        register_depth(frame)


def test_a_depth_pixel_as_large_as_an_image_is_refused():
    depth_camera = Intrinsics(4, 3, 0.1, 0.1, 1.5, 1.0)
    color_camera = CAMERAS["pinhole"][1]
    frame = _frame(_noise(depth_camera), 1e-3, depth_camera, color_camera, MILD)
    with pytest.raises(ValueError, match="2958 colour pixels"):
        register_depth(frame)
