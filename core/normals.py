"""Normals from the planes of a depth image."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from core.frame import Intrinsics
from core.planes import PlaneField, cell_camera

NUM_SAMPLES = 4800
"""About how many cells stand for an image."""


@dataclass(frozen=True, eq=False)
class SurfaceSamples:
    """Points spread over the image whose surroundings are one plane."""

    normals: np.ndarray
    """(N, 3) float32 unit vectors that face the camera."""
    points: np.ndarray
    """(N, 3) float32 metres, on the planes."""


def normals(field: PlaneField, intrinsics: Intrinsics) -> np.ndarray:
    """(h, w, 3) float32 unit normals of the cells, to the camera; 0 without depth."""
    from core.kernels.labels import cell_normals

    result = np.empty((*field.is_clean.shape, 3), np.float32)
    cell_normals(field.planes, camera_numbers(cell_camera(intrinsics)), result)
    return result


def pixel_normals(
    field: PlaneField, depth: np.ndarray, depth_scale: float, intrinsics: Intrinsics
) -> np.ndarray:
    """(H, W, 3) float32 unit normals, to the camera; 0 where depth is missing.

    A pixel whose own cell's plane does not predict its depth takes the normal of the
    nearby cell whose plane does best.
    """
    from core.kernels import labels

    result = np.empty((*depth.shape, 3), np.float32)
    labels.pixel_normals(
        depth,
        np.float32(depth_scale),
        field.planes,
        field.noise.numbers,
        normals(field, intrinsics),
        result,
    )
    return result


def sample_surfaces(
    field: PlaneField, intrinsics: Intrinsics, room: np.ndarray | None = None
) -> SurfaceSamples:
    """About `NUM_SAMPLES` clean cells, evenly spread; `room` as of `sample_room`."""
    from core.kernels.labels import sample_cells

    step = _sample_step(*field.is_clean.shape)
    room = sample_room(*field.is_clean.shape) if room is None else room
    count = sample_cells(
        field.planes,
        field.is_clean,
        camera_numbers(cell_camera(intrinsics)),
        step,
        room[0],
        room[1],
    )
    return SurfaceSamples(room[0, :count], room[1, :count])


def sample_room(rows: int, cols: int) -> np.ndarray:
    """Memory for the normals and points of a (rows, cols) field's samples."""
    step = _sample_step(rows, cols)
    return np.empty((2, (rows // step + 1) * (cols // step + 1), 3), np.float32)


def _sample_step(rows: int, cols: int) -> int:
    return max(1, round(np.sqrt(rows * cols / NUM_SAMPLES)))


@lru_cache(maxsize=8)
def camera_numbers(
    cells: Intrinsics,
) -> tuple[np.float32, np.float32, np.float32, np.float32]:
    """fx, fy, cx, cy of the camera of the cells, as kernels take them."""
    fx, fy, cx, cy = np.array((cells.fx, cells.fy, cells.cx, cells.cy), np.float32)
    return fx, fy, cx, cy
