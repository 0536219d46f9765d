"""NYUv2's labelled images, as its official file or as folders.

    rgb/NNNN.*           colour, undistorted
    depth/NNNN.png       millimetres on its pixels
    label40/NNNN.png     0 = unlabelled, 1..40 = the classes `core.nyuv2.NYU40_NAMES`

The camera is NYUv2's unless a calibration lies there, as it does where we wrote such a
folder. Only NYUv2's own images, which are those of its camera, have the white border in
which depth is made up.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import numpy as np

from core import nyuv2
from core.errors import DatasetError
from core.frame import Intrinsics
from core.images import read_classes, write_image
from core.interchange.calibration import (
    CameraFile,
    find_camera_file,
    write_camera_file,
)
from core.interchange.color_depth import DEPTH_FOLDER, open_color_depth
from core.interchange.export import exported_frames, write_color
from core.interchange.image_folder import FrameSource, ImageFolder
from core.interchange.layout import Layout, ProgressReport
from core.interchange.nyu_mat import FILE_NAME, NyuMat
from core.interchange.pairing import image_files
from core.interchange.selection import EveryNth
from core.nyuv2 import NYU40_NAMES
from core.nyuv2_labels import classes_from_40
from core.recording import Recording

logger = logging.getLogger(__name__)

LABEL_FOLDER = "label40"
UNITS_PER_METRE = 1000

Labels: TypeAlias = tuple[Mapping[int, np.ndarray], tuple[str, ...]]


@dataclass(frozen=True)
class LabelImages(Mapping[int, np.ndarray]):
    """(H, W) uint8 classes by frame, each made when it is looked up."""

    indices: Sequence[int]
    read: Callable[[int], np.ndarray]

    def __getitem__(self, index: int) -> np.ndarray:
        if index not in self.indices:
            raise KeyError(index)
        return self.read(index)

    def __iter__(self) -> Iterator[int]:
        return iter(self.indices)

    def __len__(self) -> int:
        return len(self.indices)


def annotations_of(source: FrameSource) -> Labels | None:
    """Classes of a source's frames, and the names of all classes; None without any.

    Recordings have them, and NYUv2's images. Keys are frame indices, values are (H, W)
    uint8, 255 where unlabelled.
    """
    if isinstance(source, EveryNth):
        found = annotations_of(source.source)
        if found is None:
            return None
        classes, step = found[0], source.step
        kept = tuple(index // step for index in classes if index % step == 0)
        return LabelImages(kept, lambda index: classes[index * step]), found[1]
    if isinstance(source, Recording):
        names = source.annotation_classes
        return (source.annotations, names) if names else None
    if isinstance(source, NyuMat):
        return LabelImages(range(len(source)), source.classes), NYU40_NAMES
    files = _label_files(source) if isinstance(source, ImageFolder) else {}
    if not files:
        return None

    def read(index: int) -> np.ndarray:
        return classes_from_40(read_classes(files[index]), str(files[index]))

    return LabelImages(tuple(files), read), NYU40_NAMES


def _open(path: Path, camera: CameraFile | None) -> FrameSource | None:
    mat = _mat_file(path)
    if mat is not None:
        return NyuMat(mat, camera)
    if not (path / LABEL_FOLDER).is_dir():
        return None
    source = open_color_depth(
        path, camera, known=nyuv2.COLOR_CAMERA, depth_scale=1 / UNITS_PER_METRE
    )
    if source is None or not _is_nyuv2s(source.color_intrinsics):
        return source
    if camera is None and find_camera_file(path) is None:
        logger.warning(
            "%s has no calibration; NYUv2's own is taken, and depth in the border of "
            "its images left out",
            path,
        )
    return replace(source, decode_depth=nyuv2.without_border)


def _is_nyuv2s(camera: Intrinsics) -> bool:
    """Whether a camera is NYUv2's; people write its numbers with few digits."""
    known = nyuv2.color_camera(camera.width, camera.height)
    return known is not None and np.allclose(camera.K, known.K, rtol=0, atol=1)


def _mat_file(path: Path) -> Path | None:
    """The official file, when it is at the path or in the folder there."""
    if path.is_file():
        return path if path.suffix == ".mat" else None
    return path / FILE_NAME if (path / FILE_NAME).is_file() else None


def _label_files(source: ImageFolder) -> dict[int, Path]:
    """The label image of every frame that has one: it is called as the colour image."""
    labels = image_files(source.path / LABEL_FOLDER, (".png",))
    by_stem = {label.stem: label for label in labels}
    stems = [color.stem for color, _ in source.pairs]
    found = {i: by_stem[stem] for i, stem in enumerate(stems) if stem in by_stem}
    if labels and not found:
        raise DatasetError(
            f"no image in {source.path / LABEL_FOLDER} has the name of a colour image "
            f"({labels[0].name}, {stems[0]}); give the two of a frame the same"
        )
    return found


def _write(source: FrameSource, folder: Path, progress: ProgressReport) -> None:
    labels = _labels40(source)
    (folder / "rgb").mkdir()
    (folder / DEPTH_FOLDER).mkdir()
    if labels:
        (folder / LABEL_FOLDER).mkdir()
    frames = exported_frames(source, UNITS_PER_METRE, progress, has_poses=False)
    for exported in frames:
        index, name = exported.index, f"{exported.index + 1:04d}"
        write_color(source, index, exported.frame, folder / "rgb" / name)
        write_image(folder / DEPTH_FOLDER / f"{name}.png", exported.depth)
        if index in labels.indices:
            write_image(folder / LABEL_FOLDER / f"{name}.png", labels[index])
    write_camera_file(folder, exported.frame.color_intrinsics, UNITS_PER_METRE)


def _labels40(source: FrameSource) -> LabelImages:
    """Label images of the frames that have classes of NYUv2."""
    classes, names = annotations_of(source) or ({}, ())
    if not set(names) <= set(NYU40_NAMES):
        logger.warning(
            "%s: '%s' is none of NYUv2's 40 classes; its annotations are left out",
            source.name,
            next(name for name in names if name not in NYU40_NAMES),
        )
        classes, names = {}, ()
    label_of_class = np.zeros(256, np.uint8)
    label_of_class[: len(names)] = [NYU40_NAMES.index(name) + 1 for name in names]
    return LabelImages(tuple(classes), lambda index: label_of_class[classes[index]])


NYU = Layout("nyu", _open, _write, has_poses=False)
