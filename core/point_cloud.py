"""A frame as points in a file, painted with its classes (the paper's Figure 6)."""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from core.bins import IGNORE_LABEL, HNBins
from core.floor import FloorPlane
from core.frame import RgbdFrame
from core.geometry import unproject
from core.registration import register_depth, to_pinhole_grid

PLY_TYPES = {"f4": "float", "u1": "uchar"}
PLY_NAMES = {"x": "x", "y": "y", "z": "z", "r": "red", "g": "green", "b": "blue"}


@dataclass(frozen=True, eq=False)
class PointCloud:
    """Points with a class each."""

    points: np.ndarray
    """(N, 3) float32 metres."""
    classes: np.ndarray
    """(N,) uint8."""
    stands_on_floor: bool
    """Whether z is up and the floor is z = 0; else the axes are the colour camera's."""


def classified_cloud(
    frame: RgbdFrame, classes: np.ndarray, floor: FloorPlane | None
) -> PointCloud:
    """The points of a frame's depth, with (H, W) uint8 classes of its colour pixels.

    Those without depth or class are left out. Where the floor is known x is still to
    the camera's right, y ahead of it and z up; the origin is the floor under it.
    """
    camera = frame.color_intrinsics
    depth_m = register_depth(frame) * np.float32(frame.depth_scale)
    on_grid = to_pinhole_grid(classes, camera, IGNORE_LABEL)
    is_point = (depth_m > 0) & (on_grid != IGNORE_LABEL)
    points = unproject(depth_m, camera.pinhole())[is_point]
    if floor is not None:
        points = points @ _level(floor.up).T.astype(np.float32)
        points[:, 2] += np.float32(floor.camera_height)
    return PointCloud(points, on_grid[is_point], floor is not None)


def write_ply(
    path: Path, cloud: PointCloud, palette: np.ndarray, bins: HNBins | None = None
) -> None:
    """Write a binary PLY file: points, colours by the (256, 3) palette, and `class`.

    With the `bins` of HN classes also `height` (metres above the floor) and `angle`
    (degrees between normal and up): the centres of the class's bins.
    """
    columns = {
        **dict(zip("xyz", cloud.points.T, strict=True)),
        **dict(zip("rgb", palette[cloud.classes].T, strict=True)),
        "class": cloud.classes,
    }
    if bins is not None:
        heights, angles = bin_centres(bins)
        angle_bins, height_bins = np.divmod(cloud.classes, bins.num_heights)
        columns["height"] = heights[height_bins]
        columns["angle"] = angles[angle_bins]
    types = {
        name: "u1" if values.dtype == np.uint8 else "f4"
        for name, values in columns.items()
    }
    vertices = np.empty(
        len(cloud.points), [(name, f"<{type}") for name, type in types.items()]
    )
    for name, values in columns.items():
        vertices[name] = values
    axes = (
        "z up from the floor at z = 0, x right and y ahead of the camera"
        if cloud.stands_on_floor
        else "the colour camera's: x right, y down, z forward"
    )
    header = [
        "ply",
        "format binary_little_endian 1.0",
        f"comment axes: {axes}; metres",
        f"element vertex {len(vertices)}",
        *(f"property {PLY_TYPES[t]} {PLY_NAMES.get(n, n)}" for n, t in types.items()),
        "end_header\n",
    ]
    path.write_bytes("\n".join(header).encode("ascii") + vertices.tobytes())


def bin_centres(bins: HNBins) -> tuple[np.ndarray, np.ndarray]:
    """(num_heights,) float32 metres and (num_angles,) degrees, the middle of each bin.

    Nothing is below the floor; the open bin at the top is taken to be as high as the
    one below it.
    """
    edges = bins.height_edges
    if not edges:
        heights = [0.0]
    else:
        bounds = (min(0.0, edges[0]), *edges)
        heights = [(a + b) / 2 for a, b in pairwise(bounds)]
        heights.append(edges[-1] + (bounds[-1] - bounds[-2]) / 2)
    largest = 180.0 if bins.signed_angles else 90.0
    angles = [(a + b) / 2 for a, b in pairwise((0.0, *bins.angle_edges, largest))]
    return np.array(heights, np.float32), np.array(angles, np.float32)


def _level(up: np.ndarray) -> np.ndarray:
    """(3, 3), takes directions of a camera to axes of which z is `up`."""
    # A camera on its side has its own x near up; then its y is across.
    across = np.eye(3)[0 if abs(up[0]) < 0.9 else 1]
    right = across - up * (up @ across)
    right /= np.linalg.norm(right)
    return np.stack((right, np.cross(up, right), up))
