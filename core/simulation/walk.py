"""Where a hand-held camera goes in a room: a closed walk, or one random view."""

from typing import Protocol

import numpy as np

from core.nyuv2 import NYU40_NAMES
from core.simulation.rooms import Room

FPS = 30
_FULL_TURN_FRAMES = 200  # shorter loops look to and fro: 50 degrees a second is enough
_CLEARANCES = (0.5, 0.42, 0.35, 0.28, 0.2)  # metres, tried in this order
_STRUCTURE = [NYU40_NAMES.index(name) for name in ("wall", "floor", "ceiling")]
_SIZES = (0.18, 0.14, 0.10, 0.07, 0.04, 0.02)  # of the walk, in shares of the room


def timestamp_ns(number: int) -> int:
    """The sensor's clock at a frame."""
    return round(number * 1e9 / FPS)


class Space(Protocol):
    """What a walk must know of a room: `render.Scene`."""

    def clearance(self, points: np.ndarray) -> np.ndarray:
        """(N,) metres from (N, 3) points to the nearest surface."""

    def is_inside(self, points: np.ndarray) -> np.ndarray:
        """(N,) bool whether the points lie inside a piece of furniture."""

    def view_distances(self, T_room_camera: np.ndarray) -> np.ndarray:
        """Distances that a coarse fan of rays through the view travels, metres."""


def camera_pose(
    position: np.ndarray, yaw: float, pitch: float, roll: float
) -> np.ndarray:
    """(4, 4) T_room_camera. Radians; pitch upwards, roll clockwise as seen."""
    level = np.array((np.cos(yaw), np.sin(yaw), 0.0))
    up = np.array((0.0, 0.0, 1.0))
    forward = np.cos(pitch) * level + np.sin(pitch) * up
    down = np.sin(pitch) * level - np.cos(pitch) * up
    right = np.cross(down, forward)
    T = np.eye(4)
    T[:3, 0] = np.cos(roll) * right + np.sin(roll) * down
    T[:3, 1] = np.cos(roll) * down - np.sin(roll) * right
    T[:3, 2] = forward
    T[:3, 3] = position
    return T


def drift(
    rng: np.random.Generator,
    num_frames: int,
    channels: int,
    rms: float,
    low_hz: float,
    high_hz: float,
) -> np.ndarray:
    """(num_frames, channels) smooth random motion that closes on itself."""
    lowest = max(1, int(np.ceil(low_hz * num_frames / FPS)))
    highest = min(int(high_hz * num_frames / FPS), max(num_frames // 4, 1))
    waves = np.arange(lowest, max(highest, lowest) + 1)
    phase = 2.0 * np.pi * np.arange(num_frames)[:, None, None] / num_frames * waves
    weights = rng.standard_normal((2, channels, len(waves))) / waves
    motion = (weights[0] * np.cos(phase) + weights[1] * np.sin(phase)).sum(axis=-1)
    return motion * (rms / np.sqrt((motion**2).mean(axis=0)))


def closed_walk(room: Room, space: Space, num_frames: int, seed: int) -> np.ndarray:
    """(num_frames, 4, 4) T_room_camera; the first pose follows smoothly on the last."""
    rng = np.random.default_rng((seed, 21))
    phase = np.arange(num_frames) / num_frames
    turns = 2.0 * np.pi * phase
    yaw = rng.uniform(0.0, 2.0 * np.pi)
    if num_frames >= _FULL_TURN_FRAMES:
        yaw = yaw + turns * rng.choice((-1, 1)) + np.radians(5) * np.sin(2 * turns)
    else:
        yaw = yaw + np.radians(0.265 * num_frames) * np.sin(turns)
    shake = drift(rng, num_frames, 3, np.radians(0.35), 0.6, 5.0)
    sway = drift(rng, num_frames, 3, 0.004, 0.6, 4.0)
    swing = min(1.0, num_frames / _FULL_TURN_FRAMES)
    start = rng.uniform(0.0, 2.0 * np.pi, 4)
    pitch = np.radians(
        -13.0
        + swing * 10.0 * np.sin(turns * 2 + start[0])
        + swing * 4.0 * np.sin(turns * 3 + start[1])
    )
    roll = np.radians(1.5) * np.sin(turns + start[2])
    positions = sway + _safe_path(
        room, space, rng, yaw, swing * np.sin(turns + start[3])
    )
    angles = np.stack((yaw, pitch, roll), axis=1) + shake
    return np.stack(
        [camera_pose(p, *a) for p, a in zip(positions, angles, strict=True)]
    )


def _safe_path(
    room: Room,
    space: Space,
    rng: np.random.Generator,
    yaw: np.ndarray,
    rise: np.ndarray,
) -> np.ndarray:
    """(N, 3) a round through the room that steps back from what it looks at."""
    size = np.array((room.width, room.depth))
    back = -np.stack((np.cos(yaw), np.sin(yaw)), axis=1)
    best, widest = None, -1.0
    for clearance in _CLEARANCES:
        for share in _SIZES:
            for _ in range(8):
                centre = size * rng.uniform(0.42, 0.58, 2)
                height = rng.uniform(1.30, 1.52) + rng.uniform(0.06, 0.14) * rise
                path = np.column_stack((centre + back * size * share, height))
                room_left = float(space.clearance(path).min())
                is_open = not space.is_inside(path).any()
                if is_open and room_left >= clearance:
                    return path
                if is_open and room_left > widest:
                    best, widest = path, room_left
    if best is None:
        raise ValueError("this room is so full that no camera fits in")
    return best


def random_pose(room: Room, space: Space, rng: np.random.Generator) -> np.ndarray:
    """(4, 4) T_room_camera of a random view, mostly of some piece of furniture."""
    size = np.array((room.width, room.depth))
    pose = np.eye(4)
    for _ in range(200):
        x, y = rng.uniform(0.3, size - 0.3)
        position = np.array((x, y, rng.uniform(0.8, min(1.9, room.height - 0.3))))
        away = _target(room, rng) - position
        yaw = np.arctan2(away[1], away[0])
        pitch = np.arctan2(away[2], np.hypot(away[0], away[1]))
        pitch = np.clip(pitch, np.radians(-40), np.radians(4))
        yaw, pitch = rng.normal((yaw, pitch), np.radians((14, 7)))
        pose = camera_pose(position, yaw, pitch, rng.normal(0.0, np.radians(4)))
        is_close = space.clearance(position[None])[0] < 0.3
        if is_close or space.is_inside(position[None])[0]:
            continue
        distances = space.view_distances(pose)
        if np.median(distances) > 1.3 and (distances < 0.6).mean() < 0.12:
            break
    return pose


def _target(room: Room, rng: np.random.Generator) -> np.ndarray:
    """(3,) where to look: a piece of any class, rare ones as often as common ones."""
    if rng.random() < 0.25:
        return np.array((room.width, room.depth, 1.0)) * rng.random(3)
    parts = [part for part in room.parts if part.semantic not in _STRUCTURE]
    chosen = rng.choice(sorted({part.semantic for part in parts}))
    parts = [part for part in parts if part.semantic == chosen]
    return parts[int(rng.integers(len(parts)))].shape.corners.mean(axis=(0, 1))
