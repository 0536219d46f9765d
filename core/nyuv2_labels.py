"""NYUv2's ways to number classes: 894 labels, 40 classes; and ours, which count from 0.

The class of each label is that of the data set's classMapping40.mat (Gupta et al., CVPR
2013).
"""

from functools import lru_cache

import cv2
import numpy as np

from core.bins import IGNORE_LABEL
from core.errors import DatasetError
from core.nyuv2 import NYU40_NAMES

NUM_LABELS = 894

# Classes 1..37 are one label each, all that is not named here is "other prop", 40.
_LABEL_OF_CLASS = (
    21, 11, 3, 157, 5, 83, 19, 28, 59, 88, 64, 7, 80, 36, 42, 89, 169, 119, 122,
    143, 141, 4, 85, 17, 172, 15, 135, 123, 26, 45, 331, 158, 124, 24, 144, 136, 55,
)  # fmt: skip
_LABELS_OF_CLASS_38 = (
    8, 25, 33, 38, 51, 53, 57, 58, 62, 65, 79, 94, 104, 112, 134, 153, 215, 216,
    223, 225, 238, 241, 242, 256, 295, 301, 339, 342, 354, 363, 372, 380, 392, 408,
    412, 453, 456, 463, 477, 497, 541, 550, 553, 567, 573, 582, 591, 609, 612, 615,
    642, 645, 657, 658, 659, 663, 667, 668, 686, 700, 702, 777, 778, 782, 850, 861,
    868, 874,
)  # fmt: skip
_LABELS_OF_CLASS_39 = (
    12, 43, 48, 50, 87, 106, 111, 161, 163, 174, 183, 204, 214, 219, 221, 224, 236,
    262, 278, 291, 298, 313, 343, 344, 356, 359, 373, 393, 401, 414, 418, 419, 430,
    443, 444, 447, 448, 457, 458, 460, 462, 475, 479, 485, 486, 493, 494, 498, 499,
    509, 510, 515, 521, 524, 540, 549, 551, 554, 556, 558, 576, 580, 608, 625, 703,
    734, 770, 772, 797, 800, 803, 804, 813, 814, 815, 820, 829, 835, 858, 863, 882,
    892,
)  # fmt: skip

# Label images have 0 for unlabelled and 1..40; classes are 0..39, 255 = ignore.
_CLASS_OF_LABEL40 = np.array([IGNORE_LABEL, *range(len(NYU40_NAMES))], np.uint8)
_LOOKUP_40 = np.resize(_CLASS_OF_LABEL40, 256)  # as long as cv2.LUT asks for


def classes_from_40(labels: np.ndarray, where: str) -> np.ndarray:
    """(H, W) labels 0..40 as they are stored to classes 0..39, 255 = ignore."""
    largest = int(labels.max())
    if largest > len(NYU40_NAMES):
        raise DatasetError(
            f"{where} holds the class {largest}; NYUv2's 40-class labels are 1..40, "
            "and 0 for unlabelled"
        )
    return cv2.LUT(labels, _LOOKUP_40)  # a tenth of the time of an index


def classes_from_894(labels: np.ndarray, where: str) -> np.ndarray:
    """(H, W) labels 0..894 of the official file to classes 0..39, 255 = ignore."""
    largest = int(labels.max())
    if largest > NUM_LABELS:
        raise DatasetError(
            f"{where} holds the label {largest}; NYUv2's labels are 1..{NUM_LABELS}, "
            "and 0 for unlabelled"
        )
    return _class_of_label894()[labels]


@lru_cache(maxsize=1)
def _class_of_label894() -> np.ndarray:
    label40 = np.full(NUM_LABELS + 1, 40)
    label40[0] = 0
    label40[list(_LABEL_OF_CLASS)] = range(1, 38)
    label40[list(_LABELS_OF_CLASS_38)] = 38
    label40[list(_LABELS_OF_CLASS_39)] = 39
    return _CLASS_OF_LABEL40[label40]
