"""The direct form of `core.kernels.labels`, in float64: from planes to pixels."""

from itertools import product

import numpy as np
from reference_planes import Planes, moved, sigma_of

from core import HNBins, Intrinsics
from core.kernels.labels import PIXEL_RESIDUAL, REACH
from core.planes import CELL, DepthNoise, cell_camera


def reference_normals(planes: Planes, intrinsics: Intrinsics) -> np.ndarray:
    """(h, w, 3) unit normals of the cells, to the camera; 0 without depth."""
    camera = cell_camera(intrinsics)
    m, gu, gv = planes
    i, j = np.indices(m.shape)
    at_centre = moved(planes, camera.cy - i, camera.cx - j)[0]
    normals = -np.stack((camera.fx * gu, camera.fy * gv, at_centre), axis=-1)
    length = np.linalg.norm(normals, axis=-1, keepdims=True)
    return np.divide(normals, length, out=np.zeros_like(normals), where=length > 0)


def predicted(
    planes: Planes, i: np.ndarray, j: np.ndarray, v: np.ndarray, u: np.ndarray
) -> np.ndarray:
    """Inverse depth at pixels (v, u) of the planes of cells (i, j)."""
    centre = (CELL - 1) / 2
    dv, du = (v - centre) / CELL - i, (u - centre) / CELL - j
    return moved(planes[:, i, j], dv, du)[0]


def best_cells(planes: Planes, inverse: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Row and column of the cell near each pixel whose plane predicts it best.

    `inverse` is the pixels' own inverse depth.
    """
    v, u = np.indices(inverse.shape)
    i, j = i_best, j_best = v // CELL, u // CELL
    best = np.abs(predicted(planes, i, j, v, u) - inverse)
    for dv, du in product(range(-REACH, REACH + 1), repeat=2):
        y, x = i + dv, j + du
        inside = (y >= 0) & (y < planes.shape[1]) & (x >= 0) & (x < planes.shape[2])
        y, x = np.where(inside, y, i), np.where(inside, x, j)
        error = np.abs(predicted(planes, y, x, v, u) - inverse)
        is_better = inside & (planes[0, y, x] > 0) & (error < best)
        best, i_best, j_best = (
            np.where(is_better, new, old)
            for new, old in ((error, best), (y, i_best), (x, j_best))
        )
    return i_best, j_best


def chosen_cells(
    planes: Planes, inverse: np.ndarray, noise: DepthNoise
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Row and column of the cell whose plane each pixel lies on, and its depth.

    That is the pixel's own cell, or where its plane does not predict the pixel, the
    one that does best. Depth is the plane's where that predicts the pixel, else the
    pixel's own.
    """
    v, u = np.indices(inverse.shape)
    i, j = v // CELL, u // CELL
    is_odd = ~fits(predicted(planes, i, j, v, u), inverse, noise)
    i_best, j_best = best_cells(planes, inverse)
    i, j = np.where(is_odd, i_best, i), np.where(is_odd, j_best, j)
    p = predicted(planes, i, j, v, u)
    return i, j, 1.0 / np.where(fits(p, inverse, noise), p, inverse)


def fits(p: np.ndarray, inverse: np.ndarray, noise: DepthNoise) -> np.ndarray:
    """Whether planes predict pixels: within 8 sigmas, and never by half their depth."""
    error = np.abs(p - inverse)
    return (error < PIXEL_RESIDUAL * sigma_of(p, noise)) & (error < inverse / 2)


def reference_classes(
    depth: np.ndarray,
    depth_scale: float,
    planes: Planes,
    noise: DepthNoise,
    intrinsics: Intrinsics,
    up: np.ndarray,
    camera_height: float,
    bins: HNBins,
) -> np.ndarray:
    """(H, W) uint8 HN classes; 255 where depth is missing."""
    seen = depth > 0
    inverse = 1.0 / (depth_scale * np.where(seen, depth, 1))
    i, j, z = chosen_cells(planes, inverse, noise)
    v, u = np.indices(depth.shape)
    x = (u - intrinsics.cx) / intrinsics.fx * z
    y = (v - intrinsics.cy) / intrinsics.fy * z
    heights = up[0] * x + up[1] * y + up[2] * z + camera_height
    cosines = reference_normals(planes, intrinsics)[i, j] @ up
    cosines = cosines if bins.signed_angles else np.abs(cosines)
    angles = np.degrees(np.arccos(np.clip(cosines, -1.0, 1.0)))
    height_bins = np.searchsorted(bins.height_edges, heights, side="right")
    angle_bins = np.searchsorted(bins.angle_edges, angles, side="right")
    classes = angle_bins * bins.num_heights + height_bins
    return np.where(seen, classes, 255).astype(np.uint8)
