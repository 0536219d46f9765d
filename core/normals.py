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
    a, b, c = np.moveaxis(field.coefficients, -1, 0)
    slopes = (
        -intrinsics.fx * a,
        -intrinsics.fy * b,
        -(c + intrinsics.cx * a + intrinsics.cy * b),
    )
    result = np.stack(slopes, axis=-1).astype(np.float32)
    length = np.linalg.norm(result, axis=-1, keepdims=True)
    return np.nan_to_num(result / np.where(length > 0, length, 1.0))


def pixel_cells(field: PlaneField, depth: np.ndarray, depth_scale: float) -> np.ndarray:
    """(H, W) int64 flat index of the cell whose plane each pixel lies on.

    That is the pixel's own cell, or where its plane does not predict the pixel's own
    depth, the neighbouring cell whose plane does best.
    """
    height, width = depth.shape
    rows, cols = field.noise.shape
    own = np.arange(rows * cols).reshape(rows, cols)
    cells = own.repeat(CELL, axis=0).repeat(CELL, axis=1)[:height, :width]
    inverse = _inverse(depth, depth_scale)
    odd = np.zeros(depth.shape, bool)
    u, v = (
        np.arange(width, dtype=np.float64),
        np.arange(height, dtype=np.float64)[:, None],
    )
    for dv in range(CELL):
        for du in range(CELL):
            pixel = np.s_[dv::CELL, du::CELL]
            part = np.s_[: inverse[pixel].shape[0], : inverse[pixel].shape[1]]
            a, b, c = (field.coefficients[part][..., k] for k in range(3))
            error = a * u[du::CELL] + b * v[dv::CELL] + c - inverse[pixel]
            odd[pixel] = np.abs(error) > CELL * OWN_RESIDUAL * field.noise[part]
    v_odd, u_odd = np.nonzero(odd & (depth > 0))
    planes = field.coefficients.reshape(-1, 3)
    best = cells[v_odd, u_odd]
    best_error = np.full(best.shape, np.inf)
    for dv, du in [(0, 0), *_ring(1), *_ring(2)]:
        row = np.clip(v_odd // CELL + dv, 0, rows - 1)
        col = np.clip(u_odd // CELL + du, 0, cols - 1)
        cell = row * cols + col
        a, b, c = planes[cell].T
        error = np.abs(a * u_odd + b * v_odd + c - inverse[v_odd, u_odd])
        better = error < best_error
        best[better], best_error[better] = cell[better], error[better]
    cells[v_odd, u_odd] = best
    return cells


def pixel_normals(
    field: PlaneField, depth: np.ndarray, depth_scale: float, intrinsics: Intrinsics
) -> np.ndarray:
    """(H, W, 3) float32 unit normals, to the camera; 0 where depth is missing."""
    cells = pixel_cells(field, depth, depth_scale)
    result = normals(field, intrinsics).reshape(-1, 3)[cells]
    result[depth == 0] = 0.0
    return result


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
    corners = [(dv, du) for dv in range(CELL) for du in range(CELL)]
    quarters = [inverse[dv::CELL, du::CELL] for dv, du in corners]
    nearest = 0.95 * np.maximum.reduce(quarters)
    total, count, shift_v, shift_u = np.zeros((4, *nearest.shape))
    for (dv, du), quarter in zip(corners, quarters, strict=True):
        near = quarter > nearest
        total += np.where(near, quarter, 0.0)
        count += near
        shift_v += near * (dv - (CELL - 1) / 2)
        shift_u += near * (du - (CELL - 1) / 2)
    count = np.maximum(count, 1)
    v, u = np.indices(nearest.shape) * CELL + (CELL - 1) / 2
    pixels = np.stack((u + shift_u / count, v + shift_v / count), axis=-1)
    return _Cells(total / count, pixels)


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
