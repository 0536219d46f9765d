"""Planes of a depth image, fitted in inverse depth and aware of edges.

The inverse depth of a plane is affine in the pixel (u, v), and the noise of stereo and
structured light is nearly constant in inverse depth, so plain least squares over a
window is the maximum-likelihood plane; on a regular grid it needs nothing but sums.
Windows that are not one plane are recognised by their residual, and their cells borrow
the plane of a neighbour that predicts their own depth. Two scales, the coarse one
wherever it fits, make the window as wide as the surface is. The noise is read off the
frame itself, so there is no sensor to choose.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from core.frame import Intrinsics

CELL = 2
"""Planes are fitted to cells of CELL x CELL pixels."""


@dataclass(frozen=True)
class DepthNoise:
    """One standard deviation of inverse depth D is max(sigma, step * D * D).

    It counts as 2 / m at most, so that no noise explains a missing cell.
    """

    sigma: float
    """1/m at every depth: what stereo and structured light have."""
    step: float
    """Metres at every depth: what depth stored in coarse steps has."""

    @property
    def numbers(self) -> tuple[np.float32, np.float32]:
        """(sigma, step), as kernels take them."""
        return np.float32(self.sigma), np.float32(self.step)


@dataclass(frozen=True, eq=False)
class PlaneField:
    """One plane for every cell of 2 x 2 pixels that has depth.

    The plane of cell (i, j) has inverse depth
    `inverse_depth[i, j] + dj * slope_u[i, j] + di * slope_v[i, j]` at cell
    (i + di, j + dj). `cell_camera` is the camera whose pixels are the cells.
    """

    planes: np.ndarray
    """(3, h, w) float32: inverse depth on the plane at the cell's centre, 1/m, and its
    slopes, 1/m for a cell to the right and down; 0 where the cell has no depth."""
    is_clean: np.ndarray
    """(h, w) uint8: 1 where the window around the cell is this one plane."""
    noise: DepthNoise

    @property
    def inverse_depth(self) -> np.ndarray:
        """(h, w) float32 1/m; 0 where the cell has no depth."""
        return self.planes[0]

    @property
    def slope_u(self) -> np.ndarray:
        """(h, w) float32 1/m for a cell to the right."""
        return self.planes[1]

    @property
    def slope_v(self) -> np.ndarray:
        """(h, w) float32 1/m for a cell down."""
        return self.planes[2]


@lru_cache(maxsize=8)
def cell_camera(intrinsics: Intrinsics) -> Intrinsics:
    """The pinhole camera whose pixels are the cells of `intrinsics`' pixels."""
    return Intrinsics(
        -(-intrinsics.width // CELL),
        -(-intrinsics.height // CELL),
        intrinsics.fx / CELL,
        intrinsics.fy / CELL,
        (intrinsics.cx - (CELL - 1) / 2) / CELL,
        (intrinsics.cy - (CELL - 1) / 2) / CELL,
    )


def fit_planes(depth: np.ndarray, depth_scale: float) -> PlaneField:
    """A plane for each cell of (H, W) uint16 depth; `depth_scale` in metres a unit."""
    return PlaneFitter(*depth.shape)(depth, depth_scale)


class PlaneFitter:
    """Fits planes to images of one size in memory of its own.

    What a call returns is valid until the next call.
    """

    def __init__(self, height: int, width: int) -> None:
        rows, cols = -(-height // CELL), -(-width // CELL)
        self.shape = rows, cols
        coarse = rows // 2, cols // 2
        self._cells = _floats(rows, cols)
        self._planes = _floats(3, rows, cols)
        self._is_clean = np.zeros((rows, cols), np.uint8)
        self._coarse_cells = _floats(*coarse)
        self._coarse, self._sparse = _floats(4, *coarse), _floats(4, *coarse)
        self._is_source = np.zeros(coarse, np.uint8)
        self._fine, self._wide, self._sums = (_floats(n, cols) for n in (4, 4, 2))
        self._coarse_row = _floats(4, coarse[1])
        self._fits = np.zeros(cols, np.uint8)
        self._values = _floats(rows * cols // 8 + 16)
        self._seen = np.zeros(1 << 16, np.uint8)
        self._histogram = np.zeros(256, np.int64)

    def __call__(self, depth: np.ndarray, depth_scale: float) -> PlaneField:
        """The planes of (H, W) uint16 depth."""
        from core.kernels.cells import bin_pixels, depth_step, fill_holes, halve
        from core.kernels.planes import borrow_planes, extend_planes, fit_fine
        from core.kernels.windows import fit_coarse, fit_sparse, measure_noise

        cells, coarse, sparse = self._cells, self._coarse, self._sparse
        bin_pixels(depth, np.float32(1.0 / depth_scale), cells)
        fill_holes(cells, self._sums[0])
        halve(cells, self._coarse_cells)
        fit_coarse(self._coarse_cells, coarse, self._coarse_row, self._sums)
        fit_sparse(cells, sparse, self._fine, self._sums)
        sigma, of_mean, of_slope = measure_noise(
            sparse, coarse, self._values, self._histogram
        )
        units = depth_step(depth, self._seen, self._histogram)
        step = units * depth_scale / np.sqrt(12.0)  # the deviation of a rounding error
        noise = DepthNoise(float(sigma), float(step))
        fit_noise = np.float32(of_mean), np.float32(of_slope)
        extend_planes(noise.numbers, fit_noise, sparse, coarse, self._is_source)
        fit_fine(
            cells,
            noise.numbers,
            coarse,
            self._planes,
            self._is_clean,
            self._fine,
            self._wide,
            self._sums,
            self._fits,
        )
        borrow_planes(cells, noise.numbers, self._planes, self._is_clean)
        return PlaneField(self._planes, self._is_clean, noise)


def _floats(*shape: int) -> np.ndarray:
    return np.zeros(shape, np.float32)
