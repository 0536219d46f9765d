"""The loops of `core.hn_labels` and `core.normals`: from planes to pixels."""

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from core.kernels.jit import HALF, ONE, QUARTER, TWO, ZERO, kernel
from core.kernels.planes import OWN_RESIDUAL, Noise, sigma_of

Camera = tuple[np.float32, np.float32, np.float32, np.float32]
Vector = tuple[np.float32, np.float32, np.float32]
Rows = tuple[np.ndarray, np.ndarray]

PIXEL_RESIDUAL = TWO * OWN_RESIDUAL  # a pixel is twice as noisy as a cell of four
REACH = 1  # cells around a pixel's own where its plane may be
IGNORED = np.uint8(255)
BLOCK = 8  # pixels, as many as a uint64 has bytes


@kernel
def cell_normals(planes: np.ndarray, camera: Camera, normals: np.ndarray) -> None:
    """(h, w, 3) unit normals of the cells, to the camera; 0 without depth.

    `camera` is (fx, fy, cx, cy) of the cells.
    """
    fx, fy, cx, cy = camera
    for i in range(planes.shape[1]):
        for j in range(planes.shape[2]):
            m, gu, gv = planes[0, i, j], planes[1, i, j], planes[2, i, j]
            x, y = -fx * gu, -fy * gv
            z = -(m - (np.float32(j) - cx) * gu - (np.float32(i) - cy) * gv)
            length = np.sqrt(x * x + y * y + z * z)
            per_length = ONE / length if m > ZERO else ZERO
            normals[i, j, 0] = x * per_length
            normals[i, j, 1] = y * per_length
            normals[i, j, 2] = z * per_length


