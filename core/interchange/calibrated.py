"""Pairs of images with the calibration that lies beside them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
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
    depth_scale: float | None = None,
    **others: Any,
) -> ImageFolder:
    """The image folder of these pairs, which has `others` as its further fields.

    Its colour camera is `camera`, the calibration in the folder, or what is `known` of
    such images of this size. `depth_scale` is what the layout says, unless a
    calibration in the folder says otherwise: `camera` is then asked for the camera
    alone. Without it depth is what a calibration says, or millimetres.
    """
    height, width = read_color(pairs[0][0]).shape[:2]
    depth_height, depth_width = read_depth(pairs[0][1]).shape
    if camera is not None and depth_scale is not None:
        camera = replace(camera, depth_scale=None)
    camera = camera or find_camera_file(path)
    depth_camera = find_camera_file(path, DEPTH_PREFIX)
    if depth_camera is None and (depth_height, depth_width) != (height, width):
        raise DatasetError(
            f"in {path} colour is {width}x{height} and depth {depth_width}x"
            f"{depth_height}, so each needs its calibration; add K.txt (colour), "
            f"{DEPTH_PREFIX}K.txt and {TRANSFORM_FILE} (4 x 4, depth to colour)"
        )
    color_intrinsics = _color_camera(path, camera, known, width, height)
    depth_intrinsics, T_color_depth = color_intrinsics, np.eye(4)
    if depth_camera is not None:
        depth_intrinsics = depth_camera.intrinsics(depth_width, depth_height)
        T_color_depth = _transform(path)
    return ImageFolder(
        path,
        pairs,
        color_intrinsics,
        depth_intrinsics,
        T_color_depth,
        _scale((depth_camera, camera)) or depth_scale or 0.001,
        **others,
    )


def _color_camera(
    path: Path,
    camera: CameraFile | None,
    known: Intrinsics | None,
    width: int,
    height: int,
) -> Intrinsics:
    if camera is not None:
        return camera.intrinsics(width, height)
    if known is not None and (width, height) == (known.width, known.height):
        return known
    raise DatasetError(
        f"{path} has no calibration; add K.txt, the 3 x 3 camera matrix of the colour "
        f"images (or one of {', '.join(CAMERA_FILES[1:])}), or give it to hn-convert "
        "with --intrinsics"
    )


def _scale(cameras: Iterable[CameraFile | None]) -> float | None:
    """Metres per depth unit, as the first says that says it."""
    scales = (camera.depth_scale for camera in cameras if camera is not None)
    return next((scale for scale in scales if scale is not None), None)


def _transform(path: Path) -> np.ndarray:
    file = path / TRANSFORM_FILE
    if not file.is_file():
        raise DatasetError(
            f"{path} has a depth camera of its own but no {TRANSFORM_FILE}; add the "
            "4 x 4 transform from depth to colour, in metres"
        )
    return read_rigid_transform(file)
