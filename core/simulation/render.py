"""Casts rays into a room: exact depth and classes, colour from textures and light."""

import cv2
import numpy as np

from core.frame import Intrinsics
from core.geometry import pixel_rays
from core.simulation.light import LightMap, light_map
from core.simulation.rays import Caster, Hits
from core.simulation.rooms import Room
from core.simulation.surfaces import (
    pixels_per_metre,
    surfaces_of,
    texture_atlas,
    unit_normals,
)

_EDGE_CONTRAST = 0.08  # as displayed, 0..1
_EDGE_SHIFTS = ((-0.33, -0.17), (0.33, 0.17))  # beside the pixel's own centre


class Scene:
    """A room ready to be looked at, from any number of threads."""

    def __init__(self, room: Room, seed: int, *, quality: str = "fine") -> None:
        surfaces = surfaces_of(room.parts, seed)
        light = light_map(room, surfaces, quality=quality)
        triangles = surfaces.triangles
        self._caster = Caster(triangles)
        self._atlas = texture_atlas(surfaces.textures)
        self._light = light.image
        self._sampling = _sampling_table(surfaces.uv, light)
        self._pixels_per_metre = pixels_per_metre(surfaces)
        self._texture = np.repeat(surfaces.texture, 2)
        self._corner = triangles[:, 0]
        self.normals = unit_normals(triangles).astype(np.float32)
        """(T, 3) float32 exact normals of the triangles, room frame."""
        self.semantic = np.repeat(surfaces.semantic, 2)
        """(T,) uint8 index into NYU40_NAMES."""
        self.is_glossy = np.repeat(surfaces.is_glossy, 2)
        """(T,) bool: depth sensors see little of it."""

    def clearance(self, points: np.ndarray) -> np.ndarray:
        """(N,) metres from (N, 3) points to the nearest surface."""
        return self._caster.distance(points)

    def is_inside(self, points: np.ndarray) -> np.ndarray:
        """(N,) bool whether (N, 3) points lie in a closed piece: see a back side."""
        directions = np.array(((0, 0, 1), (0, 0, -1), (1, 0, 0.1), (-0.1, 1, 0)))
        rays = np.empty((len(points), len(directions), 6), np.float32)
        rays[..., :3] = points[:, None]
        rays[..., 3:] = directions
        hits = self.cast(rays.reshape(-1, 6))
        normals = self.normals[hits.triangle].reshape(len(points), len(directions), 3)
        return ((normals * directions).sum(axis=-1) > 0.0).any(axis=1)

    def view_distances(self, T_room_camera: np.ndarray) -> np.ndarray:
        """(N,) metres of depth at a coarse grid of pixels."""
        x, y = np.meshgrid(np.linspace(-0.6, 0.6, 16), np.linspace(-0.45, 0.45, 12))
        xy = np.stack((x, y), axis=-1).reshape(-1, 2).astype(np.float32)
        return self.cast(_posed(xy, T_room_camera)).distance

    def cast(self, rays: np.ndarray) -> Hits:
        """What (N, 6) float32 rays (origin, direction) hit first."""
        return self._caster.cast(rays)

    def plane_distances(self, point: np.ndarray) -> np.ndarray:
        """(T,) metres from a point along each triangle's normal to its plane.

        Positive where the point is behind. A ray of direction d that meets the triangle
        after a length t has normal @ d = plane distance / t.
        """
        return np.einsum("td,td->t", self.normals, self._corner - point)

    def colors(self, hits: Hits, eye: np.ndarray, pixel_angle: float) -> np.ndarray:
        """(N, 3) float32 colours as displayed; `pixel_angle` is one pixel, radians."""
        second, third = np.ascontiguousarray(hits.barycentric.T)
        u, v, column, row = (
            self._sampling[k].take(hits.triangle)
            + second * self._sampling[k + 1].take(hits.triangle)
            + third * self._sampling[k + 2].take(hits.triangle)
            for k in (0, 3, 6, 9)
        )
        level = self._mip_level(hits, eye, pixel_angle)
        tile = level * self._atlas.origins.shape[2] + self._texture.take(hits.triangle)
        size = self._atlas.sizes.take(level)
        texels = _remapped(
            self._atlas.image,
            (u - np.floor(u)) * size + self._atlas.origins[0].take(tile),
            (v - np.floor(v)) * size + self._atlas.origins[1].take(tile),
        )
        light = _remapped(self._light, column, row)
        return cv2.multiply(texels, light, scale=1.0 / 255.0, dtype=cv2.CV_32F)

    def _mip_level(self, hits: Hits, eye: np.ndarray, pixel_angle: float) -> np.ndarray:
        """(N,) the level whose texels are as wide as a pixel's footprint.

        A slanted footprint is t * angle wide and t * angle / cosine long; their
        geometric mean is the compromise. Squared, with cosine = plane distance / t.
        """
        away = np.maximum(np.abs(self.plane_distances(eye)), 1e-3)
        factor = ((pixel_angle * self._pixels_per_metre) ** 2 / away).astype(np.float32)
        t = hits.distance
        squared = t * t * t * factor.take(hits.triangle)
        exponent = (
            squared.view(np.int32) >> 23
        ) - 127  # floor(log2), from the float's bits
        return np.clip(exponent >> 1, 0, len(self._atlas.sizes) - 1)