@kernel
def sample_cells(
    planes: np.ndarray,
    is_clean: np.ndarray,
    camera: Camera,
    step: int,
    normals: np.ndarray,
    points: np.ndarray,
) -> int:
    """Normals and points of every `step`-th clean cell; returns how many there are."""
    fx, fy, cx, cy = camera
    n = 0
    for i in range(step // 2, planes.shape[1], step):
        y = np.float32(i) - cy
        for j in range(step // 2, planes.shape[2], step):
            m, gu, gv = planes[0, i, j], planes[1, i, j], planes[2, i, j]
            if not is_clean[i, j] or m <= ZERO:
                continue
            x = np.float32(j) - cx
            a, b, c = -fx * gu, -fy * gv, x * gu + y * gv - m
            per_length = ONE / np.sqrt(a * a + b * b + c * c)
            normals[n, 0], normals[n, 1], normals[n, 2] = (
                a * per_length,
                b * per_length,
                c * per_length,
            )
            z = ONE / m
            points[n, 0], points[n, 1], points[n, 2] = x / fx * z, y / fy * z, z
            n += 1
    return n


@kernel
def predict_pixel(planes: np.ndarray, i: int, j: int, u: int, v: int) -> np.float32:
    """Inverse depth at pixel (u, v) of the plane of cell (i, j)."""
    du = HALF * np.float32(u) - QUARTER - np.float32(j)
    dv = HALF * np.float32(v) - QUARTER - np.float32(i)
    return planes[0, i, j] + du * planes[1, i, j] + dv * planes[2, i, j]


@kernel
def best_cell(
    planes: np.ndarray, u: int, v: int, inverse: np.float32
) -> tuple[int, int]:
    """The cell near pixel (u, v) whose plane predicts its inverse depth best."""
    i, j = v // 2, u // 2
    best, i_best, j_best = abs(predict_pixel(planes, i, j, u, v) - inverse), i, j
    for y in range(max(i - REACH, 0), min(i + REACH + 1, planes.shape[1])):
        for x in range(max(j - REACH, 0), min(j + REACH + 1, planes.shape[2])):
            error = abs(predict_pixel(planes, y, x, u, v) - inverse)
            if error < best and planes[0, y, x] > ZERO:
                best, i_best, j_best = error, y, x
    return i_best, j_best


@kernel
def fits(predicted: np.float32, z: np.float32, noise: Noise) -> np.bool:
    """Whether a plane's inverse depth predicts the depth z of a pixel."""
    limit = min(PIXEL_RESIDUAL * sigma_of(predicted, noise) * z, HALF)
    return abs(predicted * z - ONE) < limit


@kernel
def pixel_normals(
    depth: np.ndarray,
    unit: np.float32,
    planes: np.ndarray,
    noise: Noise,
    normals: np.ndarray,
    result: np.ndarray,
) -> None:
    """(H, W, 3) normals of the planes that pixels lie on; 0 where depth is missing."""
    for v in range(depth.shape[0]):
        for u in range(depth.shape[1]):
            i, j = v // 2, u // 2
            if depth[v, u] == 0:
                result[v, u] = ZERO
                continue
            z = unit * np.float32(depth[v, u])
            if not fits(predict_pixel(planes, i, j, u, v), z, noise):
                i, j = best_cell(planes, u, v, ONE / z)
            for axis in range(3):
                result[v, u, axis] = normals[i, j, axis]


@kernel
def angle_bins(
    planes: np.ndarray,
    camera: Camera,
    up: Vector,
    cosines: np.ndarray,
    is_signed: bool,
    bins: np.ndarray,
) -> None:
    """The angle bin of every cell: how many edges its normal is steeper than.

    `cosines` (n,) are c * |c| of the edges' cosines c, so that the comparison needs no
    square root.
    """
    fx, fy, cx, cy = camera
    rows, cols = bins.shape
    bins[:] = 0
    for k in range(cosines.size):
        for i in range(rows):
            m, gu, gv, out = planes[0, i], planes[1, i], planes[2, i], bins[i]
            y = np.float32(i) - cy
            for j in range(cols):
                a, b = fx * gu[j], fy * gv[j]
                c = m[j] - (np.float32(j) - cx) * gu[j] - y * gv[j]
                along = -(a * up[0] + b * up[1] + c * up[2])
                square = along * abs(along) if is_signed else along * along
                out[j] += np.uint8(square <= cosines[k] * (a * a + b * b + c * c))


def row_room(width: int) -> Rows:
    """Memory for a row of pixels, in whole blocks: floats and bytes."""
    size = -(-width // BLOCK) * BLOCK
    return np.empty((2, size), np.float32), np.empty((3, size), np.uint8)


@lru_cache
def classify_pixels(num_edges: int) -> Callable[..., None]:
    """The kernel that cuts heights at `num_edges` edges."""
    num_heights = np.uint8(num_edges + 1)

    @kernel
    def classify(
        depth: np.ndarray,
        unit: np.float32,
        planes: np.ndarray,
        angles: np.ndarray,
        noise: Noise,
        rise: Vector,
        level: np.float32,
        edges: np.ndarray,
        rows: Rows,
        out: np.ndarray,
    ) -> None:
        """(H, W) uint8 HN classes; 255 where depth is missing.

        A point of depth z at pixel (u, v) is z * (r0 + u * ru + v * rv) + level above
        the floor, for `rise` (r0, ru, rv). z is the plane's where that predicts the
        pixel, else the pixel's own. `rows` is `row_room`.
        """
        r0, ru, rv = rise
        predicted, z_of = rows[0][0], rows[0][1]
        angle, height_bin, is_odd = rows[1][0], rows[1][1], rows[1][2]
        blocks = is_odd.view(np.uint64)  # most are 0: eight pixels at a look
        is_odd[:] = 0
        for v in range(depth.shape[0]):
            i = v // 2
            down = QUARTER if v % 2 else -QUARTER
            spread_planes(planes[0, i], planes[1, i], planes[2, i], down, predicted)
            spread(angles[i], angle)
            units, classes = depth[v], out[v]
            choose_depth(units, unit, predicted, noise, z_of, is_odd)
            slope = r0 + np.float32(v) * rv
            for u in range(units.size):
                height = z_of[u] * (slope + np.float32(u) * ru) + level
                k = np.uint8(0)
                for edge in range(num_edges):
                    k += np.uint8(height >= edges[edge])
                height_bin[u] = k
            for u in range(units.size):
                label = angle[u] * num_heights + height_bin[u]
                classes[u] = label if units[u] > 0 else IGNORED
            for block in range(blocks.size):
                if blocks[block] == 0:
                    continue
                for u in range(BLOCK * block, BLOCK * (block + 1)):
                    if is_odd[u] == 0:
                        continue
                    z = unit * np.float32(units[u])
                    y, x = best_cell(planes, u, v, ONE / z)
                    p = predict_pixel(planes, y, x, u, v)
                    z = ONE / p if fits(p, z, noise) else z
                    height = z * (slope + np.float32(u) * ru) + level
                    k = np.uint8(0)
                    for edge in range(num_edges):
                        k += np.uint8(height >= edges[edge])
                    classes[u] = angles[y, x] * num_heights + k

    return classify


@kernel
def spread_planes(
    mean: np.ndarray,
    slope_u: np.ndarray,
    slope_v: np.ndarray,
    down: np.float32,
    predicted: np.ndarray,
) -> None:
    """A row of planes at the pixels, `down` a cell from the cells' centres."""
    for j in range(mean.size):
        centre = mean[j] + down * slope_v[j]
        predicted[2 * j] = centre - QUARTER * slope_u[j]
        predicted[2 * j + 1] = centre + QUARTER * slope_u[j]


@kernel
def spread(values: np.ndarray, wide: np.ndarray) -> None:
    """A row of cells' values at the pixels."""
    for j in range(values.size):
        wide[2 * j] = values[j]
        wide[2 * j + 1] = values[j]


@kernel
def choose_depth(
    units: np.ndarray,
    unit: np.float32,
    predicted: np.ndarray,
    noise: Noise,
    z_of: np.ndarray,
    is_odd: np.ndarray,
) -> None:
    """A row's depth: the planes' where they predict the pixel's own, else that.

    A pixel `is_odd` when it has depth that its plane does not predict.
    """
    for u in range(units.size):
        z = unit * np.float32(units[u])
        is_predicted = fits(predicted[u], z, noise)
        z_of[u] = ONE / predicted[u] if is_predicted else z
        is_odd[u] = np.uint8(0) if is_predicted | (z <= ZERO) else np.uint8(1)
