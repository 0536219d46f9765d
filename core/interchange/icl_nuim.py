"""ICL-NUIM's rendered rooms, as its "TUM RGB-D Compatible PNGs"; read only.

    associations.txt    "N depth/N.png N rgb/N.png" a line, 30 frames a second
    rgb/  depth/        depth in 1/5000 m
    *.gt.freiburg       "N tx ty tz qx qy qz qw" a line; frame 0 has none

https://www.doc.ic.ac.uk/~ahanda/VaFRIC/codes.html gives the camera: 481.20, -480.00,
319.50, 239.50. The renderer's y axis points up, in the camera and in the world. Here
both are turned over, as by others who measured that it takes both
(https://github.com/nvidia-isaac/cuVSLAM/pull/135).
"""

import re
from pathlib import Path

import numpy as np

from core.errors import DatasetError
from core.frame import Intrinsics
from core.interchange.calibrated import calibrated_folder
from core.interchange.calibration import CameraFile, read_text
from core.interchange.image_folder import ImageFolder, nominal_time_ns
from core.interchange.layout import Layout
from core.interchange.trajectory import Trajectory
from core.interchange.tum import UNITS_PER_METRE

ASSOCIATIONS = "associations.txt"
ASSOCIATION = re.compile(r"(\d{1,9}) (depth/\S+) \1 (rgb/\S+)")
CAMERA = Intrinsics(640, 480, 481.20, 480.00, 319.50, 239.50)
Y_DOWN = np.diag((1.0, -1.0, 1.0, 1.0))


def _open(path: Path, camera: CameraFile | None) -> ImageFolder | None:
    if not (path / ASSOCIATIONS).is_file():
        return None
    lines = read_text(path / ASSOCIATIONS).split("\n")
    words = [" ".join(line.split()) for line in lines if line.strip()]
    found = [ASSOCIATION.fullmatch(line) for line in words]
    if not found or found[0] is None:
        return None  # other data sets have a file of this name too
    if None in found:
        raise DatasetError(
            f"{path / ASSOCIATIONS} has the line {words[found.index(None)][:80]!r}; "
            'expected "N depth/N.png N rgb/N.png"'
        )
    rows = [match.groups() for match in found if match is not None]
    numbers = [int(number) for number, _, _ in rows]
    return calibrated_folder(
        path,
        [(path / color, path / depth) for _, depth, color in rows],
        camera,
        known=CAMERA,
        depth_scale=1 / UNITS_PER_METRE,
        poses=_poses(path, numbers),
        timestamps_ns=[nominal_time_ns(number) for number in numbers],
    )


def _poses(path: Path, numbers: list[int]) -> list[np.ndarray | None] | None:
    files = sorted(path.glob("*.gt.freiburg"))
    if not files:
        return None
    if len(files) > 1:
        raise DatasetError(
            f"{path} holds {files[0].name} and {files[1].name}; keep the one of its "
            "frames"
        )
    trajectory = Trajectory(files[0])
    poses = [trajectory.at(number * 10**9) for number in numbers]  # N stands for N s
    return [None if pose is None else Y_DOWN @ pose @ Y_DOWN for pose in poses]


ICL_NUIM = Layout("icl-nuim", _open)
