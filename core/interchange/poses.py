"""Camera poses that others wrote beside their images."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import overload

import numpy as np

from core.errors import DatasetError
from core.interchange.calibration import read_numbers, read_transform

POSE_TABLE = "poses.txt"  # 16 numbers a row
TRAJECTORY = "trajectory.log"  # Open3D: a row of three integers, then the 4 x 4


@dataclass(frozen=True)
class PoseFiles(Sequence[np.ndarray | None]):
    """One file with 16 numbers a frame, read when it is looked up."""

    paths: tuple[Path, ...]

    @overload
    def __getitem__(self, index: int) -> np.ndarray | None: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[np.ndarray | None]: ...

    def __getitem__(
        self, index: int | slice
    ) -> np.ndarray | Sequence[np.ndarray | None] | None:
        if isinstance(index, slice):
            return PoseFiles(self.paths[index])
        path = self.paths[index]
        return _known(read_transform(path)) if path.is_file() else None

    def __len__(self) -> int:
        return len(self.paths)


def read_poses(folder: Path, num_frames: int) -> list[np.ndarray | None] | None:
    """T_world_camera of every frame, if there is a poses.txt or trajectory.log."""
    for name, numbers_before in ((POSE_TABLE, 0), (TRAJECTORY, 3)):
        path = folder / name
        if path.is_file():
            return _read_table(path, numbers_before, num_frames)
    return None


def _read_table(
    path: Path, numbers_before: int, num_frames: int
) -> list[np.ndarray | None]:
    numbers = read_numbers(path)
    if numbers.size != num_frames * (numbers_before + 16):
        raise DatasetError(
            f"{path} has {numbers.size} numbers; expected {numbers_before + 16} for "
            f"each of the {num_frames} frames: correct it or remove it"
        )
    rows = numbers.reshape(num_frames, -1)[:, numbers_before:]
    return [_known(row.reshape(4, 4)) for row in rows]


def _known(pose: np.ndarray) -> np.ndarray | None:
    """None where the tracker had lost the camera, which is written as inf or nan."""
    return pose if np.isfinite(pose).all() else None
