"""The direct form of `core.registration`: each square painted by itself, in float64."""

import cv2
import numpy as np

from core.frame import Intrinsics, RgbdFrame
from core.geometry import CONVERGED
from core.registration import FOOTPRINT_MARGIN

MISSING = 65536  # stands behind every depth while the nearest is sought


def reference_depth(frame: RgbdFrame, wider: float = 0.0) -> np.ndarray:
    """(H, W) int64 units, 0 missing; the squares are `wider` pixels on every side."""
    pinhole = frame.color_intrinsics.pinhole()
    rays = _rays(frame.depth_intrinsics)
    depth = frame.depth.ravel().astype(np.float64)
    T = frame.T_color_depth
    x, y, z = (
        depth * (row[0] * rays[:, 0] + row[1] * rays[:, 1] + row[2])
        + row[3] / frame.depth_scale
        for row in T[:3]
    )
    units = np.rint(z)
    seen = (depth > 0) & (units >= 1) & (units <= 65535)
    x, y, z, units = (values[seen] for values in (x, y, z, units))
    u = pinhole.fx * x / z + pinhole.cx
    v = pinhole.fy * y / z + pinhole.cy
    half_size = 0.5 * FOOTPRINT_MARGIN * pinhole.fx / frame.depth_intrinsics.fx + wider
    inside = (
        (u > -half_size)
        & (u < pinhole.width - 1 + half_size)
        & (v > -half_size)
        & (v < pinhole.height - 1 + half_size)
    )
    return _splat(
        u[inside], v[inside], units[inside].astype(np.int64), half_size, pinhole
    )


def _rays(intrinsics: Intrinsics) -> np.ndarray:
    """(h * w, 2) float64 x/z, y/z."""
    v, u = np.mgrid[: intrinsics.height, : intrinsics.width]
    pixels = np.stack((u, v), axis=-1).reshape(-1, 1, 2).astype(np.float64)
    distortion = np.array(intrinsics.distortion or (0.0, 0.0, 0.0, 0.0))
    return cv2.undistortPoints(
        pixels, intrinsics.K, distortion, criteria=CONVERGED
    ).reshape(-1, 2)


def _splat(
    u: np.ndarray,
    v: np.ndarray,
    units: np.ndarray,
    half_size: float,
    intrinsics: Intrinsics,
) -> np.ndarray:
    """Paint (N,) depths as squares around their pixels; the nearest wins."""
    width, height = intrinsics.width, intrinsics.height
    image = np.full(height * width, MISSING)
    first_u = np.maximum(np.ceil(u - half_size), 0).astype(np.int64)
    first_v = np.maximum(np.ceil(v - half_size), 0).astype(np.int64)
    last_u = np.minimum(np.floor(u + half_size), width - 1).astype(np.int64)
    last_v = np.minimum(np.floor(v + half_size), height - 1).astype(np.int64)
    for dv in range(int((last_v - first_v).max(initial=-1)) + 1):
        for du in range(int((last_u - first_u).max(initial=-1)) + 1):
            lands = (first_u + du <= last_u) & (first_v + dv <= last_v)
            pixels = ((first_v + dv) * width + first_u + du)[lands]
            np.minimum.at(image, pixels, units[lands])
    image[image == MISSING] = 0
    return image.reshape(height, width)
