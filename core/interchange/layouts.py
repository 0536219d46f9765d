"""What lies behind a path: a recording, or one of the image layouts that are known."""

import logging
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from core import nyuv2
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
from core.interchange.image_folder import (
    FrameSource,
    ImageFolder,
    as_it_is,
    number_key,
)
from core.interchange.poses import PoseFiles, read_poses
from core.recording import Recording
from core.recording.writer import CAPTURE_FILE

logger = logging.getLogger(__name__)

COLOR_FOLDERS = ("rgb", "color", "images", "image")
DEPTH_FOLDER = "depth"
COLOR_SUFFIXES = (".jpg", ".jpeg", ".png", ".ppm")
DEPTH_SUFFIXES = (".png", ".pgm")
SEVEN_SCENES_MISSING = 65535  # its documentation: "invalid depth is set to 65535"


def open_frames(path: Path) -> FrameSource:
    """The frames at `path`: a recording, or a folder of colour and depth images."""
    path = Path(path)
    if not path.exists():
        raise DatasetError(
            f"{path} does not exist; expected a recording or image folder"
        )
    if path.is_file():
        raise DatasetError(
            f"{path} is a file; expected the folder of a recording or of images"
        )
    if (path / CAPTURE_FILE).exists():
        return Recording(path)
    source = _seven_scenes(path) or _color_and_depth_folders(path)
    if source is None:
        raise DatasetError(
            f"{path} holds no frames; expected {CAPTURE_FILE}, or frame-N.color.png "
            f"beside frame-N.depth.png, or images in {'/, '.join(COLOR_FOLDERS)}/ and "
            f"{DEPTH_FOLDER}/"
        )
    if source.unpaired:
        logger.warning(
            "%s: %d images have no partner and are left out (%s ...)",
            path,
            len(source.unpaired),
            source.unpaired[0],
        )
    return source


def _seven_scenes(path: Path) -> ImageFolder | None:
    """frame-N.color.png, frame-N.depth.png and frame-N.pose.txt in one folder."""
    colors = _images(path, COLOR_SUFFIXES, ".color")
    if not colors:
        return None
    depths = _images(path, DEPTH_SUFFIXES, ".depth")
    pairs, unpaired = _pair(path, colors, depths)
    poses = tuple(_frame_stem_file(color, "pose.txt") for color, _ in pairs)
    return _with_calibration(
        path,
        pairs,
        unpaired,
        poses=PoseFiles(poses),
        decode_depth=_without_seven_scenes_missing,
    )


def _color_and_depth_folders(path: Path) -> ImageFolder | None:
    """Colour images in one sub-folder, depth in another, same names or numbers."""
    folders = [path / name for name in COLOR_FOLDERS if (path / name).is_dir()]
    if not folders:
        return None
    if (path / "rgb.txt").is_file() and (path / "depth.txt").is_file():
        raise DatasetError(
            f"{path} is a TUM RGB-D sequence, whose images are matched by time; this "
            "layout cannot be read: give the images of a pair the same name and remove "
            "rgb.txt"
        )
    colors = _images(folders[0], COLOR_SUFFIXES)
    depths = _images(path / DEPTH_FOLDER, DEPTH_SUFFIXES)
    pairs, unpaired = _pair(path, colors, depths)
    decode_depth = as_it_is
    if (path / "depth_bfx").is_dir():
        decode_depth = _from_sun_rgbd
    elif _is_nyuv2(path):
        decode_depth = nyuv2.without_border
    return _with_calibration(
        path,
        pairs,
        unpaired,
        poses=read_poses(path, len(pairs)),
        decode_depth=decode_depth,
    )


def _images(folder: Path, suffixes: Iterable[str], mark: str = "") -> list[Path]:
    """The image files of a folder whose stem ends with `mark`, by number and name."""
    if not folder.is_dir():
        return []
    found = [
        file
        for file in folder.iterdir()
        if file.suffix.lower() in suffixes and file.stem.endswith(mark)
    ]
    return sorted(found, key=lambda file: (number_key(file), file.name))


