"""The floor as the HN-label paper finds it: `method="paper"`, the baseline to beat.

Lahoud & Ghanem, section 3.2: normals of the depth image, regularised (Rosman et al.,
"Fast Regularization of Matrix-Valued Images", ECCV 2012); their robust Manhattan frame
(Ghanem et al., "Robust Manhattan Frame Estimation from a Single RGB-D Image", CVPR
2015); the floor at the first percentile of the heights; frames discarded unless it
faces up. Nothing here knows of edges, noise, an IMU or other frames.
"""

import cv2
import numpy as np

from core.floor import (
    FLOOR_NORMAL_DEG,
    FLOOR_PERCENTILE,
    FLOOR_SHARE,
    MIN_SAMPLES,
    FloorPlane,
)
from core.frame import Intrinsics
from core.geometry import unproject
from core.planes import CELL

LEVEL_UP = np.array((0.0, -1.0, 0.0))
"""The up of a level camera."""
WINDOW_RADIUS = 2  # cells, our choice: with 1, more frames of coarse depth are lost
MIN_SPREAD = 0.03  # px^4, our choice: three pixels that are not in line have 0.037
FIDELITY = 1.0  # lambda of Rosman et al.; our choice: smallest mean error, Kinect
PENALTIES = (1.0, 2.0)  # r of v = u and of p = grad v; our choice: fastest descent
ITERATIONS = 50  # our choice: the objective is within 1 % of where it ends
SPARSITY = 0.3  # lambda of Ghanem et al., as in public implementations
SAMPLE_STEP = 8  # pixels, our choice: the Manhattan frame needs no more of them


def paper_surfaces(
    depth: np.ndarray, depth_scale: float, intrinsics: Intrinsics
) -> tuple[np.ndarray, np.ndarray]:
    """(H, W, 3) float32 regularised normals and points of (H, W) uint16 depth.

    Both are 0 exactly where depth is missing. Heights and angles over the floor of
    `paper_floor` are `points @ up + camera_height` and `normals @ up`.
    """
    height, width = depth.shape
    cells = regularised_normals(raw_normals(depth, depth_scale, intrinsics))
    normals = cells.repeat(CELL, axis=0).repeat(CELL, axis=1)[:height, :width]
    normals[depth == 0] = 0.0
    depth_m = depth.astype(np.float32) * np.float32(depth_scale)
    return normals, unproject(depth_m, intrinsics)


