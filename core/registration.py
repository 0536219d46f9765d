"""Depth from its own lens to the colour camera's pixel grid, with Z transformed too."""

import cv2
import numpy as np

from core.frame import Intrinsics, RgbdFrame
from core.geometry import pixel_rays, project, transform, unproject

FOOTPRINT_MARGIN = 1.1  # our choice: covers the stretch of slanted and rotated patches


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
    seen = frame.depth > 0
    depth_m = frame.depth.astype(np.float32) * np.float32(frame.depth_scale)
    points = transform(
        frame.T_color_depth, unproject(depth_m, frame.depth_intrinsics)[seen]
    )
    points = points[points[:, 2] > 0]
    units = np.rint(points[:, 2] / np.float32(frame.depth_scale))
    half_size = 0.5 * FOOTPRINT_MARGIN * pinhole.fx / frame.depth_intrinsics.fx
    return _splat(project(points, pinhole), units, half_size, pinhole)


def _splat(
    pixels: np.ndarray, units: np.ndarray, half_size: float, intrinsics: Intrinsics
) -> np.ndarray:
    """Paint (N,) depths as squares around (N, 2) pixels; the nearest wins."""
    missing = np.uint16(65535)
    image = np.full((intrinsics.height, intrinsics.width), missing)
    fits = (units > 0) & (units < missing)
    first = np.ceil(pixels[fits] - half_size).astype(np.int64)
    last = np.floor(pixels[fits] + half_size).astype(np.int64)
    depths = units[fits].astype(np.uint16)
    for dv in range(int((last[:, 1] - first[:, 1]).max(initial=-1)) + 1):
        for du in range(int((last[:, 0] - first[:, 0]).max(initial=-1)) + 1):
            u, v = first[:, 0] + du, first[:, 1] + dv
            lands = (
                (u <= last[:, 0])
                & (v <= last[:, 1])
                & (u >= 0)
                & (u < intrinsics.width)
                & (v >= 0)
                & (v < intrinsics.height)
            )
            np.minimum.at(image, (v[lands], u[lands]), depths[lands])
    image[image == missing] = 0
    return image


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
