"""The floor: where it is, and how sure we are."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

FloorSource = Literal["measured", "tracked"]


@dataclass(frozen=True, eq=False)
class FloorPlane:
    """The floor seen from one camera: a point p is `up @ p + camera_height` above it."""

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
