"""Facts about NYUv2 that its files do not carry: the camera, the split, the 40 classes.

The split and the class map (training/data/nyuv2.json) come from the data set's
own splits.mat and from classMapping40.mat (Gupta et al., CVPR 2013).
"""

import json
from functools import lru_cache
from importlib import resources
from pathlib import Path

import numpy as np

from core.bins import IGNORE_LABEL
from core.errors import DatasetError
from core.frame import Intrinsics
from core.nyuv2 import COLOR_CAMERA, NYU40_NAMES

NUM_FRAMES = 1449
NUM_LABELS = 894


def color_intrinsics(rgb: np.ndarray, path: Path) -> Intrinsics:
    """The colour camera of NYUv2 images of the size of (H, W, 3) rgb."""
    height, width = rgb.shape[:2]
    if width * COLOR_CAMERA.height != height * COLOR_CAMERA.width:
        raise DatasetError(
            f"{path}: NYUv2 images are 640x480 or a resized copy of that, "
            f"found {width}x{height}, whose camera is unknown"
        )
    return COLOR_CAMERA.resized(width, height)


# Label images have 0 for unlabelled and 1..40; classes are 0..39, 255 = ignore.
_CLASS_OF_LABEL40 = np.array([IGNORE_LABEL, *range(len(NYU40_NAMES))], np.uint8)


def semantic_from_40(labels: np.ndarray, where: str) -> np.ndarray:
    """(H, W) labels 0..40 as they are stored to classes 0..39, 255 = ignore."""
    largest = int(labels.max())
    if largest > len(NYU40_NAMES):
        raise DatasetError(
            f"{where} holds the class {largest}; NYUv2's 40-class labels are 1..40, "
            "and 0 for unlabelled"
        )
    return _CLASS_OF_LABEL40[labels]


def semantic_from_894(labels: np.ndarray, where: str) -> np.ndarray:
    """(H, W) labels 0..894 of the official file to classes 0..39, 255 = ignore."""
    largest = int(labels.max())
    if largest > NUM_LABELS:
        raise DatasetError(
            f"{where} holds the label {largest}; NYUv2's labels are 1..{NUM_LABELS}, "
            "and 0 for unlabelled"
        )
    label40_of_label = np.array([0, *_facts()["class40_of_label"]])
    return _CLASS_OF_LABEL40[label40_of_label][labels]


@lru_cache(maxsize=1)
def _facts() -> dict[str, list[int]]:
    file = resources.files("training").joinpath("data/nyuv2.json")
    return json.loads(file.read_text(encoding="utf-8"))


def is_official_test() -> np.ndarray:
    """(1449,) bool: which frames, in the order of the .mat, are in the test part."""
    is_test = np.ones(NUM_FRAMES, bool)
    is_test[np.array(_facts()["train_frames"]) - 1] = False
    return is_test
