"""The layout of Microsoft's 7-Scenes: one folder a sequence, three files a frame.

    frame-NNNNNN.color.png    frame-NNNNNN.depth.png    frame-NNNNNN.pose.txt

Depth is in millimetres, 65535 where there is none; a pose is a 4 x 4 camera to world
(https://www.microsoft.com/en-us/research/project/rgb-d-dataset-7-scenes/). There is one
camera for both images: the data set's own depth was not moved to the colour camera and
lies a few pixels off; what is written here lies on the pixels of the colour image.
"""

import logging
from pathlib import Path

import numpy as np

from core.errors import DatasetError
from core.frame import Intrinsics
from core.images import write_image
from core.interchange.calibrated import calibrated_folder
from core.interchange.calibration import (
    CameraFile,
    find_camera_file,
    write_camera_file,
)
from core.interchange.color_depth import find_color_folder
from core.interchange.export import exported_frames, write_color
from core.interchange.image_folder import SATURATED, FrameSource, ImageFolder
from core.interchange.layout import Layout, ProgressReport
from core.interchange.pairing import (
    COLOR_SUFFIXES,
    DEPTH_SUFFIXES,
    frame_stem,
    image_files,
    pair_by_name,
)
from core.interchange.poses import PoseFiles, pose_text

logger = logging.getLogger(__name__)

UNITS_PER_METRE = 1000
CAMERA = Intrinsics(640, 480, 585.0, 585.0, 320.0, 240.0)
"""The data set comes without a calibration; its page gives these numbers."""


def _open(path: Path, camera: CameraFile | None) -> ImageFolder | None:
    colors = image_files(path, COLOR_SUFFIXES, ".color")
    if not colors:
        _refuse_scene(path)
        return None
    depths = image_files(path, DEPTH_SUFFIXES, ".depth")
    pairs, unpaired = pair_by_name(path, colors, depths)
    poses = tuple(
        color.with_name(f"{frame_stem(color)}.pose.txt") for color, _ in pairs
    )
    source = calibrated_folder(
        path,
        pairs,
        camera,
        known=CAMERA,
        depth_scale=1 / UNITS_PER_METRE,
        poses=PoseFiles(poses),
        unpaired=unpaired,
    )
    if camera is None and find_camera_file(path) is None:
        logger.warning(
            "%s has no calibration; 7-Scenes' own is taken: fx = fy = 585, cx = 320, "
            "cy = 240",
            path,
        )
    return source


def _refuse_scene(path: Path) -> None:
    """A scene is several takes with clocks and gaps of their own: not one sequence."""
    sequences = sorted({file.parent.name for file in path.glob("seq-*/*.color.*")})
    if sequences and find_color_folder(path) is None:  # what others put beside them
        raise DatasetError(
            f"{path} is a scene of several sequences; give one of them, such as "
            f"{path / sequences[0]} (found {', '.join(sequences)})"
        )


def _write(source: FrameSource, folder: Path, progress: ProgressReport) -> None:
    write_camera_file(folder, source[0].color_intrinsics, UNITS_PER_METRE)
    for index, frame, depth, pose in exported_frames(source, UNITS_PER_METRE, progress):
        stem = f"frame-{index:06d}"
        write_color(source, index, frame, folder / f"{stem}.color", (".png",))
        missing = np.where(depth == 0, np.uint16(SATURATED), depth)
        write_image(folder / f"{stem}.depth.png", missing)
        if pose is not None:
            (folder / f"{stem}.pose.txt").write_text(pose_text(pose) + "\n")


SEVEN_SCENES = Layout("7scenes", _open, _write)
