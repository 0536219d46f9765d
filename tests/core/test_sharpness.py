"""Sharpness: against pictures that were blurred on purpose."""

import cv2
import numpy as np
import pytest

from core.sharpness import are_blurred, sharpness


def furnished(seed: int = 0, height: int = 200, width: int = 312) -> np.ndarray:
    """(H, W) float32 grey boxes as a lens draws them, with a dark lower right."""
    random = np.random.default_rng(seed)
    picture = np.full((height, width), 150.0, np.float32)
    for _ in range(40):
        v, u = random.integers(0, height - 20), random.integers(0, width - 20)
        down, across = random.integers(8, 70, 2)
        picture[v : v + down, u : u + across] = random.uniform(20, 230)
    picture[3 * height // 4 :, 2 * width // 3 :] *= 0.3
    return cv2.GaussianBlur(picture, (0, 0), 0.5)


def moved(picture: np.ndarray, length: int, x: int, y: int) -> np.ndarray:
    """What a camera sees that moves by `length` steps of (x, y) while it exposes."""
    steps = [np.roll(picture, (k * y, k * x), (0, 1)) for k in range(length + 1)]
    return np.mean(steps, axis=0)


def photo(picture: np.ndarray, noise: float = 2.0, seed: int = 5) -> np.ndarray:
    """(H, W) uint8 with a sensor's noise."""
    random = np.random.default_rng(seed)
    return np.clip(picture + random.normal(0, noise, picture.shape), 0, 255).astype(
        np.uint8
    )


@pytest.mark.parametrize("direction", [(1, 0), (0, 1), (1, 1), (-1, 1)])
@pytest.mark.parametrize("noise", [0.5, 5.0])
def test_motion_in_any_direction_makes_a_picture_less_sharp(direction, noise):
    found = [
        sharpness(photo(moved(furnished(), length, *direction), noise))
        for length in (0, 3, 7, 12)
    ]
    assert found == sorted(found, reverse=True)
    assert found[2] < 0.5 * found[0]


def test_contrast_and_brightness_do_not_matter():
    picture = furnished()
    expected = sharpness(photo(picture, noise=0))
    assert sharpness(photo(0.4 * picture + 20, noise=0)) == pytest.approx(
        expected, rel=0.05
    )


def test_an_even_slope_has_no_detail_and_steps_have_much():
    v, u = np.mgrid[0:120, 0:90]
    assert sharpness((v + 40 + 0 * u).astype(np.uint8)) == pytest.approx(0.0, abs=0.01)
    # At each of five steps 2 of 88 columns differ from those 2 before them, and 4 of 86
    # from those 4 before.
    stripes = ((u // 16) % 2 * 100 + 50).astype(np.uint8)
    ratio = (10 / 88) / (20 / 86)
    assert sharpness(stripes) == pytest.approx((ratio - 1 / 4) / (3 / 4), abs=1e-3)


@pytest.mark.parametrize(("noise", "shade"), [(0.5, 0), (2, 20), (6, 10), (12, 0)])
def test_of_a_plain_wall_nobody_can_tell(noise, shade):
    wall = np.full((200, 312), 140.0) + shade * np.linspace(0, 1, 312)
    assert sharpness(photo(wall, noise)) is None


def test_a_wide_picture_is_as_sharp_as_at_half_its_size():
    small = photo(furnished(width=600))
    twice = small.repeat(2, axis=0).repeat(2, axis=1)
    assert sharpness(twice) == sharpness(small)


def test_a_picture_that_is_too_small_is_no_reason_to_fail():
    assert sharpness(np.zeros((4, 3), np.uint8)) is None


def test_the_blurred_frames_of_a_take_are_found():
    blurred = {9, 10, 11, 12, 30, 52}
    values = [
        sharpness(photo(moved(furnished(k // 20), 9 if k in blurred else 0, 1, 1)))
        for k in range(60)
    ]
    assert {k for k, is_blurred in enumerate(are_blurred(values)) if is_blurred} == (
        blurred
    )


def test_frames_before_and_after_a_plain_wall_are_not_blurred():
    values = [0.11] * 20 + [None] * 40 + [0.10] * 20
    assert not any(are_blurred(values))
    assert are_blurred([None] * 5) == [False] * 5
    assert are_blurred([]) == []


def test_frames_are_held_against_the_sharp_ones_if_these_are_a_quarter():
    assert are_blurred([0.08, 0.2, 0.08] * 20) == [True, False, True] * 20
    assert not any(are_blurred([0.08, 0.08, 0.2, 0.08, 0.08] * 12))


def test_a_soft_lens_is_not_blurred_and_a_crisp_frame_blurs_no_other():
    assert not any(are_blurred([0.05] * 40))
    assert not any(are_blurred([0.15, 0.16, 0.14, 0.45, 0.40, 0.13] * 5))
    assert are_blurred([0.15] * 9 + [0.07] + [0.15] * 9).index(True) == 9