def _remapped(image: np.ndarray, column: np.ndarray, row: np.ndarray) -> np.ndarray:
    """(N, 3) bilinear samples of the image at N places."""
    # cv2 refuses maps with a side of 32768 or more: fold the list into rows.
    width = 512
    padding = -len(column) % width
    columns, rows = (
        np.pad(np.asarray(each, np.float32), (0, padding)).reshape(-1, width)
        for each in (column, row)
    )
    samples = cv2.remap(
        image, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return samples.reshape(-1, 3)[: len(column)]


def _sampling_table(uv: np.ndarray, light: LightMap) -> np.ndarray:
    """(12, T) float32 for each triangle's texture u, v and light column, row.

    Each as the value at its first corner and the steps to its second and third.
    """
    last = light.counts - 1
    grid = np.array(((0, 0), (1, 0), (1, 1), (0, 1)))
    places = light.origin[:, None] + grid * last[:, None]
    # Images run down, v runs up.
    values = np.concatenate((uv[..., :1], -uv[..., 1:], places), axis=-1)
    halves = np.stack((values[:, (0, 1, 2)], values[:, (0, 2, 3)]), axis=1)
    corners = halves.reshape(-1, 3, 4)
    start = corners[:, 0] - np.concatenate(
        (np.floor(corners[:, 0, :2]), np.zeros((len(corners), 2))), axis=1
    )
    steps = np.stack(
        (start, corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    )
    return np.ascontiguousarray(steps.transpose(2, 0, 1).reshape(12, -1), np.float32)


def camera_rays(intrinsics: Intrinsics, T_room_camera: np.ndarray) -> np.ndarray:
    """(H * W, 6) float32 rays of all pixels, whose length 1 is one metre of depth."""
    xy = pixel_rays(intrinsics).reshape(-1, 2)
    return _posed(xy, T_room_camera)


def _posed(xy: np.ndarray, T_room_camera: np.ndarray) -> np.ndarray:
    rays = np.empty((len(xy), 6), np.float32)
    rays[:, :3] = T_room_camera[:3, 3]
    # x and y to three axes, plus the third column: an affine map.
    rays[:, 3:] = cv2.transform(xy[None], T_room_camera[:3, :3])[0]
    return rays


def color_image(
    scene: Scene,
    intrinsics: Intrinsics,
    T_room_camera: np.ndarray,
    hits: Hits,
) -> np.ndarray:
    """(H, W, 3) float32 colours as displayed, with smooth edges."""
    shape = (intrinsics.height, intrinsics.width)
    eye, angle = T_room_camera[:3, 3], 1.0 / intrinsics.fx
    image = scene.colors(hits, eye, angle).reshape(*shape, 3)
    edges = np.flatnonzero(_edges(image, hits.triangle.reshape(shape)))
    if len(edges):
        xy = pixel_rays(intrinsics).reshape(-1, 2)[edges]
        shifts = np.array(_EDGE_SHIFTS, np.float32) / (intrinsics.fx, intrinsics.fy)
        fine = (xy[None] + shifts[:, None]).reshape(-1, 2).astype(np.float32)
        samples = scene.colors(scene.cast(_posed(fine, T_room_camera)), eye, angle)
        pixels = image.reshape(-1, 3)
        total = pixels[edges] + samples.reshape(len(shifts), -1, 3).sum(axis=0)
        pixels[edges] = total / (1 + len(shifts))
    return image


def _edges(image: np.ndarray, triangle: np.ndarray) -> np.ndarray:
    """(H, W) bool where neighbours of two patches differ in brightness."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    patch = (triangle >> 1).astype(np.int32)
    result = np.zeros(grey.shape, bool)
    for a, b in ((np.s_[:, 1:], np.s_[:, :-1]), (np.s_[1:], np.s_[:-1])):
        differ = (patch[a] != patch[b]) & (np.abs(grey[a] - grey[b]) > _EDGE_CONTRAST)
        result[a] |= differ
        result[b] |= differ
    return result
