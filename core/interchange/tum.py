"""The layout of the TUM RGB-D benchmark: images and poses, each with times of its own.

    rgb.txt  depth.txt    "timestamp filename" a line, seconds
    rgb/  depth/          depth in 1/5000 m, on the pixels of the colour image
    groundtruth.txt       "timestamp tx ty tz qx qy qz qw" a line, camera to world

https://cvg.cit.tum.de/data/datasets/rgbd-dataset/file_formats has the formats and the
cameras. Colour, depth and poses are matched by time. Where every pose has just the time
of a colour image, as in what is written here, an image without one stays without.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.errors import DatasetError
from core.frame import Intrinsics
from core.images import write_image
from core.interchange.calibrated import calibrated_folder
from core.interchange.calibration import CameraFile, write_camera_file
from core.interchange.export import exported_frames, write_color
from core.interchange.image_folder import FrameSource, ImageFolder
from core.interchange.layout import Layout, ProgressReport
from core.interchange.pairing import LARGEST_OFFSET_NS, pair_by_time
from core.interchange.trajectory import Trajectory, pose_line, timed_lines

COLOR_LIST, DEPTH_LIST, POSE_LIST = "rgb.txt", "depth.txt", "groundtruth.txt"
UNITS_PER_METRE = 5000

FREIBURG = {
    "freiburg1": Intrinsics(
        *(640, 480, 517.3, 516.5, 318.6, 255.3),
        distortion=(0.2624, -0.9531, -0.0054, 0.0026, 1.1633),
    ),
    "freiburg2": Intrinsics(
        *(640, 480, 520.9, 521.0, 325.1, 249.7),
        distortion=(0.2312, -0.7849, -0.0033, -0.0001, 0.9172),
    ),
    "freiburg3": Intrinsics(640, 480, 535.4, 539.2, 320.1, 247.6),
}
"""The colour cameras as published; the images of the third are undistorted."""


def _open(path: Path, camera: CameraFile | None) -> ImageFolder | None:
    color_list, depth_list = path / COLOR_LIST, path / DEPTH_LIST
    if not (color_list.is_file() and depth_list.is_file()):
        return None
    colors, depths = _images(color_list), _images(depth_list)
    matches = pair_by_time([t for t, _ in colors], [t for t, _ in depths])
    if not matches:
        raise DatasetError(
            f"no colour and depth image of {path} are within "
            f"{LARGEST_OFFSET_NS / 1e6:.0f} ms of each other; check the times in "
            f"{COLOR_LIST} and {DEPTH_LIST}"
        )
    pairs = [(colors[i][1], depths[j][1]) for i, j in matches]
    used = {file for pair in pairs for file in pair}
    unpaired = [file.name for _, file in (*colors, *depths) if file not in used]
    times_ns = [colors[i][0] for i, _ in matches]
    sensor = re.search("freiburg[123]", path.resolve().name)
    return calibrated_folder(
        path,
        pairs,
        camera,
        known=FREIBURG[sensor[0]] if sensor else None,
        depth_scale=1 / UNITS_PER_METRE,
        poses=_poses(path / POSE_LIST, times_ns, [time for time, _ in colors]),
        timestamps_ns=times_ns,
        unpaired=tuple(unpaired),
    )


def _images(path: Path) -> list[tuple[int, Path]]:
    """Time in ns and file of every image in a list, by time."""
    return sorted(
        (time_ns, path.parent / words[0]) for time_ns, words in timed_lines(path, 1)
    )


def _poses(
    path: Path, times_ns: Sequence[int], image_times_ns: Sequence[int]
) -> list[np.ndarray | None] | None:
    if not path.is_file():
        return None
    trajectory = Trajectory(path)
    if trajectory.is_at(image_times_ns):
        return [trajectory.at(time_ns) for time_ns in times_ns]
    return [trajectory.around(time_ns) for time_ns in times_ns]


def _write(source: FrameSource, folder: Path, progress: ProgressReport) -> None:
    for name in ("rgb", "depth"):
        (folder / name).mkdir()
    write_camera_file(folder, source[0].color_intrinsics, UNITS_PER_METRE)
    colors, depths, poses = [], [], []
    last_ns = -1
    frames = exported_frames(source, UNITS_PER_METRE, progress, has_times=True)
    for index, frame, depth, pose in frames:
        if frame.timestamp_ns <= last_ns:
            raise DatasetError(
                f"frame {index} of {source.name} is not later than the one before it; "
                "TUM files are named by their times: choose another layout"
            )
        last_ns = frame.timestamp_ns
        time = f"{last_ns // 10**9}.{last_ns % 10**9:09d}"
        color_file = write_color(source, index, frame, folder / "rgb" / time)
        write_image(folder / "depth" / f"{time}.png", depth)
        colors.append(f"{time} rgb/{color_file.name}")
        depths.append(f"{time} depth/{time}.png")
        if pose is not None:
            poses.append(pose_line(time, pose))
    _write_list(folder / COLOR_LIST, "color images", "filename", colors)
    _write_list(folder / DEPTH_LIST, "depth maps", "filename", depths)
    if poses:
        columns = "tx ty tz qx qy qz qw"
        _write_list(folder / POSE_LIST, "camera trajectory", columns, poses)


def _write_list(path: Path, title: str, columns: str, lines: Sequence[str]) -> None:
    path.write_text("\n".join([f"# {title}", f"# timestamp {columns}", *lines]) + "\n")


TUM = Layout("tum", _open, _write)
