import cv2
import numpy as np
import pytest
from colour_vision import EYES

from core import IGNORE_LABEL, HNBins
from core.overlay import (
    blend,
    class_palette,
    colorize_classes,
    colorize_depth,
    disagreement_palette,
    draw_borders,
    semantic_palette,
    to_rgb32,
    without_specks,
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


@pytest.mark.parametrize("kind", EYES)
def test_kinds_of_mistakes_differ_for_everybody(kind):
    linear = (disagreement_palette()[:4] / 255.0) ** 2.2
    seen = np.clip(linear @ np.array(EYES[kind]).T, 0, 1) ** (1 / 2.2)
    lab = cv2.cvtColor(seen[None].astype(np.float32), cv2.COLOR_RGB2Lab)[0]
    distances = np.linalg.norm(lab[:, None] - lab, axis=-1)[np.triu_indices(4, 1)]
    assert distances.min() > 20  # 2 can just be told apart


def test_borders_have_the_colours_of_their_sides_and_dark_edges():
    palette = np.zeros((256, 3), np.uint8)
    palette[4], palette[9] = (10, 20, 250), (240, 130, 5)
    image = np.full((6, 9, 3), (120, 60, 30), np.uint8)
    classes = np.full((6, 9), 4, np.uint8)
    classes[:, 5:] = 9
    before = image.copy()
    lined = draw_borders(image, classes, palette)
    expected = before.copy()
    expected[:, 4], expected[:, 5] = palette[4], palette[9]
    expected[:, 3] = expected[:, 6] = (40, 20, 10)
    np.testing.assert_array_equal(lined, expected)
    np.testing.assert_array_equal(image, before)
    sideways = draw_borders(image.transpose(1, 0, 2).copy(), classes.T.copy(), palette)
    np.testing.assert_array_equal(sideways, expected.transpose(1, 0, 2))


def test_one_class_has_no_borders():
    classes = np.full((5, 7), 3, np.uint8)
    lined = draw_borders(PHOTO, classes, class_palette(HNBins()))
    np.testing.assert_array_equal(lined, PHOTO)


@pytest.mark.parametrize(("height", "width"), [(480, 640), (700, 933), (90, 300)])
def test_specks_go_and_regions_stay_where_they_are(height, width):
    classes = np.full((72, 96), 3, np.uint8)
    classes[30:, 60:] = 7
    classes[10:70:9, 5:50:11] = 12
    smooth = without_specks(classes, height, width)
    assert smooth.shape == (height, width)
    expected = np.full((height, width), 3)
    rows, columns = (np.arange(n) / n for n in (height, width))
    expected[np.ix_(rows >= 30 / 72, columns >= 60 / 96)] = 7
    assert (smooth == expected).mean() > 0.99
    assert set(np.unique(smooth)) == {3, 7}
