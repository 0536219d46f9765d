"""Plain folders: colour images in one sub-folder, depth in another.

    color/NNNNNN.*   or rgb/, images/, image/
    depth/NNNNNN.*   16 bits, millimetres unless the calibration says otherwise; 0 where
                     there is none, and 65535 mm
    K.txt            the 3 x 3 camera matrix
    poses.txt        16 numbers of T_world_camera a row, where they are known

Depth of a camera of its own also has depth_K.txt and T_color_depth.txt.
"""

from pathlib import Path
from typing import Any

from core.interchange.calibrated import calibrated_folder
from core.interchange.calibration import CameraFile
from core.interchange.image_folder import ImageFolder
from core.interchange.layout import Layout
from core.interchange.pairing import (
    COLOR_SUFFIXES,
    DEPTH_SUFFIXES,
    image_files,
    pair_by_name,
)
from core.interchange.poses import read_poses

COLOR_FOLDERS = ("rgb", "color", "images", "image")
DEPTH_FOLDER = "depth"


def open_color_depth(
    path: Path, camera: CameraFile | None = None, **others: Any
) -> ImageFolder | None:
    """Frames whose images have the same names or numbers; None without a colour folder.

    `others` are further arguments of `calibrated_folder`.
    """
    color_folder = find_color_folder(path)
    if color_folder is None:
        return None
    colors = image_files(color_folder, COLOR_SUFFIXES)
    depths = image_files(path / DEPTH_FOLDER, DEPTH_SUFFIXES)
    pairs, unpaired = pair_by_name(path, colors, depths)
    poses = read_poses(path, len(pairs))
    return calibrated_folder(
        path, pairs, camera, poses=poses, unpaired=unpaired, **others
    )


def find_color_folder(path: Path) -> Path | None:
    """The sub-folder with colour images, or None."""
    folders = [path / name for name in COLOR_FOLDERS if (path / name).is_dir()]
    return folders[0] if folders else None


COLOR_DEPTH = Layout("folders", open_color_depth)
