"""Random views of random rooms: training data without a camera."""

from collections.abc import Sequence
from typing import overload

import numpy as np

from core.frame import RgbdFrame
from core.simulation import walk
from core.simulation.camera import FrameTruth, Rig, frame_truth, render_frame
from core.simulation.render import Scene, camera_rays
from core.simulation.rooms import Room, random_room
from core.simulation.sensor_noise import NoiseModel

VIEWS_PER_ROOM = 8
_IMU_ERROR = np.radians(1.5) / np.sqrt(2.0)


class RoomViews(Sequence[tuple[RgbdFrame, FrameTruth]]):
    """Frames with their truth, `VIEWS_PER_ROOM` in a row from one room.

    Read them in order: a room is built when its first view is asked for and kept until
    another one is.
    """

    def __init__(self, seed: int, num_frames: int, rig: Rig) -> None:
        self.seed = seed
        self.num_frames = num_frames
        self.rig = rig
        self._kept: tuple[int, Room, Scene] | None = None

    def __len__(self) -> int:
        return self.num_frames

    @overload
    def __getitem__(self, index: int) -> tuple[RgbdFrame, FrameTruth]: ...

    @overload
    def __getitem__(self, index: slice) -> list[tuple[RgbdFrame, FrameTruth]]: ...

    def __getitem__(
        self, index: int | slice
    ) -> tuple[RgbdFrame, FrameTruth] | list[tuple[RgbdFrame, FrameTruth]]:
        if isinstance(index, slice):
            return [self[k] for k in range(*index.indices(self.num_frames))]
        if not -self.num_frames <= index < self.num_frames:
            raise IndexError(f"view {index} of {self.num_frames}")
        index %= self.num_frames
        room, scene = self._room(index // VIEWS_PER_ROOM)
        rng = np.random.default_rng((self.seed, 51, index))
        pose = walk.random_pose(room, scene, rng)
        error = _IMU_ERROR * rng.standard_normal(3)
        hits = scene.cast(camera_rays(self.rig.color, pose))
        frame = render_frame(scene, self.rig, pose, hits, rng, index, error)
        return frame, frame_truth(scene, self.rig, pose, hits)

    def _room(self, number: int) -> tuple[Room, Scene]:
        kept = self._kept
        if kept is None or kept[0] != number:
            room_seed = int(
                np.random.default_rng((self.seed, 61, number)).integers(2**31)
            )
            room = random_room(room_seed)
            kept = number, room, Scene(room, room_seed, quality="coarse")
            self._kept = kept
        return kept[1], kept[2]


def room_views(
    seed: int,
    num_frames: int,
    noise: NoiseModel = "kinect",
    width: int = 640,
    height: int = 480,
    aligned: bool = False,
) -> RoomViews:
    """Independent random views of random rooms, the same for the same seed."""
    return RoomViews(seed, num_frames, Rig(width, height, noise, aligned))
