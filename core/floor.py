"""The floor: where it is, and how sure we are."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.geometry import angle_deg
from core.normals import SurfaceSamples
from core.orientation import CAMERA_HEIGHTS, joint_up, scene_up

FloorSource = Literal["measured", "tracked"]

FLOOR_PERCENTILE = 1.0  # section 3.2
FLOOR_NORMAL_DEG = 15.0  # section 3.2: a frame is discarded unless most of its lowest
FLOOR_SHARE = 0.5  # points (more than this share) have normals within 15 deg of up
MIN_SAMPLES = 200  # our choice: fewer points with normals cannot vote on a floor
REACH, REACH_PER_Z2 = 0.04, 0.01  # metres; depth noise grows with z * z
MAX_LAYER_TILT_DEG = 3.0  # our choice: walls and floor agree within a degree or two
MAX_PRIOR_ERROR_DEG = 12.0  # beyond it walls and floor were mistaken for each other
MAX_LOWER = 4  # our choice: as many points of a floor below make the layer a table
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
        if self.up.shape != (3,) or not abs(np.linalg.norm(self.up) - 1.0) < 1e-6:
            raise ValueError(f"up must be a unit vector of 3 numbers, got {self.up}")
        if not np.isfinite(self.camera_height):
            raise ValueError(f"camera_height must be finite, got {self.camera_height}")
        up = np.array(self.up, np.float64)
        up.flags.writeable = False
        object.__setattr__(self, "up", up)


def measure_floor(
    samples: SurfaceSamples, prior: np.ndarray | None
) -> FloorPlane | None:
    """The floor that one frame shows, or None when it shows none.

    `prior` (3,) is the up of an IMU or of the frame before, never far off. Without one
    up comes from the scene.
    """
    if len(samples.points) < MIN_SAMPLES:
        return None
    if prior is None:
        found = scene_up(samples)
        return None if found is None else refined_floor(samples, found)
    prior = prior / np.linalg.norm(prior)
    up = joint_up(samples, prior)
    is_near = angle_deg(up, prior) < MAX_PRIOR_ERROR_DEG
    return refined_floor(samples, up if is_near else prior)


def refined_floor(samples: SurfaceSamples, up: np.ndarray) -> FloorPlane | None:
    """The floor as the mean of the lowest layer's up-facing points, or None.

    The paper's rule, asked of the whole layer that depth noise makes of the floor
    instead of its lowest points, which are the noisiest. None too when the layer is too
    small or the camera would be lower or higher than someone carries it: a table top
    that hides the floor passes the paper's rule, but not this one. Where the layer
    itself is turned away from `up`, clutter has misled that, and the layer is believed.
    """
    layer = _lowest_layer(samples, up)
    if layer is not None and angle_deg(layer.normal, up) > MAX_LAYER_TILT_DEG:
        up = layer.normal
        layer = _lowest_layer(samples, up)
    if layer is None:
        return None
    if not CAMERA_HEIGHTS[0] <= -layer.level <= CAMERA_HEIGHTS[1]:
        return None
    return FloorPlane(up, -layer.level, confidence=layer.confidence)


@dataclass(frozen=True, eq=False)
class _Layer:
    level: float
    normal: np.ndarray
    confidence: float


def _lowest_layer(samples: SurfaceSamples, up: np.ndarray) -> _Layer | None:
    """The up-facing points at the bottom, unless they are few or others lie there."""
    from core.kernels.floors import floor_layer, heights_along

    num_points, single = len(samples.points), up.astype(np.float32)
    heights = np.empty(num_points, np.float32)
    heights_along(samples.points, single, heights)
    lowest = int(FLOOR_PERCENTILE / 100 * num_points)
    level = float(np.partition(heights, lowest)[lowest])
    cosine = np.float32(np.cos(np.radians(FLOOR_NORMAL_DEG)))
    normal = np.empty(3)
    for narrowing in (1.0, 1.0, 0.5):
        num_layer, num_patch, num_lower, level = floor_layer(
            (samples.normals, samples.points),
            heights,
            single,
            np.float32(level),
            cosine,
            (np.float32(REACH * narrowing), np.float32(REACH_PER_Z2 * narrowing)),
            normal,
        )
        if num_patch < max(MIN_PATCH * num_points, FLOOR_SHARE * num_layer + 1):
            return None
        if num_lower > MAX_LOWER:
            return None
    return _Layer(level, normal / np.linalg.norm(normal), num_patch / num_layer)
