"""SUN RGB-D: one folder a frame.

    image/*.jpg          the colour image
    depth/*.png          on its pixels, millimetres rotated left by three bits
    depth_bfx/*.png      the same with holes filled in; not read
    intrinsics.txt       the 3 x 3 camera matrix
    extrinsics/*.txt     3 x 4, how the camera was tilted; the last file counts

Its toolbox (readframe.m) says what the tilt is: its 3 x 3 part takes points of the
camera to axes whose y points down to the floor.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np

from core.errors import DatasetError
from core.interchange.calibration import CameraFile, read_numbers
from core.interchange.color_depth import open_color_depth
from core.interchange.depth_encodings import ENCODINGS
from core.interchange.image_folder import ImageFolder
from core.interchange.layout import Layout


def _open(path: Path, camera: CameraFile | None) -> ImageFolder | None:
    if not (path / "depth_bfx").is_dir():
        return None
    encoding = ENCODINGS["sun"]
    source = open_color_depth(
        path, camera, depth_scale=encoding.depth_scale, decode_depth=encoding.decode
    )
    if source is None or len(source) > 1:  # of several images it is not known whose
        return source
    return replace(source, up_hints=[_up(path)])


def _up(path: Path) -> np.ndarray | None:
    """(3,) unit vector up in the camera, if its tilt was measured."""
    files = sorted((path / "extrinsics").glob("*.txt"))
    if not files:
        return None
    numbers = read_numbers(files[-1])
    if numbers.size != 12:
        raise DatasetError(
            f"{files[-1]} has {numbers.size} numbers; expected the 12 of a 3 x 4 matrix"
        )
    rotation = numbers.reshape(3, 4)[:, :3]
    if not np.allclose(rotation @ rotation.T, np.eye(3), atol=0.01):
        raise DatasetError(
            f"{files[-1]} is no rotation; correct it, or remove it to do without"
        )
    down = rotation[1]
    return -down / np.linalg.norm(down)


SUN_RGBD = Layout("sun", _open)
