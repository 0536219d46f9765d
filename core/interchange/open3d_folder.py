"""The folder that Open3D's reconstruction system works on, and its recorder writes.

    color/NNNNNN.jpg  depth/NNNNNN.png    or image/; on the same pixels
    camera_intrinsic.json    its PinholeCameraIntrinsic, and depth_scale, units a metre
    trajectory.log           "i i i+1" and the 4 x 4 camera to world, for every frame
    rgbd.match               "depth/N.png color/M.jpg" a line, where names differ

https://www.open3d.org/html/tutorial/reconstruction_system/capture_your_own_dataset.html
"""

from pathlib import Path

from core.errors import DatasetError
from core.images import write_image
from core.interchange.calibrated import calibrated_folder
from core.interchange.calibration import (
    WRITTEN_CAMERA_FILE,
    CameraFile,
    read_text,
    write_camera_file,
)
from core.interchange.color_depth import find_color_folder, open_color_depth
from core.interchange.export import exported_frames, write_color
from core.interchange.image_folder import FrameSource, ImageFolder
from core.interchange.layout import Layout, ProgressReport
from core.interchange.poses import TRAJECTORY, read_poses, write_trajectory

MATCHES = "rgbd.match"


def _open(path: Path, camera: CameraFile | None) -> ImageFolder | None:
    if (path / MATCHES).is_file():
        pairs = _matches(path / MATCHES)
        poses = read_poses(path, len(pairs))
        return calibrated_folder(path, pairs, camera, poses=poses)
    marks = (path / WRITTEN_CAMERA_FILE, path / TRAJECTORY)
    if find_color_folder(path) is None or not any(mark.is_file() for mark in marks):
        return None
    return open_color_depth(path, camera)


def _matches(path: Path) -> list[tuple[Path, Path]]:
    """Colour and depth file of every line, which may have times before the files."""
    pairs = []
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        files = [path.parent / word for word in line.split() if "/" in word]
        if len(files) not in (0, 2):
            raise DatasetError(
                f"line {number} of {path} is {line[:80]!r}; expected depth/N.png and "
                "color/N.jpg"
            )
        if files:
            pairs.append((files[1], files[0]))
    if not pairs:
        raise DatasetError(f"{path} names no images; correct it or remove it")
    return pairs


def _write(source: FrameSource, folder: Path, progress: ProgressReport) -> None:
    for name in ("color", "depth"):
        (folder / name).mkdir()
    units_per_metre = 1 / source[0].depth_scale
    poses = []
    write_camera_file(folder, source[0].color_intrinsics, units_per_metre)
    for index, frame, depth, pose in exported_frames(source, units_per_metre, progress):
        write_color(source, index, frame, folder / "color" / f"{index:06d}")
        write_image(folder / "depth" / f"{index:06d}.png", depth)
        poses.append(pose)
    if any(pose is not None for pose in poses):
        write_trajectory(folder / TRAJECTORY, poses)


OPEN3D = Layout("open3d", _open, _write)
