"""Camera poses in files beside images: what others wrote, and what we write."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import overload

import numpy as np

from core.errors import DatasetError
from core.interchange.calibration import check_rigid, read_numbers, read_transform

POSE_TABLE = "poses.txt"  # 16 numbers a row
TRAJECTORY = "trajectory.log"  # Open3D: a row of three integers, then the 4 x 4


@dataclass(frozen=True, eq=False)
class PoseFiles(Sequence[np.ndarray | None]):
    """One file with 16 numbers a frame, read when it is looked up."""

    paths: tuple[Path, ...]
    T_posed_color: np.ndarray = field(default_factory=lambda: np.eye(4))
    """From the colour camera to the camera whose poses the files have."""

    @overload
    def __getitem__(self, index: int) -> np.ndarray | None: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[np.ndarray | None]: ...

    def __getitem__(
        self, index: int | slice
    ) -> np.ndarray | Sequence[np.ndarray | None] | None:
        if isinstance(index, slice):
            return PoseFiles(self.paths[index], self.T_posed_color)
        path = self.paths[index]
        pose = _known(path, read_transform(path)) if path.is_file() else None
        return None if pose is None else pose @ self.T_posed_color

    def __len__(self) -> int:
        return len(self.paths)


def read_poses(folder: Path, num_frames: int) -> list[np.ndarray | None] | None:
    """T_world_camera of every frame, if there is a poses.txt or trajectory.log."""
    for name, numbers_before in ((POSE_TABLE, 0), (TRAJECTORY, 3)):
        path = folder / name
        if path.is_file():
            return _read_table(path, numbers_before, num_frames)
    return None


def write_trajectory(path: Path, poses: Sequence[np.ndarray | None]) -> None:
    """Open3D's trajectory.log; a pose that is not known is nan, so none is shifted."""
    lines = []
    for index, pose in enumerate(poses):
        known = np.full((4, 4), np.nan) if pose is None else pose
        lines += [f"{index} {index} {index + 1}", pose_text(known)]
    path.write_text("\n".join(lines) + "\n")


def pose_text(pose: np.ndarray) -> str:
    """A (4, 4) pose as four lines, every bit of it."""
    return "\n".join(" ".join(map(repr, row)) for row in pose.tolist())


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
    return [_known(path, row.reshape(4, 4)) for row in rows]


def _known(path: Path, pose: np.ndarray) -> np.ndarray | None:
    """None where the tracker had lost the camera, which is written as inf or nan."""
    if not np.isfinite(pose).all():
        return None
    check_rigid(path, pose)
    return pose
