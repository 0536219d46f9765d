"""The points of a frame as a picture from anywhere, without a graphics card."""

import numpy as np

from core.frame import Intrinsics

BACKGROUND = 0xFF14161B
"""0xffRRGGBB where there is no point."""


def splat(
    depth: np.ndarray,
    depth_scale: float,
    colours: np.ndarray,
    camera: Intrinsics,
    T_eye_camera: np.ndarray,
    eye: Intrinsics,
) -> np.ndarray:
    """(H, W) uint32 0xffRRGGBB: depth as the pinhole camera `eye` sees it.

    `depth` (h, w) uint16 and `colours` (h, w) uint32 0xffRRGGBB are on the grid of the
    pinhole `camera`; T_eye_camera (4, 4) takes its points to the eye.
    """
    from core.kernels import splat as k  # numba is slow to import

    shape = (eye.height, eye.width)
    nearest = np.empty(shape, np.float32)
    picture = np.full(shape, BACKGROUND, np.uint32)
    k.splat(
        depth,
        np.float32(depth_scale),
        colours,
        _numbers(camera),
        T_eye_camera[:3].astype(np.float32),
        _numbers(eye),
        nearest,
        picture,
    )
    k.fill_holes(nearest, picture)
    return picture


def _numbers(
    camera: Intrinsics,
) -> tuple[np.float32, np.float32, np.float32, np.float32]:
    fx, fy, cx, cy = np.array((camera.fx, camera.fy, camera.cx, camera.cy), np.float32)
    return fx, fy, cx, cy
