"""Rooms of boxes and spheres, and exactly what a camera sees of them.

The world's floor is z = 0, z points up; the room's middle is x = y = 0. What is seen is
worked out from the solids' own planes and spheres: nothing here comes from the label
engine that is measured on it.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.bins import HNBins
from core.frame import Intrinsics
from core.simulation.rays import Caster

# Corners of a box as signs of its half sizes, four around each face; +z is the last.
_CORNERS = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])
_AXES = ((0, -1), (0, 1), (1, -1), (1, 1), (2, -1), (2, 1))
_FLOOR_FACE = 4  # of the first box, which is the room: -z


@dataclass(frozen=True, eq=False)
class Box:
    """A cuboid."""

    centre: np.ndarray
    """(3,) metres."""
    half: np.ndarray
    """(3,) metres, half its sizes."""
    R_world_box: np.ndarray
    """(3, 3)."""

    def contains(self, point: np.ndarray, margin: float) -> bool:
        """Whether a (3,) point is inside or nearer than `margin` to it."""
        inside = np.abs((point - self.centre) @ self.R_world_box) < self.half + margin
        return bool(inside.all())

    def moved(self, R: np.ndarray, t: np.ndarray) -> "Box":
        """The box turned by R, then shifted by t."""
        return Box(R @ self.centre + t, self.half, R @ self.R_world_box)

    def faces(self) -> np.ndarray:
        """(6, 4, 3) corners of -x, +x, -y, +y, -z, +z, each in order around it."""
        quads = []
        for axis, sign in _AXES:
            quad = _CORNERS[_CORNERS[:, axis] == sign][[0, 1, 3, 2]]
            quads.append((quad * self.half) @ self.R_world_box.T + self.centre)
        return np.array(quads)


@dataclass(frozen=True, eq=False)
class Sphere:
    """A ball or a lamp."""

    centre: np.ndarray
    """(3,) metres."""
    radius: float

    def contains(self, point: np.ndarray, margin: float) -> bool:
        """Whether a (3,) point is inside or nearer than `margin` to it."""
        return bool(np.linalg.norm(point - self.centre) < self.radius + margin)

    def moved(self, R: np.ndarray, t: np.ndarray) -> "Sphere":
        """The sphere turned about the origin by R, then shifted by t."""
        return Sphere(R @ self.centre + t, self.radius)


Solid = Box | Sphere


@dataclass(frozen=True, eq=False)
class BoxRoom:
    """A room seen from inside."""

    size: tuple[float, float, float]
    """Metres along x, y and z."""
    furniture: tuple[Solid, ...]

    def is_free(self, point: np.ndarray, margin: float) -> bool:
        """Whether no furniture is nearer than `margin` to a (3,) point."""
        return not any(solid.contains(point, margin) for solid in self.furniture)

    @cached_property
    def _faces(self) -> np.ndarray:
        half = np.array(self.size) / 2
        shell = Box(np.array((0.0, 0.0, half[2])), half, np.eye(3))
        boxes = [shell, *(solid for solid in self.furniture if isinstance(solid, Box))]
        return np.concatenate([box.faces() for box in boxes])

    @cached_property
    def _planes(self) -> tuple[np.ndarray, np.ndarray]:
        """(F, 3) unit normals, facing anywhere, and (F,) offsets, normal @ point."""
        corner, right, _, left = np.moveaxis(self._faces, 1, 0)
        normals = np.cross(right - corner, left - corner)
        normals /= np.linalg.norm(normals, axis=1, keepdims=True)
        return normals, np.sum(normals * corner, axis=1)

    @cached_property
    def _caster(self) -> Caster:
        return Caster(self._faces[:, ((0, 1, 2), (0, 2, 3))].reshape(-1, 3, 3))

    def hits(
        self, eye: np.ndarray, rays: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What (N, 3) rays from a (3,) eye inside the room hit first.

        (N,) distance in lengths of the rays, (N, 3) unit normals towards the eye, (N,)
        whether it is the floor.
        """
        origins = np.broadcast_to(eye, rays.shape)
        cast = np.concatenate((origins, rays), axis=1).astype(np.float32)
        face = self._caster.cast(cast).triangle // 2
        plane_normals, offsets = self._planes
        normals = plane_normals[face]
        distance = (offsets - plane_normals @ eye)[face] / np.sum(normals * rays, 1)
        is_floor = face == _FLOOR_FACE
        for sphere in self.furniture:
            if isinstance(sphere, Sphere):
                near = _sphere_distance(sphere, eye, rays)
                hit = near < distance
                out = eye + near[hit, None] * rays[hit] - sphere.centre
                normals[hit] = out / sphere.radius
                distance[hit] = near[hit]
                is_floor &= ~hit
        normals *= -np.sign(np.sum(normals * rays, axis=1, keepdims=True))
        return distance, normals, is_floor


