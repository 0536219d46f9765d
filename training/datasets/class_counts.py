"""How many pixels each class has, and where in the image they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from core.bins import IGNORE_LABEL

NUM_BANDS = 8
"""Of an image, from its top to its bottom: enough to see where a class is."""


@dataclass(frozen=True, eq=False)
class ClassCounts:
    """The classes in the targets of a dataset's frames, at their original size."""

    pixels: np.ndarray
    """(N, C) int64, of every frame and class; 0 for a frame without target."""
    ignored: np.ndarray
    """(N,) int64, pixels without a class."""
    rows: np.ndarray
    """(C,) float64, mean place in the image, 0 at its top and 1 at its bottom; nan for
    a class that does not occur."""

    @property
    def has_target(self) -> np.ndarray:
        """(N,) bool."""
        return self.pixels.any(axis=1) | (self.ignored > 0)

    @classmethod
    def together(cls, parts: Sequence["ClassCounts"]) -> "ClassCounts":
        """Those of several datasets with the same classes as of one."""
        weights = np.stack([part.pixels.sum(axis=0) for part in parts])
        rows = np.stack([np.nan_to_num(part.rows) for part in parts])
        with np.errstate(invalid="ignore"):
            mean_rows = (weights * rows).sum(axis=0) / weights.sum(axis=0)
        return cls(
            np.concatenate([part.pixels for part in parts]),
            np.concatenate([part.ignored for part in parts]),
            mean_rows,
        )


class UnknownClassError(ValueError):
    """A target has a class beyond the last one; the message says which."""


class ClassCounter:
    """Counts the classes of one frame after the other."""

    def __init__(self, num_frames: int, num_classes: int) -> None:
        self._pixels = np.zeros((num_frames, num_classes), np.int64)
        self._ignored = np.zeros(num_frames, np.int64)
        self._row_sums = np.zeros(num_classes)

    def add(self, index: int, bands: np.ndarray) -> None:
        """Count a frame by its (bands, 256) histograms."""
        histogram = bands.sum(axis=0)
        num_classes = self._pixels.shape[1]
        unknown = np.flatnonzero(histogram[num_classes:IGNORE_LABEL])
        if len(unknown):
            raise UnknownClassError(
                f"the class {num_classes + unknown[0]}, but its classes are "
                f"0..{num_classes - 1}"
            )
        self._pixels[index] = histogram[:num_classes]
        self._ignored[index] = histogram[IGNORE_LABEL]
        centres = (np.arange(len(bands)) + 0.5) / len(bands)
        self._row_sums += centres @ bands[:, :num_classes]

    def counts(self) -> ClassCounts:
        """What was counted."""
        with np.errstate(invalid="ignore"):
            rows = self._row_sums / self._pixels.sum(axis=0)
        return ClassCounts(self._pixels, self._ignored, rows)


def band_histograms(classes: np.ndarray) -> np.ndarray:
    """(bands, 256) int64: how often each value is in each band of (H, W) uint8."""
    height = len(classes)
    num_bands = min(NUM_BANDS, height)
    bounds = [height * k // num_bands for k in range(num_bands + 1)]
    histograms = [
        cv2.calcHist([classes[top:bottom]], [0], None, [256], [0, 256]).ravel()
        for top, bottom in pairwise(bounds)
    ]
    return np.stack(histograms).astype(np.int64)
