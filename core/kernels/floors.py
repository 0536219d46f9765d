"""The loops of `core.orientation` and `core.floor` over an image's samples."""

import numpy as np

from core.kernels.jit import HALF, ONE, ZERO, kernel

NEAR_CLUTTER = np.float32(
    1.5
)  # metres, our choice; nearer is clutter, counting no more
WELL_BELOW = np.float32(2.0)  # reaches
Pair = tuple[np.float32, np.float32]


@kernel
def orientation_matrix(
    normals: np.ndarray,
    points: np.ndarray,
    up: np.ndarray,
    square_gate: np.float32,
    matrix: np.ndarray,
) -> np.float32:
    """Write sum(wall wall') - sum(floor floor') of the normals within a gate of up.

    `square_gate` is the squared sine of the gate's angle; weights fall to 0 there, as
    Tukey's do. A normal's variance grows with the square of its point's depth, and its
    weight falls with it. Returns the mean squared sine of the angles to up's plane or
    axis.
    """
    xx = xy = xz = yy = yz = zz = weights = total = ZERO
    for k in range(normals.shape[0]):
        x, y, z = normals[k, 0], normals[k, 1], normals[k, 2]
        along = x * up[0] + y * up[1] + z * up[2]
        is_floor = along * along > HALF
        square = ONE - along * along if is_floor else along * along
        weight = max(ONE - square / square_gate, ZERO)
        depth = max(points[k, 2], NEAR_CLUTTER)
        weight *= weight / (depth * depth)
        weights += weight
        total += weight * square
        weight = -weight if is_floor else weight
        xx += weight * x * x
        xy += weight * x * y
        xz += weight * x * z
        yy += weight * y * y
        yz += weight * y * z
        zz += weight * z * z
    matrix[0, 0], matrix[0, 1], matrix[0, 2] = xx, xy, xz
    matrix[1, 0], matrix[1, 1], matrix[1, 2] = xy, yy, yz
    matrix[2, 0], matrix[2, 1], matrix[2, 2] = xz, yz, zz
    return max(total, ZERO) / weights if weights > ZERO else square_gate


@kernel
def heights_along(points: np.ndarray, up: np.ndarray, heights: np.ndarray) -> None:
    """Metres of each point along up."""
    for k in range(points.shape[0]):
        heights[k] = points[k, 0] * up[0] + points[k, 1] * up[1] + points[k, 2] * up[2]


@kernel
def floor_layer(
    samples: tuple[np.ndarray, np.ndarray],
    heights: np.ndarray,
    up: np.ndarray,
    level: np.float32,
    cos_limit: np.float32,
    reach: Pair,
    normal: np.ndarray,
) -> tuple[int, int, int, float]:
    """How many points are within reach of a level, how many of them and how many well
    below it face up, and the mean height of those at the level.

    `samples` is (normals, points); `reach` (r0, r2) is r0 + r2 * z * z metres. The
    mean counts each by the inverse of its variance, which grows with the fourth power
    of depth; `normal` (3,) takes the sum of their normals.
    """
    normals, points = samples
    num_layer = num_patch = num_lower = 0
    weights = total = 0.0
    normal[:] = 0.0
    for k in range(points.shape[0]):
        z2 = points[k, 2] * points[k, 2]
        above, limit = heights[k] - level, reach[0] + reach[1] * z2
        if above >= limit:
            continue
        x, y, z = normals[k, 0], normals[k, 1], normals[k, 2]
        faces_up = x * up[0] + y * up[1] + z * up[2] > cos_limit
        num_lower += faces_up and above < -WELL_BELOW * limit
        if above <= -limit:
            continue
        num_layer += 1
        if faces_up:
            num_patch += 1
            weight = ONE / (z2 * z2)
            weights += weight
            total += weight * heights[k]
            for axis in range(3):
                normal[axis] += normals[k, axis]
    mean = total / weights if num_patch else 0.0
    return num_layer, num_patch, num_lower, mean
