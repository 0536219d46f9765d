"""The direct form of `core.planes`, in float64: every window is fitted by itself.

`planes` are (3, h, w): inverse depth at a cell's centre, 1/m, and its slopes to the
right and down, 1/m a cell. What is missing is nan, and the residual of what is no
window is infinite.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from core.kernels import cells as cell_kernels
from core.kernels import planes as plane_kernels
from core.kernels import windows
from core.planes import CELL, DepthNoise

FINE_TAP, COARSE_TAP = 2, 4  # residuals are those of every so many rows and columns
MAX_GAP = 255  # depth units
Planes = np.ndarray


@dataclass(frozen=True, eq=False)
class ReferenceField:
    """A plane for every cell, as `core.planes.PlaneField` has them, in float64."""

    planes: Planes
    """(3, h, w); 0 where the cell has no depth."""
    is_clean: np.ndarray
    """(h, w) bool."""
    noise: DepthNoise


def reference_planes(
    depth: np.ndarray, depth_scale: float, known: DepthNoise | None = None
) -> ReferenceField:
    """The planes of (H, W) uint16 depth, with its own noise or with a `known` one."""
    D = fill_holes(cells(depth, depth_scale))
    fine, fine_rms = window_planes(D, windows.FINE_RADIUS, FINE_TAP)
    coarse, coarse_rms = window_planes(halved(D), windows.COARSE_RADIUS, COARSE_TAP)
    sparse, sparse_rms = (of_coarse_cells(a, coarse) for a in (fine, fine_rms))
    sigma, *fit_noise = measured_noise(sparse, sparse_rms, coarse, coarse_rms)
    noise = known or DepthNoise(sigma, rounding(depth) * depth_scale)
    coarse, coarse_rms = extended(
        coarse, coarse_rms, sparse, sparse_rms, noise, *fit_noise
    )
    planes, is_clean = merged(D, fine, fine_rms, coarse, coarse_rms, noise)
    planes = borrowed(D, planes, is_clean, noise)
    return ReferenceField(np.nan_to_num(planes), is_clean, noise)


def sigma_of(D: np.ndarray, noise: DepthNoise) -> np.ndarray:
    """One sigma of inverse depth D."""
    return np.minimum(
        np.maximum(noise.sigma, noise.step * D * D), plane_kernels.MAX_SIGMA
    )


def cells(depth: np.ndarray, depth_scale: float) -> np.ndarray:
    """(h, w) inverse of the mean depth of the pixels within 5 % of a cell's nearest."""
    height, width = depth.shape
    padded = np.pad(depth, ((0, height % CELL), (0, width % CELL)), mode="edge")
    quarters = np.array([padded[v::CELL, u::CELL] for v, u in np.ndindex(CELL, CELL)])
    units = np.where(quarters > 0, quarters.astype(np.float64), np.inf)
    is_near = units < cell_kernels.NEAR * units.min(axis=0)
    count = is_near.sum(axis=0)
    total = np.where(is_near, units, 0.0).sum(axis=0)
    D = np.full(count.shape, np.nan)
    np.divide(count, depth_scale * total, out=D, where=count > 0)
    return D


def fill_holes(D: np.ndarray) -> np.ndarray:
    """D with holes filled, from the top down, by the mean of two opposite neighbours.

    Where both pairs have depth the farther mean counts. Holes in the first and last
    column stay.
    """
    D = D.copy()
    for i, row in enumerate(D):
        here = row.copy()
        over, under = D[max(i - 1, 0)], D[min(i + 1, len(D) - 1)]
        for j in range(1, row.size - 1):
            if np.isnan(here[j]):
                pairs = (here[j - 1] + here[j + 1]) / 2, (over[j] + under[j]) / 2
                row[j] = np.fmin(*pairs)
    return D


def halved(D: np.ndarray) -> np.ndarray:
    """Cells of twice the size: the mean of two or more cells that have depth."""
    rows, cols = D.shape[0] // 2, D.shape[1] // 2
    quarters = D[: 2 * rows, : 2 * cols].reshape(rows, 2, cols, 2)
    count = np.isfinite(quarters).sum(axis=(1, 3))
    coarse = np.full((rows, cols), np.nan)
    np.divide(np.nansum(quarters, axis=(1, 3)), count, out=coarse, where=count > 1)
    return coarse


