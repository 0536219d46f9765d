"""Depth from its own lens to the colour camera's pixel grid, with Z transformed too."""

import threading
from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np

from core.frame import Intrinsics, RgbdFrame
from core.geometry import pixel_rays

FOOTPRINT_MARGIN = 1.1  # our choice: covers the stretch of slanted and rotated patches
LARGEST_HALF_SIZE = 500.0  # pixels; memory grows with it, and no pair comes near
FAR_ASIDE = 1e30  # x/z that no camera sees
TOO_LARGE = 1e100  # products of smaller numbers stay finite

Row = tuple[float, float, float, float]


class View(NamedTuple):
    """How the colour camera sees the pixels of the depth camera."""

    rays: np.ndarray
    """(h, 2, w) float32 x/z, and y/z - row_y, of the depth camera's pixels; (1, 2, w)
    without distortion, where all rows are alike and need not be fetched from memory."""
    row_y: np.ndarray
    """(h,) float64 y/z."""
    projection: tuple[Row, Row, Row]
    """Takes points of the depth camera, in depth units, to u * Z, v * Z and Z."""
    half_size: float
    """Of the square that a depth pixel paints, in colour pixels."""
    size: int
    """Colour pixels in a row that every such square covers; some cover one more."""


class Scratch(NamedTuple):
    """Memory to register in."""

    layers: np.ndarray
    """uint16: (H + size, 2 short or tall, 2 narrow or wide, W + size) squares, and (w,)
    where the pixels of a depth row go that the colour camera does not see."""
    slots: np.ndarray
    """(w,) int32 index into layers."""
    units: np.ndarray
    """(w,) uint16."""
    columns: np.ndarray
    """(2 narrow or wide, W + size) uint16."""


class _ScratchOfThread(threading.local):
    """The scratch of a thread's last registration, for the next of the same size."""

    sizes: tuple[int, ...] = ()
    scratch: Scratch

    def get(self, width: int, shape: tuple[int, int], size: int) -> Scratch:
        sizes = (width, *shape, size)
        if sizes != self.sizes:
            rows, stride = shape[0] + size, shape[1] + size
            self.scratch = Scratch(
                np.empty(rows * 4 * stride + width, np.uint16),
                np.empty(width, np.int32),
                np.empty(width, np.uint16),
                np.empty((2, stride), np.uint16),
            )
            self.sizes = sizes
        return self.scratch


_scratch = _ScratchOfThread()


def register_depth(frame: RgbdFrame, out: np.ndarray | None = None) -> np.ndarray:
    """(H, W) uint16 depth along the colour camera's axis, on its undistorted grid.

    Units are the frame's own. Each depth pixel paints the colour pixels under its
    square, the nearest surface wins, and 0 stays where no depth pixel landed or Z does
    not fit. Unlike the SDKs' align functions, what is written is the colour camera's Z,
    not a copy of the depth camera's. It is written into `out`, or a new array, unless
    the frame's own depth is the answer.
    """
    color = frame.color_intrinsics
    if frame.is_aligned and not color.distortion:
        return frame.depth
    from core.kernels.registration import register  # numba is slow to import

    shape = (color.height, color.width)
    view = _view(
        frame.depth_intrinsics, color, frame.T_color_depth.tobytes(), frame.depth_scale
    )
    out = np.empty(shape, np.uint16) if out is None else _checked(out, shape)
    scratch = _scratch.get(frame.depth_intrinsics.width, shape, view.size)
    register(frame.depth, view, scratch, out)
    # Read-only as a frame's own depth is, so that kernels are compiled for one kind.
    registered = out.view()
    registered.flags.writeable = False
    return registered


def _checked(out: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    if out.shape != shape or out.dtype != np.uint16 or not out.flags.carray:
        raise ValueError(
            f"out must be a writeable, contiguous {shape} uint16 array, got "
            f"{out.shape} {out.dtype}, strides {out.strides}"
        )
    return out


@lru_cache(maxsize=8)
def _view(
    depth: Intrinsics, color: Intrinsics, T_color_depth: bytes, depth_scale: float
) -> View:
    T = np.frombuffer(T_color_depth).reshape(4, 4)
    with np.errstate(over="ignore", invalid="ignore"):
        projection = color.K @ T[:3]
        projection[:, 3] /= depth_scale
    if not np.abs(projection).max() < TOO_LARGE:  # nan is not either
        raise ValueError(
            f"depth of scale {depth_scale} cannot be moved by T_color_depth\n{T}"
        )
    half_size = 0.5 * FOOTPRINT_MARGIN * color.fx / depth.fx
    if half_size > LARGEST_HALF_SIZE:
        raise ValueError(
            f"a depth pixel would cover {2.0 * half_size:.0f} colour pixels in a row, "
            f"check the intrinsics: {depth} and {color}"
        )
    u, v, z = (tuple(row) for row in projection.tolist())
    return View(*_rays(depth), (u, v, z), half_size, int(2.0 * half_size))


@lru_cache(maxsize=8)
def _rays(intrinsics: Intrinsics) -> tuple[np.ndarray, np.ndarray]:
    """`View`'s rays and row_y; far aside where a distortion has no inverse."""
    if intrinsics.distortion:
        rays = pixel_rays(intrinsics).transpose(0, 2, 1).copy()
        rays[~np.isfinite(rays)] = FAR_ASIDE
        return rays, np.zeros(intrinsics.height)
    rays = np.zeros((1, 2, intrinsics.width), np.float32)
    rays[0, 0] = (np.arange(intrinsics.width) - intrinsics.cx) / intrinsics.fx
    return rays, (np.arange(intrinsics.height) - intrinsics.cy) / intrinsics.fy


def to_color_grid(
    classes: np.ndarray, intrinsics: Intrinsics, border: int
) -> np.ndarray:
    """(H, W) classes of the pinhole grid on the colour camera's own, distorted grid."""
    if not intrinsics.distortion:
        return classes
    u, v = _pinhole_pixels(intrinsics)
    return cv2.remap(classes, u, v, cv2.INTER_NEAREST, borderValue=border)


@lru_cache(maxsize=8)
def _pinhole_pixels(intrinsics: Intrinsics) -> tuple[np.ndarray, np.ndarray]:
    """(H, W) float32 u and v without distortion of each distorted pixel."""
    focal = np.array((intrinsics.fx, intrinsics.fy), np.float32)
    centre = np.array((intrinsics.cx, intrinsics.cy), np.float32)
    pixels = pixel_rays(intrinsics) * focal + centre
    u, v = np.ascontiguousarray(pixels.transpose(2, 0, 1))
    return u, v


def to_pinhole_grid(
    image: np.ndarray, intrinsics: Intrinsics, border: int = 0
) -> np.ndarray:
    """(H, W) or (H, W, 3) uint8 of the colour camera on the grid of registered depth,
    which is a pinhole's."""
    if not intrinsics.distortion:
        return image
    u, v = _distorted_pixels(intrinsics)
    return cv2.remap(image, u, v, cv2.INTER_NEAREST, borderValue=border)


@lru_cache(maxsize=8)
def _distorted_pixels(intrinsics: Intrinsics) -> tuple[np.ndarray, np.ndarray]:
    """(H, W) float32 u and v with distortion of each pinhole pixel."""
    u, v = cv2.initUndistortRectifyMap(
        intrinsics.K,
        np.array(intrinsics.distortion),
        None,
        intrinsics.K,
        (intrinsics.width, intrinsics.height),
        cv2.CV_32FC1,
    )
    return u, v