def paper_floor(normals: np.ndarray, points: np.ndarray) -> FloorPlane | None:
    """The floor of (H, W, 3) normals, 0 where missing, and points; None: discarded."""
    seen = np.any(normals != 0, axis=-1)
    every = (slice(SAMPLE_STEP // 2, None, SAMPLE_STEP),) * 2
    samples = normals[every][seen[every]]
    if len(samples) < MIN_SAMPLES:
        return None
    return percentile_floor(normals[seen], points[seen], manhattan_up(samples))


def raw_normals(
    depth: np.ndarray, depth_scale: float, intrinsics: Intrinsics
) -> np.ndarray:
    """(h, w, 3) float32 unit normals of 2 x 2-pixel cells, to the camera; 0 if missing.

    Each is of the plane a * u + b * v + c that fits the inverse depths of the pixels
    around the cell best by least squares, whatever edges run through them. Where they
    span no plane the normal faces the camera.
    """
    a, b, c = _cell_planes(depth, depth_scale)
    rows, cols = np.indices(c.shape, np.float32) * CELL + (CELL - 1) / 2
    at_axis = c - (cols - intrinsics.cx) * a - (rows - intrinsics.cy) * b
    away = np.stack((intrinsics.fx * a, intrinsics.fy * b, at_axis), axis=-1)
    cell = np.ones((CELL, CELL), np.uint8)
    is_seen = cv2.dilate(depth, cell, anchor=(0, 0))[::CELL, ::CELL] > 0
    return _unit(-away * is_seen[..., None], axis=-1)


def _cell_planes(
    depth: np.ndarray, depth_scale: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(h, w) slopes a, b, 1/m for a pixel right, down, and c, 1/m, at cells' centres.

    Least squares over the pixels around; a and b are 0 where they span no plane or one
    behind the camera.
    """
    seen = (depth > 0).astype(np.float32)
    inverse = np.zeros_like(seen)
    np.divide(1.0 / depth_scale, depth, out=inverse, where=depth > 0)
    n = np.maximum(_moment(seen, 0, 0), 1.0)
    u, v = _moment(seen, 1, 0) / n, _moment(seen, 0, 1) / n
    uu = _moment(seen, 2, 0) / n - u * u
    uv = _moment(seen, 1, 1) / n - u * v
    vv = _moment(seen, 0, 2) / n - v * v
    d = _moment(inverse, 0, 0) / n
    ud = _moment(inverse, 1, 0) / n - u * d
    vd = _moment(inverse, 0, 1) / n - v * d

    spread = np.maximum(uu * vv - uv * uv, MIN_SPREAD)
    a, b = (ud * vv - vd * uv) / spread, (vd * uu - ud * uv) / spread
    in_front = d - a * u - b * v > 0
    a, b = a * in_front, b * in_front
    return a, b, d - a * u - b * v


def _moment(pixels: np.ndarray, i: int, j: int) -> np.ndarray:
    """(h, w) sums of a (H, W) image around each cell, times offset u^i, v^j to it."""
    reach = (WINDOW_RADIUS + 0.5) * CELL - 0.5
    offsets = np.arange(-reach, reach + 1.0)
    first = (WINDOW_RADIUS * CELL,) * 2  # the cell's first pixel in the window
    kernels = offsets**i, offsets**j
    sums = cv2.sepFilter2D(pixels, -1, *kernels, None, first, 0, cv2.BORDER_CONSTANT)
    return sums[::CELL, ::CELL]


def regularised_normals(
    normals: np.ndarray, iterations: int = ITERATIONS
) -> np.ndarray:
    """(h, w, 3) float32 unit normals of least total variation near (h, w, 3) normals.

    They minimise sum |grad u| + lambda |u - normals|^2 over images u of unit vectors,
    so that surfaces become flat and edges stay. Rosman et al. split it into u on the
    sphere, v = u off it and p = grad v, held together by an augmented Lagrangian whose
    minimiser in each is closed: a projection, a linear system, a shrinkage. The linear
    system gets one majorised Jacobi step (ours; plain Jacobi steps diverge). Cells
    without a normal (0) stay so, and nothing is smoothed across them.
    """
    given = np.moveaxis(normals, -1, 0).astype(np.float32, order="C")
    joined = _joined(np.any(given != 0, axis=0))
    r_u, r_p = PENALTIES
    step = 1.0 / (r_u + 2.0 * r_p * _num_neighbours(joined))
    u: np.ndarray = given
    v: np.ndarray = given
    p = slope = _gradient(v, joined)
    a, b = np.zeros_like(v), np.zeros_like(p)  # multipliers over r_u and r_p
    for _ in range(iterations):
        u = _unit(2.0 * FIDELITY * given + r_u * (v + a), axis=0)
        v = v - step * (r_u * (v - u + a) + r_p * _divergence(p - slope + b))
        slope = _gradient(v, joined)
        p = _shrunk(slope - b, 1.0 / r_p)
        a += v - u
        b += p - slope
    return np.ascontiguousarray(np.moveaxis(u, 0, -1))


def _joined(seen: np.ndarray) -> np.ndarray:
    """(2, 1, h, w) float32, 1 where a cell and the one right of, below it are seen."""
    joined = np.zeros((2, 1, *seen.shape), np.float32)
    joined[0, 0, :, :-1] = seen[:, :-1] & seen[:, 1:]
    joined[1, 0, :-1] = seen[:-1] & seen[1:]
    return joined


def _num_neighbours(joined: np.ndarray) -> np.ndarray:
    before = np.zeros_like(joined)
    before[0, ..., 1:] = joined[0, ..., :-1]
    before[1, ..., 1:, :] = joined[1, ..., :-1, :]
    return (joined + before).sum(axis=0)


def _gradient(image: np.ndarray, joined: np.ndarray) -> np.ndarray:
    """(2, 3, h, w) steps of a (3, h, w) image to the right and down; 0 at its rims."""
    result = np.zeros((2, *image.shape), np.float32)
    result[0, ..., :-1] = image[..., 1:] - image[..., :-1]
    result[1, ..., :-1, :] = image[..., 1:, :] - image[..., :-1, :]
    result *= joined
    return result


def _divergence(flow: np.ndarray) -> np.ndarray:
    """(3, h, w), the negative transpose of `_gradient`."""
    result = flow[0] + flow[1]
    result[..., 1:] -= flow[0, ..., :-1]
    result[..., 1:, :] -= flow[1, ..., :-1, :]
    return result


def _shrunk(flow: np.ndarray, by: float) -> np.ndarray:
    """(2, 3, h, w) with the length of each cell's 6 numbers reduced, at most to 0."""
    length = np.sqrt(np.einsum("dchw,dchw->hw", flow, flow))
    return flow * np.maximum(1.0 - by / np.maximum(length, by), 0.0)


def _unit(vectors: np.ndarray, axis: int) -> np.ndarray:
    """float32 vectors of length 1 along an axis; 0 stays 0."""
    length = np.sqrt(np.sum(vectors * vectors, axis=axis, keepdims=True))
    return (vectors / np.where(length > 0, length, 1.0)).astype(np.float32, copy=False)


def manhattan_up(normals: np.ndarray) -> np.ndarray:
    """(3,) up as the Manhattan axis nearest a level camera's up, of (N, 3) normals.

    The frame is the rotation R that with a sparse X minimises
    0.5 |X - R N|^2 + lambda |X|_1 (Ghanem et al.): a normal along an axis turns into a
    vector with a single entry. Soft thresholds and orthogonal Procrustes alternate from
    R = I.
    """
    points = normals.astype(np.float64).T
    rotation, last = np.eye(3), np.inf
    for _ in range(100):
        turned = rotation @ points
        sparse = np.sign(turned) * np.maximum(np.abs(turned) - SPARSITY, 0.0)
        u, _, vt = np.linalg.svd(sparse @ points.T)
        rotation = u @ np.diag((1.0, 1.0, np.sign(np.linalg.det(u @ vt)))) @ vt
        objective = (
            0.5 * np.sum((sparse - rotation @ points) ** 2)
            + SPARSITY * np.abs(sparse).sum()
        )
        if last - objective < 1e-6 * objective:
            break
        last = objective
    axes = np.concatenate((rotation, -rotation))
    return axes[np.argmax(axes @ LEVEL_UP)]


def percentile_floor(
    normals: np.ndarray, points: np.ndarray, up: np.ndarray
) -> FloorPlane | None:
    """The paper's floor of (N, 3) normals and points, or None for a discarded frame.

    The floor lies at the first percentile of the heights; the frame is discarded unless
    more than half of the points below it face up within 15 deg (section 3.2).
    """
    heights = points @ up
    lowest = np.percentile(heights, FLOOR_PERCENTILE)
    faces_up = normals[heights <= lowest] @ up > np.cos(np.radians(FLOOR_NORMAL_DEG))
    share = float(faces_up.mean())
    if share <= FLOOR_SHARE:
        return None
    return FloorPlane(up, float(-lowest), confidence=share)