def window_planes(D: np.ndarray, radius: int, tap: int) -> tuple[Planes, np.ndarray]:
    """Least-squares planes of the windows around cells, and their rms residuals (h, w).

    A window is whole and has no missing cell. The residual is that of every `tap`-th
    row and column.
    """
    planes, rms = np.full((3, *D.shape), np.nan), np.full(D.shape, np.inf)
    size = 2 * radius + 1
    if min(D.shape) < size:
        return planes, rms
    windows = sliding_window_view(D, (size, size))
    rows, cols = np.nonzero(np.isfinite(windows).all(axis=(2, 3)))
    values = windows[rows, cols].reshape(-1, size * size).T
    v, u = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    design = np.stack((np.ones(size * size), u.ravel(), v.ravel()), axis=1)
    found = np.linalg.lstsq(design, values)[0]
    residuals = (values - design @ found).reshape(size, size, -1)[::tap, ::tap]
    planes[:, rows + radius, cols + radius] = found
    rms[rows + radius, cols + radius] = np.sqrt((residuals**2).mean(axis=(0, 1)))
    return planes, rms


def of_coarse_cells(fine: np.ndarray, coarse: np.ndarray) -> np.ndarray:
    """Each coarse cell's upper left fine cell."""
    rows, cols = coarse.shape[-2:]
    return fine[..., : 2 * rows : 2, : 2 * cols : 2]


def order_statistic(values: np.ndarray, share: float, top: float) -> float:
    """The smallest of the values, cut at `top`, that more than a share does not pass.

    0 where there are none.
    """
    ordered = np.sort(np.minimum(values, top), axis=None)
    return float(ordered[int(share * ordered.size)]) if ordered.size else 0.0


def measured_noise(
    sparse: Planes, sparse_rms: np.ndarray, coarse: Planes, coarse_rms: np.ndarray
) -> tuple[float, float, float]:
    """Sigmas of a cell's inverse depth, of a fine window's mean and of its slopes.

    The first is what fine windows leave and what they absorb: how far they are from
    the clean coarse ones. Every other cell each way is asked.
    """
    every = np.s_[..., 1::2, 1::2]
    rms = sparse_rms[every]
    left = order_statistic(
        rms[np.isfinite(rms)], windows.NOISE_QUANTILE, windows.MAX_NOISE
    )
    left = max(left, windows.MIN_NOISE)
    is_clean = coarse_rms[every] <= windows.CLEAN_RMS * left
    difference = at_fine(coarse, -0.25, -0.25)[every] - sparse[every]
    mean, *slopes = np.abs(difference)[:, is_clean]
    of_mean, of_slope = (
        order_statistic(np.array(x), 0.5, 2.0 * left) / windows.MEDIAN_SIGMAS
        for x in (mean, slopes)
    )
    steps = np.arange(-windows.FINE_RADIUS, windows.FINE_RADIUS + 1)
    absorbed = of_mean**2 + 2 * (steps**2).mean() * of_slope**2
    return float(np.sqrt(left**2 + absorbed)), of_mean, of_slope


def rounding(depth: np.ndarray) -> float:
    """The deviation, in units, of rounding to the steps that depth comes in.

    They are the gaps between the values of every fourth pixel each way, at the gaps'
    first tenth.
    """
    values = np.unique(depth[::4, ::4])
    gaps = np.diff(values[values > 0].astype(int))
    return order_statistic(gaps, 0.1, MAX_GAP) / float(np.sqrt(12.0))


def moved(planes: Planes, dv: float, du: float) -> Planes:
    """The same planes seen from `dv` cells below and `du` to the right."""
    m, gu, gv = planes
    return np.array((m + du * gu + dv * gv, gu, gv))


def at_fine(coarse: Planes, dv: float, du: float) -> Planes:
    """Planes of coarse cells as those of fine cells, coarse cells off the centre."""
    m, gu, gv = moved(coarse, dv, du)
    return np.array((m, gu / 2, gv / 2))


def best_neighbours(
    planes: Planes,
    is_source: np.ndarray,
    reaches: tuple[int, ...],
    badness: Callable[[Planes], np.ndarray],
    limit: float,
) -> Planes:
    """For each cell the least bad plane of the sources around it, nan without any.

    The eight sources at the first of the `reaches` that has one below the limit.
    """
    rows, cols = is_source.shape
    result = np.full(planes.shape, np.nan)
    for reach in reaches:
        is_open = np.isnan(result[0])
        best = np.full((rows, cols), float(limit))
        pad = ((reach, reach), (reach, reach))
        sources = np.pad(is_source, pad)
        around = np.pad(planes, ((0, 0), *pad), constant_values=np.nan)
        for y, x in product((0, reach, 2 * reach), repeat=2):
            there = np.s_[..., y : y + rows, x : x + cols]
            candidate = moved(around[there], reach - y, reach - x)
            bad = badness(candidate)
            is_better = is_open & sources[there] & (bad < best)
            best[is_better] = bad[is_better]
            result[:, is_better] = candidate[:, is_better]
    return result


