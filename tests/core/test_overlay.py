import numpy as np
import pytest

from core import IGNORE_LABEL, HNBins
from core.overlay import (
    blend,
    class_palette,
    colorize_classes,
    colorize_depth,
    semantic_palette,
    to_rgb32,
)

PHOTO = np.random.default_rng(1).integers(0, 256, (5, 7, 3)).astype(np.uint8)


def test_blending_mixes_the_photo_with_the_class_colour():
    palette = np.zeros((256, 3), np.uint8)
    palette[3] = (200, 100, 0)
    photo = np.full((2, 3, 3), 40, np.uint8)
    classes = np.full((2, 3), 3, np.uint8)
    mixed = blend(photo, classes, palette, opacity=0.25)
    np.testing.assert_array_equal(mixed, np.broadcast_to((80, 55, 30), (2, 3, 3)))


def test_ignored_pixels_show_the_photo():
    classes = np.full((5, 7), IGNORE_LABEL, np.uint8)
    classes[1, 2] = 0
    mixed = blend(PHOTO, classes, class_palette(HNBins()), opacity=1.0)
    ignored = classes == IGNORE_LABEL
    np.testing.assert_array_equal(mixed[ignored], PHOTO[ignored])
    assert (mixed[1, 2] != PHOTO[1, 2]).any()


def test_rgb32_keeps_red_in_bits_16_to_23():
    pixel = np.array([[(0x12, 0x34, 0x56)]], np.uint8)
    assert to_rgb32(pixel)[0, 0] == 0xFF123456


@pytest.mark.parametrize(
    "palette", [class_palette(HNBins())[:20], semantic_palette(40)[:40]]
)
def test_every_class_has_a_colour_of_its_own(palette):
    assert len(np.unique(palette, axis=0)) == len(palette)


def test_near_depth_is_warm_far_depth_is_cold_and_missing_depth_black():
    depth = np.array([[500, 5900, 0]], np.uint16)
    (near, far, missing), *_ = colorize_depth(depth, 0.001).astype(int)
    assert near[0] > near[2]
    assert far[2] > far[0]
    assert not missing.any()


def test_a_class_image_is_black_where_ignored():
    classes = np.array([[0, IGNORE_LABEL]], np.uint8)
    colours = colorize_classes(classes, np.full((256, 3), 9, np.uint8))
    np.testing.assert_array_equal(colours, [[(9, 9, 9), (0, 0, 0)]])
