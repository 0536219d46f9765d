"""Which way is up: from walls and floors together, from a prior or from nothing."""

from itertools import combinations

import numpy as np

from core.normals import SurfaceSamples

HAND_HELD_UP = np.array((0.0, -np.cos(np.radians(15)), -np.sin(np.radians(15))))
"""The up of a camera that looks 15 deg down, as people hold one."""
MODE_RADIUS_DEG = 8.0
# Without a prior, beyond these two walls pass for floors:
MAX_TILT_DEG = 45.0  # from HAND_HELD_UP
MAX_ROLL_DEG = 35.0
GATES_DEG = (20.0, 12.0)  # our choice: wider than an IMU is off
LAST_GATES_DEG = (3.0, 8.0)  # our choice: the narrowest and the widest
SCATTERS = 5.0  # Tukey's gate is 4.7 standard deviations wide
NUM_SEARCHED = 1600  # samples; the modes of a scene need no more
CAMERA_HEIGHTS = (0.5, 2.2)  # metres; our choice, a camera that is carried


def joint_up(samples: SurfaceSamples, prior: np.ndarray) -> np.ndarray:
    """(3,) up that floors agree with and walls are square to.

    Near-horizontal and near-vertical surfaces are chosen within each gate of the last
    up; the new one is the smallest eigenvector of sum(wall wall') - sum(floor floor')
    (Gupta et al., CVPR 2013, section 4.1). After the gates come two as wide as the
    surfaces' own scatter is, so that straight rooms shut out what merely leans.
    """
    from core.kernels.floors import orientation_matrix

    up = np.asarray(prior, np.float64)
    matrix = np.empty((3, 3))
    gates = np.sin(np.radians(GATES_DEG)) ** 2
    narrowest, widest = np.sin(np.radians(LAST_GATES_DEG)) ** 2
    scatter = widest
    for square_gate in (*gates, None, None):
        if square_gate is None:
            square_gate = np.clip(SCATTERS**2 * scatter, narrowest, widest)
        single, limit = up.astype(np.float32), np.float32(square_gate)
        scatter = orientation_matrix(
            samples.normals, samples.points, single, limit, matrix
        )
        _, vectors = np.linalg.eigh(matrix)
        up = vectors[:, 0] * np.sign(vectors[:, 0] @ up or 1.0)
    return up


def scene_up(samples: SurfaceSamples) -> np.ndarray | None:
    """(3,) up of a view without any prior, or None where nothing tells.

    Candidates are the modes of the normals, ceilings turned over, and the crosses of
    wall pairs; the best has floors, walls and ceilings around it, a floor at the bottom
    with nothing below, and a camera that someone could be holding.
    """
    every = slice(None, None, max(1, len(samples.points) // NUM_SEARCHED))
    normals, points = samples.normals[every], samples.points[every]
    candidates = _candidates(_modes(normals.astype(np.float64)))
    if not candidates:
        return None
    best = max(candidates, key=lambda up: _plausibility(up, normals, points))
    up = joint_up(samples, best)
    return up if _is_held(up) else None


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
    return [up for up in both_ways if _is_held(up)]


def _is_held(up: np.ndarray) -> bool:
    """Whether somebody may hold a camera that way; otherwise walls pass for floors."""
    limit = np.cos(np.radians(MAX_TILT_DEG))
    roll_deg = np.degrees(np.arctan2(up[0], -up[1]))
    return bool(up @ HAND_HELD_UP > limit and abs(roll_deg) < MAX_ROLL_DEG)


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
