"""Which plane a cell lies on: the fine window's, the coarse one's, a neighbour's.

`planes` (3, h, w) holds inverse depth D, 1/m, at the cells' centres and its slopes to
the right and down, 1/m a cell.
"""

import numpy as np

from core.kernels.cells import MISSING
from core.kernels.jit import HALF, ONE, QUARTER, TWO, ZERO, kernel
from core.kernels.windows import CLEAN_RMS, fine_row

Noise = tuple[np.float32, np.float32]

BORROW_REACH = 4  # cells; the nearest windows that may end before an edge
EXTEND_REACHES = (8, 4)  # coarse cells
COARSE_RMS = np.float32(1.5)  # and a coarse one, whose cells are means, below these
MERGE_RESIDUAL = np.float32(3.0)  # a coarse plane predicts a cell within 3 sigmas
OWN_RESIDUAL = np.float32(4.0)  # a plane predicts a cell within 4 sigmas
SAME_PLANE = np.float32(16.0)  # chi-square of 3 numbers: 99.9 % of equal planes
MAX_SIGMA = np.float32(2.0)  # 1/m; a missing cell raises any window's rms above it


@kernel
def sigma_of(d: np.float32, noise: Noise) -> np.float32:
    """One sigma of inverse depth d; `noise` is `DepthNoise`'s (sigma, step)."""
    return min(max(noise[0], noise[1] * d * d), MAX_SIGMA)


@kernel
def predict(planes: np.ndarray, y: int, x: int, i: int, j: int) -> np.float32:
    """Inverse depth at cell (i, j) of the plane of cell (y, x)."""
    u, v = np.float32(j - x), np.float32(i - y)
    return planes[0, y, x] + u * planes[1, y, x] + v * planes[2, y, x]


@kernel
def move_plane(planes: np.ndarray, y: int, x: int, i: int, j: int) -> None:
    """Give cell (i, j) the plane of cell (y, x)."""
    planes[0, i, j] = predict(planes, y, x, i, j)
    planes[1, i, j] = planes[1, y, x]
    planes[2, i, j] = planes[2, y, x]


@kernel
def extend_planes(
    noise: Noise,
    fit_noise: Noise,
    fine: np.ndarray,
    coarse: np.ndarray,
    is_source: np.ndarray,
) -> None:
    """Give unclean coarse cells a clean neighbour's plane that their fine one agrees.

    Agreement is a chi-square test of value and slopes with `fit_noise`, the fine
    planes' (mean, slope) sigmas. `is_source` (h, w) uint8 is room to work in.
    """
    rows, cols = is_source.shape
    for i in range(rows):
        for j in range(cols):
            limit = COARSE_RMS * sigma_of(coarse[0, i, j], noise)
            is_source[i, j] = coarse[3, i, j] < limit
    if fit_noise[0] * fit_noise[1] == ZERO:  # there was no coarse plane to compare
        return
    per_mean = ONE / (fit_noise[0] * fit_noise[0])
    per_slope = ONE / (TWO * TWO * fit_noise[1] * fit_noise[1])
    for i in range(rows):
        for j in range(cols):
            gu, gv = TWO * fine[1, i, j], TWO * fine[2, i, j]
            m = fine[0, i, j] + QUARTER * (gu + gv)
            is_clean = fine[3, i, j] < CLEAN_RMS * sigma_of(m, noise)
            if is_source[i, j] or not is_clean:
                continue
            best = SAME_PLANE
            y_best = x_best = -1
            for reach in EXTEND_REACHES:
                for y in range(i - reach, i + reach + 1, reach):
                    for x in range(j - reach, j + reach + 1, reach):
                        if y < 0 or y >= rows or x < 0 or x >= cols:
                            continue
                        if not is_source[y, x]:
                            continue
                        du, dv = coarse[1, y, x] - gu, coarse[2, y, x] - gv
                        dm = predict(coarse, y, x, i, j) - m
                        apart = dm * dm * per_mean + (du * du + dv * dv) * per_slope
                        if apart < best:
                            best, y_best, x_best = apart, y, x
                if y_best >= 0:
                    move_plane(coarse, y_best, x_best, i, j)
                    coarse[3, i, j] = ZERO
                    break


@kernel
def widen(
    values: np.ndarray,
    slopes: np.ndarray,
    shift: np.float32,
    scale: np.float32,
    wide: np.ndarray,
) -> None:
    """A row of coarse values on fine cells, a quarter of a coarse cell to each side."""
    for j in range(values.size):
        wide[2 * j] = scale * values[j] - shift * slopes[j]
        wide[2 * j + 1] = scale * values[j] + shift * slopes[j]


