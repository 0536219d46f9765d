"""Where light is computed: grids over all patches, laid side by side in an image."""

from dataclasses import dataclass

import numpy as np

from core.simulation.surfaces import Surfaces

_ATLAS_WIDTH = 1024
_INSET = 0.022  # metres that nodes keep from the edges of flat patches
_LIFT = 0.006  # metres that rays start above their surface


@dataclass(frozen=True, eq=False)
class Nodes:
    """Where light is computed: grids over the patches.

    A grid's places run along its rows. Neighbours on a smooth surface share nodes.
    """

    points: np.ndarray
    """(N, 3) float32 metres."""
    normals: np.ndarray
    """(N, 3) float32."""
    patch: np.ndarray
    """(N,) int64 one of the patches that a node lies on."""
    counts: np.ndarray
    """(P, 2) int64 columns and rows of each patch's grid."""
    first: np.ndarray
    """(P,) int64 first place of each patch."""
    place_patch: np.ndarray
    """(M,) int64 patch of each place."""
    place_node: np.ndarray
    """(M,) int64 node at each place."""

    def nearest(self, patch: np.ndarray, s: np.ndarray, t: np.ndarray) -> np.ndarray:
        """(K,) node nearest to s, t in 0..1 on K patches."""
        columns, rows = self.counts[patch].T
        column = np.rint(s * (columns - 1)).astype(np.int64)
        row = np.rint(t * (rows - 1)).astype(np.int64)
        return self.place_node[self.first[patch] + row * columns + column]


@dataclass(frozen=True, eq=False)
class LightMap:
    """Light times colour of every patch, as displayed."""

    image: np.ndarray
    """(rows, columns, 3) float32."""
    origin: np.ndarray
    """(P, 2) column and row of each patch's first corner."""
    counts: np.ndarray
    """(P, 2) columns and rows; corners lie on the first and last."""


def light_nodes(surfaces: Surfaces, spacing: float) -> Nodes:
    """Grids over all patches with at most `spacing` metres between nodes."""
    c = surfaces.corners
    along = np.maximum(length(c[:, 1] - c[:, 0]), length(c[:, 2] - c[:, 3]))
    up = np.maximum(length(c[:, 3] - c[:, 0]), length(c[:, 2] - c[:, 1]))
    sides = np.maximum(np.stack((along, up), axis=1), 1e-6)
    counts = np.clip(np.ceil(sides / spacing).astype(np.int64) + 1, 2, 256)
    patch, grid = _places(counts)
    # A node in a corner of the room would start its rays inside the next wall.
    inset = np.minimum(_INSET / sides, 0.3) * ~surfaces.is_bent[:, None]
    s, t = np.clip(grid / (counts - 1)[patch], inset[patch], 1.0 - inset[patch]).T
    weights = np.stack(((1 - s) * (1 - t), s * (1 - t), s * t, (1 - s) * t), axis=1)
    points = np.einsum("nk,nkd->nd", weights, c[patch])
    normals = np.einsum("nk,nkd->nd", weights, surfaces.normals[patch])
    normals /= np.maximum(length(normals), 1e-9)[:, None]
    key = np.rint(np.concatenate((points * 2000.0, normals * 500.0), axis=1))
    # Equal rows get equal numbers; others collide by chance once in 2 ** 64.
    factors = np.random.default_rng(5).integers(2**63, size=6) | 1
    _, chosen, node = np.unique(
        key.astype(np.int64) @ factors, return_index=True, return_inverse=True
    )
    return Nodes(
        (points + _LIFT * normals).astype(np.float32)[chosen],
        normals.astype(np.float32)[chosen],
        patch[chosen],
        counts,
        np.cumsum(counts.prod(axis=1)) - counts.prod(axis=1),
        patch,
        node,
    )


def _places(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(M,) patch and (M, 2) column and row of all places of all patches' grids."""
    sizes = counts.prod(axis=1)
    patch = np.repeat(np.arange(len(counts)), sizes)
    local = np.arange(len(patch)) - (np.cumsum(sizes) - sizes)[patch]
    columns = counts[patch, 0]
    return patch, np.stack((local % columns, local // columns), axis=1)


def unrolled(shown: np.ndarray, nodes: Nodes) -> LightMap:
    """The (M, 3) colours of all places as an image."""
    origin, height = _packed(nodes.counts)
    patch, grid = _places(nodes.counts)
    column, row = (origin[patch] + grid).T
    image = np.zeros((height, _ATLAS_WIDTH, 3), np.float32)
    image[row, column] = shown
    return LightMap(image, origin, nodes.counts)


def _packed(counts: np.ndarray) -> tuple[np.ndarray, int]:
    """(P, 2) places in rows of falling height, and the height of all rows."""
    origin = np.zeros_like(counts)
    x = y = shelf = 0
    for k in np.argsort(-counts[:, 1], kind="stable"):
        wide, high = counts[k]
        if x + wide > _ATLAS_WIDTH:
            x, y, shelf = 0, y + shelf, 0
        origin[k] = x, y
        x, shelf = x + wide, max(shelf, high)
    return origin, int(y + shelf)


def patch_coordinates(
    triangle: np.ndarray, uv: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(N,) s and t in 0..1 along and up the patch, from triangle and barycentrics."""
    is_second = (triangle & 1).astype(bool)
    first, second = uv[:, 0], uv[:, 1]
    s = np.where(is_second, first, first + second)
    t = np.where(is_second, first + second, second)
    return np.clip(s, 0.0, 1.0), np.clip(t, 0.0, 1.0)


def length(vectors: np.ndarray) -> np.ndarray:
    """(...) lengths of (..., 3) vectors."""
    return np.linalg.norm(vectors, axis=-1)


def dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(N,) products of two lists of (N, 3) vectors."""
    return np.einsum("nd,nd->n", a, b)