def _pair(
    path: Path, colors: list[Path], depths: list[Path]
) -> tuple[list[tuple[Path, Path]], tuple[str, ...]]:
    """Colour and depth files of the same name, or else of the same numbers."""
    for kind, files in (("colour", colors), ("depth", depths)):
        if not files:
            raise DatasetError(f"{path} holds no {kind} images; expected one a frame")
    for key in (_frame_stem, number_key):
        by_key = {key(depth): depth for depth in depths}
        pairs = [
            (color, by_key[key(color)]) for color in colors if key(color) in by_key
        ]
        if pairs:
            break
    else:
        raise DatasetError(
            f"no colour and depth image of {path} share a name or number "
            f"({colors[0].name}, {depths[0].name}); give the two of a frame the same"
        )
    used = {file for pair in pairs for file in pair}
    if len(used) != 2 * len(pairs):
        raise DatasetError(
            f"several images of {path} have the same number; give the two of a frame "
            "the same name"
        )
    unpaired = [file.name for file in (*colors, *depths) if file not in used]
    return pairs, tuple(unpaired)


def _frame_stem(path: Path) -> str:
    """ "frame-000150" of "frame-000150.color.png"."""
    return path.stem.removesuffix(".color").removesuffix(".depth")


def _frame_stem_file(color: Path, suffix: str) -> Path:
    return color.with_name(f"{_frame_stem(color)}.{suffix}")


def _with_calibration(
    path: Path,
    pairs: list[tuple[Path, Path]],
    unpaired: tuple[str, ...],
    **others: object,
) -> ImageFolder:
    """The folder with the calibration that lies in it."""
    height, width = read_color(pairs[0][0]).shape[:2]
    depth_height, depth_width = read_depth(pairs[0][1]).shape
    camera = find_camera_file(path)
    depth_camera = find_camera_file(path, DEPTH_PREFIX)
    if depth_camera is None and (depth_height, depth_width) != (height, width):
        raise DatasetError(
            f"in {path} colour is {width}x{height} and depth {depth_width}x"
            f"{depth_height}, so each needs its calibration; add K.txt (colour), "
            f"{DEPTH_PREFIX}K.txt and {TRANSFORM_FILE} (4 x 4, depth to colour)"
        )
    color_intrinsics = _color_intrinsics(path, camera, width, height)
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
        scales[0] if scales else 0.001,
        unpaired=unpaired,
        **others,  # type: ignore[arg-type]
    )


def _color_intrinsics(
    path: Path, camera: CameraFile | None, width: int, height: int
) -> Intrinsics:
    if camera is not None:
        return camera.intrinsics(width, height)
    nyu = nyuv2.COLOR_CAMERA
    if _is_nyuv2(path) and (width, height) == (nyu.width, nyu.height):
        return nyu
    raise DatasetError(
        f"{path} has no calibration; add K.txt, the 3 x 3 camera matrix of the colour "
        f"images (or one of {', '.join(CAMERA_FILES[1:])})"
    )


def _is_nyuv2(path: Path) -> bool:
    return (path / "label40").is_dir()


def _transform(path: Path) -> np.ndarray:
    file = path / TRANSFORM_FILE
    if not file.is_file():
        raise DatasetError(
            f"{path} has a depth camera of its own but no {TRANSFORM_FILE}; add the "
            "4 x 4 transform from depth to colour, in metres"
        )
    return read_rigid_transform(file)


def _without_seven_scenes_missing(depth: np.ndarray) -> np.ndarray:
    return np.where(depth == SEVEN_SCENES_MISSING, np.uint16(0), depth)


def _from_sun_rgbd(depth: np.ndarray) -> np.ndarray:
    """SUN RGB-D rotates millimetres left by three bits, to look brighter."""
    return (depth >> 3) | (depth << 13)
