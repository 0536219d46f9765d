"""Planes and normals of a depth image, fitted in inverse depth and aware of edges.

The inverse depth of a plane is affine in the pixel (u, v), and the noise of stereo and
structured light is nearly constant in inverse depth, so plain least squares over a
window is the maximum-likelihood plane and needs nothing but box sums. Windows that are
not one plane are recognised by their residual, and their pixels borrow the plane of a
neighbour that predicts their own depth. Everything happens on cells of 2 x 2 pixels.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from core.frame import Intrinsics
from core.geometry import pixel_rays

CELL = 2
FINE_RADIUS = 3  # cells: a window of 14 pixels
COARSE_RADIUS = 6  # double cells: a window of 52 pixels
MIN_NOISE = 5e-4  # 1/m, so that noise-free depth does not reject its own rounding
MAX_NOISE = 6e-3  # 1/m, so that a cluttered view does not pass for a noisy one
CLEAN_RMS = (
    2.0  # a window is one plane while its rms residual is below this many sigmas
)
OWN_RESIDUAL = 4.0  # a plane predicts a pixel within 4 sigmas


@dataclass(frozen=True, eq=False)
class PlaneField:
    """One plane per cell: inverse depth at pixel (u, v) is `a * u + b * v + c`."""

    coefficients: np.ndarray
    """(h, w, 3) float64 a, b (1/m/px) and c (1/m); nan where the cell has no depth."""
    inverse_depth: np.ndarray
    """(h, w) float64 1/m at the cell's centre; 0 where the cell has no depth."""
    pixels: np.ndarray
    """(h, w, 2) float64 (u, v) of the cells' centres in the image."""
    noise: np.ndarray
    """(h, w) float64 1/m, one sigma of the cell's inverse depth."""

    def smoothed(self) -> np.ndarray:
        """(h, w) float64 1/m as the planes have it; 0 where the cell has no depth."""
        return np.nan_to_num(_predict(self.coefficients, self.pixels))


def fit_planes(depth: np.ndarray, depth_scale: float) -> PlaneField:
    """A plane for each 2 x 2 cell of a (H, W) uint16 depth image that has any depth."""
    fine = _cells(depth, depth_scale)
    seen = fine.inverse_depth > 0
    coefficients, rms = _window_planes(fine, FINE_RADIUS)
    noise = _noise(depth, depth_scale, fine.inverse_depth, rms)
    clean = seen & (rms < CLEAN_RMS * noise)

    coarse_planes, coarse_clean = _coarse_planes(fine, noise)
    fits = coarse_clean & (
        np.abs(_predict(coarse_planes, fine.pixels) - fine.inverse_depth)
        < CLEAN_RMS * noise
    )
    coefficients = np.where(fits[..., None], coarse_planes, coefficients)
    clean |= fits & seen

    coefficients = _borrow(fine, coefficients, clean, noise)
    coefficients[~seen] = np.nan
    return PlaneField(coefficients, fine.inverse_depth, fine.pixels, noise)


def normals(field: PlaneField, intrinsics: Intrinsics) -> np.ndarray:
    """(h, w, 3) float32 unit normals of the cells, to the camera; 0 without depth."""
    return _to_normals(field.coefficients, intrinsics)


