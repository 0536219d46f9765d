"""Class images in which nothing is symmetric, and recordings to annotate with them."""

from pathlib import Path

import numpy as np
from lopsided import COLOR, lopsided_frame

from core.recording import RecordingWriter

NAMES = ("wall", "floor", "käse 1", "chair")
SHAPE = (COLOR.height, COLOR.width)
IGNORE = 255


def small_recording(path: Path, num_frames: int = 8) -> Path:
    """A new recording of lopsided frames."""
    with RecordingWriter(path) as writer:
        for number in range(num_frames):
            writer.write(lopsided_frame(number))
    return path


def random_classes(seed: int, num_classes: int = len(NAMES)) -> np.ndarray:
    """(H, W) uint8: boxes in boxes, the last ones of one pixel, in part noise."""
    random = np.random.default_rng(seed)
    values = np.array([*range(num_classes), IGNORE], np.uint8)
    height, width = SHAPE
    classes = np.full(SHAPE, random.choice(values), np.uint8)
    for largest in (40, 25, 12, 12, 6, 6, 6, 3, 3, 2, 2, 1, 1, 1, 1):
        size = random.integers(1, largest + 1, 2)
        y, x = random.integers(0, (height, width))
        classes[y : y + size[0], x : x + size[1]] = random.choice(values)
    if seed % 3 == 0:
        noise = random.random(SHAPE) < 0.1 * random.random()
        classes[noise] = random.choice(values, np.count_nonzero(noise))
    if seed % 4 == 0:
        classes[30:, 50:] = random.choice(values, (height - 30, width - 50))
    return classes
