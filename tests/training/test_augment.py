import numpy as np

from training.augment import (
    jitter_colors,
    random_crop_and_flip,
    training_batch,
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
    places = np.stack((np.zeros(num, np.int64), np.arange(num)), axis=1)
    return Samples((rgb,), (target,), places)


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
    places = np.stack((np.zeros(9, np.int64), np.arange(9)), axis=1)
    samples = Samples((rgb,), (target,), places)
    drawn = [int(training_sample(samples, 0, k, (4, 4))[1][0, 0]) for k in range(27)]
    epochs = [drawn[0:9], drawn[9:18], drawn[18:27]]
    assert all(sorted(epoch) == list(range(9)) for epoch in epochs)
    assert epochs[0] != epochs[1] != epochs[2]


def test_the_batches_of_a_run_are_its_samples_in_order() -> None:
    samples = position_samples(5)
    batches = [training_batch(samples, 3, step, 4, (20, 24)) for step in range(3)]
    for k in range(12):
        image, target = training_sample(samples, 3, k, (20, 24))
        assert np.array_equal(batches[k // 4][0][k % 4], image)
        assert np.array_equal(batches[k // 4][1][k % 4], target)


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
