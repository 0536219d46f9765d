"""Cameras in files beside images: what others wrote, and what we write."""

import json
import logging
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import DatasetError
from core.frame import Intrinsics

logger = logging.getLogger(__name__)

CAMERA_FILES = (
    "K.txt",
    "camera_intrinsic.json",
    "camera.json",
    "intrinsic.json",
    "intrinsics.txt",
    "camera-intrinsics.txt",
)
"""A .txt is the 3 x 3 matrix; a .json has Open3D's intrinsic_matrix or fx fy cx cy, and
perhaps width, height, depth_scale (units per metre) and distortion (OpenCV's order)."""
WRITTEN_CAMERA_FILE = "camera_intrinsic.json"
DEPTH_PREFIX = (
    "depth_"  # depth_K.txt and so on: the depth camera's, when it has its own
)
TRANSFORM_FILE = "T_color_depth.txt"


@dataclass(frozen=True, eq=False)
class CameraFile:
    """What a calibration file says."""

    path: Path
    K: np.ndarray
    """(3, 3) camera matrix."""
    size: tuple[int, int] | None = None
    """(width, height), when the file has it."""
    depth_scale: float | None = None
    """Metres per depth unit, when the file has it."""
    distortion: tuple[float, ...] = ()
    """As in `Intrinsics`."""

    def intrinsics(self, width: int, height: int) -> Intrinsics:
        """The camera of images of this size."""
        if self.size not in (None, (width, height)):
            raise DatasetError(
                f"{self.path} is the calibration of {self.size[0]}x{self.size[1]} "
                f"images and these are {width}x{height}; add the one of this size"
            )
        (fx, _, cx), (_, fy, cy), _ = self.K.tolist()
        try:
            return Intrinsics(width, height, fx, fy, cx, cy, self.distortion)
        except ValueError as error:
            raise DatasetError(f"{self.path} is no calibration: {error}") from error


def find_camera_file(folder: Path, prefix: str = "") -> CameraFile | None:
    """The calibration in a folder, or None when it has none."""
    for name in CAMERA_FILES:
        path = folder / f"{prefix}{name}"
        if path.is_file():
            return read_camera_file(path)
    return None


def calibration_files(folder: Path) -> list[Path]:
    """Every place in a folder where a calibration may lie, whether or not one does."""
    cameras = [f"{prefix}{n}" for prefix in ("", DEPTH_PREFIX) for n in CAMERA_FILES]
    return [folder / name for name in (*cameras, TRANSFORM_FILE)]


def read_camera_file(path: Path) -> CameraFile:
    """The calibration in a .json or text file."""
    return _read_json(path) if path.suffix == ".json" else _read_text(path)


def write_camera_file(
    folder: Path, intrinsics: Intrinsics, units_per_metre: float
) -> None:
    """Write the calibration of a folder's images, for Open3D and for us.

    Open3D reads its own form, in which the matrix goes column by column, and passes
    over the distortion.
    """
    values = {
        "width": intrinsics.width,
        "height": intrinsics.height,
        "intrinsic_matrix": intrinsics.K.T.ravel().tolist(),
        "depth_scale": units_per_metre,
    }
    if intrinsics.distortion:
        values["distortion"] = list(intrinsics.distortion)
    text = json.dumps(values, indent=2) + "\n"
    (folder / WRITTEN_CAMERA_FILE).write_text(text, "utf-8")
    if intrinsics.distortion:
        logger.warning(
            "the colour camera's distortion is kept in %s, where other programs do not "
            "look for it",
            WRITTEN_CAMERA_FILE,
        )


def read_transform(path: Path) -> np.ndarray:
    """(4, 4) float64 of a text file with 16 numbers."""
    numbers = read_numbers(path)
    if numbers.size != 16:
        raise DatasetError(
            f"{path} has {numbers.size} numbers; expected the 16 of a 4 x 4 transform"
        )
    return numbers.reshape(4, 4)


def read_rigid_transform(path: Path) -> np.ndarray:
    """(4, 4) float64 of a rotation and a translation."""
    transform = read_transform(path)
    check_rigid(path, transform)
    return transform


def check_rigid(path: Path, transform: np.ndarray) -> None:
    """DatasetError when a (4, 4) matrix of a file is no rotation and translation."""
    rotation = transform[:3, :3]
    # Rounded to two digits, a rotation is still one.
    is_rigid = (
        np.isfinite(transform).all()
        and np.array_equal(transform[3], (0, 0, 0, 1))
        and np.allclose(rotation @ rotation.T, np.eye(3), atol=0.02)
        and np.linalg.det(rotation) > 0
    )
    if not is_rigid:
        raise DatasetError(
            f"{path} is no rigid transform; expected rows (R t), with R a 3 x 3 "
            "rotation and t in metres, and (0 0 0 1)"
        )


def read_numbers(path: Path) -> np.ndarray:
    """(n,) float64, all numbers of a text file."""
    try:
        text = read_text(path).replace(",", " ")
        return np.array([float(word) for word in text.split()])
    except ValueError as error:
        raise DatasetError(f"{path} holds more than numbers: {error}") from error


def read_text(path: Path) -> str:
    """The text of a file that was found in a data folder, or that somebody named."""
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise DatasetError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path} is no text file: {error}") from error
    if "\0" in text:
        raise DatasetError(f"{path} is no text file: it has bytes that are 0")
    return text


def _read_text(path: Path) -> CameraFile:
    numbers = read_numbers(path)
    if numbers.size not in (9, 16):
        raise DatasetError(
            f"{path} has {numbers.size} numbers; expected the 9 of a camera matrix"
        )
    side = math.isqrt(numbers.size)  # ScanNet has it in the corner of a 4 x 4 matrix
    return CameraFile(path, _checked(path, numbers.reshape(side, side)[:3, :3]))


def _read_json(path: Path) -> CameraFile:
    text = read_text(path)
    try:
        values = json.loads(text)
        if "intrinsic_matrix" in values:
            # Open3D writes the matrix column by column.
            matrix = np.array(values["intrinsic_matrix"], np.float64).reshape(3, 3).T
        else:
            fx, fy, cx, cy = (float(values[name]) for name in ("fx", "fy", "cx", "cy"))
            matrix = np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]])
        size = None
        if "width" in values and "height" in values:
            size = int(values["width"]), int(values["height"])
        # Open3D counts units per metre.
        scale = 1 / float(values["depth_scale"]) if "depth_scale" in values else None
        if scale is not None and not 0 < scale < math.inf:
            raise ValueError(f"depth_scale is {values['depth_scale']}, not positive")
        distortion = tuple(float(number) for number in values.get("distortion", ()))
    except (ValueError, KeyError, TypeError, ArithmeticError) as error:
        raise DatasetError(
            f"{path} cannot be read ({error}); expected Open3D's intrinsic_matrix, or "
            "fx, fy, cx and cy"
        ) from error
    return CameraFile(path, _checked(path, matrix), size, scale, distortion)


def _checked(path: Path, matrix: np.ndarray) -> np.ndarray:
    rest = matrix[[1, 2, 2, 2], [0, 0, 1, 2]]
    if not (np.isfinite(matrix).all() and np.allclose(rest, (0, 0, 0, 1))):
        raise DatasetError(
            f"{path} is no camera matrix; expected rows (fx 0 cx), (0 fy cy), (0 0 1)"
        )
    return matrix
