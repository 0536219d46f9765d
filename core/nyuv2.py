"""What NYUv2's labelled images do not say: camera, valid part, classes."""

import math

import numpy as np

from core.frame import Intrinsics

COLOR_CAMERA = Intrinsics(
    640,
    480,
    518.85790117450188,
    519.46961112127485,
    325.58244941119034,
    253.73616633400465,
)
"""Of the labelled images, which the toolbox undistorted (camera_params.m)."""
VALID_ROWS, VALID_COLUMNS = slice(44, 471), slice(40, 601)
"""Inside the white border that undistortion left (the toolbox's projection mask)."""
NYU40_NAMES = (
    "wall", "floor", "cabinet", "bed", "chair", "sofa", "table", "door", "window",
    "bookshelf", "picture", "counter", "blinds", "desk", "shelves", "curtain",
    "dresser", "pillow", "mirror", "floor mat", "clothes", "ceiling", "books",
    "refrigerator", "television", "paper", "towel", "shower curtain", "box",
    "whiteboard", "person", "night stand", "toilet", "sink", "lamp", "bathtub", "bag",
    "other structure", "other furniture", "other prop",
)  # fmt: skip
"""The 40 classes of Gupta et al. (CVPR 2013), by id. Class k here is k + 1 in the
official label images, where 0 means unlabelled."""


def without_border(depth: np.ndarray) -> np.ndarray:
    """(h, w) depth of a whole image, 0 in the border, where in-painting invented it."""
    rows = _scaled(VALID_ROWS, depth.shape[0] / COLOR_CAMERA.height)
    columns = _scaled(VALID_COLUMNS, depth.shape[1] / COLOR_CAMERA.width)
    inside = np.zeros_like(depth)
    inside[rows, columns] = depth[rows, columns]
    return inside


def _scaled(part: slice, factor: float) -> slice:
    return slice(math.ceil(part.start * factor), math.floor(part.stop * factor))
