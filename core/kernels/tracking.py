"""The loops of `core.tracking`: the motion that lays one frame's samples on planes.

`motion` (3, 4) float64 is [R t], which takes points of the current frame to the
previous one. A step (6,) is a turn about the previous camera, radians, and a shift,
metres. `equations` (6, 7) holds the matrix of a step's normal equations and their right
side.
"""

from typing import NamedTuple

import numpy as np

from core.kernels.jit import HALF, ONE, ZERO, kernel
from core.kernels.labels import Camera
from core.kernels.planes import Noise, sigma_of

Vector = tuple[np.float32, np.float32, np.float32]

NUM_STEPS = 8
NUM_COARSE_STEPS = 5  # on few samples, while the gate narrows
COARSE_STRIDE, FINE_STRIDE = 8, 2  # all samples are hardly better than every other one
FIRST_GATE = np.float32(0.2)  # 1/m; halved at every step
CUTOFF = np.float32(4.0)  # sigmas; the gate gets no narrower
SAME_NORMAL = np.float32(0.85)  # cosine
MIN_Z = np.float32(0.05)  # metres
MIN_INLIERS = 30
NORMAL_VARIANCE = 5e-4  # square radians: a plane's normal is off by more than a degree
SMALLEST_STEP = 2e-5  # radians and metres


class Scratch(NamedTuple):
    """Memory to align in."""

    rows: np.ndarray
    """(7, N) float32, a column for every sample that is used; see `weighted_errors`."""
    single: np.ndarray
    """(3, 4) float32."""
    equations: np.ndarray
    """(6, 7) float64."""
    factor: np.ndarray
    """(6, 6) float64."""
    step: np.ndarray
    """(6,) float64."""


@kernel
def align(
    normals: np.ndarray,
    points: np.ndarray,
    planes: np.ndarray,
    is_clean: np.ndarray,
    camera: Camera,
    noise: Noise,
    motion: np.ndarray,
    scratch: Scratch,
) -> tuple[int, int]:
    """Improve `motion` until the samples lie on the planes.

    Gauss-Newton steps on robust errors of inverse depth, while their gate narrows.
    Returns how many samples were looked at and how many of them lie on a plane.
    """
    equations, step = scratch.equations, scratch.step
    gate = FIRST_GATE
    num_samples = num_inliers = 0
    for k in range(NUM_STEPS):
        stride = COARSE_STRIDE if k < NUM_COARSE_STEPS else FINE_STRIDE
        num_samples = (points.shape[0] + stride - 1) // stride
        scratch.single[:] = motion
        num_inliers = weighted_errors(
            normals[::stride],
            points[::stride],
            planes,
            is_clean,
            camera,
            noise,
            scratch.single,
            gate,
            scratch.rows,
        )
        if num_inliers < MIN_INLIERS:
            return num_samples, 0
        normal_equations(scratch.rows, num_inliers, equations)
        solve_damped(equations, scratch.factor, step)
        take_step(step, motion)
        if k > NUM_COARSE_STEPS and np.abs(step).max() < SMALLEST_STEP:
            break
        gate *= HALF
    return num_samples, num_inliers


@kernel
def turned(motion: np.ndarray, vectors: np.ndarray, k: int) -> Vector:
    """Vector k, turned by a motion."""
    x, y, z = vectors[k, 0], vectors[k, 1], vectors[k, 2]
    return (
        motion[0, 0] * x + motion[0, 1] * y + motion[0, 2] * z,
        motion[1, 0] * x + motion[1, 1] * y + motion[1, 2] * z,
        motion[2, 0] * x + motion[2, 1] * y + motion[2, 2] * z,
    )


