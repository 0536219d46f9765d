"""The folders that ScanNet's SensReader writes of a scan.

    color/N.jpg  depth/N.png         each of its own camera; depth in millimetres
    pose/N.txt                       4 x 4, depth camera to world; -inf where it is lost
    intrinsic/intrinsic_color.txt    the camera matrix in a 4 x 4 one;
              intrinsic_depth.txt    scannet_frames_25k has intrinsics_*.txt above
    intrinsic/extrinsic_color.txt    4 x 4, from each camera to a common one,
              extrinsic_depth.txt    which is the colour camera
    intrinsic/distortion_color.txt   ours, where a lens has any: OpenCV's numbers
              distortion_depth.txt

What the matrices mean is said in its sensorData.h (CalibrationData, saveToPointCloud):
https://github.com/ScanNet/ScanNet/tree/master/SensReader
"""

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np

from core.errors import DatasetError
from core.frame import Intrinsics, RgbdFrame
from core.images import read_color, read_depth, write_image
from core.interchange.calibration import (
    CameraFile,
    read_camera_file,
    read_numbers,
    read_rigid_transform,
)
from core.interchange.export import exported_frames, write_color
from core.interchange.image_folder import FrameSource, ImageFolder
from core.interchange.layout import Layout, ProgressReport
from core.interchange.pairing import (
    COLOR_SUFFIXES,
    DEPTH_SUFFIXES,
    image_files,
    pair_by_name,
)
from core.interchange.poses import PoseFiles, pose_text

logger = logging.getLogger(__name__)

UNITS_PER_METRE = 1000
CALIBRATION_FOLDER = "intrinsic"
LOST = np.full((4, 4), -np.inf)


def _open(path: Path, camera: CameraFile | None) -> ImageFolder | None:
    depth_camera = _camera_file(path, "depth")
    if depth_camera is None or not (path / "color").is_dir():
        return None
    pairs, unpaired = pair_by_name(
        path,
        image_files(path / "color", COLOR_SUFFIXES),
        image_files(path / "depth", DEPTH_SUFFIXES),
    )
    height, width = read_color(pairs[0][0]).shape[:2]
    depth_height, depth_width = read_depth(pairs[0][1]).shape
    camera = camera or _camera_file(path, "color")
    if camera is None and (height, width) == (depth_height, depth_width):
        camera = depth_camera  # colour was resized to lie on depth
    if camera is None:
        raise DatasetError(
            f"{path} has the calibration of depth but not of colour, which is another "
            f"size; add {CALIBRATION_FOLDER}/intrinsic_color.txt"
        )
    to_common = {kind: _extrinsic(path, kind) for kind in ("color", "depth")}
    T_color_depth = np.linalg.inv(to_common["color"]) @ to_common["depth"]
    poses = tuple(path / "pose" / f"{color.stem}.txt" for color, _ in pairs)
    return ImageFolder(
        path,
        pairs,
        _intrinsics(camera, width, height),
        _intrinsics(depth_camera, depth_width, depth_height),
        T_color_depth,
        1 / UNITS_PER_METRE,
        poses=PoseFiles(poses, np.linalg.inv(T_color_depth)),
        unpaired=unpaired,
    )


def _camera_file(path: Path, kind: str) -> CameraFile | None:
    """The calibration of the "color" or "depth" camera."""
    for name in (
        f"{CALIBRATION_FOLDER}/intrinsic_{kind}.txt",
        f"intrinsic_{kind}.txt",
        f"intrinsics_{kind}.txt",
    ):
        if (path / name).is_file():
            camera = read_camera_file(path / name)
            distortion = (path / name).with_name(f"distortion_{kind}.txt")
            if not distortion.is_file():
                return camera
            return replace(camera, distortion=tuple(read_numbers(distortion).tolist()))
    return None


def _extrinsic(path: Path, kind: str) -> np.ndarray:
    """(4, 4) from a camera to the one that both are related to."""
    for folder in (path / CALIBRATION_FOLDER, path):
        file = folder / f"extrinsic_{kind}.txt"
        if file.is_file():
            return read_rigid_transform(file)
    return np.eye(4)


def _intrinsics(camera: CameraFile, width: int, height: int) -> Intrinsics:
    intrinsics = camera.intrinsics(width, height)
    # Scans are passed on with smaller images beside the calibration of the large ones.
    if not _has_centre(intrinsics):
        raise DatasetError(
            f"{camera.path} has its centre at {intrinsics.cx:.0f}, {intrinsics.cy:.0f} "
            f"and the images are {width}x{height}; scale it as the images were scaled"
        )
    return intrinsics


def _has_centre(camera: Intrinsics) -> bool:
    """Whether the principal point lies in the image."""
    return 0 < camera.cx < camera.width and 0 < camera.cy < camera.height


def _write(source: FrameSource, folder: Path, progress: ProgressReport) -> None:
    first = source[0]
    for camera in (first.color_intrinsics, first.depth_intrinsics):
        if not _has_centre(camera):
            raise DatasetError(
                f"a camera of {source.name} has its centre at {camera.cx:.0f}, "
                f"{camera.cy:.0f}, outside its {camera.width}x{camera.height} images, "
                "which in ScanNet's layout is taken for a mistake: choose another one"
            )
    for name in ("color", "depth", "pose", CALIBRATION_FOLDER):
        (folder / name).mkdir()
    num_png = 0
    for index, frame, depth, pose in exported_frames(
        source, UNITS_PER_METRE, progress, has_both_cameras=True
    ):
        color_file = write_color(source, index, frame, folder / "color" / f"{index}")
        num_png += color_file.suffix == ".png"
        write_image(folder / "depth" / f"{index}.png", depth)
        depth_pose = LOST if pose is None else pose @ frame.T_color_depth
        _write_matrix(folder / "pose" / f"{index}.txt", depth_pose)
    if num_png:
        logger.warning(
            "%d colour images are PNG, to lose nothing; ScanNet's own are .jpg, and "
            "some programs look for no others",
            num_png,
        )
    _write_cameras(folder, frame)


def _write_cameras(folder: Path, frame: RgbdFrame) -> None:
    calibration = folder / CALIBRATION_FOLDER
    for kind, camera, to_color in (
        ("color", frame.color_intrinsics, np.eye(4)),
        ("depth", frame.depth_intrinsics, frame.T_color_depth),
    ):
        matrix = np.eye(4)
        matrix[:3, :3] = camera.K
        _write_matrix(calibration / f"intrinsic_{kind}.txt", matrix)
        _write_matrix(calibration / f"extrinsic_{kind}.txt", to_color)
        if camera.distortion:
            file = calibration / f"distortion_{kind}.txt"
            file.write_text(" ".join(map(repr, camera.distortion)) + "\n")
            logger.warning(
                "the %s camera's distortion is kept in %s, where other programs do not "
                "look for it",
                kind,
                file.relative_to(folder),
            )


def _write_matrix(path: Path, matrix: np.ndarray) -> None:
    path.write_text(pose_text(matrix) + "\n")


SCANNET = Layout("scannet", _open, _write)