@kernel
def judge_row(
    D: np.ndarray,
    noise: Noise,
    fine: np.ndarray,
    wide: np.ndarray,
    down: np.float32,
    fits: np.ndarray,
    is_clean: np.ndarray,
) -> None:
    """Whether the coarse planes fit a row's cells, and whether any clean plane does.

    `wide` and `fine` are (4, w) value, slopes, residual; the value of `wide` is moved
    to the row, `down` a cell away.
    """
    for j in range(D.size):
        wide[0, j] += down * wide[2, j]
    for j in range(D.size):
        sigma = sigma_of(D[j], noise)
        is_clean_there = wide[3, j] < COARSE_RMS * sigma
        fits[j] = is_clean_there & (abs(wide[0, j] - D[j]) < MERGE_RESIDUAL * sigma)
    for j in range(D.size):
        limit = CLEAN_RMS * sigma_of(D[j], noise)
        is_clean[j] = fits[j] | ((fine[3, j] < limit) & (D[j] < MISSING))


@kernel
def choose(flags: np.ndarray, yes: np.ndarray, no: np.ndarray, out: np.ndarray) -> None:
    """Each `yes` that is flagged, each `no` that is not."""
    for j in range(flags.size):
        out[j] = yes[j] if flags[j] else no[j]


@kernel
def fit_fine(
    D: np.ndarray,
    noise: Noise,
    coarse: np.ndarray,
    planes: np.ndarray,
    is_clean: np.ndarray,
    fine: np.ndarray,
    wide: np.ndarray,
    sums: np.ndarray,
    fits: np.ndarray,
) -> None:
    """Each cell's plane: the coarse one where that is clean and predicts the cell.

    `fine` and `wide` (4, w), `sums` (2, w) and `fits` (w,) uint8 are room for a row.
    """
    for i in range(D.shape[0]):
        fine_row(D, i, fine, sums)
        y = i // 2
        if y >= coarse.shape[1]:
            wide[3] = MISSING
        elif i % 2 == 0:
            widen(coarse[0, y], coarse[1, y], QUARTER, ONE, wide[0])
            widen(coarse[1, y], coarse[1, y], ZERO, HALF, wide[1])
            widen(coarse[2, y], coarse[2, y], ZERO, HALF, wide[2])
            widen(coarse[3, y], coarse[3, y], ZERO, ONE, wide[3])
            wide[3, 2 * coarse.shape[2] :] = MISSING
        down = ONE if i % 2 else -HALF  # from the row before, or the coarse centre
        judge_row(D[i], noise, fine, wide, down, fits, is_clean[i])
        for k in range(3):
            choose(fits, wide[k], fine[k], planes[k, i])


@kernel
def fit_like_depths(D: np.ndarray, i: int, j: int, planes: np.ndarray) -> None:
    """A plane through the 5 x 5 neighbours within about 6 % of the cell's depth.

    Where they do not span a plane the cell faces the camera.
    """
    rows, cols = D.shape
    d = D[i, j]
    alike = np.float32(0.02) + np.float32(0.06) * d
    n = su = sv = sd = suu = suv = svv = sud = svd = ZERO
    for y in range(max(i - 2, 0), min(i + 3, rows)):
        for x in range(max(j - 2, 0), min(j + 3, cols)):
            e = D[y, x] - d
            weight = ONE if abs(e) < alike else ZERO
            u, v = weight * np.float32(x - j), weight * np.float32(y - i)
            e *= weight
            n += weight
            su += u
            sv += v
            sd += e
            suu += u * u
            suv += u * v
            svv += v * v
            sud += u * e
            svd += v * e
    uu, uv, vv = suu - su * su / n, suv - su * sv / n, svv - sv * sv / n
    ud, vd = sud - su * sd / n, svd - sv * sd / n
    determinant = uu * vv - uv * uv
    if determinant < ONE:
        planes[0, i, j] = d
        planes[1, i, j] = planes[2, i, j] = ZERO
        return
    gu, gv = (ud * vv - vd * uv) / determinant, (vd * uu - ud * uv) / determinant
    planes[0, i, j] = d + (sd - gu * su - gv * sv) / n
    planes[1, i, j] = gu
    planes[2, i, j] = gv


@kernel
def borrow_planes(
    D: np.ndarray, noise: Noise, planes: np.ndarray, is_clean: np.ndarray
) -> None:
    """Give each unclean cell the clean neighbouring plane that best predicts its depth.

    The idea is Kuwahara's: near an edge, some window beside the cell lies on one side
    of it. Cells that no neighbour predicts fit a plane to the like depths around them;
    cells without depth get zeros.
    """
    rows, cols = D.shape
    for i in range(rows):
        for j in range(cols):
            if is_clean[i, j]:
                continue
            d = D[i, j]
            if d == MISSING:
                planes[0, i, j] = planes[1, i, j] = planes[2, i, j] = ZERO
                continue
            best = OWN_RESIDUAL * sigma_of(d, noise)
            y_best = x_best = -1
            for y in range(i - BORROW_REACH, i + BORROW_REACH + 1, BORROW_REACH):
                for x in range(j - BORROW_REACH, j + BORROW_REACH + 1, BORROW_REACH):
                    if y < 0 or y >= rows or x < 0 or x >= cols:
                        continue
                    if not is_clean[y, x]:
                        continue
                    error = abs(predict(planes, y, x, i, j) - d)
                    if error < best:
                        best, y_best, x_best = error, y, x
            if y_best >= 0:
                move_plane(planes, y_best, x_best, i, j)
            else:
                fit_like_depths(D, i, j, planes)
