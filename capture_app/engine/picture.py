"""A frame and what is known of it as the window shows it: pixels and some numbers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

import cv2
import numpy as np

from core.bins import IGNORE_LABEL, HNBins
from core.disagreement import Disagreement
from core.floor import FloorPlane
from core.frame import Intrinsics, RgbdFrame
from core.hn_labels import HNLabels
from core.overlay import (
    blend,
    class_palette,
    colorize_depth,
    disagreement_palette,
    draw_borders,
    to_rgb32,
    without_specks,
)
from core.prediction import ModelInfo, Task


class View(Enum):
    """What the window shows."""

    HN_LABELS = "HN-labels"
    HN_PREDICTION = "HN prediction"
    SEMANTIC = "semantic prediction"
    BOTH = "both predictions"
    DISAGREEMENT = "disagreement"
    DEPTH = "depth"
    COLOR = "colour"


TASKS_OF: Mapping[View, frozenset[Task]] = {
    View.HN_LABELS: frozenset(),
    View.HN_PREDICTION: frozenset({"hn"}),
    View.SEMANTIC: frozenset({"semantic"}),
    View.BOTH: frozenset({"hn", "semantic"}),
    View.DISAGREEMENT: frozenset({"hn"}),
    View.DEPTH: frozenset(),
    View.COLOR: frozenset(),
}
"""What the networks have to predict for a view."""

COMPARED_VIEWS = frozenset({View.HN_LABELS, View.DISAGREEMENT})
"""Views of labels, which need a floor."""


@dataclass(frozen=True)
class ViewSettings:
    """How the user wants to see the frames."""

    view: View = View.HN_LABELS
    opacity: float = 0.55
    """0..1, of the class colours over the photo."""
    size: tuple[int, int] | None = None
    """Width and height of the place to fill, device pixels; None keeps the frame's."""


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
    """(256,) float, the share of each class among the pixels with a class."""
    line_shares: np.ndarray
    """(256,) the same of the HN classes whose borders are drawn over it; else zeros."""
    horizon: tuple[tuple[float, float], tuple[float, float]] | None
    """Two ends (x, y) of the camera's eye level, as shares of width and height."""

    @property
    def has_classes(self) -> bool:
        """Whether the view had class colours to show."""
        return bool(self.shares.any())


class Painter:
    """Turns layers into pictures in the colours of one set of bins and of networks."""

    def __init__(self, bins: HNBins, models: Mapping[Task, ModelInfo]) -> None:
        self._label_palette = class_palette(bins)
        self._palettes = {task: info.palette for task, info in models.items()}

    def paint(self, layers: Layers, settings: ViewSettings) -> Picture:
        """The picture of `layers` that `settings` ask for, or else the photo."""
        frame = layers.frame
        shares = np.zeros(256)
        image, intrinsics = frame.rgb, frame.color_intrinsics
        filled = self._filled(layers, settings.view)
        if settings.view is View.DEPTH:
            image = colorize_depth(frame.depth, frame.depth_scale)
            intrinsics = frame.depth_intrinsics
        elif filled is not None:
            image = blend(image, *filled, settings.opacity)
            shares = class_shares(filled[0])
        line = None
        if layers.floor is not None:
            up = layers.floor.up
            if settings.view is View.DEPTH:
                up = frame.T_color_depth[:3, :3].T @ up
            line = horizon(up, intrinsics)
        image = _fitted(image, settings.size)
        line_shares = np.zeros(256)
        if settings.view is View.BOTH and "hn" in layers.predicted:
            image = self._with_lines(image, layers.predicted["hn"])
            line_shares = class_shares(layers.predicted["hn"])
        return Picture(to_rgb32(image), layers, settings, shares, line_shares, line)

    def _filled(
        self, layers: Layers, view: View
    ) -> tuple[np.ndarray, np.ndarray] | None:
        """Classes that fill the picture and their palette; None for the plain photo."""
        if view is View.HN_LABELS and layers.labels is not None:
            return layers.labels.classes, self._label_palette
        if view is View.HN_PREDICTION and "hn" in layers.predicted:
            return layers.predicted["hn"], self._palettes["hn"]
        if view in (View.SEMANTIC, View.BOTH) and "semantic" in layers.predicted:
            return layers.predicted["semantic"], self._palettes["semantic"]
        if view is View.DISAGREEMENT and layers.disagreement is not None:
            return layers.disagreement.kinds, disagreement_palette()
        return None

    def _with_lines(self, image: np.ndarray, classes: np.ndarray) -> np.ndarray:
        """HN classes as lines, drawn at the size that is shown."""
        height, width = image.shape[:2]
        classes = without_specks(classes, height, width)
        return draw_borders(image, classes, self._palettes["hn"])


def class_shares(classes: np.ndarray) -> np.ndarray:
    """(256,) share of each class among the pixels that have one."""
    counts = cv2.calcHist([classes], [0], None, [256], [0, 256]).ravel().astype(float)
    counts[IGNORE_LABEL] = 0
    return counts / max(counts.sum(), 1.0)


def horizon(
    up: np.ndarray, intrinsics: Intrinsics
) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """Where the image meets the plane of the camera's own height; None if it does not.

    These are the pixels whose rays are level: up . (x, y, 1) = 0. Lens distortion is
    left out; it is a few pixels at the border.
    """
    a, b = up[0] / intrinsics.fx, up[1] / intrinsics.fy
    c = up[2] - a * intrinsics.cx - b * intrinsics.cy
    width, height = intrinsics.width - 1.0, intrinsics.height - 1.0
    ends = []
    if abs(b) > 1e-12:
        ends += [(x, -(a * x + c) / b) for x in (0.0, width)]
    if abs(a) > 1e-12:
        ends += [(-(b * y + c) / a, y) for y in (0.0, height)]
    inside = sorted(
        {
            (x / width, y / height)
            for x, y in ends
            if -1e-9 <= x <= width + 1e-9 and -1e-9 <= y <= height + 1e-9
        }
    )
    return (inside[0], inside[-1]) if len(inside) >= 2 else None


def _fitted(image: np.ndarray, size: tuple[int, int] | None) -> np.ndarray:
    """`image` as large as fits into `size` (width, height), its aspect kept."""
    if size is None:
        return image
    height, width = image.shape[:2]
    scale = min(size[0] / width, size[1] / height)
    fitted = (max(1, round(width * scale)), max(1, round(height * scale)))
    if fitted == (width, height):
        return image
    smaller = scale < 1
    return cv2.resize(
        image, fitted, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    )
