"""Bent and flat surfaces as lists of four-sided patches.

Shapes stand in the axes of a piece of furniture: x along its width, y from its back
towards its front, z up, metres. A patch's corners run lower left, lower right, upper
right, upper left as seen from outside; u runs right and v up.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True, eq=False)
class Shape:
    """N patches of one surface."""

    corners: np.ndarray
    """(N, 4, 3) float64 metres."""
    normals: np.ndarray
    """(N, 4, 3) float64 outward unit normals for shading, smooth over bent surfaces."""
    uv: np.ndarray
    """(N, 4, 2) float64 position on the surface, metres."""

    def moved(self, T: np.ndarray) -> "Shape":
        """The shape after the rigid (4, 4) motion T."""
        return replace(
            self,
            corners=self.corners @ T[:3, :3].T + T[:3, 3],
            normals=self.normals @ T[:3, :3].T,
        )


def motion(
    x: float = 0.0,
    y: float = 0.0,
    z: float = 0.0,
    yaw_deg: float = 0.0,
    tilt_deg: float = 0.0,
) -> np.ndarray:
    """(4, 4) motion: tilt about x (top towards the back), turn about z, then move."""
    yaw, tilt = np.radians(yaw_deg), np.radians(tilt_deg)
    turn = np.array(
        [[np.cos(yaw), -np.sin(yaw), 0], [np.sin(yaw), np.cos(yaw), 0], [0, 0, 1]]
    )
    lean = np.array(
        [[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]]
    )
    T = np.eye(4)
    T[:3, :3] = turn @ lean
    T[:3, 3] = x, y, z
    return T


def quads(corners: np.ndarray) -> Shape:
    """(N, 4, 3) flat patches as they are, with u along the first edge."""
    edge_u = corners[:, 1] - corners[:, 0]
    edge_v = corners[:, 3] - corners[:, 0]
    normals = np.cross(edge_u, edge_v)
    normals /= np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-12)
    uv = np.zeros((len(corners), 4, 2))
    uv[:, 1:3, 0] = np.linalg.norm(edge_u, axis=-1)[:, None]
    uv[:, 2:, 1] = np.linalg.norm(edge_v, axis=-1)[:, None]
    return Shape(corners, np.repeat(normals[:, None], 4, axis=1), uv)


def panel(origin: ArrayLike, along: ArrayLike, up: ArrayLike) -> Shape:
    """One rectangle from its lower left corner; `along` runs right from the front."""
    low, right, high = (np.asarray(each, np.float64) for each in (origin, along, up))
    return quads(np.stack((low, low + right, low + right + high, low + high))[None])


def facing(width: float, height: float, y: float = 0.0, z: float = 0.0) -> Shape:
    """A rectangle that faces +y; its lower edge's middle is at (0, y, z)."""
    return panel((width / 2, y, z), (-width, 0, 0), (0, 0, height))


# Corner numbers of the faces front, back, right, left, top, bottom; corner k has the
# larger x, y, z where bits 0, 1, 2 of k are set.
_BOX_FACES = np.array(
    [
        (3, 2, 6, 7),
        (0, 1, 5, 4),
        (1, 3, 7, 5),
        (2, 0, 4, 6),
        (6, 4, 5, 7),
        (0, 2, 3, 1),
    ]
)


def box(
    width: float,
    depth: float,
    height: float,
    x: float = 0.0,
    y: float = 0.0,
    z: float = 0.0,
) -> Shape:
    """A box; its bottom's centre is at (x, y, z), u runs along every long side."""
    bits = (np.arange(8)[:, None] >> np.arange(3)) & 1
    corners = (bits - (0.5, 0.5, 0.0)) * (width, depth, height) + (x, y, z)
    shape = quads(corners[_BOX_FACES])
    is_tall = shape.uv[:, 2, 1] > shape.uv[:, 2, 0]
    uv = np.where(is_tall[:, None, None], shape.uv[..., ::-1], shape.uv)
    # Pieces cut from one pattern at different places do not look like copies.
    return replace(shape, uv=uv + np.array((1.7 * x + 0.9 * z, 1.3 * y + 2.1 * z)))


def grid(points: np.ndarray, normals: np.ndarray | None = None) -> Shape:
    """(M, N, 3) points of a bent sheet: rows run up, columns run right from outside."""
    if normals is None:
        along = np.gradient(points, axis=1)
        up = np.gradient(points, axis=0)
        normals = np.cross(along, up)
        normals /= np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-12)
    u = _lengths(points, axis=1)
    v = _lengths(points, axis=0)
    return Shape(_cells(points), _cells(normals), _cells(np.stack((u, v), axis=-1)))


SHEET = 0.003
"""Metres between the two sides of a thin sheet."""


def other_side(points: np.ndarray, shift: np.ndarray) -> Shape:
    """The sheet from behind; exchanged axes keep its patches' diagonals."""
    return grid(points.swapaxes(0, 1) + shift)


