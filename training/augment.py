"""What training sees of a sample: a random crop, mirrored or not, in changed colours.

Sample k of a run is a function of the run's seed and k and of nothing else, so a run
that was interrupted continues with exactly the samples it would have had.
"""

from functools import lru_cache

import cv2
import numpy as np

from training.datasets.samples import Samples

BRIGHTNESS = 0.3
CONTRAST = 0.3
SATURATION = 0.4
LUMA = np.array((0.299, 0.587, 0.114))


def training_sample(
    samples: Samples, seed: int, k: int, crop_size: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Sample k of a run: (h, w, 3) float32 image in 0..255 and (h, w) uint8 target."""
    epoch, place = divmod(k, len(samples))
    rgb, target = samples[_order(seed, epoch, len(samples))[place]]
    rng = np.random.default_rng((seed, k))
    rgb, target = random_crop_and_flip(rng, rgb, target, crop_size)
    return jitter_colors(rng, rgb), target


@lru_cache(maxsize=2)
def _order(seed: int, epoch: int, num_samples: int) -> np.ndarray:
    """Every sample once, in an order of its own for each epoch."""
    # The third number keeps this stream apart from those of the samples.
    return np.random.default_rng((seed, epoch, 1)).permutation(num_samples)


def random_crop_and_flip(
    rng: np.random.Generator,
    rgb: np.ndarray,
    target: np.ndarray,
    crop_size: tuple[int, int],
) -> tuple[np.ndarray, np.ndarray]:
    """The same random window of image and target, mirrored half of the time."""
    (height, width), (crop_height, crop_width) = target.shape, crop_size
    top = rng.integers(height - crop_height + 1)
    left = rng.integers(width - crop_width + 1)
    window = (slice(top, top + crop_height), slice(left, left + crop_width))
    rgb, target = rgb[window], target[window]
    if rng.random() < 0.5:
        return cv2.flip(rgb, 1), cv2.flip(target, 1)  # numpy takes 30 times as long
    return rgb, target


def jitter_colors(rng: np.random.Generator, rgb: np.ndarray) -> np.ndarray:
    """(h, w, 3) uint8 as float32 with random saturation, contrast and brightness.

    Saturation is about each pixel's grey, contrast about the mean grey. Both and the
    brightness are linear, so together they are one matrix and one offset.
    """
    changes = 1 + rng.uniform(-1, 1, 3) * (SATURATION, CONTRAST, BRIGHTNESS)
    saturation, contrast, brightness = changes.tolist()
    mean = LUMA @ cv2.mean(rgb)[:3]
    saturate = saturation * np.eye(3) + (1 - saturation) * LUMA
    offset = np.full((3, 1), brightness * (1 - contrast) * mean)
    matrix = np.hstack((brightness * contrast * saturate, offset))
    image = cv2.transform(rgb.astype(np.float32), matrix)
    return np.clip(image, 0, 255, out=image)
