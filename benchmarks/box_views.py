"""Where cameras stand in box rooms, and what their sensors make of the view."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from benchmarks.box_furniture import random_room
from benchmarks.box_rooms import BoxRoom, View, render
from core.frame import Intrinsics, RgbdFrame
from core.simulation.sensor_noise import ExactDepth, NoiseModel, sensed_depth
from core.simulation.walk import camera_pose

DEPTH_SCALE = 0.001
SENSORS: dict[NoiseModel, Intrinsics] = {
    "none": Intrinsics(640, 480, 582.6, 582.7, 313.0, 238.4),
    "kinect": Intrinsics(640, 480, 582.6, 582.7, 313.0, 238.4),
    "tof": Intrinsics(512, 424, 365.5, 365.5, 256.0, 208.0),
    "d435": Intrinsics(848, 480, 424.0, 424.0, 424.0, 240.0),
}
"""The lens of each sensor, at the size that it measures in."""
FLOOR_SHARES = (0.0, 0.001, 0.02, 0.1, 0.3, 0.62)
"""Edges of the strata: how much of an image is floor."""
WALK_FRAMES = 150
_ALL = slice(None)
_THUMBNAIL = 64  # pixels wide: enough to see how much floor there is


def distortion(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """(H, W) float32 factors, smooth, sd 0.8 %: what a camera's depth is off by."""
    nodes = rng.normal(1.0, 0.008, (4, 5)).astype(np.float32)
    return cv2.resize(nodes, shape[::-1], interpolation=cv2.INTER_CUBIC)


def sense(
    view: View,
    noise: NoiseModel,
    rng: np.random.Generator,
    distorted: np.ndarray | None = None,
    up_hint: np.ndarray | None = None,
) -> RgbdFrame:
    """The frame that a sensor reports of a view; its colour image is black."""
    depth_m = view.depth_m if distorted is None else view.depth_m * distorted
    is_glossy = np.zeros(depth_m.shape, bool)
    exact = ExactDepth(depth_m, view.ray_cosines, is_glossy, view.intrinsics.fx)
    depth = sensed_depth(exact, noise, DEPTH_SCALE, rng)
    rgb = np.zeros((*depth.shape, 3), np.uint8)
    return RgbdFrame.aligned(rgb, depth, view.intrinsics, DEPTH_SCALE, up_hint=up_hint)


def floor_share(view: View, depth: np.ndarray) -> float:
    """How much of the (H, W) sensed depth is of the floor."""
    return float((view.is_floor & (depth > 0)).sum() / max((depth > 0).sum(), 1))


def turned(up: np.ndarray, error_deg: float, rng: np.random.Generator) -> np.ndarray:
    """The (3,) up turned by `error_deg` in a random direction."""
    aside = np.cross(up, rng.standard_normal(3))
    aside /= np.linalg.norm(aside)
    error = np.radians(error_deg)
    return np.cos(error) * up + np.sin(error) * aside


def random_view(
    rng: np.random.Generator,
    intrinsics: Intrinsics,
    pitch_deg: tuple[float, float] = (-60.0, 40.0),
    clutter: tuple[int, int] = (0, 25),
    shares: tuple[float, float] = (0.0, 1.0),
) -> View:
    """A random view of a random room, `shares` of which is floor."""
    aspect = intrinsics.height / intrinsics.width
    small = intrinsics.resized(_THUMBNAIL, round(_THUMBNAIL * aspect))
    while True:
        room = random_room(rng, int(rng.integers(clutter[0], clutter[1] + 1)))
        pose = _random_pose(rng, room, pitch_deg)
        if pose is None:
            continue
        seen = render(room, small, pose)
        is_near = (seen.depth_m < 0.5).mean() > 0.4  # no sensor sees much of that
        if not is_near and shares[0] <= seen.is_floor.mean() < shares[1]:
            view = render(room, intrinsics, pose)
            if shares[0] <= view.is_floor.mean() < shares[1]:
                return view


def _random_pose(
    rng: np.random.Generator, room: BoxRoom, pitch_deg: tuple[float, float]
) -> np.ndarray | None:
    reach = np.array(room.size[:2]) / 2 - 0.3
    for _ in range(30):
        height = rng.uniform(0.8, min(1.8, room.size[2] - 0.3))
        eye = np.array((*rng.uniform(-reach, reach), height))
        if room.is_free(eye, 0.25):
            pitch = np.radians(rng.uniform(*pitch_deg))
            roll = np.radians(rng.uniform(-20.0, 20.0))
            return camera_pose(eye, rng.uniform(0.0, 2 * np.pi), pitch, roll)
    return None


def stratified_views(
    rng: np.random.Generator, intrinsics: Intrinsics, per_stratum: int
) -> Iterator[View]:
    """Views of any pitch from -60 to 40 deg, as many with little floor as with much."""
    for _ in range(per_stratum):
        for shares in pairwise(FLOOR_SHARES):
            yield random_view(rng, intrinsics, shares=shares)


@dataclass(frozen=True, eq=False)
class Walk:
    """A camera's way through a room whose floor it does not see for stretches."""

    room: BoxRoom
    poses: list[np.ndarray]
    """T_world_camera, one a frame."""

    def views(self, intrinsics: Intrinsics, frames: slice = _ALL) -> Iterator[View]:
        """What a camera with this lens sees in these frames."""
        return (render(self.room, intrinsics, pose) for pose in self.poses[frames])


def random_walk(rng: np.random.Generator, clutter: int = 12) -> Walk:
    """A walk through a large enough random room, past its furniture."""
    while True:
        room = random_room(rng, clutter)
        if min(room.size[:2]) < 4.5:
            continue
        poses = _walk_poses(rng, room)
        if all(room.is_free(pose[:3, 3], 0.15) for pose in poses):
            return Walk(room, poses)


def _walk_poses(rng: np.random.Generator, room: BoxRoom) -> list[np.ndarray]:
    """A third of a round, looking across the room, its pitch swinging -42..8 deg."""
    poses, start = [], rng.uniform(0.0, 2 * np.pi)
    for turn in 2 * np.pi * np.arange(WALK_FRAMES) / WALK_FRAMES:
        along = start + 0.35 * turn
        across = 0.22 * np.array(room.size[:2])
        x, y = across * (np.cos(along), np.sin(along))
        eye = np.array((x, y, 1.35 + 0.05 * np.sin(9 * turn)))
        yaw = along + 0.9 * np.pi + 0.35 * np.sin(2 * turn)
        pitch = np.radians(-17.0 + 25.0 * np.sin(2 * turn))
        roll = np.radians(4.0 * np.sin(3 * turn))
        poses.append(camera_pose(eye, yaw, pitch, roll))
    return poses
