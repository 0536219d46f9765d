"""A frame and what is known of it as the window shows it: pixels and some numbers."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

import numpy as np

from core.disagreement import Disagreement
from core.floor import FloorPlane
from core.frame import RgbdFrame
from core.hn_labels import HNLabels
from core.prediction import Task

_LOWEST_DEG, _HIGHEST_DEG = -30.0, 90.0
_SMALLEST_ZOOM, _LARGEST_ZOOM = 0.25, 8.0


class View(Enum):
    """What the window shows."""

    HN_LABELS = "HN-labels"
    HEIGHTS = "heights"
    ANGLES = "angles"
    HN_PREDICTION = "HN prediction"
    SEMANTIC = "semantic prediction"
    BOTH = "both predictions"
    DISAGREEMENT = "disagreement"
    DEPTH = "depth"
    COLOR = "colour"
    CLOUD = "point cloud"


TASKS_OF: Mapping[View, frozenset[Task]] = {
    View.HN_LABELS: frozenset(),
    View.HEIGHTS: frozenset(),
    View.ANGLES: frozenset(),
    View.HN_PREDICTION: frozenset({"hn"}),
    View.SEMANTIC: frozenset({"semantic"}),
    View.BOTH: frozenset({"hn", "semantic"}),
    View.DISAGREEMENT: frozenset({"hn"}),
    View.DEPTH: frozenset(),
    View.COLOR: frozenset(),
    View.CLOUD: frozenset(),
}
"""What the networks have to predict for a view."""

LABELLED_VIEWS = (View.HN_LABELS, View.HEIGHTS, View.ANGLES, View.CLOUD)
"""Views of the newest frame with labels and floor."""

COMPARED_VIEWS = frozenset(
    {View.HN_LABELS, View.HEIGHTS, View.ANGLES, View.DISAGREEMENT}
)
"""Views of labels, which need a floor."""


@dataclass(frozen=True)
class Orbit:
    """Where the point cloud is looked at from, around a point amid it."""

    yaw_deg: float = 20.0
    """How far to the right of the camera the eye is."""
    pitch_deg: float = 25.0
    """How steeply it looks down: 0 is level, 90 from straight above."""
    zoom: float = 1.0
    """How many times nearer than where all is in view."""

    def turned(self, yaw_deg: float, pitch_deg: float) -> "Orbit":
        """Farther round, and higher up as far as that goes."""
        yaw = (self.yaw_deg + yaw_deg + 180.0) % 360.0 - 180.0
        pitch = min(max(self.pitch_deg + pitch_deg, _LOWEST_DEG), _HIGHEST_DEG)
        return replace(self, yaw_deg=yaw, pitch_deg=pitch)

    def zoomed(self, factor: float) -> "Orbit":
        """Nearer by a factor, as far as that goes."""
        zoom = min(max(self.zoom * factor, _SMALLEST_ZOOM), _LARGEST_ZOOM)
        return replace(self, zoom=zoom)


@dataclass(frozen=True)
class ViewSettings:
    """How the user wants to see the frames."""

    view: View = View.HN_LABELS
    opacity: float = 0.55
    """0..1, of the class colours over the photo."""
    size: tuple[int, int] | None = None
    """Width and height of the place to fill, device pixels; None keeps the frame's."""
    orbit: Orbit = Orbit()
    """Of the point cloud."""


@dataclass(frozen=True, eq=False)
class Layers:
    """A frame on its way to the window, with the classes to lay over it."""

    frame: RgbdFrame
    arrived_s: float
    """When the sensor delivered it, on the monotonic clock."""
    labels: HNLabels | None = None
    predicted: Mapping[Task, np.ndarray] = field(default_factory=dict)
    """(H, W) uint8 classes of the networks that looked at it."""
    disagreement: Disagreement | None = None
    """Of the HN prediction and the labels."""
    floor: FloorPlane | None = None
    is_floor_known: bool = False
    """Whether a floor was looked for; if so, None means that it is not known."""


@dataclass(frozen=True, eq=False)
class Picture:
    """What the window paints. Nobody writes to it any more."""

    pixels: np.ndarray
    """(h, w) uint32 0xffRRGGBB, as large as it is shown."""
    layers: Layers
    settings: ViewSettings
    shares: np.ndarray
    """(256,) float, the share of each class among the pixels with a class; for heights
    and angles of each step of their palette."""
    line_shares: np.ndarray
    """(256,) the same of the HN classes whose borders are drawn over it; else zeros."""
    horizon: tuple[tuple[float, float], tuple[float, float]] | None
    """Two ends (x, y) of the camera's eye level, as shares of width and height."""

    @property
    def has_classes(self) -> bool:
        """Whether the view had class colours to show."""
        return bool(self.shares.any())
