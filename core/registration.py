"""Depth from its own lens to the colour camera's pixel grid, with Z transformed too."""

import cv2
import numpy as np

from core.frame import Intrinsics, RgbdFrame
from core.geometry import pixel_rays

FOOTPRINT_MARGIN = 1.1  # our choice: covers the stretch of slanted and rotated patches
MISSING = 65535  # stands behind every depth while the nearest is sought


def register_depth(frame: RgbdFrame) -> np.ndarray:
    """(H, W) uint16 depth along the colour camera's axis, on its undistorted grid.

    Units are the frame's own. Each depth pixel paints the colour pixels under its
    square, the nearest surface wins, and 0 stays where no depth pixel landed. Unlike
    the SDKs' align functions, what is written is the colour camera's Z, not a copy of
    the depth camera's.
    """
    pinhole = frame.color_intrinsics.pinhole()
    if frame.is_aligned and not frame.color_intrinsics.distortion:
        return frame.depth
    scale = np.float32(frame.depth_scale)
    depth_m = frame.depth.ravel() * scale
    rays = pixel_rays(frame.depth_intrinsics).reshape(-1, 2)
    T = frame.T_color_depth.astype(np.float32)
    x, y, z = (
        depth_m * (row[0] * rays[:, 0] + row[1] * rays[:, 1] + row[2]) + row[3]
        for row in T[:3]
    )
    seen = (depth_m > 0) & (z > scale)
    inverse = 1.0 / np.where(seen, z, 1.0)
    u = pinhole.fx * x * inverse + pinhole.cx
    v = pinhole.fy * y * inverse + pinhole.cy
    half_size = 0.5 * FOOTPRINT_MARGIN * pinhole.fx / frame.depth_intrinsics.fx
    inside = (
        seen
        & (u > -half_size)
        & (u < pinhole.width - 1 + half_size)
        & (v > -half_size)
        & (v < pinhole.height - 1 + half_size)
    )
    units = np.rint(z[inside] / scale).clip(1, MISSING - 1).astype(np.uint16)
    return _splat(u[inside], v[inside], units, half_size, pinhole)


def _splat(
    u: np.ndarray,
    v: np.ndarray,
    units: np.ndarray,
    half_size: float,
    intrinsics: Intrinsics,
) -> np.ndarray:
    """Paint (N,) depths as squares around their pixels; the nearest wins."""
    width, height = intrinsics.width, intrinsics.height
    image = np.full(height * width, MISSING, np.uint16)
    first_u = np.maximum(np.ceil(u - half_size), 0).astype(np.int32)
    first_v = np.maximum(np.ceil(v - half_size), 0).astype(np.int32)
    last_u = np.minimum(np.floor(u + half_size), width - 1).astype(np.int32)
    last_v = np.minimum(np.floor(v + half_size), height - 1).astype(np.int32)
    for dv in range(int((last_v - first_v).max(initial=-1)) + 1):
        for du in range(int((last_u - first_u).max(initial=-1)) + 1):
            lands = (first_u + du <= last_u) & (first_v + dv <= last_v)
            pixels = ((first_v + dv) * width + first_u + du)[lands]
            np.minimum.at(image, pixels, units[lands])
    image[image == MISSING] = 0
    return image.reshape(height, width)


def to_color_grid(
    classes: np.ndarray, intrinsics: Intrinsics, border: int
) -> np.ndarray:
    """(H, W) classes of the pinhole grid on the colour camera's own, distorted grid."""
    if not intrinsics.distortion:
        return classes
    focal = np.array((intrinsics.fx, intrinsics.fy), np.float32)
    centre = np.array((intrinsics.cx, intrinsics.cy), np.float32)
    pixels = pixel_rays(intrinsics) * focal + centre
    return cv2.remap(
        classes,
        np.ascontiguousarray(pixels[..., 0]),
        np.ascontiguousarray(pixels[..., 1]),
        cv2.INTER_NEAREST,
        borderValue=border,
    )
