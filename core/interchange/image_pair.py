"""One frame whose colour and depth are two files that somebody names."""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from core.errors import DatasetError, UnreadableFrameError
from core.images import read_color, read_depth
from core.interchange.calibration import CAMERA_FILES, CameraFile, find_camera_file
from core.interchange.depth_encodings import ENCODINGS, EncodingName
from core.interchange.image_folder import ImageFolder
from core.interchange.nyu_raw import nyu_raw_folder


def open_image_pair(
    files: Sequence[Path],
    camera: CameraFile | None = None,
    depth_scale: float | None = None,
    encoding: EncodingName | None = None,
) -> ImageFolder:
    """The frame of two files, a colour image and its 16-bit depth, in either order.

    Without `camera`, the calibration in the folder that both lie in. Depth is in metres
    per unit of `depth_scale`, or in the encoding of that name; without these as the
    calibration says, or millimetres. NYUv2's raw images have two cameras that are
    known; others are on the same pixels.
    """
    color_file, depth_file = _in_order(files)
    path = color_file.with_name(color_file.stem.removesuffix(".color"))
    pairs = [(color_file, depth_file)]
    camera = camera or _camera_beside(color_file, depth_file)
    if encoding == "nyu-raw":
        return nyu_raw_folder(path, pairs, camera)
    _check_same_size(color_file, depth_file)
    if camera is None:
        raise DatasetError(
            f"{color_file} has no calibration; give --fx --fy --cx --cy, or "
            "--intrinsics with a 3 x 3 matrix, or put that beside it as "
            f"{CAMERA_FILES[0]}"
        )
    height, width = read_color(color_file).shape[:2]
    intrinsics = camera.intrinsics(width, height)
    how = ENCODINGS[encoding or "mm"]
    if encoding is None:
        how = replace(how, depth_scale=_scale(depth_scale, camera))
    return ImageFolder(
        path,
        pairs,
        intrinsics,
        intrinsics,
        depth_scale=how.depth_scale,
        decode_depth=how.decode,
    )


def _scale(given: float | None, camera: CameraFile) -> float:
    """Metres per depth unit."""
    scale = given if given is not None else camera.depth_scale or 0.001
    if not 0 < scale < math.inf:
        raise DatasetError(
            f"a depth scale must be positive, got {scale}; expected metres per depth "
            "unit, such as 0.001"
        )
    return scale


def _check_same_size(color_file: Path, depth_file: Path) -> None:
    height, width = read_color(color_file).shape[:2]
    depth_height, depth_width = read_depth(depth_file).shape
    if (depth_height, depth_width) != (height, width):
        raise DatasetError(
            f"{color_file} is {width}x{height} and {depth_file} {depth_width}x"
            f"{depth_height}; expected depth on the pixels of the colour image, or a "
            "folder color/ and depth/ with the calibration of both"
        )


def _in_order(files: Sequence[Path]) -> tuple[Path, Path]:
    """The colour and the depth file."""
    colors = [file for file in files if not _is_depth(file)]
    depths = [file for file in files if file not in colors]
    if len(colors) != 1 or len(depths) != 1:
        names = " and ".join(str(file) for file in files)
        found = "16-bit depth in both" if depths else "no 16-bit depth in either"
        raise DatasetError(
            f"found {found} of {names}; expected a colour image and its depth, a "
            "16-bit image with one channel"
        )
    return colors[0], depths[0]


def _is_depth(file: Path) -> bool:
    read_color(file)  # says so if it is no image at all
    try:
        read_depth(file)
    except UnreadableFrameError:
        return False
    return True


def _camera_beside(color_file: Path, depth_file: Path) -> CameraFile | None:
    """The calibration in the folder of either file, or above color/ and depth/."""
    folders = [color_file.resolve().parent, depth_file.resolve().parent]
    if folders[0] != folders[1] and folders[0].parent == folders[1].parent:
        folders.append(folders[0].parent)
    cameras = (find_camera_file(folder) for folder in folders)
    return next((camera for camera in cameras if camera is not None), None)
