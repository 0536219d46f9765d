"""How height and angle are cut into HN classes (section 3.1 of the paper)."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

IGNORE_LABEL = 255


@dataclass(frozen=True)
class HNBins:
    """Height above the floor x angle of the surface normal, cut at their inner edges.

    The paper names the counts (10 heights, 2 normals) but no edges: these are ours.
    """

    height_edges: tuple[float, ...] = tuple(0.25 * k for k in range(1, 10))
    """Metres, rising. n edges make n + 1 bins, the outermost ones open."""
    angle_edges: tuple[float, ...] = (45.0,)
    """Degrees between normal and up, rising; empty for labels of height alone."""
    signed_angles: bool = False
    """Whether a ceiling faces down (0..180 deg) or counts as horizontal (0..90)."""

    def __post_init__(self) -> None:
        for name, edges in (("height", self.height_edges), ("angle", self.angle_edges)):
            if not np.isfinite(edges).all() or list(edges) != sorted(set(edges)):
                raise ValueError(f"{name} edges must be finite and rise, got {edges}")
        largest = 180.0 if self.signed_angles else 90.0
        if any(not 0.0 < edge < largest for edge in self.angle_edges):
            raise ValueError(
                f"angle edges must lie in 0..{largest:g}, got {self.angle_edges}"
            )
        if self.num_classes > IGNORE_LABEL:
            raise ValueError(f"at most 255 HN classes, got {self.num_classes}")

    @property
    def num_heights(self) -> int:
        """How many height bins."""
        return len(self.height_edges) + 1

    @property
    def num_angles(self) -> int:
        """How many angle bins."""
        return len(self.angle_edges) + 1

    @property
    def num_classes(self) -> int:
        """Heights times angles."""
        return self.num_heights * self.num_angles

    def classify(self, heights: np.ndarray, cosines: np.ndarray) -> np.ndarray:
        """Classes of (H, W) metres above the floor and cosines(normal, up), as uint8.

        A class is angle_bin * num_heights + height_bin; angle bin 0 is the flattest.
        """
        height_bins = np.searchsorted(
            np.asarray(self.height_edges, heights.dtype), heights, side="right"
        )
        if not self.signed_angles:
            cosines = np.abs(cosines)
        angle_bins = np.zeros(heights.shape, np.int64)
        for edge in self.angle_edges:
            angle_bins += cosines <= np.cos(np.radians(edge))
        return (angle_bins * self.num_heights + height_bins).astype(np.uint8)

    @property
    def class_names(self) -> tuple[str, ...]:
        """One name a class, such as "0.25-0.50 m, 0-45 deg"."""
        heights = _ranges(self.height_edges, "m", 2)
        if not self.angle_edges:
            return heights
        largest = 180.0 if self.signed_angles else 90.0
        bounds = (0.0, *self.angle_edges, largest)
        angles = [f"{a:g}-{b:g} deg" for a, b in pairwise(bounds)]
        return tuple(f"{height}, {angle}" for angle in angles for height in heights)


def _ranges(edges: tuple[float, ...], unit: str, digits: int) -> tuple[str, ...]:
    if not edges:
        return ("all heights",)
    between = [f"{a:.{digits}f}-{b:.{digits}f} {unit}" for a, b in pairwise(edges)]
    return (
        f"below {edges[0]:.{digits}f} {unit}",
        *between,
        f"above {edges[-1]:.{digits}f} {unit}",
    )
