"""Recordings whose poses are known: frames with their floors, points in the world."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.bins import HNBins
from core.errors import HNError
from core.floor import FloorPlane
from core.frame import RgbdFrame
from core.geometry import project, unproject
from core.hn_labels import label_frame
from core.interchange import FrameSource, open_frames
from core.recording import Recording
from core.recording.survey import recorded_survey
from core.registration import register_depth
from core.survey import survey
from training.datasets.recordings import find_recordings


@dataclass(frozen=True, eq=False)
class PosedFrame:
    """One labelled frame in the world."""

    rgb: np.ndarray
    """(H, W, 3) uint8."""
    classes: np.ndarray
    """(H, W) uint8 HN classes on the colour grid."""
    depth_m: np.ndarray
    """(H, W) float32 on the undistorted colour grid; 0 where it is missing."""
    T_world_camera: np.ndarray
    up: np.ndarray
    """(3,) in the world, by this frame's floor."""
    frame: RgbdFrame
    camera_height: float
    """Metres above the floor."""

    def height_of_floor(self, up: np.ndarray) -> float:
        """Where the floor is along `up`, (3,) in the world."""
        return float(self.T_world_camera[:3, 3] @ up) - self.camera_height

    @property
    def points(self) -> np.ndarray:
        """(N, 3) in the camera, of the pixels with depth."""
        lens = self.frame.color_intrinsics.pinhole()
        return unproject(self.depth_m, lens)[self.depth_m > 0]

    def pixels_of(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Rows and columns of the colour image where (N, 3) points in front of the
        camera lie, -1 for those outside of it."""
        lens = self.frame.color_intrinsics
        u, v = np.rint(project(points, lens)).astype(np.int64).T
        inside = (u >= 0) & (u < lens.width) & (v >= 0) & (v < lens.height)
        return np.where(inside, v, -1), np.where(inside, u, -1)


@dataclass(frozen=True, eq=False)
class PosedSource:
    """A recording with poses, and the floors of its frames."""

    source: FrameSource
    floors: Sequence[FloorPlane | None]

    def frame(self, index: int, bins: HNBins) -> PosedFrame | None:
        """One frame; None without a pose, or where no floor is known."""
        pose, floor = self.source.pose(index), self.floors[index]
        if pose is None or floor is None:
            return None
        frame = self.source[index]
        labels = label_frame(frame, bins, floor=floor)
        if labels is None:
            return None
        depth_m = register_depth(frame) * np.float32(frame.depth_scale)
        up = pose[:3, :3] @ floor.up
        return PosedFrame(
            frame.rgb, labels.classes, depth_m, pose, up, frame, floor.camera_height
        )


def posed_sources(specs: Sequence[str]) -> list[PosedSource]:
    """Every recording among these data whose poses are known; HNError without any."""
    found = []
    for spec in specs:
        path = Path(spec)
        if not path.is_dir():
            continue
        for folder in find_recordings(path) or [path]:
            try:
                source = open_frames(folder)
            except HNError:  # labelled images, which are no sequence
                continue
            if len(source) and source.pose(0) is not None:
                found.append(PosedSource(source, _floors(source)))
    if not found:
        raise HNError(
            "no recording with poses is among --free; name one, such as a folder of "
            "7-Scenes, TUM RGB-D or ScanNet"
        )
    return found


def _floors(source: FrameSource) -> list[FloorPlane | None]:
    if isinstance(source, Recording):
        return recorded_survey(source).floors
    return survey(source).floors
