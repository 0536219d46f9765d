"""All surfaces of a room as arrays, and their patterns in one image."""

import zlib
from dataclasses import dataclass

import cv2
import numpy as np

from core.simulation.materials import Parts
from core.simulation.picture import STRETCHED
from core.simulation.texture import REPEATING, SIZE

_LEVELS = 6  # mip levels, each half the size of the one before
_COLUMNS = 8  # tiles side by side in the atlas


@dataclass(frozen=True, eq=False)
class Surfaces:
    """P flat four-sided patches; triangles 2 k and 2 k + 1 are halves of patch k."""

    corners: np.ndarray
    """(P, 4, 3) float64 metres, see `shapes`."""
    normals: np.ndarray
    """(P, 4, 3) float64 unit shading normals."""
    uv: np.ndarray
    """(P, 4, 2) float64 position in the texture, in tiles; v runs up."""
    texture: np.ndarray
    """(P,) int64 index into `textures`."""
    color: np.ndarray
    """(P, 3) float64 as displayed, 0..1."""
    glow: np.ndarray
    """(P,) float64 brightness as displayed; 0 where the patch only reflects."""
    is_glossy: np.ndarray
    """(P,) bool."""
    is_bent: np.ndarray
    """(P,) bool: part of a smooth surface, whose light runs on over its neighbours."""
    semantic: np.ndarray
    """(P,) uint8 index into NYU40_NAMES."""
    textures: np.ndarray
    """(T, SIZE, SIZE, 3) float32 patterns as displayed, 0..1."""

    @property
    def triangles(self) -> np.ndarray:
        """(2 P, 3, 3) float64 corners."""
        first = self.corners[:, (0, 1, 2)]
        second = self.corners[:, (0, 2, 3)]
        return np.stack((first, second), axis=1).reshape(-1, 3, 3)


def surfaces_of(parts: Parts, seed: int) -> Surfaces:
    """The parts' patches with their patterns as drawn from `seed`."""
    counts = [len(part.shape.corners) for part in parts]
    materials = [part.material for part in parts]
    keys = sorted({(m.pattern, m.variant) for m in materials})
    numbers = {key: number for number, key in enumerate(keys)}

    def each(values: list) -> np.ndarray:
        return np.repeat(np.array(values), counts, axis=0)

    uv = np.concatenate([part.shape.uv for part in parts])
    tile = each([m.tile_m for m in materials])
    # Just inside the tile: a picture's last row must not show its first.
    stretched = np.array(((0, 0), (1, 0), (1, 1), (0, 1))) * 0.996 + 0.002
    with np.errstate(divide="ignore", invalid="ignore"):
        uv = np.where(tile[:, None, None] > 0.0, uv / tile[:, None, None], stretched)
    return Surfaces(
        corners=np.concatenate([part.shape.corners for part in parts]),
        normals=np.concatenate([part.shape.normals for part in parts]),
        uv=uv,
        texture=each([numbers[m.pattern, m.variant] for m in materials]),
        color=each([m.color for m in materials]),
        glow=each([m.glow for m in materials]),
        is_glossy=each([m.is_glossy for m in materials]),
        is_bent=each([_is_bent(part.shape.normals) for part in parts]),
        semantic=each([part.semantic for part in parts]).astype(np.uint8),
        textures=np.stack(
            [_drawn(pattern, variant, seed) for pattern, variant in keys]
        ),
    )


def _is_bent(normals: np.ndarray) -> bool:
    return bool(np.abs(normals - normals[:, :1]).max() > 1e-6)


def _drawn(pattern: str, variant: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng((seed, zlib.crc32(pattern.encode()), variant))
    return (REPEATING | STRETCHED)[pattern](rng)


@dataclass(frozen=True, eq=False)
class TextureAtlas:
    """All patterns at all mip levels in one image: one remap samples everything."""

    image: np.ndarray
    """(rows, columns, 3) uint8."""
    origins: np.ndarray
    """(2, levels, T) float32 column and row where each tile begins."""
    sizes: np.ndarray
    """(levels,) float32 tile sizes in pixels."""


def texture_atlas(textures: np.ndarray) -> TextureAtlas:
    """(T, SIZE, SIZE, 3) patterns as an atlas; a tile's rim repeats its other side."""
    tiles = [(np.clip(t, 0, 1) * 255.0 + 0.5).astype(np.uint8) for t in textures]
    sizes = [SIZE >> level for level in range(_LEVELS)]
    num_rows = -(-len(tiles) // _COLUMNS)
    height = sum((size + 2) * num_rows for size in sizes)
    image = np.zeros((height, (SIZE + 2) * _COLUMNS, 3), np.uint8)
    origins = np.zeros((2, _LEVELS, len(tiles)), np.float32)
    top = 0
    for level, size in enumerate(sizes):
        for number, tile in enumerate(tiles):
            small = cv2.resize(tile, (size, size), interpolation=cv2.INTER_AREA)
            row = top + (number // _COLUMNS) * (size + 2)
            column = (number % _COLUMNS) * (size + 2)
            image[row : row + size + 2, column : column + size + 2] = np.pad(
                small, ((1, 1), (1, 1), (0, 0)), mode="wrap"
            )
            # Pixel centres lie at whole numbers; a tile starts half a pixel before one.
            origins[:, level, number] = column + 0.5, row + 0.5
        top += (size + 2) * num_rows
    return TextureAtlas(image, origins, np.array(sizes, np.float32))


def pixels_per_metre(surfaces: Surfaces) -> np.ndarray:
    """(2 P,) finest texture pixels that one metre of each triangle covers."""
    uv = surfaces.uv
    parts = []
    for a, b, c in ((0, 1, 2), (0, 2, 3)):
        du, dv = uv[:, b] - uv[:, a], uv[:, c] - uv[:, a]
        area_uv = np.abs(du[:, 0] * dv[:, 1] - du[:, 1] * dv[:, 0])
        cross = np.cross(
            surfaces.corners[:, b] - surfaces.corners[:, a],
            surfaces.corners[:, c] - surfaces.corners[:, a],
        )
        area = np.maximum(np.linalg.norm(cross, axis=-1), 1e-12)
        parts.append(np.sqrt(np.maximum(area_uv, 1e-12) / area) * SIZE)
    return np.stack(parts, axis=1).reshape(-1)


def unit_normals(triangles: np.ndarray) -> np.ndarray:
    """(T, 3) outward normals of (T, 3, 3) triangles; 0 for those without area."""
    cross = np.cross(
        triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]
    )
    return cross / np.maximum(np.linalg.norm(cross, axis=-1, keepdims=True), 1e-12)