def _lengths(points: np.ndarray, axis: int) -> np.ndarray:
    steps = np.linalg.norm(np.diff(points, axis=axis), axis=-1)
    steps = np.insert(steps, 0, 0.0, axis=axis)
    return np.cumsum(steps.mean(axis=1 - axis, keepdims=True), axis=axis) + np.zeros(
        points.shape[:2]
    )


def _cells(values: np.ndarray) -> np.ndarray:
    cells = np.stack(
        (values[:-1, :-1], values[:-1, 1:], values[1:, 1:], values[1:, :-1]), axis=2
    )
    return cells.reshape(-1, 4, values.shape[-1])


def lathe(profile: list[tuple[float, float]], sides: int = 16) -> Shape:
    """A surface of revolution about z from (radius, height) points listed upwards.

    Points listed downwards turn the outside in: the inner wall of a bowl.
    """
    radius, height = np.array(profile, np.float64).T
    turn = np.linspace(0.0, 2.0 * np.pi, sides + 1)
    points = np.stack(
        (
            radius[:, None] * np.cos(turn),
            radius[:, None] * np.sin(turn),
            np.repeat(height[:, None], sides + 1, axis=1),
        ),
        axis=-1,
    )
    parts = []
    for row in range(len(profile) - 1):  # every band has its own slope: creases stay
        rise, grow = height[row + 1] - height[row], radius[row + 1] - radius[row]
        length = max(np.hypot(rise, grow), 1e-12)
        normals = np.stack(
            (
                np.cos(turn) * rise / length,
                np.sin(turn) * rise / length,
                np.full_like(turn, -grow / length),
            ),
            axis=-1,
        )
        parts.append(grid(points[row : row + 2], np.stack((normals, normals))))
    return merged(parts)


def cylinder(radius: float, height: float, sides: int = 12, top: float = -1.0) -> Shape:
    """A closed upright cylinder on z = 0; a cone if its upper radius `top` is given."""
    upper = radius if top < 0.0 else top
    return lathe([(0.0, 0.0), (radius, 0.0), (upper, height), (0.0, height)], sides)


def ball(radius: float, sides: int = 16) -> Shape:
    """A sphere about the origin."""
    angle = np.linspace(-np.pi / 2, np.pi / 2, sides // 2 + 1)
    turn = np.linspace(0.0, 2.0 * np.pi, sides + 1)
    normals = np.stack(
        (
            np.cos(angle)[:, None] * np.cos(turn),
            np.cos(angle)[:, None] * np.sin(turn),
            np.repeat(np.sin(angle)[:, None], sides + 1, axis=1),
        ),
        axis=-1,
    )
    return grid(radius * normals, normals)


def cushion(
    width: float,
    depth: float,
    height: float,
    x: float = 0.0,
    y: float = 0.0,
    z: float = 0.0,
    radius: float = 0.05,
    bulge: float = 0.0,
) -> Shape:
    """A box with rounded edges and faces swollen by `bulge`, placed as in `box`."""
    half = np.array((width, depth, height)) / 2
    radius = min(radius, half.min() * 0.98)
    # One unit cube face in the axes (a, b, c), turned onto the six sides.
    turns = (
        ((0, 2, 1), (-1, 1, 1)),
        ((0, 2, 1), (1, 1, -1)),
        ((1, 2, 0), (1, 1, 1)),
        ((1, 2, 0), (-1, 1, -1)),
        ((0, 1, 2), (1, 1, 1)),
        ((0, 1, 2), (-1, 1, -1)),
    )
    parts = []
    for axes, signs in turns:
        along = _rounded_steps(half[axes[0]], radius)
        up = _rounded_steps(half[axes[1]], radius)
        points = np.empty((len(up), len(along), 3))
        points[..., axes[0]] = signs[0] * along
        points[..., axes[1]] = signs[1] * up[:, None]
        points[..., axes[2]] = signs[2] * half[axes[2]]
        core = np.clip(points, radius - half, half - radius)
        outward = points - core
        outward /= np.linalg.norm(outward, axis=-1, keepdims=True)
        swell = bulge * np.prod(
            [1.0 - (points[..., a] / half[a]) ** 2 for a in axes[:2]], axis=0
        )
        points = core + radius * outward
        points[..., axes[2]] += signs[2] * swell
        normals = outward if bulge == 0.0 else None
        parts.append(grid(points + np.array((x, y, z + height / 2)), normals))
    return merged(parts)


def _rounded_steps(half: float, radius: float) -> np.ndarray:
    bend = radius * np.array((0.0, 1.0 - np.tan(np.pi / 8), 1.0))
    flat = [] if half - radius < 1e-3 else [0.0]
    if half - radius > 0.1:
        flat = [-(half - radius) * 0.5, 0.0, (half - radius) * 0.5]
    return np.unique(np.round((*(bend - half), *flat, *(half - bend)), 9))


def merged(shapes: list[Shape]) -> Shape:
    """All patches as one shape."""
    return Shape(
        np.concatenate([shape.corners for shape in shapes]),
        np.concatenate([shape.normals for shape in shapes]),
        np.concatenate([shape.uv for shape in shapes]),
    )
