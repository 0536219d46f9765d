import numpy as np
from training_data import array_samples

from training.augment import (
    jitter_colors,
    random_crop_and_flip,
    training_sample,
)
from training.datasets.samples import Samples

HEIGHT, WIDTH = 30, 44


def position_samples(num: int) -> Samples:
    """Images that say where a pixel is: red the row, green the column, blue which."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH].astype(np.uint8)
    rgb = np.stack(
        [np.stack((rows, columns, np.full_like(rows, k)), axis=-1) for k in range(num)]
    )
    target = (rgb[..., 0] * 5 + rgb[..., 1]).astype(np.uint8)
    return array_samples(rgb, target)


def test_image_and_target_are_cropped_and_flipped_together() -> None:
    rgb, target = position_samples(1)[0]
    rng = np.random.default_rng(0)
    corners, flips = set(), set()
    for _ in range(60):
        small_rgb, small = random_crop_and_flip(rng, rgb, target, (20, 24))
        assert small.shape == (20, 24)
        expected = small_rgb[..., 0] * np.uint8(5) + small_rgb[..., 1]
        assert np.array_equal(small, expected)
        columns = small_rgb[0, :, 1].astype(int)
        flips.add(int(columns[1] - columns[0]))
        corners.add((int(small_rgb[0, 0, 0]), int(columns.min())))
    assert flips == {1, -1}
    tops, lefts = zip(*corners, strict=True)
    assert max(tops) > 7 and max(lefts) > 15 and min(tops) < 3 and min(lefts) < 5


def test_a_crop_may_be_the_whole_image() -> None:
    rgb, target = position_samples(1)[0]
    _, whole = random_crop_and_flip(
        np.random.default_rng(1), rgb, target, (HEIGHT, WIDTH)
    )
    assert np.array_equal(np.sort(whole, axis=1), np.sort(target, axis=1))


def test_a_sample_is_a_function_of_seed_and_number_alone() -> None:
    samples = position_samples(5)
    forwards = [training_sample(samples, 3, k, (20, 24)) for k in range(12)]
    for k in (11, 0, 7):
        image, target = training_sample(samples, 3, k, (20, 24))
        assert np.array_equal(image, forwards[k][0])
        assert np.array_equal(target, forwards[k][1])
    other, _ = training_sample(samples, 4, 0, (20, 24))
    assert not np.array_equal(other, forwards[0][0])


def test_every_epoch_shows_every_sample_once_in_another_order() -> None:
    # Images of one value each, so that the target tells which one was drawn.
    target = np.arange(9, dtype=np.uint8)[:, None, None] * np.ones((1, 8, 8), np.uint8)
    rgb = np.zeros((9, 8, 8, 3), np.uint8)
    samples = array_samples(rgb, target)
    drawn = [int(training_sample(samples, 0, k, (4, 4))[1][0, 0]) for k in range(27)]
    epochs = [drawn[0:9], drawn[9:18], drawn[18:27]]
    assert all(sorted(epoch) == list(range(9)) for epoch in epochs)
    assert epochs[0] != epochs[1] != epochs[2]


def test_color_jitter_changes_colors_but_keeps_their_order_and_range() -> None:
    rgb = np.zeros((6, 7, 3), np.uint8)
    rgb[..., 0], rgb[..., 1], rgb[..., 2] = 200, 120, 40
    rgb[0] = 255
    changed = [jitter_colors(np.random.default_rng(k), rgb) for k in range(20)]
    assert all(
        c.dtype == np.float32 and c.min() >= 0 <= 255 >= c.max() for c in changed
    )
    assert len({float(c[3, 3, 0]) for c in changed}) > 15
    assert all(c[3, 3, 0] > c[3, 3, 1] > c[3, 3, 2] for c in changed)


def test_color_jitter_is_saturation_then_contrast_then_brightness() -> None:
    rng = np.random.default_rng(4)
    rgb = rng.integers(60, 160, (9, 13, 3), np.uint8)
    rgb[2:5, 3:9] = (150, 70, 90)
    for seed in range(8):
        amounts = 2 * np.random.default_rng(seed).random(3) - 1
        saturation, contrast, brightness = 1 + amounts * (0.4, 0.3, 0.3)
        # ITU-R BT.601's weights of red, green and blue.
        weights = np.array((0.299, 0.587, 0.114))
        image = rgb.astype(np.float64)
        grey = (image * weights).sum(axis=-1, keepdims=True)
        image = grey + saturation * (image - grey)
        image = grey.mean() + contrast * (image - grey.mean())
        expected = np.clip(brightness * image, 0, 255)
        found = jitter_colors(np.random.default_rng(seed), rgb)
        assert np.abs(found - expected).max() < 1e-3


def test_mirrored_images_are_not_upside_down() -> None:
    samples = position_samples(1)
    firsts = set()
    for k in range(20):
        rng = np.random.default_rng(k)
        rgb, _ = random_crop_and_flip(rng, *samples[0], (HEIGHT, WIDTH))
        assert (rgb[..., 0] == np.arange(HEIGHT)[:, None]).all()
        firsts.add(int(rgb[0, 0, 1]))
    assert firsts == {0, WIDTH - 1}
