"""NYUv2 as folders of images: `train|test/{rgb,depth,label40}/NNNN.*`.

`depth` is uint16 millimetres on the colour grid, `label40` is 0 = unlabelled or 1..40.
A calibration beside them is that of another camera, whose images have NYUv2's classes.
Frames of neither part, `{rgb,depth,label40}/NNNN.*`, are known by their numbers.
"""

from collections.abc import Callable, Hashable, Sequence
from pathlib import Path

import numpy as np

from core.errors import DatasetError
from core.frame import RgbdFrame
from core.images import read_classes, read_color, read_depth
from core.interchange.calibration import (
    CameraFile,
    calibration_files,
    find_camera_file,
)
from core.interchange.nyu_mat import NUM_FRAMES
from core.nyuv2 import NYU40_NAMES, color_camera, without_border
from core.nyuv2_labels import classes_from_40
from training.datasets.dataset import LabelledFrame, Target, file_state
from training.datasets.labelled_images import check_size, images_in
from training.datasets.nyuv2 import is_official_test
from training.datasets.splits import independent_parts

DEPTH_SCALE = 1e-3


class NYUv2Folder:
    """The frames of a folder's train and test parts, in the order of their numbers."""

    class_names: Sequence[str] = NYU40_NAMES

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self.notes: Sequence[str] = ()
        parts = _parts(path)
        if not parts:
            raise DatasetError(
                f"{path} is not in NYUv2's folder layout; expected train/ or test/ "
                "with rgb/ and depth/ or label40/ inside"
            )
        entries = [(part, rgb) for part in parts for rgb in images_in(part / "rgb")]
        if not entries:
            raise DatasetError(f"{path} has no .jpg or .png images in its rgb folders")
        self._rgb = [rgb for _, rgb in entries]
        self._depth = _partners(entries, "depth")
        self._label = _partners(entries, "label40")
        cameras = {part: find_camera_file(part) for part in parts}
        beside = find_camera_file(path)
        self._cameras = [cameras[part] or beside for part, _ in entries]
        self.has_depth = np.array([file is not None for file in self._depth])
        self.has_semantic = np.array([file is not None for file in self._label])
        self._calibrations = [
            file for place in (path, *parts) for file in calibration_files(place)
        ]
        self.is_nyuv2 = np.array([camera is None for camera in self._cameras])
        """(N,) bool: NYUv2's own frames, not those of another camera."""
        is_test = np.array([_is_named(part, "test") for part, _ in entries])
        if parts == [path] and not any(_is_named(path, n) for n in ("train", "test")):
            is_test = self._official_test()
        self.parts = independent_parts(is_test)

    def __len__(self) -> int:
        """How many frames, both parts together."""
        return len(self._rgb)

    def fingerprint(self) -> Sequence[Hashable]:
        """Every file's path, size and time."""
        files = [*self._rgb, *self._depth, *self._label, *self._calibrations]
        return file_state([file for file in files if file is not None])

    def _official_test(self) -> np.ndarray:
        """(N,) bool of frames in one folder, by the numbers in their names."""
        where = f"{self.name} is neither train/ nor test/"
        names = [file.stem for file in self._rgb]
        numbers = [int(name) if name.isdecimal() else 0 for name in names]
        if not (self.is_nyuv2.all() and all(1 <= n <= NUM_FRAMES for n in numbers)):
            self.notes = [
                f"{where}, and its images are not numbered 1 to {NUM_FRAMES} as "
                "NYUv2's: all are trained on"
            ]
            return np.zeros(len(names), bool)
        self.notes = [
            f"{where}; its images are taken for NYUv2's of these numbers, with the "
            "official split"
        ]
        return is_official_test()[np.array(numbers) - 1]

    def survey(self, advance: Callable[[], None] = lambda: None) -> None:
        """None: its frames are no sequence."""

    def read(self, index: int, target: Target | None = None) -> LabelledFrame:
        """One frame with its depth and labels, where it has them."""
        rgb = read_color(self._rgb[index])
        depth_file, label_file = self._depth[index], self._label[index]
        frame, semantic = None, None
        if depth_file is not None and target != "semantic":
            depth = read_depth(depth_file)
            check_size(depth_file, depth, rgb)
            frame = _frame(rgb, depth, self._cameras[index], self._rgb[index])
        if label_file is not None and target != "hn":
            semantic = classes_from_40(read_classes(label_file), str(label_file))
            check_size(label_file, semantic, rgb)
        return LabelledFrame(rgb, frame, semantic)


def _is_named(path: Path, name: str) -> bool:
    """Whether the folder is called so, in a path such as "." or by a link too."""
    return name in (path.name, path.resolve().name)


def is_nyuv2_folder(path: Path) -> bool:
    """Whether the folder, or a train/ or test/ folder in it, has NYUv2's labels."""
    return any((part / "label40").is_dir() for part in _parts(path))


def check_no_parts(path: Path) -> None:
    """Refuse folders of train/ and test/ alone."""
    parts = _parts(path)
    if parts and not (path / "depth").is_dir():
        raise DatasetError(
            f"{path} has {' and '.join(f'{part.name}/' for part in parts)} but is not "
            "NYUv2, which has label40/ folders; name the folders to train on "
            f"themselves: --data {' '.join(map(str, parts))}"
        )


def _parts(path: Path) -> list[Path]:
    return [
        part
        for part in (path, path / "train", path / "test")
        if (part / "rgb").is_dir()
        and any((part / kind).is_dir() for kind in ("depth", "label40"))
        # rgb/ and depth/ alone are many layouts; core.interchange tells them apart.
        and (part != path or (part / "label40").is_dir())
    ]


def _frame(
    rgb: np.ndarray, depth: np.ndarray, camera: CameraFile | None, file: Path
) -> RgbdFrame:
    height, width = depth.shape
    if camera is not None:
        intrinsics = camera.intrinsics(width, height)
        scale = camera.depth_scale or DEPTH_SCALE
        return RgbdFrame.aligned(rgb, depth, intrinsics, scale)
    nyu_camera = color_camera(width, height)
    if nyu_camera is None:
        raise DatasetError(
            f"{file}: NYUv2 images are 640x480 or a resized copy of that, found "
            f"{width}x{height}, whose camera is unknown"
        )
    return RgbdFrame.aligned(rgb, without_border(depth), nyu_camera, DEPTH_SCALE)


def _partners(entries: list[tuple[Path, Path]], kind: str) -> list[Path | None]:
    files = [part / kind / f"{rgb.stem}.png" for part, rgb in entries]
    return [file if file.is_file() else None for file in files]
