"""Pixels, points and transforms, in the axes of `core.frame`.

T_a_b takes points of b to a.
"""

from functools import lru_cache

import cv2
import numpy as np

from core.frame import Intrinsics

# OpenCV's own five steps are 2 pixels off at the edge of an Azure Kinect's depth image.
CONVERGED = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 50, 1e-9)


@lru_cache(maxsize=8)
def pixel_rays(intrinsics: Intrinsics) -> np.ndarray:
    """(H, W, 2) float32 x/z, y/z of each pixel's ray, without distortion, read-only."""
    u, v = np.meshgrid(np.arange(intrinsics.width), np.arange(intrinsics.height))
    if intrinsics.distortion:
        pixels = np.stack((u, v), axis=-1).reshape(-1, 1, 2).astype(np.float64)
        rays = cv2.undistortPoints(
            pixels,
            intrinsics.K,
            np.array(intrinsics.distortion),
            criteria=CONVERGED,
        ).reshape(intrinsics.height, intrinsics.width, 2)
    else:
        rays = np.stack(
            (
                (u - intrinsics.cx) / intrinsics.fx,
                (v - intrinsics.cy) / intrinsics.fy,
            ),
            axis=-1,
        )
    rays = rays.astype(np.float32)
    rays.flags.writeable = False
    return rays


def unproject(depth_m: np.ndarray, intrinsics: Intrinsics) -> np.ndarray:
    """(H, W) metres to (H, W, 3) points in the camera; (0, 0, 0) where depth is 0."""
    rays = pixel_rays(intrinsics)
    return np.concatenate(
        (rays * depth_m[..., None], depth_m[..., None]), axis=-1
    ).astype(np.float32, copy=False)


def project(points: np.ndarray, intrinsics: Intrinsics) -> np.ndarray:
    """(N, 3) points in front of the camera to (N, 2) pixels u, v, with distortion."""
    if intrinsics.distortion:
        pixels, _ = cv2.projectPoints(
            points.reshape(-1, 1, 3).astype(np.float64),
            np.zeros(3),
            np.zeros(3),
            intrinsics.K,
            np.array(intrinsics.distortion),
        )
        return pixels.reshape(-1, 2)
    focal = np.array((intrinsics.fx, intrinsics.fy), points.dtype)
    centre = np.array((intrinsics.cx, intrinsics.cy), points.dtype)
    return points[:, :2] / points[:, 2:] * focal + centre


def transform(T_a_b: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(..., 3) points of b as points of a, in the points' dtype."""
    rotation = T_a_b[:3, :3].astype(points.dtype)
    return points @ rotation.T + T_a_b[:3, 3].astype(points.dtype)


def angle_deg(a: np.ndarray, b: np.ndarray) -> float:
    """Degrees between two unit vectors, exact for small angles too."""
    return float(np.degrees(np.arctan2(np.linalg.norm(np.cross(a, b)), np.dot(a, b))))


def quaternion(rotation: np.ndarray) -> np.ndarray:
    """(4,) x y z w, w >= 0, of the rotation nearest to a (3, 3) matrix.

    Bar-Itzhack, New Method for Extracting the Quaternion from a Rotation Matrix (2000):
    exact to the last digits at every angle, half a turn too.
    """
    (a, b, c), (d, e, f), (g, h, i) = rotation.tolist()
    symmetric = [
        [a - e - i, b + d, c + g, h - f],
        [b + d, e - a - i, f + h, c - g],
        [c + g, f + h, i - a - e, d - b],
        [h - f, c - g, d - b, a + e + i],
    ]
    largest = np.linalg.eigh(np.array(symmetric))[1][:, -1]
    return largest if largest[3] >= 0 else -largest


def rotation_matrix(quaternion: np.ndarray) -> np.ndarray:
    """(3, 3) float64 of a quaternion x y z w of any length but 0."""
    x, y, z, w = np.divide(quaternion, np.linalg.norm(quaternion)).tolist()
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + 2 * w * cross + 2 * cross @ cross
