"""The loop of `core.splat`: points onto a picture, the nearest on top."""

import numpy as np

from core.kernels.jit import HALF, ONE, kernel

Camera = tuple[np.float32, np.float32, np.float32, np.float32]

FARTHEST = np.float32(1e9)
NEAREST = np.float32(0.05)  # metres before the eye; what is nearer would hide all else
MARGIN = np.float32(1.8)  # our choice: closes gaps, slanted surfaces have wide ones
LARGEST_HALF_SIDE = np.float32(8.0)  # pixels of the picture


@kernel
def splat(
    depth: np.ndarray,
    unit: np.float32,
    colours: np.ndarray,
    camera: Camera,
    pose: np.ndarray,
    eye: Camera,
    nearest: np.ndarray,
    picture: np.ndarray,
) -> None:
    """Paint (h, w) uint16 depth as squares of its (h, w) uint32 colours into `picture`.

    `camera` and `eye` are (fx, fy, cx, cy), `pose` (3, 4) float32 is T_eye_camera. A
    square is as large as its depth pixel is from there. `nearest` (H, W) float32 is
    room for depth; `picture` (H, W) uint32 keeps what no point covers.
    """
    fx, fy, cx, cy = camera
    eye_fx, eye_fy, eye_cx, eye_cy = eye
    xu, xv, xz, x0 = pose[0]
    yu, yv, yz, y0 = pose[1]
    zu, zv, zz, z0 = pose[2]
    height, width = picture.shape
    half = HALF * MARGIN * max(eye_fx / fx, eye_fy / fy)
    nearest[:] = FARTHEST
    for v in range(depth.shape[0]):
        b = (np.float32(v) - cy) / fy
        for u in range(depth.shape[1]):
            if depth[v, u] == 0:
                continue
            a, d = (np.float32(u) - cx) / fx, unit * np.float32(depth[v, u])
            z = d * (a * zu + b * zv + zz) + z0
            if z < NEAREST:
                continue
            per_z = ONE / z
            x = eye_fx * (d * (a * xu + b * xv + xz) + x0) * per_z + eye_cx
            y = eye_fy * (d * (a * yu + b * yv + yz) + y0) * per_z + eye_cy
            side = min(max(half * d * per_z, HALF), LARGEST_HALF_SIDE)
            if x < -side or y < -side or x > width + side or y > height + side:
                continue
            left, right = max(int(x - side + ONE), 0), min(int(x + side + ONE), width)
            top, bottom = max(int(y - side + ONE), 0), min(int(y + side + ONE), height)
            colour = colours[v, u]
            for row in range(top, bottom):
                for column in range(left, right):
                    if z < nearest[row, column]:
                        nearest[row, column] = z
                        picture[row, column] = colour


@kernel
def fill_holes(nearest: np.ndarray, picture: np.ndarray) -> None:
    """Give pixels without a point, but with one on two opposite sides, its colour."""
    for row in range(1, picture.shape[0] - 1):
        for column in range(1, picture.shape[1] - 1):
            if nearest[row, column] < FARTHEST:
                continue
            beside = max(nearest[row, column - 1], nearest[row, column + 1])
            over = max(nearest[row - 1, column], nearest[row + 1, column])
            if beside < FARTHEST:
                picture[row, column] = picture[row, column - 1]
            elif over < FARTHEST:
                picture[row, column] = picture[row - 1, column]
