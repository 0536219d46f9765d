"""Simulated sensor noise against the published models, worked out by hand."""

import numpy as np
import pytest

from core.simulation.sensor_noise import ExactDepth, sensed_depth

SCALE = 0.001
FX = 582.6


def flat(distance_m: float, *, cosine: float = 1.0, is_glossy: bool = False):  # type: ignore[no-untyped-def]
    shape = (480, 640)
    return ExactDepth(
        np.full(shape, distance_m, np.float32),
        np.full(shape, cosine, np.float32),
        np.full(shape, is_glossy),
        FX,
    )


def sensed(exact, model):  # type: ignore[no-untyped-def]
    return sensed_depth(exact, model, SCALE, np.random.default_rng(4))


def test_none_is_exact_depth_in_whole_units():
    exact = ExactDepth(
        np.array([[1.2344, 1.2346, 0.0]], np.float32),
        np.ones((1, 3), np.float32),
        np.zeros((1, 3), bool),
        FX,
    )
    assert sensed(exact, "none").tolist() == [[1234, 1235, 0]]


@pytest.mark.parametrize(
    ("model", "distance_m", "expected_mm"),
    [
        # 1.2 + 1.9 (z - 0.4)^2 mm; steps of z^2 / (8 * 582.6 * 0.075) over sqrt(12).
        ("kinect", 1.0, np.hypot(1.2 + 1.9 * 0.6**2, 2.861 / np.sqrt(12))),
        ("kinect", 3.0, np.hypot(1.2 + 1.9 * 2.6**2, 25.75 / np.sqrt(12))),
        # 0.1 pixel of the 848 pixels: z^2 * 0.1 / (582.6 * 848 / 640 * 0.05).
        ("d435", 1.5, 1000 * 1.5**2 * 0.1 / (FX * 848 / 640 * 0.05)),
        ("tof", 2.0, 1.5 + 0.7 * 2.0),
    ],
)
def test_noise_on_a_flat_wall_is_as_the_model_says(model, distance_m, expected_mm):
    depth = sensed(flat(distance_m), model).astype(float)
    assert (depth > 0).mean() > 0.999
    assert np.mean(depth) == pytest.approx(1000 * distance_m, rel=0.003)
    assert np.std(depth) == pytest.approx(expected_mm, rel=0.06)


def test_kinect_depth_comes_in_steps_of_an_eighth_of_a_pixel():
    values = np.unique(sensed(flat(4.0), "kinect"))
    # z^2 / (8 * 582.6 * 0.075) = 45.8 mm at 4 m.
    near = values[(values > 3900) & (values < 4100)].astype(int)
    steps = np.diff(near)
    assert steps.min() > 40 and steps.max() < 52


def test_stereo_noise_is_alike_over_neighbouring_pixels():
    depth = sensed(flat(1.5), "d435").astype(float) - 1500
    alike = np.corrcoef(depth[:, :-1].ravel(), depth[:, 1:].ravel())[0, 1]
    assert alike > 0.9
    iid = sensed(flat(1.5), "tof").astype(float) - 1500
    assert abs(np.corrcoef(iid[:, :-1].ravel(), iid[:, 1:].ravel())[0, 1]) < 0.05


@pytest.mark.parametrize(("model", "side"), [("kinect", "right"), ("d435", "left")])
def test_a_near_thing_throws_a_shadow_to_one_side(model, side):
    exact = flat(3.0)
    exact.depth_m[:, 300:340] = 1.0
    lost = (sensed(exact, model) == 0).mean(axis=0)
    baseline = {"kinect": 0.075, "d435": 0.05}[model]
    width = FX * baseline * (1 / 1.0 - 1 / 3.0)  # 29.1 or 19.4 pixels
    beside = {"right": lost[340:400], "left": lost[240:300]}[side]
    other = {"left": lost[345:400], "right": lost[240:295]}[side]
    assert beside.sum() == pytest.approx(width, abs=3)
    assert other.sum() < 1


def test_range_slant_gloss_and_nothing_leave_holes():
    assert not sensed(flat(0.45), "kinect").any()
    assert not sensed(flat(9.5), "kinect").any()
    assert sensed(flat(0.45), "d435").all()
    assert not sensed(flat(2.0, cosine=0.1), "kinect").any()
    assert sensed(flat(2.0, cosine=0.5), "kinect").all()
    lost = (sensed(flat(2.0, is_glossy=True), "tof") == 0).mean()
    assert lost == pytest.approx(0.65, abs=0.2)
    assert not sensed(flat(0.0), "tof").any()


def test_slanted_surfaces_are_noisier():
    level, slanted = (
        sensed(flat(2.0, cosine=cosine), "kinect").astype(float).std()
        for cosine in (1.0, 0.2)
    )
    assert slanted > 1.1 * level
