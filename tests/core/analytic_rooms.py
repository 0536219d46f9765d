"""Rooms of boxes, seen without error: every ray is cut with every box by itself.

The world is x east, y north, z up, metres; the floor is z = 0.
"""

from dataclasses import dataclass

import numpy as np
from lopsided import rotation

from core import Intrinsics, RgbdFrame
from core.geometry import pixel_rays

ROOM = np.array(((-2.3, -1.7, 0.0), (2.1, 2.6, 2.55)))
TABLE = np.array(((-0.9, 0.7, 0.62), (0.3, 1.5, 0.68)))
CUPBOARD = np.array(((0.9, 1.9, 0.0), (1.9, 2.6, 1.87)))
CHEST = np.array(((-2.3, -0.2, 0.0), (-1.7, 0.9, 0.93)))
FURNITURE = (TABLE, CUPBOARD, CHEST)


@dataclass(frozen=True, eq=False)
class View:
    """What a camera in the room sees."""

    intrinsics: Intrinsics
    depth_m: np.ndarray
    """(H, W) float64 metres along the optical axis."""
    heights: np.ndarray
    """(H, W) float64 metres above the floor."""
    cosines: np.ndarray
    """(H, W) float64 of the surface's normal with up."""
    points: np.ndarray
    """(H, W, 3) float64 in the world."""
    T_camera_world: np.ndarray
    """(4, 4) float64."""

    @property
    def up(self) -> np.ndarray:
        """(3,) up in the camera."""
        return self.T_camera_world[:3, 2]

    def depth(self, depth_scale: float) -> np.ndarray:
        """(H, W) uint16 units of `depth_scale` metres, rounded."""
        return np.rint(self.depth_m / depth_scale).astype(np.uint16)

    def noisy(self, depth_scale: float, sigma: float, seed: int = 1) -> np.ndarray:
        """Depth in units with Gaussian noise of inverse depth, 1/m, and with holes.

        2 % of the pixels are missing one by one, 3 % in blots.
        """
        random = np.random.default_rng(seed)
        inverse = 1.0 / self.depth_m + random.normal(0.0, sigma, self.depth_m.shape)
        depth = np.rint(1.0 / (inverse * depth_scale)).astype(np.uint16)
        depth[random.random(depth.shape) < 0.02] = 0
        height, width = depth.shape
        for _ in range(8):
            v, u = random.integers(0, height), random.integers(0, width)
            depth[v : v + height // 12, u : u + width // 20] = 0
        return depth

    def frame(self, depth_scale: float = 1e-3, **changes: object) -> RgbdFrame:
        """A frame of it whose depth lies on the colour grid."""
        changes.setdefault("depth", self.depth(depth_scale))
        return aligned(self.intrinsics, depth_scale=depth_scale, **changes)


def aligned(intrinsics: Intrinsics, **parts: object) -> RgbdFrame:
    """A black frame with depth on the colour grid."""
    rgb = np.zeros((intrinsics.height, intrinsics.width, 3), np.uint8)
    return RgbdFrame.aligned(rgb, intrinsics=intrinsics, **parts)  # type: ignore[arg-type]


def look(
    intrinsics: Intrinsics,
    position: tuple[float, float, float],
    yaw_deg: float = 0.0,
    pitch_deg: float = -20.0,
    roll_deg: float = 0.0,
    furniture: tuple[np.ndarray, ...] = FURNITURE,
    room: np.ndarray = ROOM,
) -> View:
    """The room from a camera that looks north, turned left, up and to one side."""
    yaw, pitch, roll = np.radians((yaw_deg, pitch_deg, roll_deg))
    level = rotation(-np.pi / 2, 0, 0)  # x east, y down, z north
    R_world_camera = (
        rotation(0, 0, yaw) @ level @ rotation(pitch, 0, 0) @ rotation(0, 0, roll)
    )
    rays = pixel_rays(intrinsics).astype(np.float64)
    rays = np.dstack((rays, np.ones(rays.shape[:2]))) @ R_world_camera.T
    origin = np.array(position)
    depth_m, normals = _leave(room, origin, rays)
    for box in furniture:
        enters, sides = _enter(box, origin, rays)
        nearer = enters < depth_m
        depth_m[nearer], normals[nearer] = enters[nearer], sides[nearer]
    points = origin + depth_m[..., None] * rays
    T = np.eye(4)
    T[:3, :3] = R_world_camera.T
    T[:3, 3] = -R_world_camera.T @ origin
    return View(intrinsics, depth_m, points[..., 2], normals[..., 2], points, T)


def _slabs(
    box: np.ndarray, origin: np.ndarray, rays: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(H, W, 3) where rays enter and leave the space between each pair of faces."""
    rays = np.where(np.abs(rays) < 1e-12, 1e-12, rays)
    a, b = (box[0] - origin) / rays, (box[1] - origin) / rays
    return np.minimum(a, b), np.maximum(a, b)


def _leave(
    box: np.ndarray, origin: np.ndarray, rays: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    _, leaves = _slabs(box, origin, rays)
    axis = leaves.argmin(axis=-1)
    return leaves.min(axis=-1), _faces(axis, rays)


def _enter(
    box: np.ndarray, origin: np.ndarray, rays: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    enters, leaves = _slabs(box, origin, rays)
    axis, enter = enters.argmax(axis=-1), enters.max(axis=-1)
    is_hit = (enter < leaves.min(axis=-1)) & (enter > 0)
    return np.where(is_hit, enter, np.inf), _faces(axis, rays)


def _faces(axis: np.ndarray, rays: np.ndarray) -> np.ndarray:
    """(H, W, 3) normals along an axis, towards where the rays come from."""
    normals = np.eye(3)[axis]
    return -normals * np.sign((normals * rays).sum(axis=-1, keepdims=True))
