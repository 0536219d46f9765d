"""Least-squares planes of windows of cells, and the noise that they show.

A plane is its inverse depth D, 1/m, in the middle and its slopes, 1/m a cell.
"""

from collections.abc import Callable

import numpy as np

from core.kernels.cells import MISSING
from core.kernels.jit import HALF, ZERO, kernel

FINE_RADIUS = 3  # cells: a window of 14 pixels
COARSE_RADIUS = 8  # cells of 4 x 4 pixels: a window of 68 pixels
CLEAN_RMS = np.float32(2.0)  # a fine window is one plane below this many sigmas
WHOLE = np.float32(15.0)  # 1/m; a missing cell raises a fine window's rms above it
MIN_NOISE = 5e-4  # 1/m, so that noise-free depth does not reject its own rounding
MAX_NOISE = 6e-3  # 1/m, so that a cluttered view does not pass for a noisy one
NOISE_QUANTILE = 0.4  # of the windows' residuals; the rest may be edges
MEDIAN_SIGMAS = 0.6745  # of a normal distribution's absolute values


def _window_row(radius: int, tap: int) -> Callable[..., None]:
    """A kernel for windows of `radius` cells around the cells of one row.

    Their residual is that of every `tap`-th row and column.
    """
    size = 2 * radius + 1
    per_cell = np.float32(1.0 / size**2)
    per_moment = np.float32(3.0 / (radius * (radius + 1) * size**2))
    per_tap = np.float32(1.0 / (2 * radius // tap + 1) ** 2)

    @kernel
    def window_row(D: np.ndarray, i: int, row: np.ndarray, sums: np.ndarray) -> None:
        """Least-squares planes of the windows around row i, and their rms residuals.

        `row` (4, w) takes value, slopes, residual; MISSING where the window leaves the
        image; `sums` (2, w) is room to work in. On a regular grid the normal matrix is
        constant: the plane's value and slopes are the window's mean and its moments.
        """
        rows, cols = D.shape
        inner = cols - 2 * radius
        if i < radius or i >= rows - radius or inner < 1:
            row[3] = MISSING
            return
        row[3, :radius] = MISSING
        row[3, radius + inner :] = MISSING
        window = D[i - radius : i + radius + 1]
        sums_, moments = sums[0], sums[1]
        for j in range(cols):
            total = moment = ZERO
            for k in range(size):
                total += window[k, j]
                moment += np.float32(k - radius) * window[k, j]
            sums_[j] = total
            moments[j] = moment
        m, gu = row[0, radius : radius + inner], row[1, radius : radius + inner]
        gv, rms = row[2, radius : radius + inner], row[3, radius : radius + inner]
        for j in range(inner):
            total = across = down = ZERO
            for k in range(size):
                total += sums_[j + k]
                across += np.float32(k - radius) * sums_[j + k]
                down += moments[j + k]
            m[j] = total * per_cell
            gu[j] = across * per_moment
            gv[j] = down * per_moment
        for j in range(inner):
            total = ZERO
            for dv in range(0, size, tap):
                for du in range(0, size, tap):
                    u, v = np.float32(du - radius), np.float32(dv - radius)
                    error = window[dv, j + du] - m[j] - u * gu[j] - v * gv[j]
                    total += error * error
            rms[j] = np.sqrt(total * per_tap) if m[j] < HALF * MISSING else MISSING

    return window_row


fine_row = _window_row(FINE_RADIUS, tap=2)
coarse_row = _window_row(COARSE_RADIUS, tap=4)
MEAN_SQUARE_STEP = FINE_RADIUS * (FINE_RADIUS + 1) / 3  # of a window's cells, one axis


@kernel
def fit_coarse(
    D: np.ndarray, coarse: np.ndarray, row: np.ndarray, sums: np.ndarray
) -> None:
    """The (4, h, w) value, slopes and residual of coarse windows."""
    cols = D.shape[1]
    for i in range(D.shape[0]):
        coarse_row(D, i, row, sums)
        for k in range(4):
            for j in range(cols):
                coarse[k, i, j] = row[k, j]


@kernel
def fit_sparse(
    D: np.ndarray, fine: np.ndarray, row: np.ndarray, sums: np.ndarray
) -> None:
    """The fine planes of every other row and column, where the coarse cells are."""
    for i in range(fine.shape[1]):
        fine_row(D, 2 * i, row, sums)
        for k in range(4):
            for j in range(fine.shape[2]):
                fine[k, i, j] = row[k, 2 * j]


@kernel
def quantile(
    values: np.ndarray, count: int, share: float, top: float, histogram: np.ndarray
) -> float:
    """The quantile of the first `count` values in 0..top, to a bin of the histogram."""
    histogram[:] = 0
    bins = histogram.size
    per_bin = bins / top
    for k in range(count):
        histogram[min(int(values[k] * per_bin), bins - 1)] += 1
    reached = 0
    for k in range(bins):
        reached += histogram[k]
        if reached > share * count:
            return (k + 0.5) / per_bin
    return 0.0


@kernel
def measure_noise(
    fine: np.ndarray, coarse: np.ndarray, values: np.ndarray, histogram: np.ndarray
) -> tuple[float, float, float]:
    """Sigmas of a cell's inverse depth, of a fine window's mean and of its slopes.

    A cell's noise is the residual that the smoother windows show and what their planes
    absorbed of it, which is how far they lie from the coarse planes. That is little
    when the noise of neighbouring cells is independent, and most of it when stereo
    matching has smeared it.
    """
    n = 0
    for i in range(1, fine.shape[1], 2):
        for j in range(1, fine.shape[2], 2):
            if fine[3, i, j] < WHOLE:
                values[n] = fine[3, i, j]
                n += 1
    left = max(quantile(values, n, NOISE_QUANTILE, MAX_NOISE, histogram), MIN_NOISE)
    n = scale_differences(fine, coarse, CLEAN_RMS * left, 1, values)
    slope = quantile(values, n, 0.5, 2.0 * left, histogram) / MEDIAN_SIGMAS
    n = scale_differences(fine, coarse, CLEAN_RMS * left, 0, values)
    mean = quantile(values, n, 0.5, 2.0 * left, histogram) / MEDIAN_SIGMAS
    absorbed = mean * mean + 2.0 * MEAN_SQUARE_STEP * slope * slope
    return np.sqrt(left * left + absorbed), mean, slope


@kernel
def scale_differences(
    fine: np.ndarray,
    coarse: np.ndarray,
    limit: np.float32,
    part: int,
    values: np.ndarray,
) -> int:
    """How far the fine planes are from the coarse ones, where those are clean.

    `part` 0 compares values, 1 both slopes; returns how many `values` were written.
    """
    n = 0
    for i in range(1, coarse.shape[1], 2):
        for j in range(1, coarse.shape[2], 2):
            if coarse[3, i, j] > limit:
                continue
            gu, gv = HALF * coarse[1, i, j], HALF * coarse[2, i, j]
            if part == 1:
                values[n] = abs(gu - fine[1, i, j])
                values[n + 1] = abs(gv - fine[2, i, j])
                n += 2
            else:
                values[n] = abs(coarse[0, i, j] - HALF * (gu + gv) - fine[0, i, j])
                n += 1
    return n