def pixel_normals(
    field: PlaneField, depth: np.ndarray, depth_scale: float, intrinsics: Intrinsics
) -> np.ndarray:
    """(H, W, 3) float32 unit normals of the pixels; 0 where depth is missing.

    A pixel takes its cell's plane, or where that does not predict the pixel's own depth
    the best of the neighbouring cells' planes.
    """
    height, width = depth.shape
    rows = np.minimum(np.arange(height) // CELL, field.noise.shape[0] - 1)
    cols = np.minimum(np.arange(width) // CELL, field.noise.shape[1] - 1)
    planes = field.coefficients[rows[:, None], cols]
    u, v = np.arange(width, dtype=np.float64), np.arange(height, dtype=np.float64)
    inverse = _inverse(depth, depth_scale)
    error = np.abs(
        planes[..., 0] * u + planes[..., 1] * v[:, None] + planes[..., 2] - inverse
    )
    tolerance = OWN_RESIDUAL * field.noise[rows[:, None], cols]
    odd = (inverse > 0) & ~(error < tolerance)
    odd_v, odd_u = np.nonzero(odd)
    best = planes[odd]
    best_error = np.where(np.isnan(error[odd]), np.inf, error[odd])
    for dv, du in _ring(1) + _ring(2):
        row = np.clip(rows[odd_v] + dv, 0, field.noise.shape[0] - 1)
        col = np.clip(cols[odd_u] + du, 0, field.noise.shape[1] - 1)
        plane = field.coefficients[row, col]
        new_error = np.abs(
            plane[:, 0] * odd_u + plane[:, 1] * odd_v + plane[:, 2] - inverse[odd]
        )
        better = new_error < best_error
        best[better] = plane[better]
        best_error[better] = new_error[better]
    planes[odd] = best
    planes[inverse == 0] = np.nan
    return _to_normals(planes, intrinsics, seen=inverse > 0)


@dataclass(frozen=True, eq=False)
class _Cells:
    inverse_depth: np.ndarray
    pixels: np.ndarray


def _inverse(depth: np.ndarray, depth_scale: float) -> np.ndarray:
    inverse = np.zeros(depth.shape)
    np.divide(1.0 / depth_scale, depth, out=inverse, where=depth > 0)
    return inverse


def _cells(depth: np.ndarray, depth_scale: float) -> _Cells:
    """Mean inverse depth of each cell's pixels; at an edge, of the nearer surface."""
    height, width = depth.shape
    pad = ((0, -height % CELL), (0, -width % CELL))
    inverse = np.pad(_inverse(depth, depth_scale), pad)
    blocks = inverse.reshape(
        inverse.shape[0] // CELL, CELL, inverse.shape[1] // CELL, CELL
    ).swapaxes(1, 2)
    nearest = blocks.max(axis=(2, 3), keepdims=True)
    near = blocks > 0.95 * nearest
    count = near.sum(axis=(2, 3))
    mean = np.where(near, blocks, 0.0).sum(axis=(2, 3)) / np.maximum(count, 1)
    offset = np.arange(CELL) - (CELL - 1) / 2
    shift_u = (near * offset).sum(axis=(2, 3)) / np.maximum(count, 1)
    shift_v = (near * offset[:, None]).sum(axis=(2, 3)) / np.maximum(count, 1)
    v, u = np.indices(mean.shape) * CELL + (CELL - 1) / 2
    return _Cells(mean, np.stack((u + shift_u, v + shift_v), axis=-1))


def _halved(cells: _Cells) -> _Cells:
    """Cells of twice the size."""
    height, width = cells.inverse_depth.shape
    pad = ((0, height % 2), (0, width % 2))
    inverse = np.pad(cells.inverse_depth, pad)
    seen = (inverse > 0).astype(np.float64)
    count = np.maximum(_sum_2x2(seen), 1)
    pixels = np.pad(cells.pixels, (*pad, (0, 0)))
    u, v = (_sum_2x2(pixels[..., axis] * seen) / count for axis in (0, 1))
    return _Cells(_sum_2x2(inverse) / count, np.stack((u, v), axis=-1))


def _sum_2x2(image: np.ndarray) -> np.ndarray:
    return image[0::2, 0::2] + image[0::2, 1::2] + image[1::2, 0::2] + image[1::2, 1::2]


def _window_planes(cells: _Cells, radius: int) -> tuple[np.ndarray, np.ndarray]:
    """Least-squares plane of each cell's window and its rms residual, inf for none."""
    weight = (cells.inverse_depth > 0).astype(np.float64)
    u, v = cells.pixels[..., 0] * weight, cells.pixels[..., 1] * weight
    depth = cells.inverse_depth

    def window_sum(image: np.ndarray) -> np.ndarray:
        size = (2 * radius + 1, 2 * radius + 1)
        return cv2.boxFilter(
            image, -1, size, normalize=False, borderType=cv2.BORDER_CONSTANT
        )

    n = window_sum(weight)
    count = np.maximum(n, 1)
    mean_u, mean_v, mean_d = (window_sum(x) / count for x in (u, v, depth))
    uu = window_sum(u * u) / count - mean_u * mean_u
    uv = window_sum(u * v) / count - mean_u * mean_v
    vv = window_sum(v * v) / count - mean_v * mean_v
    ud = window_sum(u * depth) / count - mean_u * mean_d
    vd = window_sum(v * depth) / count - mean_v * mean_d
    dd = window_sum(depth * depth) / count - mean_d * mean_d

    determinant = uu * vv - uv * uv
    spread = (n >= 0.4 * (2 * radius + 1) ** 2) & (determinant > 0.05 * uu * vv)
    safe = np.where(spread, determinant, 1.0)
    a = (ud * vv - vd * uv) / safe
    b = (vd * uu - ud * uv) / safe
    c = mean_d - a * mean_u - b * mean_v
    rms = np.sqrt(np.maximum(dd - a * ud - b * vd, 0.0))
    return np.stack((a, b, c), axis=-1), np.where(spread, rms, np.inf)


def _noise(
    depth: np.ndarray, depth_scale: float, inverse: np.ndarray, rms: np.ndarray
) -> np.ndarray:
    """One sigma of every cell's inverse depth, from the image itself.

    Noise is the residual that the smoother half of the windows shows, and never less
    than the steps in which this depth is quantised (39 mm in 8-bit files, 1/8 px of
    disparity in a Kinect).
    """
    measured = rms[np.isfinite(rms) & (inverse > 0)]
    sigma = np.quantile(measured, 0.4) if measured.size else MIN_NOISE
    values = np.flatnonzero(np.bincount(depth.ravel(), minlength=2)[1:]) + 1
    step = np.zeros_like(inverse)
    if values.size > 2:
        gaps = cv2.medianBlur(np.gradient(values.astype(np.float32))[None], 5)[0]
        units = np.zeros_like(inverse)
        np.divide(1.0 / depth_scale, inverse, out=units, where=inverse > 0)
        step = np.interp(units, values, gaps) * depth_scale * inverse * inverse
    return np.maximum(np.clip(sigma, MIN_NOISE, MAX_NOISE), step / np.sqrt(12.0))


def _coarse_planes(cells: _Cells, noise: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The planes of windows of double cells, and which are clean, by fine cell."""
    coefficients, rms = _window_planes(_halved(cells), COARSE_RADIUS)
    rows, cols = (np.arange(size) // 2 for size in cells.inverse_depth.shape)
    clean = rms[rows[:, None], cols] < CLEAN_RMS * noise
    return coefficients[rows[:, None], cols], clean


def _predict(planes: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    return (
        planes[..., 0] * pixels[..., 0]
        + planes[..., 1] * pixels[..., 1]
        + (planes[..., 2])
    )


def _ring(radius: int) -> list[tuple[int, int]]:
    steps = (-radius, 0, radius)
    return [(dv, du) for dv in steps for du in steps if (dv, du) != (0, 0)]


def _borrow(
    cells: _Cells, coefficients: np.ndarray, clean: np.ndarray, noise: np.ndarray
) -> np.ndarray:
    """Give each unclean cell the clean neighbouring plane that best predicts its depth.

    The idea is Kuwahara's: near an edge, some window beside the cell lies on one side
    of it. Cells that no neighbour predicts fit a plane to the like depths around them.
    """
    height, width = clean.shape
    rows, cols = np.nonzero((cells.inverse_depth > 0) & ~clean)
    own = cells.inverse_depth[rows, cols]
    pixels = cells.pixels[rows, cols]
    best = np.full((rows.size, 3), np.nan)
    best_error = OWN_RESIDUAL * noise[rows, cols]
    for radius in (FINE_RADIUS, FINE_RADIUS // 2 + 1, 2 * FINE_RADIUS):
        for dv, du in _ring(radius):
            row = np.clip(rows + dv, 0, height - 1)
            col = np.clip(cols + du, 0, width - 1)
            plane = coefficients[row, col]
            error = np.abs(_predict(plane, pixels) - own)
            better = clean[row, col] & (error < best_error)
            best[better] = plane[better]
            best_error[better] = error[better]
    alone = np.isnan(best[:, 0])
    best[alone] = _similar_depth_planes(cells, rows[alone], cols[alone])
    result = coefficients.copy()
    result[rows, cols] = best
    return result


def _similar_depth_planes(
    cells: _Cells, rows: np.ndarray, cols: np.ndarray
) -> np.ndarray:
    """(N, 3) planes through the 5 x 5 neighbours within about 6 % of the cell's depth.

    Where they do not span a plane the cell faces the camera.
    """
    height, width = cells.inverse_depth.shape
    own = cells.inverse_depth[rows, cols]
    pixels = cells.pixels[rows, cols]
    matrix = np.zeros((rows.size, 3, 3))
    right = np.zeros((rows.size, 3))
    for dv in range(-2, 3):
        for du in range(-2, 3):
            row, col = rows + dv, cols + du
            inside = (row >= 0) & (row < height) & (col >= 0) & (col < width)
            row, col = np.clip(row, 0, height - 1), np.clip(col, 0, width - 1)
            other = cells.inverse_depth[row, col]
            use = inside & (other > 0) & (np.abs(other - own) < 0.02 + 0.06 * own)
            offset = cells.pixels[row, col] - pixels
            basis = np.concatenate((offset, np.ones((rows.size, 1))), axis=1)
            basis *= use[:, None]
            matrix += basis[:, :, None] * basis[:, None, :]
            right += basis * other[:, None]
    spans = np.linalg.det(matrix) > 1.0
    planes = np.zeros((rows.size, 3))
    planes[:, 2] = own  # constant inverse depth: the plane that faces the camera
    solved = np.linalg.solve(matrix[spans], right[spans, :, None])[..., 0]
    solved[:, 2] -= solved[:, 0] * pixels[spans, 0] + solved[:, 1] * pixels[spans, 1]
    planes[spans] = solved
    return planes


def _to_normals(
    planes: np.ndarray, intrinsics: Intrinsics, seen: np.ndarray | None = None
) -> np.ndarray:
    """Unit normals of (..., 3) planes; seen pixels without a plane face the camera."""
    a, b, c = np.moveaxis(planes, -1, 0)
    result = np.stack(
        (
            -intrinsics.fx * a,
            -intrinsics.fy * b,
            -(c + intrinsics.cx * a + intrinsics.cy * b),
        ),
        axis=-1,
    ).astype(np.float32)
    if seen is not None:
        alone = seen & np.isnan(result[..., 0])
        result[alone, :2] = -pixel_rays(intrinsics)[alone]
        result[alone, 2] = -1.0
    length = np.sqrt(np.einsum("...k,...k->...", result, result))
    np.divide(result, length[..., None], out=result, where=length[..., None] > 0)
    return np.nan_to_num(result, copy=False)
