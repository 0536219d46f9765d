"""Figure 6: HN-labels of some frames of a recording on their common point cloud."""

from dataclasses import dataclass

import numpy as np

from core.bins import IGNORE_LABEL, HNBins
from core.errors import HNError
from core.files import write_atomically
from core.overlay import class_palette
from core.point_cloud import PointCloud, write_ply
from training.datasets.splits import evenly
from training.reproduce.experiment import Drawing, Picture
from training.reproduce.pictures import png
from training.reproduce.posed import PosedFrame, PosedSource, posed_sources

NUM_FRAMES = 24
VOXEL_M = 0.015
HIGHEST_M = 2.3
"""Above it is the ceiling, which would hide the room."""
SIZE = (560, 720)
"""(height, width) of one picture."""
ASIDE_DEG, TILT_DEG = 20.0, 40.0
SHORT = 0.1


@dataclass(frozen=True, eq=False)
class Cloud:
    """Coloured points in the world."""

    points: np.ndarray
    """(N, 3) float32 metres: x right, y ahead of the cameras, z up from the floor."""
    colors: np.ndarray
    """(N, 3) uint8, of the photos."""
    classes: np.ndarray
    """(N,) uint8 HN classes."""
    num_frames: int


def draw_point_cloud(drawing: Drawing) -> list[Picture]:
    """Photos and labels side by side from above, and both as a file of points."""
    source = max(posed_sources(drawing.data.free), key=lambda one: len(one.source))
    bins = HNBins()
    palette = class_palette(bins)
    cloud = fused(source, bins)
    ply = drawing.folder / f"{drawing.name}.ply"
    write_ply(ply, PointCloud(cloud.points, cloud.classes, True), palette, bins)
    file = drawing.folder / f"{drawing.name}.png"
    views = [view(cloud.points, c) for c in (cloud.colors, palette[cloud.classes])]
    write_atomically(file, png(np.hstack(views)))
    caption = (
        f"{cloud.num_frames} frames of {source.source.name}: colour and HN-labels of "
        f"{len(cloud.points)} points, one for every {100 * VOXEL_M:g} cm; the labels "
        f"also as {ply.name}."
    )
    return [Picture(file, caption, {"points": len(cloud.points)})]


def fused(source: PosedSource, bins: HNBins) -> Cloud:
    """Labelled points of frames that are evenly spread over a recording."""
    chosen = evenly(np.arange(len(source.source)), NUM_FRAMES).tolist()
    frames = [one for k in chosen if (one := source.frame(k, bins)) is not None]
    if not frames:
        raise HNError(
            f"no frame of {source.source.name} has a pose and a floor that is known"
        )
    up = np.mean([one.up for one in frames], axis=0)
    up /= np.linalg.norm(up)
    parts = [_in_world(one) for one in frames]
    points, colors, classes = (np.concatenate(p) for p in zip(*parts, strict=True))
    ahead = np.mean([one.T_world_camera[:3, 2] for one in frames], axis=0)
    points = points @ _level(up, ahead).T.astype(np.float32)
    floors = [one.height_of_floor(up) for one in frames]
    points[:, 2] -= np.float32(np.median(floors))
    _, first = np.unique(
        np.floor(points / VOXEL_M).astype(np.int32), axis=0, return_index=True
    )
    return Cloud(points[first], colors[first], classes[first], len(frames))


def view(points: np.ndarray, colors: np.ndarray) -> np.ndarray:
    """(height, width, 3) uint8: (N, 3) points on a floor at z = 0 in their (N, 3)
    colours, in parallel projection from above, without what is above HIGHEST_M."""
    used = points[:, 2] < HIGHEST_M
    points, colors = points[used], colors[used]
    flat = points @ _camera_axes().T
    low, high = np.quantile(flat[:, :2], (0.01, 0.99), axis=0)
    height, width = SIZE
    scale = 0.9 * min(width / (high[0] - low[0]), height / (high[1] - low[1]))
    middle = (low + high) / 2
    u, v = np.rint((flat[:, :2] - middle) * scale + (width / 2, height / 2)).T
    u, v = u.astype(np.int64), v.astype(np.int64)
    image = np.full((height, width, 3), 255, np.uint8)
    size = max(1, int(np.ceil(scale * VOXEL_M)))
    # Of points on one pixel the last one is seen, so the nearest. Each is a square.
    order = np.argsort(-flat[:, 2], kind="stable")
    dy, dx = np.indices((size, size)).reshape(2, -1)
    x, y = (u[order, None] + dx).ravel(), (v[order, None] + dy).ravel()
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    image[y[inside], x[inside]] = np.repeat(colors[order], size * size, axis=0)[inside]
    return image


def _in_world(one: PosedFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points, their photo's colours and their classes of one frame."""
    points = one.points
    rows, columns = one.pixels_of(points)
    classes = np.where(rows >= 0, one.classes[rows, columns], IGNORE_LABEL)
    known = classes != IGNORE_LABEL
    T = one.T_world_camera
    world = points[known] @ T[:3, :3].T + T[:3, 3]
    colors = one.rgb[rows[known], columns[known]]
    return world.astype(np.float32), colors, classes[known].astype(np.uint8)


def _level(up: np.ndarray, ahead: np.ndarray) -> np.ndarray:
    """(3, 3), takes directions of the world to right, level `ahead` and up."""
    right = np.cross(ahead, up)
    length = np.linalg.norm(right)
    if length < SHORT:  # the cameras looked all around, or down
        right = np.cross(np.eye(3)[np.argmin(np.abs(up))], up)
        length = np.linalg.norm(right)
    right /= length
    return np.stack((right, np.cross(up, right), up))


def _camera_axes() -> np.ndarray:
    """(3, 3), right, down and forward of a camera that looks down on the room, about
    where those looked that saw it."""
    aside, tilt = np.radians(ASIDE_DEG), np.radians(TILT_DEG)
    ahead = np.array((np.sin(aside), np.cos(aside), 0.0))
    up = np.array((0.0, 0.0, 1.0))
    forward = np.cos(tilt) * ahead - np.sin(tilt) * up
    right = np.cross(ahead, up)
    return np.stack((right, np.cross(forward, right), forward))
