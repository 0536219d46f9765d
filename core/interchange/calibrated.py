"""Pairs of images with the calibration that lies beside them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import DatasetError
from core.frame import Intrinsics
from core.images import read_color, read_depth
from core.interchange.calibration import (
    CAMERA_FILES,
    DEPTH_PREFIX,
    TRANSFORM_FILE,
    CameraFile,
    find_camera_file,
    read_rigid_transform,
)
from core.interchange.image_folder import ImageFolder


def calibrated_folder(
    path: Path,
    pairs: Sequence[tuple[Path, Path]],
    camera: CameraFile | None = None,
    known: Intrinsics | None = None,
    depth_scale: float = 0.001,
    **others: Any,
) -> ImageFolder:
    """The image folder of these pairs, which has `others` as its further fields.

    Its colour camera is `camera`, the calibration in the folder, or what is `known` of
    such images of this size; `depth_scale` counts where no calibration has one.
    """
    height, width = read_color(pairs[0][0]).shape[:2]
    depth_height, depth_width = read_depth(pairs[0][1]).shape
    camera = camera or find_camera_file(path)
    depth_camera = find_camera_file(path, DEPTH_PREFIX)
    if depth_camera is None and (depth_height, depth_width) != (height, width):
        raise DatasetError(
            f"in {path} colour is {width}x{height} and depth {depth_width}x"
            f"{depth_height}, so each needs its calibration; add K.txt (colour), "
            f"{DEPTH_PREFIX}K.txt and {TRANSFORM_FILE} (4 x 4, depth to colour)"
        )
    if camera is not None:
        color_intrinsics = camera.intrinsics(width, height)
    elif known is not None and (width, height) == (known.width, known.height):
        color_intrinsics = known
    else:
        raise _without_calibration(path)
    depth_intrinsics, T_color_depth = color_intrinsics, np.eye(4)
    if depth_camera is not None:
        depth_intrinsics = depth_camera.intrinsics(depth_width, depth_height)
        T_color_depth = _transform(path)
    scales = [c.depth_scale for c in (depth_camera, camera) if c and c.depth_scale]
    return ImageFolder(
        path,
        pairs,
        color_intrinsics,
        depth_intrinsics,
        T_color_depth,
        scales[0] if scales else depth_scale,
        **others,
    )


def _without_calibration(path: Path) -> DatasetError:
    return DatasetError(
        f"{path} has no calibration; add K.txt, the 3 x 3 camera matrix of the colour "
        f"images (or one of {', '.join(CAMERA_FILES[1:])}), or give it to hn-convert "
        "with --intrinsics"
    )


def _transform(path: Path) -> np.ndarray:
    file = path / TRANSFORM_FILE
    if not file.is_file():
        raise DatasetError(
            f"{path} has a depth camera of its own but no {TRANSFORM_FILE}; add the "
            "4 x 4 transform from depth to colour, in metres"
        )
    return read_rigid_transform(file)
