"""Turns layers into pictures: class colours, scales, depth or points."""

from collections.abc import Mapping

import cv2
import numpy as np

from capture_app.engine.cloud import CloudPainter
from capture_app.engine.picture import Layers, Picture, View, ViewSettings
from core.bins import IGNORE_LABEL, HNBins
from core.frame import Intrinsics
from core.overlay import (
    HEIGHT_RANGE_M,
    angle_palette,
    blend,
    class_palette,
    colorize_depth,
    disagreement_palette,
    draw_borders,
    height_palette,
    to_rgb32,
    to_steps,
    without_specks,
)
from core.prediction import ModelInfo, Task
from core.surface_maps import surface_maps

Line = tuple[tuple[float, float], tuple[float, float]]

_LARGEST_ANGLE_DEG = 90.0


class Painter:
    """Turns layers into pictures in the colours of one set of bins and of networks.

    For one thread.
    """

    def __init__(self, bins: HNBins, models: Mapping[Task, ModelInfo]) -> None:
        self._label_palette = class_palette(bins)
        self._palettes = {task: info.palette for task, info in models.items()}
        self._cloud = CloudPainter(bins)

    def paint(self, layers: Layers, settings: ViewSettings) -> Picture:
        """The picture of `layers` that `settings` ask for, or else the photo."""
        if settings.view is View.CLOUD:
            return self._cloud_picture(layers, settings)
        frame = layers.frame
        shares, line_shares = np.zeros(256), np.zeros(256)
        image = frame.rgb
        filled = self._filled(layers, settings.view)
        if settings.view is View.DEPTH:
            image = colorize_depth(frame.depth, frame.depth_scale)
        elif filled is not None:
            image = blend(image, *filled, settings.opacity)
            shares = class_shares(filled[0])
        image = _fitted(image, settings.size)
        if settings.view is View.BOTH and "hn" in layers.predicted:
            image = self._with_lines(image, layers.predicted["hn"])
            line_shares = class_shares(layers.predicted["hn"])
        line = _horizon_of(layers, settings.view)
        return Picture(to_rgb32(image), layers, settings, shares, line_shares, line)

    def _cloud_picture(self, layers: Layers, settings: ViewSettings) -> Picture:
        """It fills its whole place; nothing is in the shape of the photo."""
        color = layers.frame.color_intrinsics
        size = settings.size or (color.width, color.height)
        pixels = self._cloud.paint(layers, settings.orbit, settings.opacity, size)
        nothing = np.zeros(256)
        labels = layers.labels
        shares = nothing if labels is None else class_shares(labels.classes)
        return Picture(pixels, layers, settings, shares, nothing, None)

    def _filled(
        self, layers: Layers, view: View
    ) -> tuple[np.ndarray, np.ndarray] | None:
        """Classes that fill the picture and their palette; None for the plain photo."""
        if view is View.HN_LABELS and layers.labels is not None:
            return layers.labels.classes, self._label_palette
        if view is View.HEIGHTS and layers.floor is not None:
            maps = surface_maps(layers.frame, layers.floor)
            return to_steps(maps.heights, *HEIGHT_RANGE_M), height_palette()
        if view is View.ANGLES and layers.floor is not None:
            maps = surface_maps(layers.frame, layers.floor)
            steps = to_steps(maps.folded_angles(), 0.0, _LARGEST_ANGLE_DEG)
            return steps, angle_palette()
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


def horizon(up: np.ndarray, intrinsics: Intrinsics) -> Line | None:
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


def _horizon_of(layers: Layers, view: View) -> Line | None:
    """The horizon of the camera whose picture a view shows, if the floor is known."""
    if layers.floor is None:
        return None
    frame, up = layers.frame, layers.floor.up
    if view is View.DEPTH:
        return horizon(frame.T_color_depth[:3, :3].T @ up, frame.depth_intrinsics)
    return horizon(up, frame.color_intrinsics)


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
