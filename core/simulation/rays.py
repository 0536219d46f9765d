"""Rays against triangles: the only place that knows Open3D, imported when needed."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Hits:
    """What N rays hit."""

    distance: np.ndarray
    """(N,) float32 in lengths of the ray's direction; inf where nothing was hit."""
    triangle: np.ndarray
    """(N,) int64; 0 where nothing was hit."""
    barycentric: np.ndarray
    """(N, 2) float32 weights of the triangle's second and third corner."""


class Caster:
    """Casts rays at (T, 3, 3) triangles, from any number of threads."""

    def __init__(self, triangles: np.ndarray) -> None:
        import open3d as o3d

        self._tensor = o3d.core.Tensor.from_numpy
        self._scene = o3d.t.geometry.RaycastingScene()
        corners = np.ascontiguousarray(triangles.reshape(-1, 3), np.float32)
        indices = np.arange(len(corners), dtype=np.uint32).reshape(-1, 3)
        self._scene.add_triangles(self._tensor(corners), self._tensor(indices))

    def cast(self, rays: np.ndarray) -> Hits:
        """What (N, 6) float32 rays (origin, direction) hit first, from either side."""
        found = self._scene.cast_rays(self._tensor(rays))
        distance = found["t_hit"].numpy()
        triangle = found["primitive_ids"].numpy()
        triangle = np.where(np.isfinite(distance), triangle, 0).astype(np.int64)
        return Hits(distance, triangle, found["primitive_uvs"].numpy())

    def is_free(self, rays: np.ndarray, reach: float) -> np.ndarray:
        """(N,) bool whether (N, 6) float32 rays hit nothing within `reach` lengths."""
        return ~self._scene.test_occlusions(self._tensor(rays), 0.0, reach).numpy()

    def distance(self, points: np.ndarray) -> np.ndarray:
        """(N,) from (N, 3) points to the nearest triangle."""
        points = np.ascontiguousarray(points, np.float32)
        return self._scene.compute_distance(self._tensor(points)).numpy()
