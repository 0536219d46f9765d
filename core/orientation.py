"""Which way is up: from walls and floors together, from a prior or from nothing."""

from itertools import combinations

import numpy as np

LEVEL_UP = np.array((0.0, -1.0, 0.0))
"""The up of a level camera."""
HAND_HELD_UP = np.array((0.0, -np.cos(np.radians(15)), -np.sin(np.radians(15))))
"""The up of a camera that looks 15 deg down, as people hold one."""
SPARSITY = 0.3  # lambda of the robust Manhattan frame (Ghanem et al., CVPR 2015)
MODE_RADIUS_DEG = 8.0
MAX_TILT_DEG = (
    55.0  # from HAND_HELD_UP, without a prior: beyond it walls pass for floors
)
CAMERA_HEIGHTS = (0.5, 2.2)  # metres; our choice, a camera that is carried


def joint_up(
    normals: np.ndarray, prior: np.ndarray, gates_deg: tuple[float, ...] = (15, 8, 8)
) -> np.ndarray:
    """(3,) up that floors agree with and walls are square to, from (N, 3) normals.

    Near-horizontal and near-vertical surfaces are chosen within each gate of the last
    up; the new one is the smallest eigenvector of sum(wall wall') - sum(floor floor')
    (Gupta et al., CVPR 2013, section 4.1).
    """
    up = np.asarray(prior, np.float64)
    wide = normals.astype(np.float64)
    for gate in gates_deg:
        along = np.abs(wide @ up)
        floors = wide[along > np.cos(np.radians(gate))]
        walls = wide[along < np.sin(np.radians(gate))]
        _, vectors = np.linalg.eigh(walls.T @ walls - floors.T @ floors)
        up = vectors[:, 0] * np.sign(vectors[:, 0] @ up or 1.0)
    return up


def manhattan_up(normals: np.ndarray) -> np.ndarray:
    """(3,) up as the Manhattan axis nearest a level camera's up (paper, section 3.2).

    The frame is the robust one of Ghanem et al. (CVPR 2015): the rotation R and sparse
    X that minimise 0.5 |X - R N|^2 + lambda |X|_1, by alternating soft thresholds with
    orthogonal Procrustes from R = I.
    """
    points = normals.astype(np.float64).T
    rotation, last = np.eye(3), np.inf
    for _ in range(100):
        turned = rotation @ points
        sparse = np.sign(turned) * np.maximum(np.abs(turned) - SPARSITY, 0.0)
        u, _, vt = np.linalg.svd(sparse @ points.T)
        rotation = u @ np.diag((1.0, 1.0, np.sign(np.linalg.det(u @ vt)))) @ vt
        objective = (
            0.5 * np.sum((sparse - rotation @ points) ** 2)
            + SPARSITY * np.abs(sparse).sum()
        )
        if last - objective < 1e-6 * objective:
            break
        last = objective
    axes = np.concatenate((rotation, -rotation))
    return axes[np.argmax(axes @ LEVEL_UP)]


def scene_up(normals: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(3,) up of a view without any prior, from (N, 3) normals and their points.

    Candidates are the modes of the normals, ceilings turned over, and the crosses of
    wall pairs; the best has floors, walls and ceilings around it, a floor at the bottom
    with nothing below, and a camera that someone could be holding.
    """
    candidates = _candidates(_modes(normals.astype(np.float64)))
    if not candidates:
        return joint_up(normals, HAND_HELD_UP, (45, 45, 15, 15))
    best = max(candidates, key=lambda up: _plausibility(up, normals, points))
    return joint_up(normals, best)


def _modes(normals: np.ndarray) -> list[np.ndarray]:
    """Up to 8 directions where normals gather, the fullest first."""
    cosine = np.cos(np.radians(MODE_RADIUS_DEG))
    cells = _octahedral_cells(normals)
    counts = np.bincount(cells)
    found: list[np.ndarray] = []
    for cell in np.argsort(counts)[::-1][:40]:
        if counts[cell] < max(6, 0.004 * len(normals)) or len(found) == 8:
            break
        mode = normals[cells == cell].mean(axis=0)
        mode /= np.linalg.norm(mode)
        for _ in range(4):  # mean shift
            near = normals[normals @ mode > cosine]
            if len(near) < 5:
                break
            mode = near.mean(axis=0)
            mode /= np.linalg.norm(mode)
        apart = np.cos(np.radians(2 * MODE_RADIUS_DEG))
        if all(mode @ other < apart for other in found):
            found.append(mode)
    return found


def _octahedral_cells(normals: np.ndarray, size: int = 32) -> np.ndarray:
    """(N,) cells of unit vectors on a size x size octahedral map of the sphere."""
    flat = normals / np.abs(normals).sum(axis=1, keepdims=True)
    sign = np.where(flat[:, :2] >= 0, 1.0, -1.0)
    folded = (1.0 - np.abs(flat[:, 1::-1])) * sign
    square = np.where(flat[:, 2:] < 0, folded, flat[:, :2])
    cells = np.clip(((square + 1) * 0.5 * size).astype(np.int64), 0, size - 1)
    return cells[:, 0] * size + cells[:, 1]


def _candidates(modes: list[np.ndarray]) -> list[np.ndarray]:
    crosses = [
        np.cross(a, b) / np.linalg.norm(np.cross(a, b))
        for a, b in combinations(modes[:6], 2)
        if np.linalg.norm(np.cross(a, b)) > 0.7
    ]
    both_ways = [sign * mode for mode in modes + crosses for sign in (1.0, -1.0)]
    limit = np.cos(np.radians(MAX_TILT_DEG))
    return [up for up in both_ways if up @ HAND_HELD_UP > limit]


def _plausibility(up: np.ndarray, normals: np.ndarray, points: np.ndarray) -> float:
    along, heights = normals @ up, points @ up
    tight = np.cos(np.radians(10.0))
    floors, ceilings = along > tight, along < -tight
    walls = np.abs(along) < np.sin(np.radians(10.0))
    lowest = np.percentile(heights, 1.0)
    bottom = heights < lowest + 0.04 + 0.006 * np.median(points[:, 2]) ** 2
    floor_at_bottom = (floors & bottom).sum() / (0.05 * len(points) + 1)
    other_at_bottom = (bottom & ~floors).sum() / max(bottom.sum(), 1)
    tilt_deg = np.degrees(np.arccos(np.clip(up @ HAND_HELD_UP, -1, 1)))
    too_low, too_high = CAMERA_HEIGHTS[0] + lowest, -lowest - CAMERA_HEIGHTS[1]
    return float(
        floors.mean()
        + 0.8 * walls.mean()
        + 0.6 * ceilings.mean()
        + 0.6 * min(1.0, floor_at_bottom) * (1.0 - other_at_bottom)
        - 0.25 * (tilt_deg / 25.0) ** 2
        - 0.5 * min(1.0, max(too_low, too_high, 0.0) / 0.3)
    )