def extended(
    coarse: Planes,
    coarse_rms: np.ndarray,
    sparse: Planes,
    sparse_rms: np.ndarray,
    noise: DepthNoise,
    of_mean: float,
    of_slope: float,
) -> tuple[Planes, np.ndarray]:
    """Coarse planes and residuals; unclean cells have a clean neighbour's, where the
    clean fine plane at the cell equals it by a chi-square test."""
    is_source = coarse_rms < plane_kernels.COARSE_RMS * sigma_of(coarse[0], noise)
    if of_mean * of_slope == 0:
        return coarse, coarse_rms
    wanted = moved(sparse, 0.5, 0.5) * np.array((1, 2, 2))[:, None, None]
    sigmas = np.array((of_mean, 2 * of_slope, 2 * of_slope))[:, None, None]
    found = best_neighbours(
        coarse,
        is_source,
        plane_kernels.EXTEND_REACHES,
        lambda planes: (((planes - wanted) / sigmas) ** 2).sum(axis=0),
        plane_kernels.SAME_PLANE,
    )
    is_clean = sparse_rms < windows.CLEAN_RMS * sigma_of(wanted[0], noise)
    takes = ~is_source & is_clean & np.isfinite(found[0])
    return np.where(takes, found, coarse), np.where(takes, 0.0, coarse_rms)


def merged(
    D: np.ndarray,
    fine: Planes,
    fine_rms: np.ndarray,
    coarse: Planes,
    coarse_rms: np.ndarray,
    noise: DepthNoise,
) -> tuple[Planes, np.ndarray]:
    """The coarse planes where they are clean and predict the cell, else the fine ones;
    and whether those are clean."""
    wide, wide_rms = np.full(fine.shape, np.nan), np.full(D.shape, np.inf)
    rows, cols = coarse_rms.shape
    for v, u in np.ndindex(2, 2):
        quarter = np.s_[..., v : 2 * rows : 2, u : 2 * cols : 2]
        wide[quarter] = at_fine(coarse, v / 2 - 0.25, u / 2 - 0.25)
        wide_rms[quarter] = coarse_rms
    sigma = sigma_of(D, noise)
    fits = wide_rms < plane_kernels.COARSE_RMS * sigma
    fits &= np.abs(wide[0] - D) < plane_kernels.MERGE_RESIDUAL * sigma
    is_clean = fits | (fine_rms < windows.CLEAN_RMS * sigma)
    return np.where(fits, wide, fine), is_clean


def borrowed(
    D: np.ndarray, planes: Planes, is_clean: np.ndarray, noise: DepthNoise
) -> Planes:
    """Planes whose unclean cells have the clean neighbour's that predicts them best,
    within 4 sigmas, or else one through the like depths around."""
    sigma = sigma_of(D, noise)
    found = best_neighbours(
        planes,
        is_clean,
        (plane_kernels.BORROW_REACH,),
        lambda planes: np.abs(planes[0] - D) / sigma,
        plane_kernels.OWN_RESIDUAL,
    )
    result = np.where(is_clean, planes, found)
    for i, j in np.argwhere(np.isnan(result[0]) & np.isfinite(D)):
        result[:, i, j] = like_depths(D, i, j)
    result[:, np.isnan(D)] = np.nan
    return result


def like_depths(D: np.ndarray, i: int, j: int) -> np.ndarray:
    """(3,) plane of the 5 x 5 cells around (i, j) with like depth; level for a line."""
    y, x = np.mgrid[max(i - 2, 0) : i + 3, max(j - 2, 0) : j + 3]
    inside = (y < D.shape[0]) & (x < D.shape[1])
    y, x = y[inside], x[inside]
    like = np.abs(D[y, x] - D[i, j]) < 0.02 + 0.06 * D[i, j]
    u, v, values = x[like] - j, y[like] - i, D[y, x][like]
    spread = np.stack((u - u.mean(), v - v.mean()))
    if np.linalg.det(spread @ spread.T) < 1.0:
        return np.array((D[i, j], 0.0, 0.0))
    design = np.stack((np.ones(u.size), u, v), axis=1)
    return np.linalg.lstsq(design, values)[0]
