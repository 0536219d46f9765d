"""What is known of one point of the picture that is shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from capture_app.engine.picture import Layers, View
from core.bins import IGNORE_LABEL, HNBins
from core.frame import RgbdFrame
from core.geometry import pixel_rays, project, transform
from core.overlay import class_palette
from core.prediction import ModelInfo, Task
from core.registration import register_depth
from core.surface_maps import surface_maps

_SAME_SURFACE = 0.03  # of the depth: beyond it, something else hides the point

Pixel = tuple[int, int]


@dataclass(frozen=True)
class ShownClass:
    """A class as people see it."""

    name: str
    color: tuple[int, int, int]
    """RGB."""


@dataclass(frozen=True)
class Probe:
    """One point of a frame; None for what is not known of it."""

    depth_m: float | None = None
    """Along the axis of the camera whose picture is shown."""
    height_m: float | None = None
    """Above the floor."""
    angle_deg: float | None = None
    """Between normal and up; a ceiling is as flat as a floor unless bins are signed."""
    hn_class: ShownClass | None = None
    """What height and angle make of it."""
    predicted_hn: ShownClass | None = None
    semantic: ShownClass | None = None


def probe(
    layers: Layers,
    x: float,
    y: float,
    view: View,
    bins: HNBins,
    models: Mapping[Task, ModelInfo],
) -> Probe | None:
    """The point at the shares (x, y) of a picture's width and height.

    None beside the picture, and in a point cloud, whose points lie anywhere. `bins` cut
    what has no labels of its own; what networks outside `models` saw is left out.
    """
    if view is View.CLOUD or not (0.0 <= x < 1.0 and 0.0 <= y < 1.0):
        return None
    frame = layers.frame
    if view is View.DEPTH and not _has_one_grid(frame):
        return _probe_depth(layers, x, y, bins, models)
    height, width = frame.rgb.shape[:2]
    pixel = int(x * width), int(y * height)
    return _probe_color(layers, pixel, bins, models)


def _probe_color(
    layers: Layers, pixel: Pixel, bins: HNBins, models: Mapping[Task, ModelInfo]
) -> Probe:
    """The point at a pixel (u, v) of the colour image."""
    u, v = pixel
    depth_m = _depth_at(layers.frame, pixel)
    height_m = angle_deg = hn_class = None
    if depth_m is not None and layers.floor is not None:
        maps = surface_maps(layers.frame, layers.floor)
        height_m, angle_deg = float(maps.heights[v, u]), float(maps.angles[v, u])
        if layers.labels is not None:
            bins, label = layers.labels.bins, layers.labels.classes[v, u]
        else:
            label = bins.classify(
                np.array([height_m], np.float32),
                np.array([np.cos(np.radians(angle_deg))], np.float32),
            )[0]
        hn_class = _shown(int(label), bins.class_names, class_palette(bins))
        angle_deg = angle_deg if bins.signed_angles else min(angle_deg, 180 - angle_deg)
    predicted = {
        task: _shown(int(classes[v, u]), models[task].class_names, models[task].palette)
        for task, classes in layers.predicted.items()
        if task in models
    }
    return Probe(
        depth_m,
        height_m,
        angle_deg,
        hn_class,
        predicted.get("hn"),
        predicted.get("semantic"),
    )


def _probe_depth(
    layers: Layers, x: float, y: float, bins: HNBins, models: Mapping[Task, ModelInfo]
) -> Probe:
    """The point at shares of the depth image: what the colour camera sees of it."""
    frame = layers.frame
    height, width = frame.depth.shape
    u, v = int(x * width), int(y * height)
    if frame.depth[v, u] == 0:
        return Probe()
    depth_m = float(frame.depth[v, u]) * frame.depth_scale
    ray = np.append(pixel_rays(frame.depth_intrinsics)[v, u], 1.0)
    point = transform(frame.T_color_depth, depth_m * ray.astype(np.float64))
    pixel = _color_pixel(frame, point)
    seen_m = None if pixel is None else _depth_at(frame, pixel)
    if pixel and seen_m and abs(seen_m - point[2]) < _SAME_SURFACE * point[2]:
        return replace(_probe_color(layers, pixel, bins, models), depth_m=depth_m)
    if layers.floor is None:
        return Probe(depth_m)
    return Probe(depth_m, float(layers.floor.up @ point) + layers.floor.camera_height)


def _has_one_grid(frame: RgbdFrame) -> bool:
    """Whether a depth pixel and the colour pixel of its place show one point."""
    return frame.is_aligned and not frame.color_intrinsics.distortion


@lru_cache(maxsize=1)
def _registered(frame: RgbdFrame) -> np.ndarray:
    """The depth of the frame that is pointed at, while it is."""
    return register_depth(frame)


def _depth_at(frame: RgbdFrame, pixel: Pixel) -> float | None:
    """Metres at a pixel (u, v) of the colour image, lens distortion and all."""
    camera = frame.color_intrinsics
    if camera.distortion:
        x, y = pixel_rays(camera)[pixel[1], pixel[0]].tolist()
        pixel = round(x * camera.fx + camera.cx), round(y * camera.fy + camera.cy)
        if not _is_inside(pixel, frame):
            return None
    units = int(_registered(frame)[pixel[1], pixel[0]])
    return units * frame.depth_scale if units else None


def _color_pixel(frame: RgbdFrame, point: np.ndarray) -> Pixel | None:
    """Where the colour camera sees a point (3,); None if it is out of its sight."""
    if point[2] <= 0.0:
        return None
    u, v = project(point[None], frame.color_intrinsics)[0]
    pixel = round(float(u)), round(float(v))
    return pixel if _is_inside(pixel, frame) else None


def _is_inside(pixel: Pixel, frame: RgbdFrame) -> bool:
    height, width = frame.rgb.shape[:2]
    return 0 <= pixel[0] < width and 0 <= pixel[1] < height


def _shown(label: int, names: Sequence[str], palette: np.ndarray) -> ShownClass | None:
    """A class by its name and colour; None where there is none."""
    if label == IGNORE_LABEL or label >= len(names):
        return None
    red, green, blue = palette[label].tolist()
    return ShownClass(names[label], (red, green, blue))
