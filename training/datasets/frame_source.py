"""Where the images and targets of a dataset's frames come from while a network learns.

A target is made on the original size, then image and target are resized (section 3.3):
colours by area, classes by their nearest pixel.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np

from core.bins import HNBins
from core.floor import FloorPlane
from core.hn_labels import label_frame
from training.datasets.dataset import Dataset, Target
from training.datasets.depth_target import depth_target


@dataclass(frozen=True)
class Recipe:
    """What frames are made into."""

    size: tuple[int, int]
    """(height, width) of images and targets."""
    bins: HNBins
    with_depth: bool = False
    """Whether depth is a target too, of the frames with HN-labels."""


class FrameSource(Protocol):
    """The frames of a dataset by a recipe."""

    def read(self, index: int, target: Target) -> tuple[np.ndarray, np.ndarray]:
        """(H, W, 3) uint8 image and (H, W) uint8 target of a frame that has one, 255 =
        ignore; for any thread."""


@dataclass(frozen=True, eq=False)
class FramesOnTheFly:
    """Read from the dataset and labelled each time: nothing is kept."""

    dataset: Dataset
    recipe: Recipe
    floors: Sequence[FloorPlane | None]
    """Of every frame; None for one without HN-labels."""

    def read(self, index: int, target: Target) -> tuple[np.ndarray, np.ndarray]:
        """As of every source; UnreadableFrameError where the file was damaged since."""
        wanted: Target = "semantic" if target == "semantic" else "hn"
        labelled = self.dataset.read(index, wanted)
        classes = labelled.semantic
        if target == "depth":
            assert labelled.frame is not None  # it has a floor, so it has depth
            classes = depth_target(labelled.frame)
        if target == "hn":
            assert labelled.frame is not None  # it has a floor, so it has depth
            labels = label_frame(
                labelled.frame, self.recipe.bins, floor=self.floors[index]
            )
            classes = None if labels is None else labels.classes
        assert classes is not None
        size = self.recipe.size
        return resize_rgb(labelled.rgb, size), resize_classes(classes, size)


def resize_rgb(rgb: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(H, W, 3) uint8 at (height, width), as `core.prediction` resizes its input."""
    height, width = size
    shrinks = rgb.shape[0] > height or rgb.shape[1] > width
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(rgb, (width, height), interpolation=method)


def resize_classes(classes: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(H, W) uint8 at (height, width), each pixel the one at its centre."""
    height, width = size
    # INTER_NEAREST takes the upper left pixel instead of the central one.
    return cv2.resize(classes, (width, height), interpolation=cv2.INTER_NEAREST_EXACT)
