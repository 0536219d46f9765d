"""The calibration of a Kinect v2, learnt from what its SDK can be asked.

The SDK does not tell the colour camera's numbers, and of the depth camera's only four,
but it takes any depth image to points and to colour pixels.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from core.frame import Intrinsics

COLOR_SIZE, DEPTH_SIZE = (1920, 1080), (512, 424)
"""(width, height)."""

# Where the mapper is asked to learn the cameras from it.
_DISTANCES_MM = (700, 1100, 2000, 4000)
_PIXEL_STEP = 24
_FOCAL_LENGTH_GUESS = 1081.0  # of the colour camera, pixels


@dataclass(frozen=True, eq=False)
class Calibration:
    """The cameras of images that are not mirrored."""

    color: Intrinsics
    depth: Intrinsics
    T_color_depth: np.ndarray
    """(4, 4) float64, takes points of the depth camera to the colour camera, metres."""


def calibration_of(mapper: Any) -> Calibration:
    """The cameras that fit how the SDK's mapper takes depth to points and to colour."""
    points, depth_pixels, color_pixels = [], [], []
    width, height = DEPTH_SIZE
    v, u = np.mgrid[0:height:_PIXEL_STEP, 0:width:_PIXEL_STEP]
    for distance in _DISTANCES_MM:
        plane = np.full((height, width), distance, np.uint16)
        xyz = mapper.map_depth_frame_to_camera_space(plane)[v, u].reshape(-1, 3)
        color = mapper.map_depth_frame_to_color_space(plane)[v, u].reshape(-1, 2)
        is_known = np.isfinite(xyz).all(axis=1) & np.isfinite(color).all(axis=1)
        # Its x points left and its y up; mirrored, x of an image points left as well.
        points.append(xyz[is_known] * (-1, -1, 1))
        pixels = np.stack((width - 1 - u, v), axis=-1).reshape(-1, 2)
        depth_pixels.append(pixels[is_known])
        color_pixels.append((COLOR_SIZE[0] - 1 - color[:, :1], color[:, 1:]))
        color_pixels[-1] = np.hstack(color_pixels[-1])[is_known]
    xyz = np.concatenate(points).astype(np.float32)
    fx, fy, cx, cy = mapper.get_depth_camera_intrinsics()
    depth, _ = _fit(
        xyz, np.concatenate(depth_pixels), DEPTH_SIZE, (fx, fy, width - 1 - cx, cy)
    )
    guess = (
        _FOCAL_LENGTH_GUESS,
        _FOCAL_LENGTH_GUESS,
        (COLOR_SIZE[0] - 1) / 2,
        (COLOR_SIZE[1] - 1) / 2,
    )
    color, T_color_depth = _fit(xyz, np.concatenate(color_pixels), COLOR_SIZE, guess)
    return Calibration(color, depth, T_color_depth)


def _fit(
    points: np.ndarray,
    pixels: np.ndarray,
    size: tuple[int, int],
    guess: tuple[float, float, float, float],
) -> tuple[Intrinsics, np.ndarray]:
    """The camera that sees points, (n, 3) metres, at pixels, (n, 2), and (4, 4) that
    takes the points' axes to the camera's."""
    fx, fy, cx, cy = guess
    K = np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]])
    _, K, distortion, rotations, translations = cv2.calibrateCamera(
        [points],
        [pixels.astype(np.float32)],
        size,
        K,
        np.zeros(5),
        flags=cv2.CALIB_USE_INTRINSIC_GUESS,
    )
    T = np.eye(4)
    T[:3, :3] = cv2.Rodrigues(rotations[0])[0]
    T[:3, 3] = translations[0].ravel()
    fx, fy, cx, cy = (float(K[at]) for at in ((0, 0), (1, 1), (0, 2), (1, 2)))
    numbers = tuple(float(number) for number in distortion.ravel())
    return Intrinsics(*size, fx, fy, cx, cy, numbers), T