@kernel
def weighted_errors(
    normals: np.ndarray,
    points: np.ndarray,
    planes: np.ndarray,
    is_clean: np.ndarray,
    camera: Camera,
    noise: Noise,
    motion: np.ndarray,
    gate: np.float32,
    rows: np.ndarray,
) -> int:
    """How many samples lie near a plane; writes their errors and how steps change them.

    An error is the inverse depth of a moved point less that of the plane at its pixel.
    Column n of `rows` is the six derivatives of the n-th error and the error itself,
    all times the square root of its weight: Tukey's, over the variance.
    """
    fx, fy, cx, cy = camera
    height, width = is_clean.shape
    n = 0
    for k in range(points.shape[0]):
        x, y, z = turned(motion, points, k)
        x, y, z = x + motion[0, 3], y + motion[1, 3], z + motion[2, 3]
        if z < MIN_Z:
            continue
        inverse = ONE / z
        u, v = fx * x * inverse + cx, fy * y * inverse + cy
        if u <= -HALF or u >= width - HALF or v <= -HALF or v >= height - HALF:
            continue
        j, i = int(u + HALF), int(v + HALF)
        if not is_clean[i, j]:
            continue
        m, gu, gv = planes[0, i, j], planes[1, i, j], planes[2, i, j]
        error = inverse - m - (u - np.float32(j)) * gu - (v - np.float32(i)) * gv
        sigma = sigma_of(m, noise)
        share = error / max(gate, CUTOFF * sigma)
        # Points on the plane have (a, b, c) @ point = -1.
        a, b = -fx * gu, -fy * gv
        c = (np.float32(j) - cx) * gu + (np.float32(i) - cy) * gv - m
        nx, ny, nz = turned(motion, normals, k)
        along = a * nx + b * ny + c * nz
        length = np.sqrt(a * a + b * b + c * c)
        if abs(share) >= ONE or along < SAME_NORMAL * length:
            continue
        root = (ONE - share * share) / sigma
        scale = root * inverse
        a, b, c = scale * a, scale * b, scale * c
        rows[0, n], rows[1, n], rows[2, n] = y * c - z * b, z * a - x * c, x * b - y * a
        rows[3, n], rows[4, n], rows[5, n] = a, b, c
        rows[6, n] = root * error
        n += 1
    return n


@kernel
def normal_equations(rows: np.ndarray, count: int, equations: np.ndarray) -> None:
    """J'J and J'e of the first `count` columns of `rows`, which hold J' and e."""
    for p in range(6):
        left = rows[p, :count]
        for q in range(p, 7):
            right = rows[q, :count]
            total = ZERO
            for k in range(count):
                total += left[k] * right[k]
            equations[p, q] = total
            if q < 6:
                equations[q, p] = total


@kernel
def solve_damped(equations: np.ndarray, factor: np.ndarray, step: np.ndarray) -> None:
    """The step that the normal equations ask for, by Cholesky's factorisation.

    Levenberg's damping holds what the view leaves open where it is: as much as normals
    that are a little wrong seem to tell about any direction.
    """
    turns = equations[0, 0] + equations[1, 1] + equations[2, 2]
    shifts = equations[3, 3] + equations[4, 4] + equations[5, 5]
    for p in range(6):
        for q in range(p + 1):
            total = equations[p, q]
            if p == q:
                total += NORMAL_VARIANCE * (turns if p < 3 else shifts)
            for k in range(q):
                total -= factor[p, k] * factor[q, k]
            factor[p, q] = np.sqrt(total) if p == q else total / factor[q, q]
    for p in range(6):
        total = -equations[p, 6]
        for k in range(p):
            total -= factor[p, k] * step[k]
        step[p] = total / factor[p, p]
    for p in range(5, -1, -1):
        total = step[p]
        for k in range(p + 1, 6):
            total -= factor[k, p] * step[k]
        step[p] = total / factor[p, p]


@kernel
def take_step(step: np.ndarray, motion: np.ndarray) -> None:
    """Turn a motion by a step (Rodrigues' formula), then shift it, in place."""
    wx, wy, wz = step[0], step[1], step[2]
    square = wx * wx + wy * wy + wz * wz
    angle = np.sqrt(square)
    sine = np.sin(angle) / angle if angle > 1e-8 else 1.0
    rest = (1.0 - np.cos(angle)) / square if angle > 1e-8 else 0.5
    for column in range(4):
        x, y, z = motion[0, column], motion[1, column], motion[2, column]
        kept = 1.0 - rest * square
        along = rest * (wx * x + wy * y + wz * z)
        motion[0, column] = kept * x + sine * (wy * z - wz * y) + along * wx
        motion[1, column] = kept * y + sine * (wz * x - wx * z) + along * wy
        motion[2, column] = kept * z + sine * (wx * y - wy * x) + along * wz
    for axis in range(3):
        motion[axis, 3] += step[3 + axis]
