"""The floor: where it is, and how sure we are."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.orientation import CAMERA_HEIGHTS

FloorSource = Literal["measured", "tracked"]

FLOOR_PERCENTILE = 1.0  # section 3.2
FLOOR_NORMAL_DEG = 15.0  # section 3.2: a frame is discarded unless most of its lowest
FLOOR_SHARE = 0.5  # points (more than this share) have normals within 15 deg of up
MIN_SAMPLES = 200  # our choice: fewer points with normals cannot vote on a floor
MIN_PATCH = 0.01  # our choice: a floor that is less of the view is not measured


@dataclass(frozen=True, eq=False)
class FloorPlane:
    """The floor seen by a camera: a point p is `up @ p + camera_height` above it."""

    up: np.ndarray
    """(3,) float64 unit vector away from the floor, in the colour camera."""
    camera_height: float
    """Metres from the floor to the camera."""
    source: FloorSource = "measured"
    """Whether this frame saw the floor, or its neighbours' motion carried it here."""
    confidence: float = 1.0
    """0..1, the share of the floor patch's normals that agree with `up`."""

    def __post_init__(self) -> None:
        if self.up.shape != (3,) or abs(np.linalg.norm(self.up) - 1.0) > 1e-6:
            raise ValueError(f"up must be a unit vector of 3 numbers, got {self.up}")
        up = np.array(self.up, np.float64)
        up.flags.writeable = False
        object.__setattr__(self, "up", up)


def percentile_floor(
    normals: np.ndarray, points: np.ndarray, up: np.ndarray
) -> FloorPlane | None:
    """The paper's floor of (N, 3) normals and points, or None for a discarded frame.

    The floor lies at the first percentile of the heights; the frame is discarded unless
    more than half of the points below it face up within 15 deg (section 3.2).
    """
    heights = points @ up
    lowest = np.percentile(heights, FLOOR_PERCENTILE)
    faces_up = normals[heights <= lowest] @ up > np.cos(np.radians(FLOOR_NORMAL_DEG))
    share = float(faces_up.mean())
    if share <= FLOOR_SHARE:
        return None
    return FloorPlane(up, float(-lowest), confidence=share)


def refined_floor(
    normals: np.ndarray, points: np.ndarray, up: np.ndarray
) -> FloorPlane | None:
    """The floor as the median of the lowest layer's up-facing points, or None.

    The paper's rule, asked of the whole layer that depth noise makes of the floor
    instead of its lowest points, which are the noisiest. None too when the layer is too
    small or the camera would be lower or higher than someone carries it: a table top
    that hides the floor passes the paper's rule, but not this one.
    """
    heights = points @ up
    reach = 0.04 + 0.01 * points[:, 2] ** 2  # depth noise grows with the square
    faces_up = normals @ up > np.cos(np.radians(FLOOR_NORMAL_DEG))
    level = np.percentile(heights, FLOOR_PERCENTILE)
    for _ in range(2):
        layer = np.abs(heights - level) < reach
        patch = layer & faces_up
        if patch.sum() < max(MIN_PATCH * len(points), FLOOR_SHARE * layer.sum()):
            return None
        level = np.median(heights[patch])
    camera_height = float(-level)
    if not CAMERA_HEIGHTS[0] <= camera_height <= CAMERA_HEIGHTS[1]:
        return None
    return FloorPlane(up, camera_height, confidence=float(patch.sum() / layer.sum()))