def _sphere_distance(sphere: Sphere, eye: np.ndarray, rays: np.ndarray) -> np.ndarray:
    """(N,) lengths of the rays to a sphere that they enter from outside, or inf."""
    away = eye - sphere.centre
    a = np.einsum("ni,ni->n", rays, rays)
    b = rays @ away
    under_root = b * b - a * (away @ away - sphere.radius**2)
    near = (-b - np.sqrt(np.maximum(under_root, 0.0))) / a
    return np.where((under_root > 0.0) & (near > 0.0), near, np.inf)


@dataclass(frozen=True, eq=False)
class View:
    """What a perfect camera sees of a room."""

    intrinsics: Intrinsics
    T_world_camera: np.ndarray
    """(4, 4)."""
    depth_m: np.ndarray
    """(H, W) float32 along the optical axis."""
    normals: np.ndarray
    """(H, W, 3) float32 unit normals that face the camera, in the camera."""
    is_floor: np.ndarray
    """(H, W) bool."""

    @property
    def up(self) -> np.ndarray:
        """(3,) unit vector away from the floor, in the camera."""
        return self.T_world_camera[2, :3]

    @property
    def camera_height(self) -> float:
        """Metres from the floor to the camera."""
        return float(self.T_world_camera[2, 3])

    @cached_property
    def heights(self) -> np.ndarray:
        """(H, W) float64 metres above the floor."""
        return self.camera_height + self.depth_m * (rays_of(self.intrinsics) @ self.up)

    @property
    def ray_cosines(self) -> np.ndarray:
        """(H, W) float32 between each surface's normal and the ray to the camera."""
        rays = rays_of(self.intrinsics)
        along = -np.sum(self.normals * rays, axis=-1)
        return (along / np.linalg.norm(rays, axis=-1)).astype(np.float32)

    def hn_classes(self, bins: HNBins) -> np.ndarray:
        """(H, W) int64 true classes, angle_bin * num_heights + height_bin."""
        cosines = np.clip(self.normals.astype(np.float64) @ self.up, -1.0, 1.0)
        angles = np.degrees(np.arccos(cosines))
        if not bins.signed_angles:
            angles = np.minimum(angles, 180.0 - angles)
        height_bins = np.digitize(self.heights, bins.height_edges)
        angle_bins = np.digitize(angles, bins.angle_edges)
        return angle_bins * (len(bins.height_edges) + 1) + height_bins


def rays_of(intrinsics: Intrinsics) -> np.ndarray:
    """(H, W, 3) float64 rays of a pinhole camera's pixel centres, with z = 1."""
    u, v = np.meshgrid(np.arange(intrinsics.width), np.arange(intrinsics.height))
    x = (u - intrinsics.cx) / intrinsics.fx
    y = (v - intrinsics.cy) / intrinsics.fy
    return np.stack((x, y, np.ones_like(x)), axis=-1)


def render(room: BoxRoom, intrinsics: Intrinsics, T_world_camera: np.ndarray) -> View:
    """What a camera inside the room sees."""
    R, eye = T_world_camera[:3, :3], T_world_camera[:3, 3]
    rays = rays_of(intrinsics).reshape(-1, 3) @ R.T
    depth, normals, is_floor = room.hits(eye, rays)
    shape = (intrinsics.height, intrinsics.width)
    return View(
        intrinsics,
        T_world_camera,
        depth.reshape(shape).astype(np.float32),
        (normals @ R).reshape(*shape, 3).astype(np.float32),
        is_floor.reshape(shape),
    )
